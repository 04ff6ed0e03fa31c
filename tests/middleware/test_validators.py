"""Pages that the browser may keep: what it gets when it asks again."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Scope

from shopwindow import PageCache, PersonalizationMiddleware, Shopwindow
from shopwindow.middleware.response.validators import matches, revalidated, tag_of
from shopwindow.middleware.stores.memory import MemoryStore
from shopwindow.rules.facts import Profile
from tests.asgi import ask, chunk, replaying, start
from tests.shop import (
    HERO,
    HTML,
    LANES,
    TEASER,
    by_attribute,
    consented,
    events_of,
    many_chunks,
    mounted,
    open_window,
    page,
    whole,
)

pytestmark = pytest.mark.anyio
ON = "[pages]\nrevalidate = true\n"
GIVEN = {
    "etag": '"of the app"', "last-modified": "Thu, 01 Jan 1970 00:00:00 GMT", "x-shop": "1",
    "content-language": "en", "content-location": "/home", "set-cookie": "seen=1",
    "content-security-policy": "default-src 'self'", "vary": "Accept",
}  # fmt: skip
SHOP = whole(lambda: page(by_attribute), headers=GIVEN)


@asynccontextmanager
async def visited(
    app: ASGIApp = SHOP, **changes: Any
) -> AsyncIterator[tuple[httpx.AsyncClient, Shopwindow]]:
    changes.setdefault("pages", ON)
    async with open_window(**changes) as window:
        async with consented(mounted(app, window)) as client:
            yield client, window


async def again(
    client: httpx.AsyncClient, answer: httpx.Response, path: str = "/", **more: str
) -> httpx.Response:
    """Ask for a page as a browser does that has kept ``answer``."""
    headers = {"if-none-match": answer.headers["etag"], **more}
    return await client.get(path, headers=headers)


async def test_by_default_nobody_may_keep_anything() -> None:
    async with visited(pages="") as (client, _):
        for headers in ({}, {"if-none-match": "*"}, {"if-none-match": '"of the app"'}):
            answer = await client.get("/", headers=headers)
            assert answer.status_code == 200
            assert answer.headers["cache-control"] == "private, no-store"
            assert "etag" not in answer.headers


@pytest.mark.parametrize("lane", LANES)
@pytest.mark.parametrize("cached", [False, True])
async def test_the_same_page_need_not_be_sent_twice(lane: str, cached: bool) -> None:
    shop = whole(lambda: page(LANES[lane]), headers={**GIVEN, "set-cookie": ""})
    if cached:
        shop = whole(lambda: page(LANES[lane]), headers={"x-shop": "1"})
    cache = PageCache({"/*": 60}) if cached else None
    async with open_window(pages=ON) as window:
        app = PersonalizationMiddleware(shop, window, cache=cache)
        async with consented(app) as client:
            await client.get("/p/tea-1")
            first = await client.get("/")
            assert first.headers["cache-control"] == "private, no-cache"
            assert first.headers["surrogate-control"] == "no-store"
            assert HERO in first.content and first.headers["etag"].startswith('W/"')
            for _ in range(3):
                second = await again(client, first)
                assert (second.status_code, second.content) == (304, b"")
    if cache is not None:
        assert cache.counters["hit"] == 3


async def test_a_304_says_what_it_has_to_and_nothing_about_a_content() -> None:
    async with visited() as (client, _):
        first = await client.get("/")
        second = await again(client, first)
        kept = {
            "cache-control", "etag", "vary", "content-location", "x-shop", "set-cookie",
            "content-security-policy", "surrogate-control", "cdn-cache-control",
            "x-accel-expires",
        }  # fmt: skip
        assert set(second.headers) == kept
        assert set(first.headers) - kept == {
            "content-type", "content-length", "content-language",
        }  # fmt: skip
        for name in kept:
            assert second.headers[name] == first.headers[name]
        assert second.headers["vary"] == "Accept, Cookie"


async def test_another_profile_is_another_page() -> None:
    async with visited() as (client, _):
        first = await client.get("/")
        assert (await again(client, first)).status_code == 304
        await again(client, first, "/p/tea-1")
        changed = await again(client, first)
        assert changed.status_code == 200 and HERO in changed.content
        assert changed.headers["etag"] != first.headers["etag"]
        assert (await again(client, changed)).status_code == 304


async def test_another_visitor_with_another_page_gets_it() -> None:
    async with visited() as (tea, window):
        await tea.get("/p/tea-1")
        first = await tea.get("/")
        async with consented(mounted(SHOP, window)) as other:
            answer = await again(other, first)
            assert answer.status_code == 200 and HERO not in answer.content


async def test_head_is_answered_as_get() -> None:
    async with visited() as (client, _):
        first = await client.get("/")
        head = await client.head("/")
        assert head.headers["etag"] == first.headers["etag"]
        asked = {"if-none-match": first.headers["etag"]}
        head = await client.head("/", headers=asked)
        assert (head.status_code, head.headers["etag"]) == (304, first.headers["etag"])
        assert (
            await client.head("/", headers={"if-none-match": "*"})
        ).status_code == 304


async def test_a_head_without_the_page_has_no_tag() -> None:
    async with visited() as (client, _):
        first = await client.get("/")
        bare = replaying(start((b"content-type", HTML.encode())), chunk())
        async with open_window(pages=ON) as window:
            async with consented(mounted(bare, window)) as other:
                window.routes.learn("/", True)
                head = await other.head(
                    "/", headers={"if-none-match": first.headers["etag"]}
                )
        assert head.status_code == 200 and "etag" not in head.headers
        assert head.headers["cache-control"] == "private, no-cache"


async def test_links_that_count_clicks_are_the_same_in_every_answer() -> None:
    rules = "version: 1\nrules: [{id: a, slot: home.hero, show: offer}]\n"
    async with visited(rules=rules) as (client, _):
        first = await client.get("/")
        assert b"/-/shopwindow/click/" in first.content
        assert (await again(client, first)).status_code == 304


async def test_a_304_is_a_view_and_shows_what_is_shown() -> None:
    async with visited() as (client, window):
        first = await client.get("/p/tea-1")
        assert (await again(client, first, "/p/tea-1")).status_code == 304
        assert events_of(window) == ["Product Viewed", "Promotion Viewed"] * 2


async def test_the_question_never_reaches_the_app() -> None:
    seen: list[Any] = []

    async def app(scope: Scope, *rest: Any) -> None:
        seen.extend(name for name, _ in scope["headers"] if name.startswith(b"if-"))
        await SHOP(scope, *rest)

    async with visited(app) as (client, _):
        first = await client.get("/")
        await again(
            client, first, **{"if-modified-since": "Thu, 01 Jan 1970 00:00:00 GMT"}
        )
    assert seen == []


async def test_a_page_in_several_messages_is_not_kept() -> None:
    streamed = many_chunks(lambda: page(by_attribute))
    async with visited(
        streamed, pages='[pages]\nrevalidate = true\ninclude = ["/"]\n'
    ) as (
        client,
        _,
    ):
        answer = await client.get("/", headers={"if-none-match": "*"})
        assert answer.status_code == 200 and TEASER in answer.content
        assert answer.headers["cache-control"] == "private, no-store"
        assert "etag" not in answer.headers


@pytest.mark.parametrize("status", [404, 500])
async def test_a_page_of_an_error_is_not_kept(status: int) -> None:
    async with visited(whole(lambda: page(by_attribute), status)) as (client, _):
        answer = await client.get("/", headers={"if-none-match": "*"})
        assert answer.status_code == status and "etag" not in answer.headers
        assert answer.headers["cache-control"] == "private, no-store"


async def test_a_page_without_slots_stays_the_business_of_the_app() -> None:
    shop = whole(lambda: b"<!DOCTYPE html><title>Imprint</title>", headers=GIVEN)
    async with visited(shop) as (client, _):
        for _ in range(2):
            answer = await client.get("/")
            assert answer.headers["etag"] == '"of the app"'
            assert "cache-control" not in answer.headers


async def test_what_a_handler_decided_is_not_kept() -> None:
    async def home(request: Request) -> Response:
        decision = await request.state.shopwindow.decide("home.hero")
        return HTMLResponse(page(by_attribute) + decision.reason.encode())

    shop = Starlette(routes=[Route("/", home)])
    async with visited(shop) as (client, _):
        answer = await client.get("/", headers={"if-none-match": "*"})
        assert answer.status_code == 200 and "etag" not in answer.headers
        assert answer.headers["cache-control"] == "private, no-store"


async def test_an_answer_that_brings_a_cookie_of_ours_is_not_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with visited() as (client, _):
        first = await client.get("/")
        monkeypatch.setattr("shopwindow.middleware.visitor.RENEW_AFTER", -1)
        answer = await again(client, first)
        assert answer.status_code == 200 and "etag" not in answer.headers
        assert answer.headers["cache-control"] == "private, no-store"
        assert "shopwindow=" in answer.headers["set-cookie"]


async def test_a_slow_store_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    class Slow(MemoryStore):
        async def fetch(self, visitor: str) -> Profile | None:  # type: ignore[override]
            await asyncio.sleep(0.01)
            return super().fetch(visitor)

    async with visited(store=Slow()) as (client, _):
        await client.get("/p/tea-1")
        first = await client.get("/")
        assert HERO in first.content
        assert (await again(client, first)).status_code == 304


async def test_a_compressor_outside_of_us_changes_nothing() -> None:
    async with open_window(pages=ON) as window:
        shop = Starlette(
            routes=[Mount("/", SHOP)],
            middleware=[
                Middleware(GZipMiddleware, minimum_size=1),
                Middleware(PersonalizationMiddleware, site=window),
            ],
        )
        async with consented(shop) as client:
            first = await client.get("/")
            assert first.headers["content-encoding"] == "gzip"
            assert (await again(client, first)).status_code == 304


async def test_our_own_fault_leaves_a_page_that_nobody_keeps(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(body: bytes) -> bytes:
        raise ZeroDivisionError

    monkeypatch.setattr("shopwindow.middleware.response.validators.tag_of", broken)
    async with visited() as (client, window):
        answer = await client.get("/")
        assert TEASER in answer.content and "etag" not in answer.headers
        assert answer.headers["cache-control"] == "private, no-store"
        assert window.counters["warning validators"] == 1


async def test_somebody_who_is_nobody_may_keep_the_page_too() -> None:
    async with open_window(pages=ON) as window:
        app = mounted(SHOP, window)
        first = await ask(app)
        tag = first.header(b"etag") or b""
        second = await ask(app, headers=[(b"if-none-match", b'"x", ' + tag)])
        assert second.status == 304 and second.body == b"" and second.complete
        assert second.header(b"content-length") is None


# -- comparing -----------------------------------------------------------------------------

_OPAQUE = st.text("abcXYZ019!#-/*,;=\xe4", max_size=8).map(
    lambda t: t.encode("latin-1")
)
_TAG = st.tuples(st.booleans(), _OPAQUE)


def written(tag: tuple[bool, bytes]) -> bytes:
    return (b'W/"%b"' if tag[0] else b'"%b"') % tag[1]


@given(st.lists(_TAG, max_size=4), _TAG, st.sampled_from([b", ", b",", b" ,\t", b"; "]))
def test_tags_are_compared_weakly(
    asked: list[tuple[bool, bytes]], own: tuple[bool, bytes], between: bytes
) -> None:
    expected = own[1] in [opaque for _, opaque in asked]
    assert matches(between.join(map(written, asked)), written(own)) is expected


@pytest.mark.parametrize(
    ("asked", "expected"),
    [(b"*", True), (b" * ", True), (b'"*"', False), (b"", False), (b"a", False),
     (b'W/a', False), (b'"a', False), (b'"a", *', True)],
)  # fmt: skip
def test_odd_questions(asked: bytes, expected: bool) -> None:
    assert matches(asked, b'W/"a"') is expected


@given(st.binary(max_size=64), st.binary(max_size=64))
def test_tags_are_equal_exactly_for_equal_pages(one: bytes, other: bytes) -> None:
    assert (tag_of(one) == tag_of(other)) is (one == other)


def test_the_given_start_stays_as_it_is() -> None:
    given = start((b"cache-control", b"private, no-store"))
    copy = {**given, "headers": list(given["headers"])}
    revalidated(given, b"x", b"*")
    assert given == copy
