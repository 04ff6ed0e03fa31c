"""Pawfields: a small pet shop, rendered on the server, that needs no script.

``create_app()`` is the shop with its window dressed for every visitor;
``create_app(personalized=False)`` is the same shop on its own.
"""

import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader
from jinja2.ext import Extension
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.templating import Jinja2Templates

from ..sessions import Sessions
from . import buying, pages
from .bare import DefaultContent
from .shop import FREE_SHIPPING, MOST, Catalogue, money

if TYPE_CHECKING:
    from shopwindow import Shopwindow

HERE = Path(__file__).parent
SITE = HERE / "personalization"


def create_app(
    *,
    personalized: bool = True,
    demo: bool = False,
    site: Path = SITE,
    window: "Shopwindow | None" = None,
    secret: str | None = None,
) -> Starlette:
    """The whole shop as one ASGI app.

    ``site`` is the editors' folder, which holds the catalogue too; ``window`` the same
    folder already loaded, for those who choose its stores. ``demo`` puts a strip at the
    foot of every page to try other visitors on. ``secret`` signs the session cookie; a
    new one per process by default.
    """
    middleware = [
        Middleware(
            Sessions,
            secret_key=secret or secrets.token_hex(),
            session_cookie="pawfields",
        )
    ]
    slots: type[Extension] = DefaultContent
    if personalized:
        # Imported here, so that the shop on its own needs nothing of it.
        from shopwindow.middleware.templating import SlotExtension

        from .personal import personalization

        middleware.append(personalization(window or site))
        slots = SlotExtension
    app = Starlette(
        routes=ROUTES, middleware=middleware, exception_handlers={404: pages.missing}
    )
    app.state.catalogue = catalogue = Catalogue(site / "catalog")
    app.state.templates = templates(catalogue, slots)
    app.state.strip = None
    if demo and personalized:
        from . import strip

        app.state.strip = strip.Strip()
        app.router.routes += strip.ROUTES
    return app


def templates(catalogue: Catalogue, slots: type[Extension]) -> Jinja2Templates:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        extensions=[slots],
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,  # else each page looks at the files of all its templates
    )
    environment.filters["money"] = money
    environment.globals |= {
        "shop": catalogue,
        "free_shipping": FREE_SHIPPING,
        "most": MOST,
    }
    return Jinja2Templates(env=environment)


ROUTES = [
    Route("/", pages.home),
    Route("/c/{id}", pages.category),
    Route("/p/{id}", pages.product),
    Route("/search", pages.search),
    Route("/advice", pages.advice),
    Route("/advice/{id}", pages.article),
    Route("/cart", buying.cart),
    Route("/cart/add", buying.add_to_cart, methods=["POST"]),
    Route("/cart/remove", buying.remove_from_cart, methods=["POST"]),
    Route("/checkout", buying.checkout, methods=["GET", "POST"]),
    Route("/order/{id}", buying.order),
    Route("/account", buying.account),
    Route("/login", buying.login, methods=["GET", "POST"]),
    Route("/logout", buying.logout, methods=["POST"]),
    Route("/picture/{name:path}.svg", pages.picture),
    Mount("/static", StaticFiles(directory=HERE / "static")),
]
