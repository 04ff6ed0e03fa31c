"""HTTP truth: where it is mounted, and how often. The numbers are those of the rules."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shopwindow import Shopwindow
from tests.asgi import BROWSER, Answer, ask, scope_of, send
from tests.shop import (
    HERO,
    TEASER,
    by_attribute,
    consented,
    events_of,
    mounted,
    open_window,
    page,
    whole,
)

pytestmark = pytest.mark.anyio
DEFAULT, DRESSED = page(by_attribute), page(by_attribute, teaser=TEASER.decode())
SHOP = whole(lambda: DEFAULT)


class Counted:
    """A window that says how often it was opened."""

    def __init__(self) -> None:
        self.window = open_window()
        self.starts = self.stops = 0
        opening, stop = self.window._open, self.window.stop

        async def open_it() -> None:
            self.starts += 1
            await opening()

        async def stop_it() -> None:
            self.stops += self.window.started
            await stop()

        self.window._open = open_it  # type: ignore[method-assign]  # to count
        self.window.stop = stop_it  # type: ignore[method-assign]  # as above


@asynccontextmanager
async def served(app: ASGIApp, ends: str = "complete") -> AsyncIterator[None]:
    """A server's lifespan around the block."""
    said: asyncio.Queue[Message] = asyncio.Queue()
    heard: asyncio.Queue[Message] = asyncio.Queue()
    scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}
    task = asyncio.ensure_future(app(scope, said.get, heard.put))
    for kind, end in (("startup", "complete"), ("shutdown", ends)):
        await said.put({"type": f"lifespan.{kind}"})
        answer = await asyncio.wait_for(heard.get(), 5)
        assert answer["type"] == f"lifespan.{kind}.{end}"
        if kind == "startup":
            yield
    await task


# -- 28: lifespan --------------------------------------------------------------------------


def alone(window: Shopwindow) -> ASGIApp:
    return mounted(Starlette(routes=[Mount("/", SHOP)]), window)


def twice(window: Shopwindow) -> ASGIApp:
    return mounted(alone(window), window)


def below_a_mount(window: Shopwindow) -> ASGIApp:
    return Starlette(routes=[Mount("/shop", alone(window))])


def above_and_below(window: Shopwindow) -> ASGIApp:
    return mounted(below_a_mount(window), window)


def as_two_mounts(window: Shopwindow) -> ASGIApp:
    shops = [Mount("/other", alone(window)), Mount("/shop", alone(window))]
    return Starlette(routes=shops)


MOUNTED: dict[Callable[[Shopwindow], ASGIApp], str] = {
    alone: "", twice: "", below_a_mount: "/shop", above_and_below: "/shop", as_two_mounts: "/shop",
}  # fmt: skip


@pytest.mark.parametrize("lifespan", [True, False], ids=["lifespan", "none"])
@pytest.mark.parametrize("mount", MOUNTED)
@pytest.mark.parametrize("prefix", ["", "/proxy"], ids=["bare", "proxy"])
async def test_rules_28_and_30_one_start_one_stop_one_cookie_one_event(
    mount: Callable[[Shopwindow], ASGIApp], lifespan: bool, prefix: str
) -> None:
    counted = Counted()
    window, below = counted.window, MOUNTED[mount]
    app = mount(window)
    # Where we stand above the mount, the address of the page is the mount's own.
    root = prefix if mount is above_and_below else prefix + below
    page_path = f"{prefix}{below}/p/tea-1"
    async with AsyncExitStack() as stack:
        if lifespan:
            await stack.enter_async_context(served(app))
        transport = httpx.ASGITransport(app=app, root_path=prefix)
        usual = {"user-agent": BROWSER.decode(), "accept": "text/html"}
        base = "http://127.0.0.1"
        async with httpx.AsyncClient(
            transport=transport, base_url=base, headers=usual
        ) as client:
            path = f"{root}/-/shopwindow/consent"
            answer = await client.post(path, data={"choice": "granted"})
            assert answer.status_code == 303
            assert answer.headers["location"] == f"{root}/"
            (cookie,) = answer.headers.get_list("set-cookie")
            assert "; Path=/;" in cookie
            shown = await client.get(page_path)
            assert shown.status_code == 200
            assert shown.content.count(TEASER) == 1
            assert (HERO in shown.content) == (mount is not above_and_below)
            assert shown.headers.get_list("set-cookie") == []
        assert counted.starts == 1
        names = events_of(window)
        viewed = [] if mount is above_and_below else ["Product Viewed"]
        assert names == [*viewed, "Promotion Viewed"]
    # A mount hears of no lifespan: what was started with the first request is the shop's to stop.
    heard = lifespan and mount not in (below_a_mount, as_two_mounts)
    assert counted.stops == heard
    await window.stop()
    assert (counted.starts, counted.stops) == (1, 1)


async def test_rule_28_many_first_requests_start_it_once() -> None:
    counted = Counted()
    app = mounted(SHOP, counted.window)
    answers = await asyncio.gather(*(ask(app) for _ in range(50)))
    assert [answer.body for answer in answers] == [DRESSED] * 50
    assert counted.starts == 1
    await counted.window.stop()


async def test_rule_28_it_stops_although_the_app_fails_to() -> None:
    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        yield
        raise RuntimeError("the app's own")

    counted = Counted()
    app = mounted(Starlette(lifespan=lifespan), counted.window)
    with pytest.raises(RuntimeError, match="the app's own"):
        async with served(app, ends="failed"):
            assert counted.window.started
    assert (counted.starts, counted.stops) == (1, 1)


async def test_rule_28_it_may_start_and_stop_again() -> None:
    counted = Counted()
    app = alone(counted.window)
    for number in (1, 2):
        async with served(app):
            assert (await ask(app)).body == DRESSED
        assert (counted.starts, counted.stops) == (number, number)


# -- 29: state -----------------------------------------------------------------------------


async def test_rule_29_the_state_gains_one_key_and_loses_none() -> None:
    seen: list[dict[str, Any]] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope["state"])
        await SHOP(scope, receive, send)

    state = {"pool": object(), "db": object()}
    given = dict(state)
    async with open_window() as window:
        await send(mounted(app, window), scope_of(state=given))
        assert seen[0] is given
        assert set(given) == {*state, "shopwindow"}
        assert all(given[name] is value for name, value in state.items())
        await send(mounted(app, window), scope_of())
        assert set(seen[1]) == {"shopwindow"}


async def test_rule_29_two_requests_do_not_share_it() -> None:
    """A server gives every request a copy of what the lifespan left."""
    seen: list[Any] = []

    async def handler(request: Request) -> HTMLResponse:
        await asyncio.sleep(0.01)
        seen.append((request.url.path, request.state.shopwindow.arrival.path))
        return HTMLResponse(DEFAULT)

    shop = Starlette(routes=[Route("/{name}", handler)])
    async with open_window() as window:
        app = mounted(shop, window)
        left = {"pool": object()}
        await asyncio.gather(
            *(ask(app, path, state=dict(left)) for path in ("/a", "/b"))
        )
    assert sorted(seen) == [("/a", "/a"), ("/b", "/b")]


# -- 30 and 31: twice, and below a prefix --------------------------------------------------


async def test_rule_30_another_shop_inside_passes_through() -> None:
    async with open_window() as outer, open_window() as inner:
        app = mounted(mounted(SHOP, inner), outer)
        async with consented(app) as client:
            answer = await client.get("/p/tea-1")
            assert answer.content.count(TEASER) == 1
        assert events_of(inner) == []
        assert events_of(outer) == ["Product Viewed", "Promotion Viewed"]


@pytest.mark.parametrize(
    ("path", "root", "seen"),
    [
        ("/shop/a", "/shop", "/a"),
        ("/shop", "/shop", "/"),
        ("/shop/", "/shop", "/"),
        ("/shop/a", "/shop/", "/a"),
        ("/a", "/shop", "/a"),  # a proxy that took the prefix off
        ("/shopping", "/shop", "/shopping"),
        ("/shop/shop/a", "/shop", "/shop/a"),
        ("/a", "", "/a"),
        ("/a/b/c", "/a/b", "/c"),
    ],
)
async def test_rule_31_rules_see_the_path_below_the_prefix(
    path: str, root: str, seen: str
) -> None:
    paths: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        visit = scope["state"]["shopwindow"]
        paths.extend((visit.arrival.path, visit.context.path))
        assert scope["path"] == path and scope["root_path"] == root
        await SHOP(scope, receive, send)

    async with open_window() as window:
        await ask(mounted(app, window), path, root_path=root)
    assert paths == [seen, seen]


async def test_rule_31_no_root_path_at_all_is_none() -> None:
    scope = scope_of("/p/tea-1")
    del scope["root_path"]
    async with open_window() as window:
        answer: Answer = await send(mounted(SHOP, window), scope)
    assert answer.body == DRESSED
