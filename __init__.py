"""shopwindow: a start page that fits the visitor, from inside the shop's own server."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .findings import Finding as Finding
    from .findings import SiteError as SiteError
    from .middleware.asgi import PersonalizationMiddleware as PersonalizationMiddleware
    from .middleware.lookup import Customer as Customer
    from .middleware.pagecache import PageCache as PageCache
    from .middleware.visit import Visit as Visit
    from .middleware.visit import current as current
    from .middleware.window import Shopwindow as Shopwindow
    from .rules.facts import Decision as Decision

# Imported when first asked for: who needs a part of us, such as the rules, waits for no server.
_HOMES = {
    "Finding": "findings",
    "SiteError": "findings",
    "PersonalizationMiddleware": "middleware.asgi",
    "Customer": "middleware.lookup",
    "PageCache": "middleware.pagecache",
    "Visit": "middleware.visit",
    "current": "middleware.visit",
    "Shopwindow": "middleware.window",
    "Decision": "rules.facts",
}
__all__ = list(_HOMES)

if not TYPE_CHECKING:  # there it would let any name pass

    def __getattr__(name: str) -> object:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        found: object = getattr(import_module(f".{_HOMES[name]}", __name__), name)
        globals()[name] = found
        return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
