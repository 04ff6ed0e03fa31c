"""What every page of the shop needs: its frame, the cart, the visit, plain forms."""

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.templating import Jinja2Templates

from .shop import Cart, Catalogue

if TYPE_CHECKING:
    from shopwindow import Visit


def visit_of(request: Request) -> "Visit | None":
    """shopwindow's handle on this visit, or None where the shop runs on its own."""
    return getattr(request.state, "shopwindow", None)


def catalogue_of(request: Request) -> Catalogue:
    catalogue: Catalogue = request.app.state.catalogue
    return catalogue


def cart_of(request: Request) -> Cart:
    return Cart(request.session, catalogue_of(request))


def page(
    request: Request, template: str, status: int = 200, **context: Any
) -> Response:
    """Render a template with all that the frame around every page shows."""
    session = request.session
    said = session.pop("said") if "said" in session else None
    shared = {
        "cart": cart_of(request),
        "customer": session.get("customer"),
        "visit": visit_of(request),
        "said": said,
        "strip": request.app.state.strip,
        "persona": session.get("persona"),
        "answers": (),
    }
    found: Jinja2Templates = request.app.state.templates
    return found.TemplateResponse(
        request, template, shared | context, status_code=status
    )


async def form(request: Request) -> dict[str, str]:
    """The fields of a plain form. Raises HTTPException 400 for what is none."""
    try:
        return dict(parse_qsl((await request.body()).decode(), max_num_fields=20))
    except ValueError as error:
        raise HTTPException(400) from error


def back(path: str) -> RedirectResponse:
    """After a POST, so that going back or reloading never repeats it."""
    return RedirectResponse(path, status_code=303)
