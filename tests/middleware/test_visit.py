"""What is known, kept and decided in the course of requests, as a browser sees it."""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from shopwindow import Customer, Shopwindow, current
from shopwindow.middleware.stores import Retired, StoreError
from shopwindow.middleware.stores.memory import MemoryStore
from shopwindow.middleware.stores.sqlite import SqliteStore
from shopwindow.rules.facts import Event, Profile
from tests.asgi import ask
from tests.shop import (
    HERO,
    SITE,
    TEASER,
    browser,
    by_attribute,
    consent,
    consented,
    events_of,
    mounted,
    open_window,
    page,
    site_of,
    whole,
)

pytestmark = pytest.mark.anyio
SHOP = whole(lambda: page(by_attribute))
NAME = "shopwindow"  # of the cookie, over plain http on this machine


class Spy(MemoryStore):
    """A store that remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[str] = []
        self.down = False  # keeps nothing

    def fetch(self, visitor: str) -> Profile | None:
        self.calls.append("fetch")
        return super().fetch(visitor)

    def commit(self, events: Sequence[Event], *rest: Any) -> None:
        if self.down:
            raise StoreError("down")
        self.calls += [event.name for event in events]
        super().commit(events, *rest)


@pytest.fixture
async def window() -> AsyncIterator[Shopwindow]:
    async with open_window(Spy()) as window:
        yield window


def spy(window: Shopwindow) -> Spy:
    assert window.journal.wait_until_written()
    assert isinstance(window.store, Spy)
    return window.store


# -- consent -------------------------------------------------------------------------------


async def test_before_an_answer_nothing_is_kept_asked_or_sent(
    window: Shopwindow,
) -> None:
    async with browser(mounted(SHOP, window)) as client:
        for path in ("/", "/p/tea-1", "/p/tea-1", "/"):
            answer = await client.get(path)
            assert TEASER in answer.content and HERO not in answer.content
            assert "set-cookie" not in answer.headers
    store = spy(window)
    assert store.calls == [] and store.profiles == {} and store.events == {}
    assert window.journal.accepted == 0


@pytest.mark.parametrize("header", ["sec-gpc", "dnt"])
async def test_a_browser_that_objects_is_taken_at_its_word(
    window: Shopwindow, header: str
) -> None:
    seen: list[str] = []

    async def app(*args: Any) -> None:
        visit = current()
        assert visit is not None
        seen.append(visit.consent.state)
        await SHOP(*args)

    async with browser(mounted(app, window), **{header: "1"}) as client:
        await client.get("/p/tea-1")
        assert spy(window).calls == []
        await consent(client)  # an explicit answer on this site wins
        await client.get("/p/tea-1")
        assert HERO in (await client.get("/")).content
    assert seen == ["denied", "granted", "granted"]
    async with browser(mounted(app, window)) as client:
        await client.get("/", headers={header: "0"})
    assert seen[-1] == "unknown"


async def test_a_refusal_is_remembered_without_an_id(window: Shopwindow) -> None:
    async with browser(mounted(SHOP, window)) as client:
        answer = await consent(client, "denied")
        assert answer.headers.get_list("set-cookie") == [
            "shopwindow-consent=denied; Max-Age=15552000; Path=/; HttpOnly; SameSite=Lax"
        ]
        await client.get("/p/tea-1")
        assert HERO not in (await client.get("/")).content
        assert spy(window).calls == []
        await consent(client)  # a change of mind
        assert list(client.cookies) == [NAME]


async def test_an_agreement_issues_the_id_and_later_pages_know_the_visitor(
    window: Shopwindow,
) -> None:
    async with browser(mounted(SHOP, window)) as client:
        answer = await consent(client)
        assert answer.status_code == 303
        assert answer.headers["cache-control"] == "private, no-store"
        assert list(client.cookies) == [NAME]
        assert spy(window).calls == []  # no row before the cookie came back
        await client.get("/p/tea-1")
        assert HERO in (await client.get("/")).content
    store = spy(window)
    assert len(store.profiles) == 1
    assert [e.name for e in store.events.values()].count("Product Viewed") == 1


async def test_a_browser_that_keeps_no_cookie_leaves_no_row(window: Shopwindow) -> None:
    async with consented(mounted(SHOP, window)) as client:
        client.cookies.clear()
        await client.get("/p/tea-1")
    assert spy(window).profiles == {} and window.journal.accepted == 0


async def test_only_the_purposes_ticked_are_granted(window: Shopwindow) -> None:
    async with browser(mounted(SHOP, window)) as client:
        await consent(client, "selected", statistics="on")
        await client.get("/p/tea-1")
        assert HERO not in (await client.get("/")).content
        assert spy(window).calls == []
        await consent(client, "selected", personalization="on")
        await client.get("/p/tea-1")
        assert HERO in (await client.get("/")).content


async def test_taking_consent_back_erases_what_is_stored(window: Shopwindow) -> None:
    async with consented(mounted(SHOP, window)) as client:
        await client.get("/p/tea-1")
        assert len(spy(window).profiles) == 1
        old = client.cookies[NAME]
        await consent(client, "denied")
        assert list(client.cookies) == ["shopwindow-consent"]
        store = spy(window)
        assert store.profiles == {} and store.events == {}
        assert HERO not in (await client.get("/")).content
    async with browser(mounted(SHOP, window)) as thief:
        thief.cookies.set(NAME, old)
        await thief.get("/p/tea-1")
        assert spy(window).profiles == {}


async def test_withdrawing_personalization_alone_erases_what_is_stored(
    window: Shopwindow,
) -> None:
    async with consented(mounted(SHOP, window)) as client:
        await client.get("/p/tea-1")
        await consent(client, "selected", statistics="on")
        store = spy(window)
        assert store.profiles == {} and store.events == {}
        await consent(client)
        assert HERO not in (await client.get("/")).content  # nothing came back


async def test_an_agreement_ends_by_itself(
    window: Shopwindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with consented(mounted(SHOP, window)) as client:
        await client.get("/p/tea-1")
        later = time.time() + 181 * 86_400
        monkeypatch.setattr("shopwindow.middleware.asgi.time", lambda: later)
        calls = len(spy(window).calls)
        assert HERO not in (await client.get("/")).content
        assert len(spy(window).calls) == calls


async def test_a_bot_gets_no_cookie_no_profile_and_no_event(window: Shopwindow) -> None:
    agent = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
    async with browser(mounted(SHOP, window), **{"user-agent": agent}) as client:
        for choice in ("granted", "denied"):
            answer = await consent(client, choice)
            assert "set-cookie" not in answer.headers
        answer = await client.get("/p/tea-1")
        assert answer.content == page(by_attribute)
        assert "set-cookie" not in answer.headers
    assert spy(window).calls == [] and window.journal.accepted == 0
    async with consented(mounted(SHOP, window)) as client:
        client.headers["user-agent"] = agent  # even with somebody's cookie
        await client.get("/p/tea-1")
    assert spy(window).calls == [] and window.journal.accepted == 0


async def test_a_refusal_holds_whatever_became_of_the_cookies(
    window: Shopwindow,
) -> None:
    async with consented(mounted(SHOP, window)) as client:
        await client.get("/p/tea-1")
        good = client.cookies[NAME]
        tossed = {"cookie": f"{NAME}={good}; {NAME}=tossed"}
        client.cookies.clear()
        data = {"choice": "denied"}
        answer = await client.post("/-/shopwindow/consent", data=data, headers=tossed)
        assert f'{NAME}=""' in str(answer.headers) or f"{NAME}=;" in str(answer.headers)
        assert window.journal.wait_until_written()
        assert isinstance(window.store, MemoryStore)
        assert not window.store.events and not any(window.store.profiles.values())
        refusal = f"shopwindow-consent=denied; {NAME}={good}"
        await client.get("/p/tea-1", headers={"cookie": refusal})
    assert events_of(window) == []


async def test_a_script_that_asks_for_the_page_gets_it_privately(
    window: Shopwindow,
) -> None:
    async with browser(mounted(SHOP, window)) as client:
        await client.get("/")  # now it is known to have slots
        answer = await client.get("/", headers={"sec-fetch-dest": "empty"})
    assert answer.headers["cache-control"] == "private, no-store"


async def test_an_answer_that_depends_on_consent_is_private() -> None:
    def state(request: Request) -> JSONResponse:
        return JSONResponse({"consent": request.state.shopwindow.consent.state})

    app = Starlette(routes=[Route("/state", state)])
    async with open_window() as window, browser(mounted(app, window)) as client:
        answer = await client.get("/state")
    assert answer.json() == {"consent": "unknown"}
    assert answer.headers["cache-control"] == "private, no-store"


async def test_prefetched_pages_parts_and_heads_are_no_views(
    window: Shopwindow,
) -> None:
    async with consented(mounted(SHOP, window)) as client:
        for header in ({"sec-purpose": "prefetch"}, {"sec-fetch-dest": "empty"}):
            await client.get("/p/tea-1", headers=header)
        await client.head("/p/tea-1")
        await client.post("/p/tea-1")
    assert events_of(window) == [] and window.journal.accepted == 0


@pytest.mark.parametrize("status", [404, 500, 302])
async def test_only_a_page_that_was_delivered_counts(
    window: Shopwindow, status: int
) -> None:
    app = mounted(whole(lambda: page(by_attribute), status), window)
    async with consented(app) as client:
        await client.get("/p/tea-1")
    assert window.journal.accepted == 0


async def test_views_count_on_pages_that_are_left_alone(tmp_path: Path) -> None:
    """``include`` says where slots are; product pages are tracked all the same."""
    async with open_window(Spy(), pages='[pages]\ninclude = ["/"]\n') as window:
        async with consented(mounted(SHOP, window)) as client:
            assert (await client.get("/p/tea-1")).content == page(by_attribute)
            assert HERO in (await client.get("/")).content
        assert "Product Viewed" in events_of(window)


# -- the next page knows -------------------------------------------------------------------


async def test_the_view_of_a_page_counts_in_its_own_decision(
    window: Shopwindow,
) -> None:
    async with consented(mounted(SHOP, window)) as client:
        assert HERO in (await client.get("/p/tea-1")).content


async def test_the_next_request_sees_the_click_before_it_is_stored(
    window: Shopwindow,
) -> None:
    written = spy(window)
    written.down = True
    async with consented(mounted(SHOP, window)) as client:
        await client.get("/p/tea-1")
        for _ in range(3):
            assert HERO in (await client.get("/")).content
    assert written.profiles == {}
    written.down = False  # so that closing does not wait
    assert window.journal.wait_until_written()


async def test_another_worker_knows_within_50_milliseconds(
    tmp_path: Path,
) -> None:
    stores = [SqliteStore(tmp_path / "a.db") for _ in range(2)]
    one, other = (open_window(store) for store in stores)
    took: list[float] = []

    async def look(request: Request) -> JSONResponse:
        """By POST, because looking must not be an event of its own."""
        return JSONResponse((await request.state.shopwindow.decide("home.hero")).rule)

    async with one, other:
        for _ in range(15):
            async with consented(mounted(SHOP, one)) as client:
                await client.get("/p/tea-1")
                begin = time.perf_counter()
                async with browser(mounted(shop_with(look=look), other)) as elsewhere:
                    elsewhere.cookies = client.cookies
                    while (await elsewhere.post("/look")).json() != "tea-hero":
                        assert time.perf_counter() - begin < 2
                        await asyncio.sleep(0.001)
                took.append(time.perf_counter() - begin)
    for store in stores:
        store.close()
    print(f"median {statistics.median(took) * 1000:.1f} ms")
    assert statistics.median(took) < 0.05


async def test_the_answer_to_a_post_waits_for_its_events(tmp_path: Path) -> None:
    stores = [SqliteStore(tmp_path / "a.db") for _ in range(2)]
    one, other = (open_window(store) for store in stores)

    async def handler(request: Request) -> RedirectResponse:
        request.state.shopwindow.track("Product Viewed", {"product_id": "tea-1"})
        return RedirectResponse("/", 303)

    app = mounted(Starlette(routes=[Route("/buy", handler, methods=["POST"])]), one)
    async with one, other, consented(app) as client:
        for _ in range(5):
            answer = await client.post("/buy")
            assert answer.status_code == 303 and "set-cookie" not in answer.headers
        async with browser(mounted(SHOP, other)) as elsewhere:
            elsewhere.cookies = client.cookies
            assert HERO in (await elsewhere.get("/")).content
    for store in stores:
        store.close()


async def test_the_answer_to_a_post_waits_a_quarter_of_a_second_at_most(
    window: Shopwindow,
) -> None:
    store = spy(window)
    store.down = True
    app = mounted(Starlette(routes=[Route("/buy", _track, methods=["POST"])]), window)
    async with consented(app) as client:
        begin = time.perf_counter()
        assert (await client.post("/buy")).status_code == 200
        assert 0.2 < time.perf_counter() - begin < 0.4
    store.down = False  # so that closing does not wait


def _track(request: Request) -> JSONResponse:
    request.state.shopwindow.track("Product Viewed", {"product_id": "tea-1"})
    return JSONResponse({})


# -- the handle of handlers ----------------------------------------------------------------


def shop_with(**handlers: Any) -> ASGIApp:
    """Each handler at its name, by POST; every other page is the shop's."""
    routes: list[Any] = [
        Route(f"/{name}", handler, methods=["GET", "POST"])
        for name, handler in handlers.items()
    ]

    async def start(request: Request) -> HTMLResponse:
        return HTMLResponse(page(by_attribute))

    return Starlette(routes=[*routes, Route("/{path:path}", start)])


async def test_handlers_reach_the_visit_in_every_way(window: Shopwindow) -> None:
    seen: list[Any] = []

    async def asynchronous(request: Request) -> JSONResponse:
        seen.append(request.state.shopwindow)
        assert await run_in_threadpool(current) is current()
        return JSONResponse(current() is request.state.shopwindow)

    def threaded(request: Request) -> JSONResponse:
        seen.append(request.state.shopwindow)
        return JSONResponse(current() is request.state.shopwindow)

    app = mounted(shop_with(a=asynchronous, b=threaded), window)
    async with browser(app) as client:
        assert (await client.get("/a")).json() is True
        assert (await client.get("/b")).json() is True
    assert seen[0] is not seen[1]
    assert current() is None
    assert repr(seen[0]) == "<Visit /a by nobody, consent unknown>"


async def test_a_handler_tracks_and_may_wait_until_it_is_stored(
    window: Shopwindow,
) -> None:
    async def awaited(request: Request) -> JSONResponse:
        visit = request.state.shopwindow
        receipt = visit.track("Product Viewed", {"product_id": "tea-1"})
        await receipt.stored
        return JSONResponse(len(spy(window).events))

    app = mounted(shop_with(a=awaited, b=_track), window)
    async with browser(app) as client:
        assert (await client.post("/a")).json() == 0  # nothing to keep: no consent
        await consent(client)
        assert (await client.post("/a")).json() == 1
        await client.post("/b")
        assert HERO in (await client.get("/")).content
    assert events_of(window).count("Product Viewed") == 2


async def test_what_cannot_be_stored_fails_where_it_is_written(
    window: Shopwindow,
) -> None:
    async def wrong(request: Request) -> JSONResponse:
        visit = request.state.shopwindow
        with pytest.raises(TypeError):
            visit.track("Order Completed", {"order": object()})
        with pytest.raises(ValueError, match="cannot happen"):
            visit.track("Order Completed", at=time.time() + 4000)
        with pytest.raises(ValueError, match="no attribute"):
            visit.set(cart_vlaue=3)
        with pytest.raises(ValueError, match="unknown slot"):
            visit.decide_sync("home.heroo")
        return JSONResponse({})

    async with consented(mounted(shop_with(a=wrong), window)) as client:
        assert (await client.post("/a")).status_code == 200
    assert window.journal.accepted == 0


async def test_an_attribute_counts_for_this_request_or_for_good(
    window: Shopwindow,
) -> None:
    async def full(request: Request) -> HTMLResponse:
        request.state.shopwindow.set(cart_value=60, keep="keep" in request.query_params)
        return HTMLResponse(page(by_attribute))

    big = b"Big cart"
    async with browser(mounted(shop_with(cart=full), window)) as client:
        assert big not in (await client.get("/cart?keep")).content
        assert spy(window).calls == []
        await consent(client)
        assert big in (await client.get("/cart")).content
        assert big not in (await client.get("/")).content
        await client.get("/cart?keep")
        assert big in (await client.get("/")).content


async def test_a_decision_for_a_handler_is_the_one_of_the_page(
    window: Shopwindow,
) -> None:
    async def asynchronous(request: Request) -> JSONResponse:
        decision = await request.state.shopwindow.decide("home.hero")
        return JSONResponse([decision.reason, decision.rule])

    def threaded(request: Request) -> JSONResponse:
        decision = request.state.shopwindow.decide_sync("home.hero")
        return JSONResponse([decision.reason, decision.rule])

    app = mounted(shop_with(a=asynchronous, b=threaded), window)
    async with browser(app) as client:
        for path in ("/a", "/b"):
            answer = await client.get(path)
            assert answer.json() == ["consent", None]
            assert answer.headers["cache-control"] == "private, no-store"
            assert answer.headers["vary"] == "Cookie"
        await consent(client)
        await client.get("/p/tea-1")
        for path in ("/a", "/b"):
            assert (await client.get(path)).json() == ["shown", "tea-hero"]
    assert (
        events_of(window).count("Promotion Viewed") == 1
    )  # of the page, not of the handlers


class Slow(Spy):
    """A store that takes a while to answer."""

    seconds = 0.005

    async def fetch(self, visitor: str) -> Profile | None:  # type: ignore[override]  # both are legal
        await asyncio.sleep(self.seconds)
        return MemoryStore.fetch(self, visitor)


async def test_a_thread_decides_with_what_has_arrived() -> None:
    answers = asyncio.Event()
    reasons: list[str] = []

    class Gate(MemoryStore):
        async def fetch(self, visitor: str) -> Profile | None:  # type: ignore[override]  # both are legal
            await answers.wait()
            return MemoryStore.fetch(self, visitor)

    async def handler(request: Request) -> JSONResponse:
        visit = request.state.shopwindow
        for _ in range(2):
            decision = await run_in_threadpool(visit.decide_sync, "home.hero")
            reasons.append(decision.reason)
            answers.set()
            await asyncio.sleep(0.005)
        return JSONResponse({})

    async with open_window(Gate()) as window:
        async with consented(mounted(shop_with(a=handler), window)) as client:
            answers.set()
            await client.get("/p/tea-1")
            assert window.journal.wait_until_written()
            answers.clear()
            await client.get("/a")
    assert reasons == ["late", "shown"]


# -- login and logout ----------------------------------------------------------------------


async def _login(request: Request) -> JSONResponse:
    request.state.shopwindow.identify("customer-17")
    return JSONResponse({})


async def _logout(request: Request) -> JSONResponse:
    request.state.shopwindow.forget()
    return JSONResponse({})


LOGIN = shop_with(login=_login, logout=_logout)


async def test_a_login_on_two_browsers_makes_one_profile(window: Shopwindow) -> None:
    app = mounted(LOGIN, window)
    async with consented(app) as phone, consented(app) as desk:
        await phone.get("/p/tea-1")
        assert HERO not in (await desk.get("/")).content
        for client in (phone, desk):
            before = client.cookies[NAME]
            answer = await client.post("/login")
            assert answer.headers["cache-control"] == "private, no-store"
            assert client.cookies[NAME] != before
            again = client.cookies[NAME]
            assert (await client.post("/login")).status_code == 200
            assert client.cookies[NAME] == again  # logged in already
        assert HERO in (await desk.get("/")).content
    store = spy(window)
    (owner,) = store.profiles
    assert "customer-17" not in owner and store.profiles[owner].customer == owner


async def test_a_cookie_from_before_the_login_is_refused(window: Shopwindow) -> None:
    app = mounted(LOGIN, window)
    async with consented(app) as client, browser(app) as thief:
        await client.get("/p/tea-1")
        thief.cookies.set(NAME, client.cookies[NAME])
        await client.post("/login")
        assert HERO in (await client.get("/")).content
        assert HERO not in (await thief.get("/")).content
        await thief.get("/p/tea-1")
        await thief.post("/login")
    assert len(spy(window).profiles) == 1


async def test_after_the_logout_the_browser_is_a_stranger(window: Shopwindow) -> None:
    app = mounted(LOGIN, window)
    async with consented(app) as client, browser(app) as thief:
        await client.get("/p/tea-1")
        await client.post("/login")
        thief.cookies.set(NAME, client.cookies[NAME])
        await client.post("/logout")
        assert HERO not in (await client.get("/")).content
        assert HERO not in (await thief.get("/")).content
        assert len(spy(window).profiles) == 2  # the customer's stays
        await client.post("/login")
        assert HERO in (await client.get("/")).content


async def test_nothing_can_be_kept_after_consent_was_taken_back(
    window: Shopwindow,
) -> None:
    async def handler(request: Request) -> JSONResponse:
        visit = request.state.shopwindow
        visit.deny()
        visit.track("Product Viewed", {"product_id": "tea-1"})
        visit.set(cart_value=60, keep=True)
        visit.identify("customer-17")
        visit.forget()
        assert (await visit.decide("home.hero")).reason == "consent"
        return JSONResponse({})

    async with consented(mounted(shop_with(a=handler), window)) as client:
        await client.get("/p/tea-1")
        assert (await client.post("/a")).status_code == 200
        assert list(client.cookies) == ["shopwindow-consent"]
    store = spy(window)
    assert store.profiles == {} and store.events == {}


async def test_the_shop_says_who_is_logged_in_after_its_own_middleware() -> None:
    rules = """
version: 1
rules:
  - {id: anna, slot: home.hero, when: [{logged-in: true}], show: banner, with: {text: Welcome back}}
"""
    asked: list[Any] = []

    def customer(scope: Any) -> Customer | None:
        asked.append(scope.get("user"))
        return Customer(scope["user"]) if scope.get("user") else None

    async def signed_in(scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] != "/stranger":
            scope["user"] = "17"  # as the shop's session middleware does it
        await SHOP(scope, receive, send)

    async with open_window(customer=customer, rules=rules) as window:
        async with browser(mounted(signed_in, window)) as client:
            assert b"Welcome back" in (await client.get("/")).content
            assert b"Welcome back" not in (await client.get("/stranger")).content
    assert asked == ["17", None]


# -- one store, many answers ---------------------------------------------------------------


async def test_a_click_is_not_lost_while_it_is_being_written() -> None:
    """The store is asked before the commit, and answers after it with what was there before."""

    class Racing(MemoryStore):
        async def fetch(self, visitor: str) -> Profile | None:  # type: ignore[override]  # both are legal
            profile = MemoryStore.fetch(self, visitor)
            await asyncio.to_thread(worker.journal.wait_until_written)
            return profile

    worker = open_window(Racing(), site="[deadlines]\nprofile-ms = 2000\n")
    async with worker, consented(mounted(SHOP, worker)) as client:
        await client.get("/p/tea-1")
        assert HERO in (await client.get("/")).content


async def test_a_retired_id_found_late_counts_as_none() -> None:
    class Gone(Slow):
        async def fetch(self, visitor: str) -> Profile | None:  # type: ignore[override]  # both are legal
            await asyncio.sleep(self.seconds)
            raise Retired(visitor)

    async with open_window(Gone()) as window:
        async with consented(mounted(SHOP, window)) as client:
            answer = await client.get("/p/tea-1")
            assert TEASER in answer.content and HERO not in answer.content
        assert window.journal.accepted == 0


async def test_a_failing_store_leaves_no_unread_errors(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Down(Slow):
        async def fetch(self, visitor: str) -> Profile | None:  # type: ignore[override]  # both are legal
            raise StoreError("down")

    async with open_window(Down()) as window:

        async def slotless(*request: Any) -> None:
            await asyncio.sleep(0.001)
            await whole(lambda: b"<p>No slot")(*request)

        async with consented(mounted(slotless, window)) as client:
            for _ in range(8):
                await client.get("/about")
        assert window.breaker.open
    assert not [r for r in caplog.records if r.name == "asyncio"]


def test_the_shop_of_these_tests_has_no_warnings() -> None:
    assert SITE and site_of().warnings == ()


async def test_raw_requests_see_what_browsers_see(window: Shopwindow) -> None:
    assert TEASER in (await ask(mounted(SHOP, window))).body


async def test_logins_during_an_outage_of_the_store_lead_to_the_customer() -> None:
    class Broken(MemoryStore):
        broken = False

        def fetch(self, visitor: str) -> Profile | None:
            if self.broken:
                raise StoreError("down")
            return super().fetch(visitor)

    def login(request: Request) -> HTMLResponse:
        request.state.shopwindow.identify("17")
        return HTMLResponse("<p>Hello</p>")

    store = Broken()
    app = Starlette(routes=[Route("/login", login, methods=["GET", "POST"])])
    async with open_window(store) as window:
        async with consented(mounted(app, window)) as client:
            store.broken = True
            for _ in range(3):
                # Nobody knows who this was before: they shall not go on as that.
                assert "set-cookie" in (await client.get("/login")).headers
            store.broken = False
            window.breaker.succeeded()
            assert window.journal.wait_until_written()
            assert "set-cookie" not in (await client.post("/login")).headers
    assert len(store.profiles) == 1
