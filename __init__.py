"""shopwindow: a start page that fits the visitor, from inside the shop's own server."""

from .findings import Finding as Finding
from .findings import SiteError as SiteError
from .middleware.asgi import PersonalizationMiddleware as PersonalizationMiddleware
from .middleware.lookup import Customer as Customer
from .middleware.visit import Visit as Visit
from .middleware.visit import current as current
from .middleware.window import Shopwindow as Shopwindow
from .rules.facts import Decision as Decision
