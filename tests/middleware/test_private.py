"""Whatever an app says about caching, what could be somebody's own page stays private."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.types import ASGIApp, Receive, Scope, Send

from shopwindow import Shopwindow, current
from shopwindow.middleware.response.headers import PRIVATE, private
from tests.asgi import Answer, Headers, ask, chunk, replaying, start
from tests.shop import HTML, by_attribute, mounted, open_window, page
from tests.sizes import runs

TYPE = (b"content-type", HTML.encode())
BODY = page(by_attribute)
PLAIN = b"<!DOCTYPE html><p>No slot here</p>"
BOT = (b"user-agent", b"Googlebot/2.1")
SCRIPT = (b"sec-fetch-dest", b"empty")

# What some cache between us and the visitor takes as leave to keep a page.
SHARED = [
    *("cache-control", "expires", "pragma", "age", "etag", "last-modified", "accept-ranges"),
    *("surrogate-control", "cdn-cache-control", "cloudflare-cdn-cache-control"),
    *("netlify-cdn-cache-control", "vercel-cdn-cache-control", "x-any-cdn-cache-control"),
    *("x-accel-expires", "edge-control", "x-litespeed-cache-control"),
    *("content-md5", "digest", "repr-digest", "content-digest"),
]  # fmt: skip
OTHERS = ["set-cookie", "x-own", "link", "content-language", "cdn-cache", "x-expires"]
VALUES = [
    *("public, max-age=60", "s-maxage=600", "max-age=31536000, immutable", "no-cache"),
    *("private, no-store", "60", "0", "", '"1"', "Thu, 26 Nov 2026 12:00:00 GMT", "cart=1; Path=/"),
]  # fmt: skip
VARIES = [
    *("Cookie", "cookie", "COOKIE, Cookie", "Accept-Encoding", "*", "", " , cookie ,"),
    *("Accept-Encoding,Cookie,Accept-Language", "X-Cookie", "Cookie2"),
]


# One draw of bytes per set, three for each header: a tenth of the time that lists of tuples take.
NAMES = [*SHARED, *OTHERS, *(4 * ["vary"])]
SPELLINGS: list[Callable[[str], str]] = [str.lower, str.title, str.upper, str.swapcase]


def _headers(drawn: bytes) -> Headers:
    headers = []
    for which, spelling, said in zip(
        drawn[::3], drawn[1::3], drawn[2::3], strict=False
    ):
        name = NAMES[which % len(NAMES)]
        values = VARIES if name == "vary" else VALUES
        value = values[said % len(values)].encode()
        if spelling > 240:
            value = bytes((spelling, said))
        headers.append((SPELLINGS[spelling % 4](name).encode(), value))
    return headers


HEADERS = st.binary(max_size=24).map(_headers)


def belongs_to_one(answer: Answer, sent: Headers) -> None:
    """No cache may keep ``answer``; what else the app ``sent`` is there, in its order."""
    shared = [
        (name, value)
        for name, value in answer.headers
        if name.lower().decode() in SHARED
    ]
    assert sorted(shared) == sorted(PRIVATE)
    (vary,) = answer.all(b"vary")
    words = [word.strip().lower() for word in vary.split(b",")]
    assert words.count(b"cookie") == 1 and b"" not in words
    for name, value in sent:
        if name.lower() == b"vary":
            assert {w.strip().lower() for w in value.split(b",")} - {b""} <= set(words)
    others = [name.encode() for name in OTHERS]
    kept = [pair for pair in answer.headers if pair[0].lower() in others]
    ours = (b"shopwindow=", b"shopwindow-consent=", b"__Host-shopwindow")
    kept = [pair for pair in kept if not pair[1].startswith(ours)]
    assert kept == [pair for pair in sent if pair[0].lower() in others]


def deciding(*headers: tuple[bytes, bytes]) -> ASGIApp:
    """Answers JSON that depends on the visitor."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        visit = current()
        assert visit is not None
        visit.decide_sync("home.hero")
        await send(start((b"content-type", b"application/json"), *headers))
        await send(chunk(b"{}"))

    return app


def answering(choice: str, *headers: tuple[bytes, bytes]) -> ASGIApp:
    """Sends a visitor on who has just said yes or no."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        visit = current()
        assert visit is not None
        visit.grant() if choice == "granted" else visit.deny()
        await send(start((b"location", b"/"), *headers, status=303))
        await send(chunk())

    return app


def whole(*headers: tuple[bytes, bytes]) -> ASGIApp:
    return replaying(start(TYPE, *headers), chunk(BODY))


def pieces(*headers: tuple[bytes, bytes]) -> ASGIApp:
    return replaying(start(TYPE, *headers), chunk(BODY[:90], True), chunk(BODY[90:]))


def failing(*headers: tuple[bytes, bytes]) -> ASGIApp:
    return replaying(start(TYPE, *headers, status=500), chunk(BODY))


def granting(*headers: tuple[bytes, bytes]) -> ASGIApp:
    return answering("granted", *headers)


def denying(*headers: tuple[bytes, bytes]) -> ASGIApp:
    return answering("denied", *headers)


Case = tuple[Callable[..., ASGIApp], dict[str, Any]]
PERSONAL: dict[str, Case] = {
    "a page": (whole, {}),
    "its head": (whole, {"method": "HEAD"}),
    "for a program": (whole, {"headers": [BOT]}),
    "for a script": (whole, {"headers": [SCRIPT]}),
    "as a stream": (pieces, {}),
    "with an error": (failing, {}),
    "a decision": (deciding, {}),
    "a decision, posted": (deciding, {"method": "POST"}),
    "a yes": (granting, {"method": "POST"}),
    "a no": (denying, {"method": "POST"}),
}

Run = Callable[[Coroutine[Any, Any, Any]], Any]


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    with asyncio.Runner() as runner:
        yield runner.run


@pytest.fixture(scope="module")
def window(run: Run) -> Iterator[Shopwindow]:
    window = open_window(pages='[pages]\ninclude = ["/"]\n')
    run(window.start())
    yield window
    run(window.stop())


@pytest.mark.parametrize("case", PERSONAL.values(), ids=PERSONAL)
def test_what_could_be_somebodys_own_is_nobody_elses(
    case: Case, run: Run, window: Shopwindow
) -> None:
    make, request = case

    @settings(max_examples=runs(1_000, 120), deadline=None)
    @given(HEADERS)
    def whatever_the_app_says(headers: Headers) -> None:
        answer = run(ask(mounted(make(*headers), window), **request))
        belongs_to_one(answer, headers)
        sent = sum(name.lower() == b"set-cookie" for name, _ in headers)
        ours = len(answer.all(b"set-cookie")) - sent
        assert ours == (make in (granting, denying))

    whatever_the_app_says()


def test_a_page_without_slots_keeps_what_the_app_says(run: Run) -> None:
    window, unknown = open_window(), count()

    @settings(max_examples=runs(1_000, 120), deadline=None)
    @given(HEADERS)
    def whatever_the_app_says(headers: Headers) -> None:
        app = replaying(start(TYPE, *headers), chunk(PLAIN))
        path = f"/about/{next(unknown)}"  # that it has no slots, nobody knows yet
        answer = run(ask(mounted(app, window), path))
        assert answer.headers == [TYPE, *headers]

    run(window.start())
    whatever_the_app_says()
    run(window.stop())


@settings(max_examples=runs(1_000, 120))
@given(HEADERS)
def test_saying_it_twice_says_it_once(headers: Headers) -> None:
    assert private(private(headers)) == private(headers)
