"""The shop in Django; a process can have one, so everybody's templates and views stand here."""

from tempfile import NamedTemporaryFile
from typing import Any

import django
from django.conf import settings
from django.contrib.auth import get_user_model, login
from django.core.asgi import get_asgi_application
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.template import engines
from django.urls import path
from starlette.types import ASGIApp

from shopwindow import Shopwindow, current
from shopwindow.middleware.django.asgi import PersonalizedDjango
from shopwindow.middleware.django.visits import logged_in
from tests.shop import HTML
from tests.wire.pages import DEFAULT, ETAG, file, letters

TEMPLATES: dict[str, str] = {
    "page.html": '{% load shopwindow %}<!DOCTYPE html>{% slot "home.teaser" %}<i>{{ text }}</i>{% endslot %}<hr>',
}
_DATABASE = NamedTemporaryFile(suffix=".sqlite3")
if not settings.configured:
    settings.configure(
        SECRET_KEY="a key of the shop, for tests",
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF=__name__,
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "shopwindow.middleware.django",
        ],
        DATABASES={
            "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": _DATABASE.name}
        },
        MIDDLEWARE=[
            "django.middleware.http.ConditionalGetMiddleware",
            "django.middleware.common.CommonMiddleware",  # says Content-Length
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "shopwindow.middleware.django.visits.visits",
        ],
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "OPTIONS": {
                    "loaders": [("django.template.loaders.locmem.Loader", TEMPLATES)]
                },
            }
        ],
        USE_I18N=False,
        LOGGING_CONFIG=None,
    )
    django.setup()


def one(request: HttpRequest) -> HttpResponse:
    return HttpResponse(DEFAULT, content_type=HTML, headers={"etag": ETAG})


async def stream(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(letters(), content_type=HTML)


async def from_file(request: HttpRequest) -> HttpResponse:
    return FileResponse(file().open("rb"), content_type=HTML)


def large(request: HttpRequest) -> HttpResponse:
    """More than Django puts into one message."""
    return HttpResponse(b"<p>" + b"x" * 70_000 + DEFAULT + b"y" * 70_000)


def template(request: HttpRequest) -> HttpResponse:
    return render(request, "page.html", {"text": "a<b"})


async def awaiting(request: HttpRequest) -> HttpResponse:
    return render(request, "page.html", {"text": "a<b"})


def enter(request: HttpRequest) -> HttpResponse:
    """Whoever is named in the address logs in."""
    found = get_user_model().objects.get(username=request.GET["name"])
    login(request, found)
    request.shopwindow.identify(str(found.pk))
    return HttpResponse("hello")


def handle(request: HttpRequest) -> HttpResponse:
    same = request.shopwindow is request.scope["state"]["shopwindow"] is current()
    return HttpResponse(f"{same} {request.shopwindow is not None}")


async def handle_awaiting(request: HttpRequest) -> HttpResponse:
    return handle(request)


def missing(request: HttpRequest) -> HttpResponse:
    return render(request, "page.html", {"text": "gone"}, status=404)


urlpatterns: list[Any] = [
    path("one", one),
    path("stream", stream),
    path("file", from_file),
    path("large", large),
    path("template", template),
    path("awaiting", awaiting),
    path("missing", missing),
    path("login", enter),
    path("handle", handle),
    path("handle-awaiting", handle_awaiting),
]


def make(window: Shopwindow | None) -> ASGIApp:
    shop: ASGIApp = get_asgi_application()
    if window is None:
        return shop
    return PersonalizedDjango(shop, window, customer=logged_in)


def rendered(source: str, **values: object) -> str:
    """What a template of ``source`` gives."""
    text: str = engines["django"].from_string(source).render(values)
    return text
