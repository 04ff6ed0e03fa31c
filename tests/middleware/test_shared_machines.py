"""A machine that several people use: nobody gets what was looked up for who sat there before."""

import asyncio

import pytest
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.types import Receive, Scope, Send

from shopwindow.middleware.stores import StoreError
from shopwindow.middleware.stores.memory import MemoryStore
from shopwindow.rules.facts import Profile
from tests.shop import HERO, by_attribute, consented, mounted, open_window, page

pytestmark = pytest.mark.anyio


class SlowStore(MemoryStore):
    """Answers only after the app has had its turn, as a server elsewhere does."""

    async def fetch(self, visitor: str) -> Profile | None:  # type: ignore[override]  # both are legal
        await asyncio.sleep(0.002)
        return super().fetch(visitor)


async def shop(scope: Scope, receive: Receive, send: Send) -> None:
    """Logs in and out, and shows a page in the same answer."""
    visit = scope["state"]["shopwindow"]
    path = Request(scope).url.path
    if path.startswith("/login/"):
        visit.identify(path.removeprefix("/login/"))
    if path == "/logout":
        visit.forget()
    answer: Response = HTMLResponse(page(by_attribute))
    if scope["method"] == "POST":
        decision = await visit.decide("home.hero")
        known = visit.profile
        answer = Response(f"{decision.rule} {known.cart if known else {}}")
    await answer(scope, receive, send)


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_who_logs_in_sees_nothing_of_who_was_logged_in_before(
    method: str,
) -> None:
    window = open_window(SlowStore())
    async with window, consented(mounted(shop, window)) as client:
        await client.get("/login/ann")
        assert window.journal.wait_until_written()
        await client.get("/p/tea-1")
        assert window.journal.wait_until_written()
        assert HERO in (await client.get("/")).content
        answer = await client.request(method, "/login/bob")
        assert HERO not in answer.content and b"tea-hero" not in answer.content
        assert window.journal.wait_until_written()
        assert HERO not in (await client.get("/")).content


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_who_logs_out_sees_nothing_more_of_it(method: str) -> None:
    window = open_window(SlowStore())
    async with window, consented(mounted(shop, window)) as client:
        await client.get("/login/ann")
        await client.get("/p/tea-1")
        assert window.journal.wait_until_written()
        answer = await client.request(method, "/logout")
        assert HERO not in answer.content and b"tea-hero" not in answer.content
        assert window.journal.wait_until_written()
        assert HERO not in (await client.get("/")).content


class FailingStore(MemoryStore):
    """``down``: it cannot be asked, though it keeps what it is told."""

    down = False

    def fetch(self, visitor: str) -> Profile | None:
        if self.down:
            raise StoreError("down for a moment")
        return super().fetch(visitor)


async def test_a_login_that_the_store_knows_nothing_of_yet_is_a_login() -> None:
    store = FailingStore()
    window = open_window(store)
    async with window, consented(mounted(shop, window)) as client:
        await client.get("/login/ann")
        await client.get("/p/tea-1")
        assert window.journal.wait_until_written()
        before = client.cookies["shopwindow"]
        store.down = True
        await client.get("/login/bob")
        store.down = False
        assert client.cookies["shopwindow"] != before, "bob goes on as ann"
        assert window.journal.wait_until_written()
        assert HERO not in (await client.get("/")).content
        assert "Green tea" not in (await client.get("/-/shopwindow/known")).text
        await client.get("/login/ann")
        assert window.journal.wait_until_written()
        assert HERO in (await client.get("/")).content, "ann has lost something"
