"""The shop: addresses, handlers, and the one line that mounts shopwindow around it."""

import secrets
from collections.abc import Callable, MutableMapping
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from ..sessions import Sessions
from . import scenes
from .customers import CUSTOMERS
from .pages import Pages, total
from .parts import Buyer, Order
from .stock import Stock

HERE = Path(__file__).parent
SITE = HERE / "personalization"
Thing = TypeVar("Thing")


def create_app(
    site: Path | str = SITE,
    *,
    personalized: bool = True,
    secret: str | None = None,
) -> ASGIApp:
    """The shop, with shopwindow around it or bare.

    With ``personalized``, the environment must say where the CRM is
    (:func:`shopwindow.examples.fasteners.crm.surroundings`). ``secret`` signs the shop's
    own session; without one, sessions end with the process.
    """
    app: ASGIApp = Shop(Stock.read(SITE / "catalog")).app
    if personalized:
        from shopwindow import Customer, PersonalizationMiddleware

        def customer(scope: MutableMapping[str, Any]) -> Customer | None:
            number = scope["session"].get("customer")
            return Customer(id=number) if number in CUSTOMERS else None

        app = PersonalizationMiddleware(app, site, customer=customer)
    # Outermost, so that the session is there when shopwindow asks who is logged in.
    return Sessions(
        app, secret or secrets.token_hex(32), session_cookie="kontor", same_site="lax"
    )


class Shop:
    """The handlers over one stock; ``app`` is the bare shop without its sessions."""

    def __init__(self, stock: Stock) -> None:
        self.stock = stock
        self.pages = Pages(stock)
        get, post = ["GET"], ["POST"]
        self.app = Starlette(
            routes=[
                Route("/", self.start, methods=get),
                Route("/k/{category}", self.category, methods=get),
                Route("/p/{product}", self.product, methods=get),
                Route("/ratgeber", self.guides, methods=get),
                Route("/ratgeber/{article}", self.article, methods=get),
                Route("/suche", self.search, methods=get),
                Route("/gewerblich", self.declare, methods=post),
                Route("/anmelden", self.login_form, methods=get),
                Route("/anmelden", self.login, methods=post),
                Route("/abmelden", self.logout, methods=post),
                Route("/konto", self.account, methods=get),
                Route("/geschaeftskonto", self.application, methods=get),
                Route("/geschaeftskonto", self.apply, methods=post),
                Route("/warenkorb", self.cart, methods=get),
                Route("/warenkorb", self.add, methods=post),
                Route("/warenkorb/entfernen", self.remove, methods=post),
                Route("/bestellen", self.order, methods=post),
                Route("/danke", self.thanks, methods=get),
                Route("/bild/start.svg", self.start_picture, methods=get),
                Route("/bild/{kind}/{id}.svg", self.picture, methods=get),
                Mount("/static", StaticFiles(directory=HERE / "static")),
            ],
            exception_handlers={HTTPException: self.problem},
        )

    async def start(self, request: Request) -> Response:
        visit, declared = visit_of(request), request.session.get("trade")
        if visit and declared is not None:
            # Also for those who declared themselves before they consented.
            visit.set(customer_type=kind_of(declared))
        return HTMLResponse(self.pages.start(buyer_of(request)))

    async def category(self, request: Request) -> Response:
        category = known(self.stock.categories.get, request, "category")
        return HTMLResponse(self.pages.category(buyer_of(request), category))

    async def product(self, request: Request) -> Response:
        product = known(self.stock.products.get, request, "product")
        return HTMLResponse(self.pages.product(buyer_of(request), product))

    async def article(self, request: Request) -> Response:
        article = known(self.stock.articles.get, request, "article")
        return HTMLResponse(self.pages.article(buyer_of(request), article))

    async def guides(self, request: Request) -> Response:
        return HTMLResponse(self.pages.guides(buyer_of(request)))

    async def search(self, request: Request) -> Response:
        query = request.query_params.get("q", "")[:200]
        return HTMLResponse(self.pages.search(buyer_of(request), query))

    async def declare(self, request: Request) -> Response:
        """The visitor's own word: "Ich kaufe gewerblich", or no longer."""
        answers = await form(request)
        trade = answers.get("gewerblich") == "ja"
        request.session["trade"] = trade
        if visit := visit_of(request):
            visit.set(customer_type=kind_of(trade), keep=True)
        return see(own_address(answers.get("next", "/")))

    async def login_form(self, request: Request) -> Response:
        return HTMLResponse(self.pages.login(buyer_of(request)))

    async def login(self, request: Request) -> Response:
        number = (await form(request)).get("number", "").strip()
        if number not in CUSTOMERS:
            return HTMLResponse(self.pages.login(buyer_of(request), number), 422)
        request.session["customer"] = number
        if visit := visit_of(request):
            visit.identify(number)
        return see("/")

    async def logout(self, request: Request) -> Response:
        request.session.clear()
        if visit := visit_of(request):
            visit.forget()
        return see("/")

    async def account(self, request: Request) -> Response:
        buyer = buyer_of(request)
        if buyer.company is None:
            return see("/anmelden")
        return HTMLResponse(self.pages.account(buyer, buyer.company))

    async def application(self, request: Request) -> Response:
        return HTMLResponse(self.pages.application(buyer_of(request)))

    async def apply(self, request: Request) -> Response:
        company = (await form(request)).get("company", "").strip()
        if not company:
            return see("/geschaeftskonto")
        text = f"Danke. Wir prüfen den Antrag für {company} und melden uns morgen."
        page = self.pages.message(buyer_of(request), "Antrag eingegangen", text)
        return HTMLResponse(page)

    async def cart(self, request: Request) -> Response:
        return HTMLResponse(self.pages.cart(buyer_of(request)))

    async def add(self, request: Request) -> Response:
        answers = await form(request)
        product = self.stock.products.get(answers.get("product", ""))
        count = answers.get("quantity", "")
        if product is None or not product.in_stock or not count.isdecimal():
            raise HTTPException(422)
        quantity = min(max(int(count[:4]), 1), 999)
        cart: dict[str, int] = request.session.get("cart", {})
        # A new one: the session is only sent where one of its keys was set.
        quantities = {product.id: cart.get(product.id, 0) + quantity}
        request.session["cart"] = cart | quantities
        if visit := visit_of(request):
            facts = {"product_id": product.id, "quantity": quantity}
            visit.track("Product Added", facts | {"price": float(product.price)})
        return see("/warenkorb")

    async def remove(self, request: Request) -> Response:
        product = (await form(request)).get("product", "")
        cart: dict[str, int] = dict(request.session.get("cart", {}))
        count = cart.pop(product, 0)
        request.session["cart"] = cart
        if count and (visit := visit_of(request)):
            visit.track("Product Removed", {"product_id": product, "quantity": count})
        return see("/warenkorb")

    async def order(self, request: Request) -> Response:
        lines = self.stock.lines(request.session.pop("cart", {}))
        if not lines:
            return see("/warenkorb")
        number = f"SK-{secrets.randbelow(900_000) + 100_000}"
        paid = total(lines)
        orders = [[number, str(paid)], *request.session.get("orders", [])]
        request.session["orders"] = orders[:5]
        if visit := visit_of(request):
            products = [
                {"product_id": p.id, "quantity": count, "price": float(p.price)}
                for p, count in lines
            ]
            facts = {"order_id": number, "products": products, "revenue": float(paid)}
            visit.track("Order Completed", facts)
        return see("/danke")

    async def thanks(self, request: Request) -> Response:
        buyer = buyer_of(request)
        if not buyer.orders:
            return see("/")
        text = f"Ihre Bestellung {buyer.orders[0].number} geht heute noch ins Lager."
        page = self.pages.message(buyer, "Danke für Ihre Bestellung", text)
        return HTMLResponse(page)

    async def start_picture(self, request: Request) -> Response:
        return picture(scenes.start_picture())

    async def picture(self, request: Request) -> Response:
        stock, kind = self.stock, request.path_params["kind"]
        if kind == "p":
            return picture(
                scenes.product_picture(known(stock.products.get, request, "id"))
            )
        if kind == "r":
            return picture(
                scenes.article_picture(known(stock.articles.get, request, "id"))
            )
        if kind != "k":
            raise HTTPException(404)
        category = known(stock.categories.get, request, "id")
        products = stock.of_category(category.id)
        return picture(scenes.category_picture(category, products))

    async def problem(self, request: Request, problem: Exception) -> Response:
        status = problem.status_code if isinstance(problem, HTTPException) else 500
        if status == 404:
            words = "Seite nicht gefunden", "Diese Adresse führt ins Leere."
        else:
            words = "Das ging nicht", "Bitte prüfen Sie Ihre Angaben."
        page = self.pages.message(buyer_of(request), *words)
        return HTMLResponse(page, status)


def visit_of(request: Request) -> Any:
    """shopwindow's handle on this visit; None in the bare shop."""
    return getattr(request.state, "shopwindow", None)


def buyer_of(request: Request) -> Buyer:
    session, visit = request.session, visit_of(request)
    query = f"?{request.url.query}" if request.url.query else ""
    orders = [
        Order(number, Decimal(paid)) for number, paid in session.get("orders", [])
    ]
    return Buyer(
        address=request.url.path + query,
        company=CUSTOMERS.get(session.get("customer", "")),
        trade=session.get("trade"),
        cart=session.get("cart", {}),
        orders=orders,
        consent=visit.consent.state if visit else None,
    )


def known(look_up: Callable[[str], Thing | None], request: Request, name: str) -> Thing:
    """The thing that the address names, or a 404."""
    found = look_up(request.path_params[name])
    if found is None:
        raise HTTPException(404)
    return found


async def form(request: Request) -> dict[str, str]:
    """The fields of a posted form. Raises 422 where there are absurdly many."""
    body = (await request.body()).decode("utf-8", "replace")
    try:
        return dict(parse_qsl(body, keep_blank_values=True, max_num_fields=50))
    except ValueError:
        raise HTTPException(422) from None


def kind_of(trade: bool) -> str:
    return "b2b" if trade else "b2c"


def own_address(address: str) -> str:
    """``address`` if it stays in this shop, else the start page."""
    inside = address.startswith("/") and address[1:2] not in ("/", "\\")
    return address if inside and address.isprintable() else "/"


def see(address: str) -> Response:
    return RedirectResponse(address, 303)


def picture(svg: str) -> Response:
    headers = {"Cache-Control": "public, max-age=86400"}
    return Response(svg, media_type="image/svg+xml", headers=headers)
