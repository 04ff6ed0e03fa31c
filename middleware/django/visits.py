"""For MIDDLEWARE, behind Django's AuthenticationMiddleware: the visit at hand, and who is logged in."""

from collections.abc import Awaitable, Callable
from inspect import iscoroutinefunction
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.decorators import sync_and_async_middleware
from starlette.types import Scope

from ..lookup import Customer
from ..visit import current

_REQUEST = "shopwindow.django"
View = Callable[[HttpRequest], Any]


@sync_and_async_middleware  # type: ignore[untyped-decorator]  # Django has no types
def visits(get_response: View) -> View:
    """``request.shopwindow`` is the visit, or None where nobody mounted us (tests, WSGI).

    In MIDDLEWARE as ``"shopwindow.middleware.django.visits.visits"``.
    """

    def prepare(request: HttpRequest) -> None:
        request.shopwindow = current()
        if hasattr(request, "scope"):
            request.scope[_REQUEST] = request

    if iscoroutinefunction(get_response):

        async def awaiting(request: HttpRequest) -> HttpResponse:
            prepare(request)
            return await get_response(request)

        return awaiting

    def waiting(request: HttpRequest) -> HttpResponse:
        prepare(request)
        return get_response(request)

    return waiting


def logged_in(scope: Scope) -> Customer | Awaitable[Customer | None] | None:
    """Who is logged in to Django: ``PersonalizedDjango(..., customer=logged_in)``."""
    request = scope.get(_REQUEST)
    if request is None or not hasattr(request, "auser"):
        return None
    session = getattr(request, "session", None)
    if session is not None and session.session_key is None and not session.modified:
        return None  # nobody, and this is known without asking
    return _customer(request)


async def _customer(request: HttpRequest) -> Customer | None:
    user = await request.auser()
    if not user.is_authenticated:
        return None
    return Customer(str(user.pk), first_name=getattr(user, "first_name", ""))
