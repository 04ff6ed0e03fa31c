"""All that the shop has to say to shopwindow: where to mount it, and who is logged in."""

from pathlib import Path

from starlette.middleware import Middleware
from starlette.types import Scope

from shopwindow import Customer, PersonalizationMiddleware, Shopwindow


def logged_in(scope: Scope) -> Customer | None:
    """The customer of this session; asked once per page, at its first slot."""
    customer = scope["session"].get("customer")
    return Customer(**customer) if customer else None


def personalization(site: Path | Shopwindow) -> Middleware:
    """The one line. It stands inside the session, so that ``logged_in`` can read it."""
    return Middleware(PersonalizationMiddleware, site=site, customer=logged_in)
