"""Pages that are kept for all: which requests, which answers, and what each visitor gets of them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Any

import pytest
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shopwindow import PageCache, PersonalizationMiddleware, Shopwindow, current
from shopwindow.middleware.pagecache.pages import Pages
from shopwindow.middleware.site import Site
from tests.asgi import Answer, ask, chunk, scope_of, start
from tests.shop import (
    AFTER,
    BEFORE,
    HERO,
    HTML,
    LANES,
    TEASER,
    browser,
    by_attribute,
    consented,
    events_of,
    open_window,
    page,
    site_of,
)

pytestmark = pytest.mark.anyio
TYPE = (b"content-type", HTML.encode())
PAGE = page(by_attribute)
PLAIN = b"<!DOCTYPE html><title>Imprint</title>"
Headers = list[tuple[bytes, bytes]]
Make = Callable[[Scope], bytes]


class Shop:
    """An app that remembers the scopes that reach it, and answers with what it is told."""

    def __init__(
        self, make: Make | bytes = PAGE, *headers: tuple[bytes, bytes]
    ) -> None:
        self.make: Make = make if callable(make) else lambda scope: make
        self.headers: Headers = [TYPE, *headers]
        self.status = 200
        self.scopes: list[Scope] = []
        self.before: Callable[[Scope], Awaitable[None]] | None = None
        self.cut = False  # streams, without a length

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scopes.append(scope)
        if self.before is not None:
            await self.before(scope)
        body = self.make(scope)
        if self.cut:
            await send(start(*self.headers, status=self.status))
            for at in range(0, len(body), 16):
                await send(chunk(body[at : at + 16], True))
            await send(chunk())
        else:
            length = (b"content-length", b"%d" % len(body))
            await send(start(*self.headers, length, status=self.status))
            await send(chunk(body))

    @property
    def calls(self) -> int:
        return len(self.scopes)


@asynccontextmanager
async def cached(
    app: ASGIApp, cache: PageCache | None = None, **changes: Any
) -> AsyncIterator[tuple[PersonalizationMiddleware, Shopwindow]]:
    async with open_window(**changes) as window:
        kept = PageCache({"/*": 60}) if cache is None else cache
        yield PersonalizationMiddleware(app, window, cache=kept), window


def pages_of(app: PersonalizationMiddleware) -> Pages:
    assert app.pages is not None
    return app.pages


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds that the monotonic clock is ahead, for the page cache alone."""
    from time import monotonic

    ahead = [0.0]
    for module in ("pages", "filling"):
        monkeypatch.setattr(
            f"shopwindow.middleware.pagecache.{module}.monotonic",
            lambda: monotonic() + ahead[0],
        )
    return ahead


# -- a hit ---------------------------------------------------------------------------------


@pytest.mark.parametrize("lane", LANES)
@pytest.mark.parametrize("streamed", [False, True])
async def test_the_second_visitor_costs_the_app_nothing(
    lane: str, streamed: bool
) -> None:
    shop = Shop(lambda scope: page(LANES[lane]))
    shop.cut = streamed
    async with cached(shop) as (app, _):
        answers = [await ask(app) for _ in range(3)]
    if streamed and lane != "template":
        del answers[0]  # it learns that the path has slots
    assert shop.calls == 1
    assert {a.body for a in answers} == {answers[0].body}
    assert TEASER in answers[0].body and b"\x1e" not in answers[0].body
    assert answers[1].header(b"cache-control") == b"private, no-store"
    assert answers[1].header(b"age") is None
    length = answers[1].header(b"content-length")
    assert length == b"%d" % len(answers[1].body)
    assert answers[1].complete and len(answers[1].messages) == 2


@pytest.mark.parametrize("lane", LANES)
async def test_a_hit_is_what_the_visitor_would_get_without_a_cache(lane: str) -> None:
    shop = Shop(lambda scope: page(LANES[lane]), (b"x-shop", b"1"), (b"etag", b'"1"'))
    answers = []
    for cache in (PageCache(), PageCache({"/*": 60})):
        async with cached(shop, cache) as (app, _), consented(app) as client:
            for path in ("/p/tea-1", "/p/tea-1", "/p/cup-1", "/p/tea-1"):
                answers.append(await client.get(path))
    assert shop.calls == 4 + 2
    for without, kept in zip(answers[:4], answers[4:], strict=True):
        assert kept.content == without.content
        assert sorted(kept.headers.raw) == sorted(without.headers.raw)
    assert HERO in answers[5].content and TEASER in answers[5].content


async def test_what_is_shown_counts_as_ever() -> None:
    seen = []
    for cache in (PageCache(), PageCache({"/*": 60})):
        async with cached(Shop(), cache) as (app, window), consented(app) as client:
            for path in ("/p/tea-1", "/p/tea-1", "/"):
                await client.get(path)
            seen.append(events_of(window))
    assert seen[0] == seen[1]
    assert seen[0].count("Promotion Viewed") == 3
    assert seen[0].count("Product Viewed") == 2


async def test_a_page_without_slots_leaves_as_the_app_made_it(
    clock: list[float],
) -> None:
    given = [(b"X-Mixed", b"1"), (b"etag", b'"1"'), (b"cache-control", b"max-age=100")]
    shop = Shop(PLAIN, *given)
    async with cached(shop) as (app, _):
        first = await ask(app)
        clock[0] = 7.5
        second = await ask(app)
        head = await ask(app, method="HEAD", headers=[(b"range", b"bytes=0-3")])
    assert shop.calls == 1 and second.status == 200
    assert second.body == PLAIN
    assert second.headers == [*first.headers, (b"age", b"7")]
    assert head.headers == second.headers and head.body == b""


async def test_head_is_answered_from_a_get_and_fills_nothing() -> None:
    shop = Shop()
    async with cached(shop) as (app, _):
        await ask(app, method="HEAD")
        await ask(app, method="HEAD")
        assert shop.calls == 2
        got = await ask(app)
        head = await ask(app, method="HEAD")
    assert shop.calls == 3
    assert sorted(head.headers) == sorted(
        pair for pair in got.headers if pair[0] != b"content-length"
    )


@pytest.mark.parametrize(
    "header",
    [(b"range", b"bytes=0-9"), (b"if-none-match", b'"1"'), (b"if-match", b"*")],
)
async def test_a_part_or_a_condition_gets_the_whole_page(
    header: tuple[bytes, bytes],
) -> None:
    shop = Shop(PAGE, (b"etag", b'"1"'))
    async with cached(shop) as (app, _):
        for _ in range(2):
            answer = await ask(app, headers=[header])
            assert answer.status == 200 and answer.body.endswith(AFTER.encode())
    assert shop.calls == 1
    assert all(name != header[0] for name, _ in shop.scopes[0]["headers"])


async def test_programs_get_the_default_content_of_the_same_page() -> None:
    shop = Shop()
    async with cached(shop) as (app, _):
        await ask(app)
        answer = await ask(app, headers=[(b"user-agent", b"curl/8")])
    assert shop.calls == 1 and answer.body == PAGE


async def test_the_page_says_its_language() -> None:
    shop = Shop(b'<!DOCTYPE html><html lang="de">' + PAGE)
    async with cached(shop) as (app, _):
        answers = [await ask(app) for _ in range(2)]
    assert answers[0].body == answers[1].body
    assert "Für Sie: Hello".encode() in answers[1].body and shop.calls == 1


# -- privacy -------------------------------------------------------------------------------


async def test_two_visitors_never_see_each_other() -> None:
    shop = Shop(lambda scope: page(LANES["template"]))
    async with (
        cached(shop) as (app, window),
        consented(app) as tea,
        consented(app) as new,
    ):
        await tea.get("/p/tea-1")
        for _ in range(3):
            assert HERO in (await tea.get("/")).content
            other = await new.get("/")
            assert HERO not in other.content and TEASER in other.content
        ids = [next(iter(client.cookies.jar)).value or "" for client in (tea, new)]
        assert shop.calls == 2
        for scope in shop.scopes:
            assert all(name != b"cookie" for name, _ in scope["headers"])
            visit = scope["state"]["shopwindow"]
            assert visit.visitor is None and visit.profile is None
            assert visit.arrival.cookies == b""
            told = repr(scope) + repr(vars(visit))
            assert not any(id[:20] in told for id in ids)
        stored = b""
        for shelf in pages_of(app).shelves._shelves.values():
            for kept in shelf.pages.values():
                stored += repr(
                    (kept.headers, kept.pieces, kept.body, kept.head)
                ).encode()
        assert b"Default" in stored
        stored = stored.lower()
        for ours in (b"more tea", b"hello", b"\\x1e", b"/-/shopwindow/", b"cookie"):
            assert ours not in stored
        assert not any(id[:20].lower().encode() in stored for id in ids)


async def test_concurrent_visitors_get_each_their_own() -> None:
    shop = Shop()

    async def slowly(scope: Scope) -> None:
        await asyncio.sleep(0.01)

    shop.before = slowly
    async with (
        cached(shop) as (app, _),
        consented(app) as tea,
        consented(app) as new,
    ):
        await tea.get("/p/tea-1")
        answers = await asyncio.gather(
            *((tea if n % 2 else new).get("/") for n in range(40))
        )
    assert shop.calls == 2
    for n, answer in enumerate(answers):
        assert (HERO in answer.content) is bool(n % 2)


@pytest.mark.parametrize(
    "use",
    [
        lambda visit: visit.consent,
        lambda visit: visit.profile,
        lambda visit: visit.visitor,
        lambda visit: visit.purposes,
        lambda visit: visit.remembers,
        lambda visit: visit.decide_sync("home.hero"),
        lambda visit: visit.track("Something Done"),
        lambda visit: visit.set(cart_value=60, keep=True),
        lambda visit: visit.identify("17"),
        lambda visit: visit.forget(),
        lambda visit: visit.grant(),
        lambda visit: visit.deny(),
    ],
)
async def test_a_handler_that_asks_about_the_visitor_is_asked_for_each(
    use: Any,
) -> None:
    seen = []

    def make(scope: Scope) -> bytes:
        visit = scope["state"]["shopwindow"]
        use(visit)
        seen.append(type(visit).__name__)
        return PAGE

    shop = Shop(make)
    async with cached(shop) as (app, window):
        for _ in range(2):
            answer = await ask(app)
            assert answer.complete and answer.body.endswith(AFTER.encode())
        assert not len(pages_of(app).shelves)
        assert window.counters["warning unkept"] == 1
    assert seen == ["Stranger", "Visit", "Visit"]


async def test_who_asks_about_the_visitor_late_is_heard_too() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(start(TYPE))
        await send(chunk(PAGE, True))
        _ = scope["state"]["shopwindow"].consent
        await send(chunk())

    async with cached(app) as (mounted, _):
        await ask(mounted)
        assert not len(pages_of(mounted).shelves)


async def test_an_answer_with_trailers_is_not_kept() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(start(TYPE, trailers=True))
        await send(chunk(PAGE))
        await send({"type": "http.response.trailers", "headers": []})

    async with cached(app) as (mounted, _):
        answer = await ask(mounted)
        assert answer.messages[-1]["type"] == "http.response.trailers"
        assert not len(pages_of(mounted).shelves)


async def test_attributes_for_one_request_are_not_there_on_a_hit() -> None:
    def make(scope: Scope) -> bytes:
        Request(scope).state.shopwindow.set(cart_value=60)
        return PAGE

    shop = Shop(make)
    async with cached(shop) as (app, _):
        bodies = {(await ask(app)).body for _ in range(3)}
    assert shop.calls == 1
    assert len(bodies) == 1 and b"Big cart" not in bodies.pop()


async def test_the_app_finds_a_stranger_as_the_current_visit() -> None:
    seen = []

    def make(scope: Scope) -> bytes:
        seen.append(current() is scope["state"]["shopwindow"])
        return PAGE

    shop = Shop(make)
    state = {"pool": object()}
    async with cached(shop) as (app, _):
        await ask(app, state=state)
        assert current() is None
    assert seen == [True]
    assert shop.scopes[0]["state"]["pool"] is state["pool"] and len(state) == 1


async def test_a_page_that_breaks_off_is_counted_and_not_kept() -> None:
    async def breaking(scope: Scope, receive: Receive, send: Send) -> None:
        await send(start(TYPE))
        await send(chunk(PAGE[:40], True))
        raise ConnectionError("the database is gone")

    async with cached(breaking) as (app, window):
        for _ in range(2):
            with pytest.raises(ConnectionError):
                await ask(app)
        assert window.counters["page broken off"] == 2
        assert not len(pages_of(app).shelves)


# -- which requests ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "more"),
    [
        ([(b"authorization", b"Basic abc")], {}),
        ([(b"proxy-authorization", b"Basic abc")], {}),
        ([(b"x-forwarded-user", b"customer-1")], {}),
        ([(b"cf-access-jwt-assertion", b"abc")], {}),
        ([(b"cookie", b"session=1")], {}),
        ([(b"cookie", b"_ga=1; session=1")], {}),
        ([(b"cookie", b"_ga=1"), (b"cookie", b"session=1")], {}),
        ([(b"cookie", b"_gat")], {}),
        ([(b"cookie", b"shopwindow2=1")], {}),
        ([(b"cookie", b"\xa0shopwindow=1")], {}),
        ([(b"content-length", b"3")], {}),
        ([(b"transfer-encoding", b"chunked")], {}),
        ([(b"cache-control", b"max-age=0, no-store")], {}),
        ([], {"session": {"customer": 1}}),
        ([], {"user": type("User", (), {"is_authenticated": True})()}),
        ([], {"query_string": b"shopwindow-preview=nonsense"}),
    ],
)
async def test_somebody_with_something_of_their_own_goes_to_the_app(
    headers: Headers, more: dict[str, Any]
) -> None:
    shop = Shop()
    cache = PageCache({"/*": 60}, ignore_cookies=("_ga", "_ga_*"))
    async with cached(shop, cache) as (app, _):
        for _ in range(2):  # neither filled
            await ask(app, headers=headers, **more)
        assert not len(pages_of(app).shelves) and shop.calls == 2
    async with cached(shop, cache) as (app, _):
        await ask(app)
        assert len(pages_of(app).shelves) == 1
        await ask(app, headers=headers, **more)  # nor served
    assert shop.calls == 4
    for asked in (0, 1, 3):
        scope = shop.scopes[asked]
        assert type(scope["state"]["shopwindow"]).__name__ == "Visit"
        for pair in headers:
            assert pair in scope["headers"]


async def test_cookies_that_are_ignored_reach_nobody() -> None:
    shop = Shop()
    cache = PageCache({"/*": 60}, ignore_cookies=("_ga", "_ga_*"))
    cookies = (b"cookie", b"_ga=1; _ga_x=2; shopwindow=x; shopwindow-consent=denied")
    async with cached(shop, cache) as (app, _):
        await ask(app, headers=[cookies])
        await ask(app)
    assert shop.calls == 1
    assert all(name != b"cookie" for name, _ in shop.scopes[0]["headers"])


async def test_editors_who_keep_us_away_from_a_page_keep_the_cache_away() -> None:
    shop = Shop()
    async with cached(shop, pages='[pages]\nexclude = ["/a"]\n') as (app, _):
        for _ in range(2):
            assert (await ask(app, "/a")).body == PAGE
    assert shop.calls == 2


async def test_what_might_be_a_preview_is_never_kept_nor_served_from_what_is() -> None:
    shop = Shop()
    async with cached(shop) as (app, window):
        await ask(app)
        await ask(app, query_string=b"shopwindow-preview=x")
        await ask(app, query_string=b"shopwindow-preview=x")
    assert shop.calls == 3


@pytest.mark.parametrize(
    "change",
    [
        {"path": "/b"},
        {"query_string": b"x=1"},
        {"scheme": "https"},
        {"root_path": "/a"},
        {"raw_path": b"/%61"},
        {"headers": [(b"host", b"other.example")]},
        {"headers": [(b"x-forwarded-host", b"evil.example")]},
        {"headers": [(b"x-forwarded-proto", b"https")]},
        {"headers": [(b"x-original-url", b"/admin")]},
        {"headers": [(b"forwarded", b"host=evil.example")]},
    ],
)
async def test_another_address_is_another_page(change: dict[str, Any]) -> None:
    shop = Shop(lambda scope: PAGE + repr(scope["path"]).encode())
    async with cached(shop) as (app, _):
        await ask(app, "/a")
        await ask(app, **{"path": "/a", **change})
        assert shop.calls == 2
        await ask(app, **{"path": "/a", **change})
        await ask(app, "/a")
    assert shop.calls == 2


async def test_for_whom_a_proxy_asks_makes_no_other_page() -> None:
    shop = Shop()
    async with cached(shop) as (app, _):
        for n in range(3):
            said = b'For="[2001:db8::%d]";proto=https; by=10.0.0.%d' % (n, n)
            headers = [(b"forwarded", said), (b"x-forwarded-for", b"192.0.2.%d" % n)]
            await ask(app, headers=headers)
        assert shop.calls == 1
        await ask(app, method="POST", headers=headers)
        await ask(app, headers=headers)
    assert shop.calls == 3


# -- Vary ----------------------------------------------------------------------------------


async def test_what_vary_names_is_a_part_of_the_key() -> None:
    def make(scope: Scope) -> bytes:
        headers = dict(scope["headers"])
        said: bytes = headers.get(b"accept-language", b"none")
        return PAGE + said

    shop = Shop(make, (b"Vary", b"Accept-Language, COOKIE"))
    async with cached(shop) as (app, _):
        for _ in range(2):
            for said in (b"de", b"en", None):
                headers = [] if said is None else [(b"accept-language", said)]
                answer = await ask(app, headers=headers)
                assert answer.body.endswith(said or b"none")
                assert answer.header(b"vary") == b"Accept-Language, Cookie"
        assert shop.calls == 3
        # The newest answer says what it depends on (RFC 9111, 4.1).
        shop.headers[-1] = (b"vary", b"x-device")
        await ask(app, headers=[(b"accept-language", b"fr")])
        assert shop.calls == 4
        await ask(app, headers=[(b"accept-language", b"it")])
        assert shop.calls == 4
        await ask(app, headers=[(b"x-device", b"1")])
        assert shop.calls == 5


async def test_headers_that_are_there_twice_are_one_list() -> None:
    shop = Shop(PAGE, (b"vary", b"x-a"))
    async with cached(shop) as (app, _):
        await ask(app, headers=[(b"x-a", b"1"), (b"x-a", b" 2 ")])
        await ask(app, headers=[(b"x-a", b"1, 2")])
        assert shop.calls == 1


# -- which answers -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "header",
    [
        (b"set-cookie", b"a=1"),
        (b"Set-Cookie", b"a=1"),
        (b"cache-control", b"private"),
        (b"cache-control", b'max-age=60, PRIVATE="x"'),
        (b"cache-control", b"no-store"),
        (b"cache-control", b"no-cache"),
        (b"cache-control", b"max-age=0"),
        (b"cache-control", b"s-maxage=0, max-age=60"),
        (b"cache-control", b"max-age=soon"),
        (b"cache-control", b"max-age=-1"),
        (b"surrogate-control", b"no-store"),
        (b"cdn-cache-control", b"max-age=0"),
        (b"cdn-cache-control", b"private, max-age=60"),
        (b"pragma", b"no-cache"),
        (b"expires", b"0"),
        (b"expires", b"Thu, 01 Jan 1970 00:00:00 GMT"),
        (b"age", b"60"),
        (b"date", b"Thu, 01 Jan 1970 00:00:00 GMT"),
        (b"vary", b"accept, *"),
        (b"content-encoding", b"gzip"),
        (b"content-range", b"bytes 0-9/10"),
        (b"content-security-policy", b"script-src 'nonce-abc'"),
        (b"content-type", b"application/json"),
    ],
)
async def test_an_answer_that_must_not_be_kept(header: tuple[bytes, bytes]) -> None:
    shop = Shop(PAGE, header)
    if header[0] == b"content-type":
        shop.headers = [header]
    async with cached(shop) as (app, _):
        for _ in range(3):
            assert (await ask(app)).complete
        assert not len(pages_of(app).shelves)
    assert shop.calls == 3
    assert [s["state"]["shopwindow"].__class__.__name__ for s in shop.scopes] == [
        "Stranger", "Visit", "Visit",
    ]  # fmt: skip


@pytest.mark.parametrize("status", [201, 203, 204, 206, 301, 302, 304, 404, 410, 500])
async def test_only_pages_that_are_there_are_kept(status: int) -> None:
    shop = Shop(PAGE if status not in (204, 304) else b"")
    shop.status = status
    async with cached(shop) as (app, _):
        for _ in range(2):
            assert (await ask(app)).status == status
    assert shop.calls == 2


async def test_a_request_that_the_app_refuses_says_nothing_of_the_page() -> None:
    def make(scope: Scope) -> bytes:
        shop.status = 400 if (b"x-odd", b"1") in scope["headers"] else 200
        return PAGE

    shop = Shop(make)
    async with cached(shop) as (app, _):
        assert (await ask(app, headers=[(b"x-odd", b"1")])).status == 400
        for _ in range(2):
            assert (await ask(app)).status == 200
    assert shop.calls == 2


@pytest.mark.parametrize(
    "name",
    [
        b"csrfmiddlewaretoken", b"csrf_token", b"_csrf", b"authenticity_token", b"_token",
        b"__RequestVerificationToken", b"csrf-token", b"_csrf_token",
    ],
)  # fmt: skip
async def test_a_page_with_a_form_of_one_visitor_is_not_kept(name: bytes) -> None:
    for field in (
        b'<input type="hidden" name="' + name + b'" value="1">',
        b"<input type=hidden value=1 name=" + name + b">",
        b"<meta content=1 name = '" + name + b"'/>",
    ):
        shop = Shop(PAGE + field)
        async with cached(shop) as (app, _):
            await ask(app)
            await ask(app)
        assert shop.calls == 2


async def test_a_page_that_begins_a_session_is_not_kept() -> None:
    def make(scope: Scope) -> bytes:
        scope["session"]["seen"] = True
        return PAGE

    shop = Shop(make)
    async with cached(shop) as (app, _):
        for _ in range(2):
            await ask(app, session={})
    assert shop.calls == 2


async def test_a_page_that_is_too_large_is_not_kept() -> None:
    shop = Shop(PAGE + b"x" * 20_000)
    async with cached(shop, PageCache({"/*": 60}, max_bytes=100_000)) as (app, _):
        for _ in range(2):
            assert (await ask(app)).body.endswith(b"xx")
    assert shop.calls == 2


async def test_the_cache_is_bounded() -> None:
    shop = Shop(PAGE + b"x" * 5_000)
    async with cached(shop, PageCache({"/*": 60}, max_bytes=100_000)) as (app, _):
        shelves = pages_of(app).shelves
        for n in range(100):
            await ask(app, f"/{n}")
            assert shelves.size <= 100_000
        assert 5 < len(shelves) < 20
        calls = shop.calls
        await ask(app, "/99")
        assert shop.calls == calls
    with_room_for_nothing = PageCache({"/*": 60}, max_bytes=0)
    async with cached(shop, with_room_for_nothing) as (app, _):
        for _ in range(2):
            assert (await ask(app)).body.startswith(BEFORE.encode())


async def test_variants_of_one_address_are_bounded() -> None:
    shop = Shop(PAGE, (b"vary", b"user-agent"))
    async with cached(shop) as (app, _):
        for n in range(100):
            await ask(app, headers=[(b"user-agent", b"Mozilla/%d" % n)])
        assert len(pages_of(app).shelves) == 64


# -- what asks for it ----------------------------------------------------------------------


@pytest.mark.parametrize("field", [b"surrogate-control", b"CDN-Cache-Control"])
async def test_the_app_itself_may_ask_for_it(field: bytes, clock: list[float]) -> None:
    shop = Shop(PAGE, (field, b"max-age=60"), (b"cache-control", b"max-age=5"))
    async with cached(shop, PageCache()) as (app, _):
        for _ in range(4):
            await ask(app)
        assert shop.calls == 2  # the first one said it
        clock[0] = 59
        await ask(app)
        assert shop.calls == 2
        clock[0] = 61
        await ask(app)
        await ask(app)
        assert shop.calls == 3


async def test_cache_control_alone_asks_for_nothing() -> None:
    shop = Shop(PAGE, (b"cache-control", b"public, max-age=60, s-maxage=60"))
    async with cached(shop, PageCache({"/other": 60, "/never": 0})) as (app, _):
        for path in ("/", "/", "/never", "/never"):
            await ask(app, path)
    assert shop.calls == 4
    assert all(type(s["state"]["shopwindow"]).__name__ == "Visit" for s in shop.scopes)


async def test_the_first_pattern_that_fits_counts(clock: list[float]) -> None:
    shop = Shop()
    cache = PageCache({"/c/new/*": 0, "/c/*": 30, "/": 60})
    async with cached(shop, cache) as (app, _):
        for path, calls in [("/c/new/x", 2), ("/c/x", 1), ("/", 1), ("/x", 2)]:
            shop.scopes.clear()
            for _ in range(2):
                await ask(app, path)
            assert shop.calls == calls, path
        clock[0] = 31
        shop.scopes.clear()
        for path in ("/c/x", "/"):
            await ask(app, path)
        assert [scope["path"] for scope in shop.scopes] == ["/c/x"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"paths": {"c": 60}},
        {"paths": {"/": -1}},
        {"paths": {"/": float("nan")}},
        {"ignore_cookies": "_ga"},
        {"max_bytes": -1},
        {"wait": -1},
    ],
)
def test_what_cannot_be_meant_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        PageCache(**wrong)


async def test_without_a_cache_nothing_is_kept() -> None:
    shop = Shop(PAGE, (b"surrogate-control", b"max-age=60"))
    async with open_window() as window:
        app = PersonalizationMiddleware(shop, window)
        assert app.pages is None
        for _ in range(3):
            await ask(app)
    assert shop.calls == 3


# -- many at once --------------------------------------------------------------------------


class Gate:
    """Holds the app until it is opened."""

    def __init__(self) -> None:
        self.open = asyncio.Event()

    async def __call__(self, scope: Scope) -> None:
        await self.open.wait()


async def test_a_hundred_that_miss_at_once_ask_the_app_once() -> None:
    shop = Shop()
    shop.before = gate = Gate()
    async with cached(shop) as (app, _):
        asking = [asyncio.create_task(ask(app)) for _ in range(100)]
        await asyncio.sleep(0.05)
        gate.open.set()
        answers = await asyncio.gather(*asking)
    assert shop.calls == 1
    assert len({answer.body for answer in answers}) == 1
    assert all(answer.complete and TEASER in answer.body for answer in answers)


@pytest.mark.parametrize("why", ["cookie", "status", "decided", "exception"])
async def test_those_who_wait_for_nothing_go_on_at_once(why: str) -> None:
    def make(scope: Scope) -> bytes:
        if why == "exception":
            raise ZeroDivisionError
        if why == "decided":
            _ = scope["state"]["shopwindow"].consent
        return PAGE

    shop = Shop(make, *([(b"set-cookie", b"a=1")] if why == "cookie" else []))
    shop.status = 503 if why == "status" else 200
    shop.before = gate = Gate()
    async with cached(shop, PageCache({"/*": 60}, wait=600)) as (app, _):
        asking = [asyncio.create_task(ask(app)) for _ in range(20)]
        await asyncio.sleep(0.02)
        assert shop.calls == 1
        gate.open.set()
        async with asyncio.timeout(5):
            answers = await asyncio.gather(*asking, return_exceptions=True)
        assert not pages_of(app)._flights
    assert shop.calls == (21 if why == "decided" else 20)
    for answer in answers:
        if why == "exception":
            assert isinstance(answer, ZeroDivisionError)
        else:
            assert isinstance(answer, Answer) and answer.complete


async def test_who_waits_too_long_asks_the_app_itself() -> None:
    shop = Shop()
    first = Gate()

    async def before(scope: Scope) -> None:
        if shop.calls == 1:
            await first(scope)

    shop.before = before
    async with cached(shop, PageCache({"/*": 60}, wait=0.05)) as (app, _):
        slow = asyncio.create_task(ask(app))
        await asyncio.sleep(0.01)
        async with asyncio.timeout(5):
            assert TEASER in (await ask(app)).body
            assert TEASER in (await ask(app)).body  # nobody waits for it any more
        assert shop.calls == 3
        first.open.set()
        assert TEASER in (await slow).body
        await ask(app)
    assert shop.calls == 3


async def test_a_visitor_who_leaves_takes_nobody_along() -> None:
    shop = Shop()
    shop.before = gate = Gate()
    async with cached(shop, PageCache({"/*": 60}, wait=600)) as (app, _):
        asking = [asyncio.create_task(ask(app)) for _ in range(10)]
        await asyncio.sleep(0.02)
        asking[0].cancel()
        await asyncio.sleep(0.02)
        assert shop.calls == 2  # another one asks
        gate.open.set()
        async with asyncio.timeout(5):
            answers = await asyncio.gather(*asking, return_exceptions=True)
        assert isinstance(answers[0], asyncio.CancelledError)
        assert all(isinstance(answer, Answer) for answer in answers[1:])
        assert shop.calls == 2 and not pages_of(app)._flights


@pytest.mark.parametrize("broken", ["short", "no end"])
async def test_a_page_that_breaks_off_is_not_kept(broken: str) -> None:
    calls = 0

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal calls
        calls += 1
        await send(start(TYPE, (b"content-length", b"100000")))
        await send(chunk(PAGE, broken == "no end"))

    async with cached(app) as (mounted, _):
        for _ in range(2):
            await ask(mounted)
        assert not len(pages_of(mounted).shelves)
    assert calls == 2


async def test_nobody_waits_for_what_the_app_does_afterwards() -> None:
    done = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await Shop()(scope, receive, send)
        await done.wait()

    async with cached(app, PageCache({"/*": 60}, wait=600)) as (mounted, _):
        first = asyncio.create_task(ask(mounted))
        async with asyncio.timeout(5):
            await asyncio.sleep(0.01)
            assert TEASER in (await ask(mounted)).body
        done.set()
        await first


# -- after its time ------------------------------------------------------------------------


async def settled(window: Shopwindow) -> None:
    async with asyncio.timeout(5):
        while len(window.errands):
            await asyncio.sleep(0.001)


async def test_a_stale_page_is_shown_while_another_one_is_fetched(
    clock: list[float],
) -> None:
    shop = Shop(lambda scope: PAGE + b"%d" % shop.calls)
    cache = PageCache({"/*": 60}, stale_while_revalidate=30)
    async with cached(shop, cache) as (app, window), consented(app) as client:
        await client.get("/")
        clock[0] = 61
        shop.before = gate = Gate()
        for _ in range(5):
            assert (await client.get("/")).content.endswith(b"1")
        await asyncio.sleep(0.01)
        assert shop.calls == 2 and len(window.errands) == 1
        gate.open.set()
        await settled(window)
        assert (await client.get("/")).content.endswith(b"2")
        clock[0] = 61 + 91
        assert (await client.get("/")).content.endswith(b"3")  # not that stale
        scope = shop.scopes[1]
        assert all(name != b"cookie" for name, _ in scope["headers"])
        assert type(scope["state"]["shopwindow"]).__name__ == "Stranger"
    assert cache.counters["stale"] == 5 and cache.counters["filled"] == 3


async def test_the_app_finds_nobody_while_a_page_is_renewed(clock: list[float]) -> None:
    seen: list[tuple[str, str]] = []

    def make(scope: Scope) -> bytes:
        seen.append((type(current()).__name__, person.get()))
        return PAGE

    person = ContextVar(
        "person", default="nobody"
    )  # as others outside of us have theirs
    cache = PageCache({"/*": 60}, stale_while_revalidate=30)
    async with cached(Shop(make), cache) as (app, window):
        await ask(app)
        clock[0] = 61
        person.set("Anna")
        await ask(app)
        await settled(window)
    assert seen == [("Stranger", "nobody")] * 2


async def test_renewing_ends_with_the_window(clock: list[float]) -> None:
    shop = Shop()
    ended = []

    async def before(scope: Scope) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)

    cache = PageCache({"/*": 60}, stale_while_revalidate=30)
    before_all = asyncio.all_tasks()
    async with cached(shop, cache) as (app, window):
        await ask(app)
        clock[0] = 61
        shop.before = before
        await ask(app)
        await asyncio.sleep(0.01)
        assert len(window.errands) == 1
    assert ended == [True] and not len(window.errands)
    assert not pages_of(app)._flights
    # Also one that is started and stopped before it begins.
    async with window:
        await ask(app)
    assert not pages_of(app)._flights and asyncio.all_tasks() == before_all


@pytest.mark.parametrize("fault", ["500", "exception", "exception later", "hangs up"])
async def test_a_page_that_cannot_be_renewed_is_asked_for_again_later(
    fault: str, clock: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    shop = Shop()
    calls = 0

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal calls
        calls += 1
        if calls in (2, 3):
            if fault == "exception":
                raise ZeroDivisionError
            await send(start(TYPE, status=500 if fault == "500" else 200))
            if fault == "exception later":
                raise ZeroDivisionError
            if fault == "500":
                await send(chunk(b"sorry"))
            return
        await shop(scope, receive, send)

    cache = PageCache({"/*": 60}, stale_while_revalidate=30)
    async with cached(app, cache) as (mounted, window):
        await ask(mounted)
        clock[0] = 61
        for _ in range(3):
            assert TEASER in (await ask(mounted)).body
            await settled(window)
        assert calls == 2
        clock[0] = 63
        assert TEASER in (await ask(mounted)).body
        await settled(window)
        assert calls == 3
        clock[0] = 65
        await ask(mounted)
        await settled(window)
        assert calls == 4
        assert cache.counters["filled"] == 2


@pytest.mark.parametrize("fault", ["500", "exception"])
async def test_an_old_page_is_better_than_an_error(
    fault: str, clock: list[float]
) -> None:
    broken = False
    calls = 0

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal calls
        calls += 1
        if broken and fault == "exception":
            raise ZeroDivisionError
        status = 500 if broken else 200
        await send(start(TYPE, status=status))
        await send(chunk(b"sorry" if broken else PAGE))

    cache = PageCache({"/*": 60}, stale_if_error=600)
    async with cached(app, cache) as (mounted, _), consented(mounted) as client:
        await client.get("/p/tea-1")
        await client.get("/")
        broken = True
        clock[0] = 100

        async def asked() -> Answer:
            jar = "; ".join(f"{c.name}={c.value}" for c in client.cookies.jar)
            messages: list[Message] = []
            try:
                return await ask(mounted, headers=[(b"cookie", jar.encode())])
            except ZeroDivisionError:  # the shop wants to know
                assert fault == "exception"
            return Answer(messages)

        calls = 0
        await asked()
        assert calls == 1
        for _ in range(3):  # for a second nobody asks
            answer = await asked()
            assert answer.status == 200 and HERO in answer.body
        assert calls == 1
        clock[0] = 700
        if fault == "500":
            answer = await asked()
            assert answer.status == 500 and answer.body == b"sorry"


@pytest.mark.parametrize(
    "word", [b"must-revalidate", b"proxy-revalidate", b"s-maxage=60"]
)
async def test_an_answer_may_forbid_to_be_shown_stale(
    word: bytes, clock: list[float]
) -> None:
    shop = Shop(PAGE, (b"cache-control", b"max-age=60, " + word))
    cache = PageCache({"/*": 60}, stale_while_revalidate=30, stale_if_error=30)
    async with cached(shop, cache) as (app, window):
        await ask(app)
        clock[0] = 61
        shop.status = 500
        assert (await ask(app)).status == 500
        assert not len(window.errands)


async def test_an_answer_says_itself_how_stale_it_may_be(clock: list[float]) -> None:
    shop = Shop(PAGE, (b"surrogate-control", b"max-age=10, stale-while-revalidate=20"))
    async with cached(shop) as (app, window):
        await ask(app)
        clock[0] = 29
        await ask(app)
        assert len(window.errands) == 1
        await settled(window)
    assert shop.calls == 2


# -- what changes --------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "BREW"])
async def test_an_unsafe_method_drops_the_page(method: str) -> None:
    shop = Shop(PAGE, (b"vary", b"accept-language"))
    async with cached(shop) as (app, _):
        for said in (b"de", b"en"):
            await ask(app, "/a", headers=[(b"accept-language", said)])
        await ask(app, "/b")
        assert shop.calls == 3
        await ask(app, "/a", method, headers=[(b"cookie", b"session=1")], body=b"x")
        await ask(app, "/b")
        assert shop.calls == 4
        for said in (b"de", b"en"):
            await ask(app, "/a", headers=[(b"accept-language", said)])
        assert shop.calls == 6


async def test_an_unsafe_method_that_fails_drops_nothing() -> None:
    shop = Shop()
    async with cached(shop) as (app, _):
        await ask(app)
        shop.status = 422
        await ask(app, method="POST")
        assert (await ask(app)).status == 200
        assert (await ask(app, method="OPTIONS")).status == 422
    assert shop.calls == 3


async def test_where_a_redirect_leads_is_dropped_too() -> None:
    shop = Shop()
    async with cached(shop) as (app, _):
        for path in ("/p/tea-1", "/other"):
            await ask(app, path)
        shop.status = 303
        shop.headers.append((b"location", b"../p/tea-1#reviews"))
        await ask(app, "/comment/1", "POST")
        shop.status = 200
        shop.headers.pop()
        calls = shop.calls
        await ask(app, "/other")
        assert shop.calls == calls
        await ask(app, "/p/tea-1")
        assert shop.calls == calls + 1


async def test_a_page_that_was_asked_for_before_the_change_is_not_kept() -> None:
    shop = Shop(lambda scope: PAGE + b"%d" % shop.calls)
    gate = Gate()

    async def before(scope: Scope) -> None:
        if shop.calls == 1:
            await gate(scope)

    shop.before = before
    async with cached(shop) as (app, _):
        slow = asyncio.create_task(ask(app))
        await asyncio.sleep(0.01)
        waiting = asyncio.create_task(ask(app))
        await asyncio.sleep(0.01)
        await ask(app, method="POST")
        gate.open.set()
        await slow
        assert (await waiting).body.endswith(b"3")
        assert (await ask(app)).body.endswith(b"3")


def only_hero() -> Site:
    return site_of(rules="version: 1\nrules: []\n")


async def test_editors_who_save_rules_keep_the_pages() -> None:
    shop = Shop()
    async with cached(shop) as (app, window):
        await ask(app)
        window._swap(window._made(only_hero(), window.site))
        assert (await ask(app)).body == PAGE
    assert shop.calls == 1


async def test_editors_who_change_slots_get_pages_cut_anew() -> None:
    body = page(by_attribute) + by_attribute("home.new", "<p>New</p>").encode()
    rules = "version: 1\nrules: [{id: a, slot: home.new, show: banner, with: {text: Fresh}}]\n"
    slots = '[slots."home.new"]\ndescription = "a new one"\n'
    shop = Shop(body)
    async with cached(shop) as (app, window):
        await ask(app)
        window._swap(window._made(site_of(rules=rules, site=slots), window.site))
        for _ in range(2):
            answer = await ask(app)
            assert b"Fresh" in answer.body
    assert shop.calls == 2


# -- our own faults ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "place",
    [
        "pages.cacheable", "pages.values_of", "pages.of_nobody", "filling.lifetime",
        "filling.StoredPage", "shelves.Shelves.keep", "pages.wanted",
    ],
)  # fmt: skip
async def test_our_own_faults_take_no_page_down(
    place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise ZeroDivisionError

    shop = Shop()
    cache = PageCache() if place == "pages.wanted" else PageCache({"/*": 60})
    async with cached(shop, cache) as (app, window):
        monkeypatch.setattr(f"shopwindow.middleware.pagecache.{place}", broken)
        for _ in range(3):
            answer = await ask(app)
            assert answer.complete and TEASER in answer.body
        assert sum(window.counters.values())
        assert not pages_of(app)._flights


async def test_a_fault_while_replaying_leaves_the_page_to_the_app(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_: Any) -> Any:
        raise ZeroDivisionError

    shop = Shop()
    async with cached(shop) as (app, _):
        await ask(app)
        monkeypatch.setattr("shopwindow.middleware.visit.Visit.refresh_cookie", broken)
        answer = await ask(app)
        assert answer.complete and answer.body.endswith(AFTER.encode())
    assert shop.calls == 2


async def test_the_counters_tell_what_became_of_requests() -> None:
    shop = Shop()
    cache = PageCache({"/": 60})
    async with cached(shop, cache) as (app, window), browser(app) as client:
        for path in ("/", "/", "/", "/x"):
            await client.get(path)
        told = {metric.name: metric.samples for metric in window.metrics()}
    assert cache.counters == {"filled": 1, "hit": 2, "passed": 1}
    shown = {label: n for (label,), n in told["shopwindow_page_cache"].items()}
    assert shown == cache.counters
    assert repr(cache) == "<PageCache {'filled': 1, 'hit': 2, 'passed': 1}>"


async def test_who_is_logged_in_is_not_asked_where_the_app_is_not() -> None:
    asked = []

    def customer(scope: Scope) -> None:
        asked.append(scope["path"])

    async with cached(Shop(), customer=customer) as (app, window):
        for _ in range(3):
            await ask(app)
        assert asked == []
        await ask(app, headers=[(b"cookie", b"session=1")])
        assert asked == ["/"]
        assert not window.counters


async def test_who_is_logged_in_is_asked_where_the_app_answers_for_one() -> None:
    def customer(scope: Scope) -> None:
        asked.append(type(scope["state"]["shopwindow"]).__name__)

    def make(scope: Scope) -> bytes:
        _ = scope["state"]["shopwindow"].consent
        return PAGE

    asked: list[str] = []
    async with cached(Shop(make), customer=customer) as (app, _):
        await ask(app)
    assert asked == ["Visit"]


# -- hostile visitors ----------------------------------------------------------------------


async def test_an_app_that_is_asked_twice_may_read_the_request_twice() -> None:
    """Django reads each request; its server says it once, and after that only who leaves."""
    calls = 0

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal calls
        calls += 1
        message = await receive()
        assert message["type"] == "http.request" and not message.get("body")
        scope["state"]["shopwindow"].track("Product Viewed")
        await send(start(TYPE))
        await send(chunk(PAGE))

    async with cached(app) as (mounted, _):
        async with asyncio.timeout(5):
            answer = await ask(mounted)
    assert calls == 2 and answer.complete and answer.status == 200


async def test_what_came_with_a_request_is_read_twice_up_to_a_limit() -> None:
    read: list[list[Message]] = []
    coming = [b"x" * 10, b"y" * 70_000]

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        read.append([await receive(), await receive()])
        scope["state"]["shopwindow"].track("Product Viewed")
        await send(start(TYPE))
        await send(chunk(PAGE))

    async def receive() -> Message:
        return {"type": "http.request", "body": coming.pop(0), "more_body": True}

    async def send(message: Message) -> None:
        pass

    async with cached(app) as (mounted, _):
        await mounted(scope_of("/"), receive, send)
    assert [m["type"] for m in read[0]] == ["http.request"] * 2
    assert [m["type"] for m in read[1]] == ["http.request", "http.disconnect"]
    assert read[1][0] == read[0][0]


async def test_addresses_without_end_do_not_fill_the_memory() -> None:
    shop = Shop(PLAIN)
    async with cached(shop) as (app, _):
        for n in range(3):
            await ask(app, f"/?{n}" + "x" * 60_000)
            await ask(app, f"/{n}" + "x" * 60_000)
            said = b"a" * 60_000 + b"%d" % n
            await ask(app, headers=[(b"x-forwarded-prefix", said)])
        assert not len(pages_of(app).shelves)
        await ask(app, "/?" + "x" * 1_000)
        assert len(pages_of(app).shelves) == 1
        assert pages_of(app).shelves.size > 2_000 + 1_000 + len(PLAIN)


async def test_what_vary_names_takes_its_room() -> None:
    shop = Shop(PLAIN, (b"vary", b"x-a"))
    async with cached(shop, PageCache({"/*": 60}, max_bytes=500_000)) as (app, _):
        shelves = pages_of(app).shelves
        for n in range(100):
            said = b"a" * 40_000 + b"%d" % n
            await ask(app, f"/{n // 10}", headers=[(b"x-a", said)])
        assert len(shelves) <= 500_000 // 40_000


@pytest.mark.parametrize(
    "header",
    [
        (b"x_forwarded_host", b"evil.example"),  # to Django it is X-Forwarded-Host
        (b"hx-request", b"true"),
        (b"x-requested-with", b"XMLHttpRequest"),
        (b"turbo-frame", b"cart"),
        (b"x-pjax", b"true"),
        (b"x-http-method-override", b"DELETE"),
    ],
)
async def test_who_may_get_a_part_of_the_page_makes_none_for_others(
    header: tuple[bytes, bytes],
) -> None:
    shop = Shop(lambda scope: PLAIN + repr(header in scope["headers"]).encode())
    async with cached(shop) as (app, _):
        assert (await ask(app, headers=[header])).body.endswith(b"True")
        assert (await ask(app)).body.endswith(b"False")
        assert (await ask(app, headers=[header])).body.endswith(b"True")
        assert (await ask(app)).body.endswith(b"False")
        assert shop.calls == 3
        # What these change is the page of all.
        await ask(app, method="POST", headers=[header])
        await ask(app)
    assert shop.calls == 5


@pytest.mark.parametrize(
    "header",
    [
        (b"forwarded", b'for="a;host=evil.example'),
        (b"forwarded", b'for="a;host=evil.example;b"'),
        (b"x-forwarded-protocol", b"ssl"),
        (b"x-original-uri", b"/admin"),
        (b"cf-visitor", b'{"scheme":"http"}'),
    ],
)
async def test_what_apps_make_addresses_of_is_in_the_key(
    header: tuple[bytes, bytes],
) -> None:
    shop = Shop(PLAIN)
    async with cached(shop) as (app, _):
        await ask(app, headers=[header])
        await ask(app, headers=[(b"forwarded", b"for=a")])
        await ask(app)
    assert shop.calls == 3


async def test_where_a_visitor_came_from_gets_on_no_page() -> None:
    def make(scope: Scope) -> bytes:
        came: bytes = dict(scope["headers"]).get(b"referer", b"nowhere")
        return PLAIN + came

    shop = Shop(make)
    async with cached(shop) as (app, _):
        await ask(app, headers=[(b"referer", b"https://evil.example/")])
        assert (await ask(app)).body.endswith(b"nowhere")
    assert shop.calls == 1


async def test_what_is_read_of_the_context_is_of_one_visitor() -> None:
    def make(scope: Scope) -> bytes:
        device: str = scope["state"]["shopwindow"].context.device
        return PLAIN + device.encode()

    shop = Shop(make)
    phone = [(b"user-agent", b"Mozilla/5.0 (iPhone) Mobile")]
    async with cached(shop) as (app, _):
        assert (await ask(app)).body.endswith(b"desktop")
        assert (await ask(app, headers=phone)).body.endswith(b"mobile")
        assert (await ask(app)).body.endswith(b"desktop")


async def slow_reader(app: ASGIApp, may_read: asyncio.Event) -> None:
    async def receive() -> Message:
        return {"type": "http.request"}

    async def sending(message: Message) -> None:
        await may_read.wait()

    await app(scope_of("/"), receive, sending)


@pytest.mark.parametrize("changed", [False, True])
async def test_who_reads_slowly_keeps_no_page_from_being_kept(changed: bool) -> None:
    shop = Shop(lambda scope: PLAIN + b"%d" % shop.calls)
    shop.cut = True
    may_read = asyncio.Event()
    async with cached(shop, PageCache({"/*": 60}, wait=0.05)) as (app, _):
        slow = asyncio.create_task(slow_reader(app, may_read))
        await asyncio.sleep(0.1)
        for _ in range(3):
            assert (await ask(app)).body == PLAIN + b"2"
        assert shop.calls == 2
        if changed:
            await ask(app, method="POST")  # this drops what is on its way, too
        may_read.set()
        await slow
        body = (await ask(app)).body
        assert body == PLAIN + (b"4" if changed else b"2")
        assert not pages_of(app)._flights and not pages_of(app)._overtaken


async def test_nobody_waits_for_who_overtakes() -> None:
    may_read = asyncio.Event()
    shop = Shop(PLAIN)
    shop.cut = True
    async with cached(shop, PageCache({"/*": 60}, wait=0.05)) as (app, _):
        slow = [asyncio.create_task(slow_reader(app, may_read))]
        await asyncio.sleep(0.1)
        slow.append(asyncio.create_task(slow_reader(app, may_read)))
        await asyncio.sleep(0)
        async with asyncio.timeout(0.04):
            assert (await ask(app)).body == PLAIN
        assert shop.calls == 3
        may_read.set()
        await asyncio.gather(*slow)


async def test_a_cache_that_is_none_is_refused_at_the_start() -> None:
    wrong: Any = {"/": 60}
    with pytest.raises(TypeError, match=r"cache is a PageCache\(.*\), and no dict"):
        PersonalizationMiddleware(Shop(), open_window(), cache=wrong)
