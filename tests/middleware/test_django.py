"""Django: a lifespan around an application that has none, and the template block."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import connections
from django.http import HttpResponse
from django.template import TemplateSyntaxError
from django.test import RequestFactory
from starlette.types import Message

from shopwindow import Shopwindow
from shopwindow.middleware.django.visits import logged_in, visits
from tests.asgi import ask
from tests.shop import HERO, TEASER, consented, open_window
from tests.wire.django_shop import make, rendered
from tests.wire.pages import DRESSED

pytestmark = pytest.mark.anyio
PAGE = b"<!DOCTYPE html>" + TEASER + b"<hr>"
LOAD = "{% load shopwindow %}"


@pytest.fixture
async def window() -> AsyncIterator[Shopwindow]:
    async with open_window() as window:
        yield window


# -- the application -----------------------------------------------------------------------


async def lifespan(window: Shopwindow, *kinds: str) -> list[tuple[str, bool]]:
    """What is answered to each message, and whether the window is started then."""
    heard: list[tuple[str, bool]] = []
    said = [{"type": f"lifespan.{kind}"} for kind in kinds]

    async def receive() -> Message:
        return said.pop(0)

    async def send(message: Message) -> None:
        heard.append((message["type"], window.started))

    scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}
    await asyncio.wait_for(make(window)(scope, receive, send), 5)
    return heard


async def test_it_starts_and_stops_with_the_server_though_django_does_not() -> None:
    window = open_window()
    assert await lifespan(window, "startup", "shutdown") == [
        ("lifespan.startup.complete", True),
        ("lifespan.shutdown.complete", False),
    ]


async def test_without_a_lifespan_it_starts_with_the_first_request() -> None:
    window = open_window()
    assert (await ask(make(window), "/one")).body == DRESSED
    assert window.started
    await window.stop()


async def test_a_page_in_several_messages_with_headers_in_mixed_case(
    window: Shopwindow,
) -> None:
    bare = await ask(make(None), "/large")
    assert len(bare.bodies) == 3 and b"Content-Length" in dict(bare.headers)
    answer = await ask(make(window), "/large")
    assert answer.body == b"<p>" + b"x" * 70_000 + DRESSED + b"y" * 70_000
    assert answer.complete
    assert answer.header(b"content-length") in (None, b"%d" % len(answer.body))
    assert answer.header(b"cache-control") == b"private, no-store"


async def test_a_visitor_is_recognised_over_several_requests(
    window: Shopwindow,
) -> None:
    async with consented(make(window)) as client:
        assert (await client.get("/p/tea-1")).status_code == 404
        visitor = client.cookies["shopwindow"]
        assert TEASER in (await client.get("/template")).content
        assert client.cookies["shopwindow"] == visitor
        assert HERO not in (await client.get("/one")).content


async def test_other_scopes_reach_django(window: Shopwindow) -> None:
    async def never(*_: object) -> Message:
        raise AssertionError

    with pytest.raises(ValueError, match="websocket"):
        await make(window)({"type": "websocket", "path": "/"}, never, never)  # type: ignore[arg-type]


# -- the visit, and who is logged in -------------------------------------------------------

GREETING = """
version: 1
rules:
  - id: hello
    slot: home.teaser
    when: [{logged-in: true}]
    show: banner
    with: {text: Hello again}
"""


@pytest.mark.parametrize("path", ["/handle", "/handle-awaiting"])
async def test_views_find_the_visit(window: Shopwindow, path: str) -> None:
    assert (await ask(make(window), path)).body == b"True True"


def test_without_us_there_is_no_visit() -> None:
    request = RequestFactory().get("/")
    visits(lambda request: HttpResponse())(request)
    assert request.shopwindow is None
    assert logged_in({"type": "http"}) is None


async def test_who_is_logged_in_to_django_is_the_customer() -> None:
    await sync_to_async(call_command)("migrate", verbosity=0)
    users = get_user_model().objects
    await users.acreate(username="ann", first_name="Ann")
    await sync_to_async(
        connections.close_all
    )()  # those of requests Django closes itself
    async with open_window(
        rules=GREETING, site="[deadlines]\nprofile-ms = 5000\n"
    ) as window:
        async with consented(make(window)) as client:
            assert b"Hello again" not in (await client.get("/template")).content
            before = client.cookies["shopwindow"]
            assert (await client.get("/login?name=ann")).content == b"hello"
            assert client.cookies["shopwindow"] != before
            for path in ("/template", "/awaiting"):
                assert b"Hello again" in (await client.get(path)).content


# -- the template block --------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/template", "/awaiting"])
async def test_on_a_page_its_content_is_swapped(window: Shopwindow, path: str) -> None:
    answer = await ask(make(window), path)
    assert answer.body == PAGE
    assert answer.header(b"cache-control") == b"private, no-store"
    assert answer.header(b"content-length") == b"%d" % len(PAGE)


async def test_a_slot_that_shows_nothing_leaves_its_escaped_content() -> None:
    async with open_window(rules="version: 1\nrules: []\n") as window:
        answer = await ask(make(window), "/template")
    assert answer.body == b"<!DOCTYPE html><i>a&lt;b</i><hr>"


async def test_an_error_page_shows_its_default(window: Shopwindow) -> None:
    answer = await ask(make(window), "/missing")
    assert (answer.status, answer.body) == (404, b"<!DOCTYPE html><i>gone</i><hr>")


@pytest.mark.parametrize(
    "header", [(b"sec-fetch-dest", b"empty"), (b"purpose", b"prefetch")]
)
async def test_on_requests_that_open_no_page_there_are_no_comments(
    window: Shopwindow, header: tuple[bytes, bytes]
) -> None:
    answer = await ask(make(window), "/template", headers=[header])
    assert answer.body == b"<!DOCTYPE html><i>a&lt;b</i><hr>"


async def test_without_us_and_outside_of_requests_it_is_its_content() -> None:
    assert (
        await ask(make(None), "/template")
    ).body == b"<!DOCTYPE html><i>a&lt;b</i><hr>"
    source = LOAD + '{% slot "home.hero" %}<b>{{ text }}</b>{% endslot %}'
    assert rendered(source, text="a<b") == "<b>a&lt;b</b>"


def test_names_may_be_variables_and_blocks_may_be_nested() -> None:
    source = LOAD + "{% slot name %}a{% slot other|lower %}b{% endslot %}{% endslot %}"
    assert rendered(source, name="home.hero", other="X") == "ab"


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("{% slot %}x{% endslot %}", "a slot has one name"),
        ('{% slot "a" "b" %}x{% endslot %}', "a slot has one name"),
        ('{% slot "a" %}x', "Unclosed tag"),
    ],
)
def test_a_mistake_is_a_syntax_error(source: str, words: str) -> None:
    with pytest.raises(TemplateSyntaxError, match=words):
        rendered(LOAD + source)
