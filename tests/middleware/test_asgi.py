"""Mounting: which scopes pass, what the app sees, and who starts and stops the parts."""

import asyncio
import logging
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Mount, Route
from starlette.types import Message, Receive, Scope, Send

from shopwindow import PersonalizationMiddleware, Shopwindow, SiteError
from shopwindow.middleware.response.headers import leaving
from shopwindow.middleware.stores.memory import MemoryStore
from shopwindow.rules.facts import Profile
from tests.asgi import ask, chunk, replaying, scope_of, send, start
from tests.shop import (
    HERO,
    HTML,
    TEASER,
    browser,
    by_attribute,
    consented,
    events_of,
    mounted,
    open_window,
    page,
    site_folder,
    whole,
)

pytestmark = pytest.mark.anyio
SHOP = whole(lambda: page(by_attribute))
TYPE = (b"content-type", HTML.encode())


@pytest.fixture
async def window() -> AsyncIterator[Shopwindow]:
    async with open_window() as window:
        yield window


# -- scopes --------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["websocket", "lifespan", "something else"])
async def test_other_scopes_pass_as_the_same_objects(
    window: Shopwindow, kind: str
) -> None:
    seen: list[Any] = []

    async def app(*given: Any) -> None:
        seen.extend(given)

    async def receive() -> Message:
        raise AssertionError

    async def sending(message: Message) -> None:
        raise AssertionError

    scope = {"type": kind, "path": "/", "headers": []}
    copy = dict(scope)
    await mounted(app, window)(scope, receive, sending)
    assert seen[0] is scope and scope == copy
    if kind != "lifespan":  # there we listen
        assert seen[1:] == [receive, sending]


async def test_the_scope_of_the_server_is_not_changed(window: Shopwindow) -> None:
    seen: list[Scope] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope)
        scope["mine"] = 1
        await SHOP(scope, receive, send)

    scope = scope_of(headers=[(b"if-none-match", b'"1"')])
    copy = {**scope, "headers": list(scope["headers"])}
    await send(mounted(app, window), scope)
    assert scope == copy and seen[0] is not scope
    assert seen[0]["state"]["shopwindow"].arrival.path == "/"


async def test_the_state_of_the_server_stays_the_same_object(
    window: Shopwindow,
) -> None:
    seen: list[Any] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope["state"])
        await SHOP(scope, receive, send)

    state = {"pool": object()}
    await send(mounted(app, window), scope_of(state=state))
    assert seen[0] is state and set(state) == {"pool", "shopwindow"}


async def test_receive_is_the_very_same(window: Shopwindow) -> None:
    seen: list[Receive] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(receive)
        await SHOP(scope, receive, send)

    async def receive() -> Message:
        raise AssertionError

    async def sending(message: Message) -> None:
        pass

    for method in ("GET", "POST"):
        await mounted(app, window)(scope_of(method=method), receive, sending)
    assert seen == [receive, receive]


async def test_a_large_body_reaches_the_app_as_it_came(window: Shopwindow) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        sizes = []
        while True:
            message = await receive()
            sizes.append(len(message["body"]))
            if not message["more_body"]:
                break
        await replaying(start(), chunk(repr(sizes).encode()))(scope, receive, send)

    parts = [b"x" * 65_536] * 16
    answer = await ask(mounted(app, window), method="POST", body=parts)
    assert answer.body == repr([65_536] * 16).encode()


# -- twice, below another path, alone ------------------------------------------------------


async def test_mounted_twice_it_works_once(window: Shopwindow) -> None:
    async with consented(mounted(mounted(SHOP, window), window)) as client:
        answer = await client.get("/p/tea-1")
        assert HERO in answer.content and TEASER in answer.content
    assert events_of(window) == ["Product Viewed", "Promotion Viewed"]


async def test_two_sites_on_two_paths_do_not_disturb_each_other() -> None:
    async with open_window() as one, open_window() as two:
        app = Starlette(
            routes=[
                Mount("/one", mounted(SHOP, one)),
                Mount("/two", mounted(SHOP, two)),
            ]
        )
        async with browser(app) as client:
            await client.post("/one/-/shopwindow/consent", data={"choice": "granted"})
            assert HERO in (await client.get("/one/p/tea-1")).content
            assert HERO not in (await client.get("/two/")).content
        assert "Product Viewed" in events_of(one)
        assert "Product Viewed" not in events_of(two)


async def test_below_a_mount_paths_are_those_of_the_shop(window: Shopwindow) -> None:
    async def handler(request: Request) -> HTMLResponse:
        visit = request.state.shopwindow
        assert (visit.arrival.path, visit.context.path) == ("/p/tea-1", "/p/tea-1")
        return HTMLResponse(page(by_attribute))

    inner = Starlette(routes=[Route("/p/{product}", handler)])
    app = Starlette(routes=[Mount("/shop", mounted(inner, window))])
    async with browser(app) as client:
        answer = await client.post(
            "/shop/-/shopwindow/consent",
            data={"choice": "granted"},
            follow_redirects=False,
        )
        assert answer.headers["location"] == "/shop/"
        assert HERO in (await client.get("/shop/p/tea-1")).content


async def test_links_of_fragments_lead_back_to_where_we_are_mounted() -> None:
    rules = "version: 1\nrules: [{id: a, slot: home.hero, show: offer}]\n"
    async with open_window(rules=rules) as window:
        inner = Starlette(routes=[Mount("/sub", SHOP), Mount("/", SHOP)])
        app = Starlette(
            routes=[
                Mount("/shop", mounted(inner, window)),
                Mount("/", mounted(inner, window)),
            ]
        )
        async with browser(app) as client:
            for path, root in [
                ("/shop/", "/shop"),
                ("/shop/sub/", "/shop"),
                ("/", ""),
                ("/shop/", "/shop"),
            ]:
                (link,) = re.findall(r'href="([^"]+)"', (await client.get(path)).text)
                assert link.startswith(f"{root}/-/shopwindow/click/")
                assert (await client.get(link)).headers["location"] == "/p/tea-1"


async def test_below_a_proxy_prefix_paths_are_those_of_the_shop(
    window: Shopwindow,
) -> None:
    seen: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope["state"]["shopwindow"].arrival.path)
        await SHOP(scope, receive, send)

    for path, root in [
        ("/shop/a", "/shop"),
        ("/shop", "/shop"),
        ("/a", "/shop"),
        ("/shopping", "/shop"),
    ]:
        await ask(mounted(app, window), path, root_path=root)
    assert seen == ["/a", "/", "/a", "/shopping"]


async def test_it_takes_a_folder_and_raises_what_is_wrong_with_it(
    tmp_path: Path,
) -> None:
    folder = site_folder(tmp_path / "site")
    app = PersonalizationMiddleware(SHOP, folder)
    assert "Tea & Cups" in repr(app) and "stopped" in repr(app)
    (folder / "rules/start.yaml").write_text(
        "version: 1\nrules: [{id: a, slot: no.such}]\n"
    )
    with pytest.raises(SiteError, match="no.such"):
        PersonalizationMiddleware(SHOP, folder)


async def test_without_a_lifespan_the_first_request_starts_it_once() -> None:
    window = open_window()
    starts: list[int] = []
    opening = window._open

    async def counted() -> None:
        starts.append(1)
        await opening()

    window._open = counted  # type: ignore[method-assign]  # to count
    app = mounted(SHOP, window)
    assert not window.started
    answers = await asyncio.gather(*(ask(app) for _ in range(10)))
    assert all(TEASER in answer.body for answer in answers)
    assert starts == [1] and window.started
    await window.stop()


# -- lifespan ------------------------------------------------------------------------------


class Lifespan:
    """The server's side of a lifespan."""

    def __init__(self, app: Any) -> None:
        self._said: asyncio.Queue[Message] = asyncio.Queue()
        self.heard: asyncio.Queue[Message] = asyncio.Queue()
        self.task = asyncio.ensure_future(
            app(
                {"type": "lifespan", "asgi": {"version": "3.0"}},
                self._said.get,
                self.heard.put,
            )
        )

    async def say(self, kind: str) -> str:
        await self._said.put({"type": f"lifespan.{kind}"})
        heard: str = (await asyncio.wait_for(self.heard.get(), 2))["type"]
        return heard


def shop_with_lifespan(window: Shopwindow, seen: list[bool]) -> Starlette:
    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        seen.append(window.started)
        yield
        seen.append(window.started)

    return Starlette(lifespan=lifespan)


async def test_the_parts_start_before_the_app_and_stop_after_it() -> None:
    window, seen = open_window(), list[bool]()
    server = Lifespan(mounted(shop_with_lifespan(window, seen), window))
    assert await server.say("startup") == "lifespan.startup.complete"
    assert await server.say("shutdown") == "lifespan.shutdown.complete"
    await server.task
    assert seen == [True, True] and not window.started


async def test_the_parts_stop_when_the_app_cannot_start() -> None:
    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        raise RuntimeError("no database")
        yield

    window = open_window()
    server = Lifespan(mounted(Starlette(lifespan=lifespan), window))
    assert await server.say("startup") == "lifespan.startup.failed"
    with pytest.raises(RuntimeError, match="no database"):
        await server.task
    assert not window.started


@pytest.mark.parametrize("broken", ["start", "stop"])
async def test_our_own_failure_does_not_keep_the_shop_from_starting_or_stopping(
    monkeypatch: pytest.MonkeyPatch, broken: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def fails() -> None:
        raise OSError("broken")

    window, seen = open_window(), list[bool]()
    stop = window.stop
    monkeypatch.setattr(window, broken, fails)
    server = Lifespan(mounted(shop_with_lifespan(window, seen), window))
    assert await server.say("startup") == "lifespan.startup.complete"
    assert await server.say("shutdown") == "lifespan.shutdown.complete"
    await server.task
    assert "broken" in caplog.text
    await stop()


async def test_an_app_without_lifespan_may_say_so(window: Shopwindow) -> None:
    async def django(scope: Scope, receive: Receive, send: Send) -> None:
        raise ValueError("Django can only handle ASGI/HTTP connections, not lifespan.")

    with pytest.raises(ValueError, match="Django"):
        await Lifespan(mounted(django, window)).task


# -- when the app fails --------------------------------------------------------------------


@pytest.mark.parametrize(
    "messages", [0, 1, 2], ids=["before start", "after start", "in the body"]
)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_what_the_app_raises_rises_unchanged(
    window: Shopwindow, messages: int, method: str
) -> None:
    error = KeyError("the app's own")
    left: list[Message] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for message in [start(TYPE), chunk(page(by_attribute)[:150], True)][:messages]:
            await send(message)
        raise error

    async def receive() -> Message:
        raise AssertionError

    async def sending(message: Message) -> None:
        left.append(message)

    with pytest.raises(KeyError) as caught:
        await mounted(app, window)(scope_of(method=method), receive, sending)
    assert caught.value is error and error.__context__ is None
    assert all(message.get("more_body", True) for message in left), (
        "the page was closed"
    )
    assert window.journal.accepted == 0


async def test_what_the_server_raises_reaches_the_app(window: Shopwindow) -> None:
    """Where the client has gone, some servers say so by raising in send."""
    caught: list[OSError] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await send(start(TYPE))
            await send(chunk(page(by_attribute)))
        except OSError as error:
            caught.append(error)

    async def sending(message: Message) -> None:
        raise OSError("the client is gone")

    async def receive() -> Message:
        raise AssertionError

    async with consented(mounted(SHOP, window)) as client:
        cookie = (b"cookie", f"shopwindow={client.cookies['shopwindow']}".encode())
    await mounted(app, window)(scope_of(headers=[cookie]), receive, sending)
    assert len(caught) == 1
    assert window.journal.accepted == 0


async def test_a_request_that_is_cancelled_while_it_waits_ends_at_once() -> None:
    class Hanging(MemoryStore):
        async def fetch(self, visitor: str) -> Profile | None:  # type: ignore[override]  # both are legal
            asked.set()
            await asyncio.sleep(60)
            return None

    asked = asyncio.Event()
    patient = open_window(Hanging(), site="[deadlines]\nprofile-ms = 9000\n")
    async with patient, consented(mounted(SHOP, patient)) as client:
        task = asyncio.ensure_future(client.get("/"))
        await asked.wait()
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(task, 1)
    assert patient.journal.accepted == 0


async def test_background_tasks_of_the_app_go_on_after_the_page(
    window: Shopwindow,
) -> None:
    done: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await SHOP(scope, receive, send)
        await asyncio.sleep(0.01)
        visit = scope["state"]["shopwindow"]
        visit.track("Product Viewed", {"product_id": "tea-1"})
        done.append("background")

    async with consented(mounted(app, window)) as client:
        await client.get("/")
    assert done and "Product Viewed" in events_of(window)


async def test_a_dropped_event_is_counted_and_no_unread_error(
    window: Shopwindow, caplog: pytest.LogCaptureFixture
) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        visit = scope["state"]["shopwindow"]
        visit.track("Product Viewed", {"product_id": "tea-1"})
        with window.journal._lock:
            window.journal._make_room()  # as when the queue is full
        await leaving(visit, start())
        await SHOP(scope, receive, send)

    async with consented(mounted(app, window)) as client:
        assert (await client.post("/")).status_code == 200
    assert window.journal.dropped == {"Product Viewed": 1}
    await asyncio.sleep(0)
    assert not [r for r in caplog.records if r.levelno >= logging.ERROR]


def test_a_shop_may_bring_its_own_store() -> None:
    store = MemoryStore()
    assert open_window(store).store is store
