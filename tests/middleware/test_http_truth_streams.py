"""HTTP truth: how the bytes go, and what happens when they stop. The numbers are those of the rules."""

import asyncio
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextvars import ContextVar
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.background import BackgroundTask
from starlette.responses import HTMLResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shopwindow import Shopwindow
from shopwindow.middleware.stores.memory import MemoryStore
from shopwindow.rules.facts import Profile
from tests.asgi import Answer, ask, chunk, cut, replaying, scope_of, send, start
from tests.servers import free_port, serving
from tests.shop import (
    AFTER,
    BEFORE,
    HERO,
    HTML,
    KEYS,
    TEASER,
    by_attribute,
    consented,
    mounted,
    open_window,
    page,
    site_folder,
    whole,
)
from tests.sizes import runs
from tests.wire.strict import Connection

pytestmark = pytest.mark.anyio
TYPE = (b"content-type", HTML.encode())
DEFAULT, DRESSED = page(by_attribute), page(by_attribute, teaser=TEASER.decode())
HEAD = DEFAULT[: DEFAULT.index(b"<section")]
HOLD = 262_144  # bytes of a slot's default content that wait for its end
ROOT = Path(__file__).parents[2]


@pytest.fixture
async def window() -> AsyncIterator[Shopwindow]:
    async with open_window() as window:
        window.routes.learn("/", True)
        yield window


async def cookie_of(window: Shopwindow) -> tuple[bytes, bytes]:
    """The cookie of somebody who has looked at tea."""
    async with consented(mounted(whole(lambda: DEFAULT), window)) as client:
        await client.get("/p/tea-1")
        assert window.journal.wait_until_written()
        return b"cookie", f"shopwindow={client.cookies['shopwindow']}".encode()


async def never(*_: object) -> Message:
    raise AssertionError


# -- 13 to 15: pieces ----------------------------------------------------------------------


@settings(max_examples=runs(300, 60), deadline=None)
@given(
    places=st.lists(st.integers(0, len(DEFAULT)), max_size=12),
    empty=st.booleans(),
    sized=st.booleans(),
)
def test_rule_13_the_cuts_change_nothing(
    places: list[int], empty: bool, sized: bool
) -> None:
    async def answered() -> Answer:
        window = open_window()
        window.started = True
        window.routes.learn("/", True)
        length = [(b"content-length", b"%d" % len(DEFAULT))] if sized else []
        parts = [chunk(part, True) for part in cut(DEFAULT, *places)]
        if empty:
            parts.append(chunk())
        else:
            parts[-1]["more_body"] = False
        app = replaying(start(TYPE, *length), *parts)
        return await ask(mounted(app, window))

    answer = asyncio.run(answered())
    assert answer.body == DRESSED and answer.complete


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7])
async def test_rule_13_single_bytes_change_nothing(
    window: Shopwindow, size: int
) -> None:
    parts = [DEFAULT[at : at + size] for at in range(0, len(DEFAULT), size)]
    app = replaying(start(TYPE), *(chunk(part, True) for part in parts), chunk())
    answer = await ask(mounted(app, window))
    assert answer.body == DRESSED and answer.complete


LACKING: dict[str, list[Message]] = {
    "headers": [{"type": "http.response.start", "status": 200}, chunk(b"x")],
    "body": [start(TYPE), {"type": "http.response.body"}],
    "body of the last": [start(TYPE), chunk(DEFAULT, True), {"type": "http.response.body"}],
    "body of the first": [
        start(TYPE), {"type": "http.response.body", "more_body": True}, chunk(DEFAULT),
    ],
    "more_body": [start(TYPE), {"type": "http.response.body", "body": DEFAULT}],
    "headers of trailers": [
        start(TYPE, trailers=True), chunk(DEFAULT), {"type": "http.response.trailers"},
    ],
}  # fmt: skip


@pytest.mark.parametrize("key", LACKING)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
async def test_rule_14_keys_that_may_be_missing_may_be_missing(
    window: Shopwindow, key: str, method: str
) -> None:
    messages = LACKING[key]
    answer = await ask(mounted(replaying(*messages), window), method=method)
    assert answer.complete and answer.messages[-1]["type"] == messages[-1]["type"]
    given = b"".join(message.get("body", b"") for message in messages)
    pages = method != "POST" and given == DEFAULT
    assert answer.body == (DRESSED if pages else given)
    assert not window.counters


@pytest.mark.parametrize("body", [DEFAULT, b"<p>No slot"], ids=["slots", "none"])
@pytest.mark.parametrize("known", [True, False])
async def test_rule_15_the_last_message_is_the_last_and_comes_once(
    body: bytes, known: bool
) -> None:
    shapes = {
        "everything, then the end": [chunk(body, True), chunk()],
        "the end has no keys": [chunk(body, True), {"type": "http.response.body"}],
        "nothing between": [chunk(body[:9], True), chunk(b"", True), chunk(body[9:])],
        "nothing first": [chunk(b"", True), chunk(b"", True), chunk(body)],
        "nothing last": [chunk(body[:9], True), chunk(body[9:], True), chunk(b"", True), chunk()],
        "nothing at all": [chunk(b"", True), chunk()],
    }  # fmt: skip
    async with open_window() as window:
        for name, messages in shapes.items():
            path = f"/{name.replace(' ', '-')}"
            if known:
                window.routes.learn(path, True)
            app = mounted(replaying(start(TYPE), *messages), window)
            answer = await ask(app, path)
            given = b"".join(message.get("body", b"") for message in messages)
            assert answer.complete, name
            assert answer.body in (given, given.replace(DEFAULT, DRESSED)), name
            if known:
                assert answer.body == given.replace(DEFAULT, DRESSED), name


async def test_rule_15_no_message_before_its_time_says_that_it_is_the_last(
    window: Shopwindow,
) -> None:
    left: list[Message] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(start(TYPE))
        for part in cut(DEFAULT, 40, 150, 200):
            await send(chunk(part, True))
            assert all(message.get("more_body", True) for message in left)
        await send(chunk())

    async def sending(message: Message) -> None:
        left.append(message)

    await mounted(app, window)(scope_of(), never, sending)
    assert left[-1]["more_body"] is False


# -- 16 and 17: nothing waits without need -------------------------------------------------


async def test_rule_16_what_stands_before_a_slot_leaves_when_it_comes(
    window: Shopwindow,
) -> None:
    left: list[bytes] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(start(TYPE))
        await send(chunk(HEAD, True))
        assert b"".join(left) == HEAD
        await send(chunk(DEFAULT[len(HEAD) : len(HEAD) + 60], True))
        slot = b"".join(left)
        assert slot.startswith(HEAD) and len(slot) < len(HEAD) + 60, "a slot waits"
        await send(chunk(DEFAULT[len(HEAD) + 60 :] + b"<p>rest", True))
        assert b"".join(left) == DRESSED + b"<p>rest"
        await send(chunk())

    async def sending(message: Message) -> None:
        left.append(message.get("body", b""))

    await mounted(app, window)(scope_of(), never, sending)


async def test_rule_16_the_first_byte_is_at_most_five_milliseconds_later(
    window: Shopwindow,
) -> None:
    given: list[float] = []
    came: list[float] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(start(TYPE))
        await asyncio.sleep(0.001)
        given.append(perf_counter())
        await send(chunk(HEAD, True))
        await send(chunk(DEFAULT[len(HEAD) :]))

    async def sending(message: Message) -> None:
        if message.get("body") and len(came) < len(given):
            came.append(perf_counter())

    for _ in range(21):
        await mounted(app, window)(scope_of(), never, sending)
    late = [b - a for a, b in zip(given, came, strict=True)]
    assert median(late) < 0.005


async def test_rule_16_a_slot_that_does_not_end_is_not_held_for_ever(
    window: Shopwindow,
) -> None:
    out = 0

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(start(TYPE))
        body = BEFORE.encode() + b'<section data-shopwindow="home.hero">'
        await send(chunk(body, True))
        given, part = len(body), b"x" * 16_384
        for _ in range(64):
            await send(chunk(part, True))
            given += len(part)
            assert given - out <= HOLD + 2 * len(part)
        await send(chunk(b"</section>" + AFTER.encode()))
        assert out == given + len(b"</section>" + AFTER.encode())

    async def sending(message: Message) -> None:
        nonlocal out
        out += len(message.get("body", b""))

    await mounted(app, window)(scope_of(), never, sending)


@pytest.mark.parametrize(
    "content_type", [b"text/event-stream", b"application/x-ndjson"]
)
async def test_rule_17_events_and_their_start_leave_at_once(
    window: Shopwindow, content_type: bytes
) -> None:
    left: list[Message] = []
    given: list[Message] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        given.append(start((b"content-type", content_type)))
        await send(given[-1])
        assert len(left) == 1
        await asyncio.sleep(0.05)  # nothing to say yet
        for number in range(3):
            given.append(chunk(b"data: %d\n\n" % number, True))
            await send(given[-1])
            assert len(left) == len(given)

    async def sending(message: Message) -> None:
        left.append(message)

    for accept in (b"text/event-stream", b"*/*"):
        left.clear()
        given.clear()
        scope = scope_of(headers=[(b"accept", accept)])
        await mounted(app, window)(scope, never, sending)
        assert [id(m) for m in left] == [id(m) for m in given]


# -- 20 to 23: when it goes wrong ----------------------------------------------------------


async def broken(
    window: Shopwindow, *messages: Message, method: str = "GET"
) -> list[Message]:
    """What leaves before the app's own error, which rises as it is."""
    left: list[Message] = []
    error = LookupError("the app's own")

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for message in messages:
            await send(message)
        raise error

    async def sending(message: Message) -> None:
        left.append(message)

    scope = scope_of(method=method, headers=[await cookie_of(window)])
    before = window.journal.accepted
    with pytest.raises(LookupError) as caught:
        await mounted(app, window)(scope, never, sending)
    assert caught.value is error
    assert error.__context__ is None and error.__cause__ is None
    assert window.journal.accepted == before
    return left


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_rule_20_an_error_before_the_start_leaves_nothing_behind(
    window: Shopwindow, method: str
) -> None:
    assert await broken(window, method=method) == []
    assert not window.counters


async def test_rule_20_the_page_of_the_error_is_the_apps() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise LookupError

    async with open_window() as window:
        shop = mounted(app, window)

        async def errors(scope: Scope, receive: Receive, send: Send) -> None:
            try:
                await shop(scope, receive, send)
            except LookupError:
                await HTMLResponse("<p>Sorry", 500)(scope, receive, send)

        answer = await ask(errors, headers=[await cookie_of(window)])
    assert (answer.status, answer.body) == (500, b"<p>Sorry")
    assert answer.all(b"set-cookie") == []


@pytest.mark.parametrize("so_far", [b"", HEAD, DEFAULT[:-10], DEFAULT])
async def test_rule_21_an_error_after_the_start_does_not_end_the_page(
    window: Shopwindow, so_far: bytes
) -> None:
    for messages in ([start(TYPE)], [start(TYPE), chunk(so_far, True)]):
        left = await broken(window, *messages)
        assert all(message.get("more_body", True) for message in left)
    assert window.counters["page broken off"] == 2


@pytest.mark.parametrize(
    "place",
    ["Arrival", "Visit", "_inner", "charset_of", "private", "cut", "Rewriter", "_filled"],
)  # fmt: skip
async def test_rule_22_a_fault_of_ours_leaves_the_shops_page(
    place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of our calls in turn fails in test_faults.py; here is one of every part."""
    from shopwindow.middleware import asgi
    from shopwindow.middleware.display import Display
    from shopwindow.middleware.response import feed, responder

    def fails(*_: Any, **__: Any) -> Any:
        raise ArithmeticError("a fault of ours")

    async with open_window() as window:
        window.routes.learn("/", True)
        owner: Any = asgi if place in ("Arrival", "Visit") else responder
        if place == "_inner":
            owner, place = asgi, "excluded"
        elif place == "_filled":
            owner, place = Display, "fill"
        elif place in ("cut", "Rewriter"):
            owner = feed
        monkeypatch.setattr(owner, place, fails)
        for parts in ([DEFAULT], cut(DEFAULT, 50, 170)):
            messages = [chunk(part, n < len(parts) - 1) for n, part in enumerate(parts)]
            answer = await ask(mounted(replaying(start(TYPE), *messages), window))
            assert answer.status == 200 and answer.complete
            assert answer.body in (DEFAULT, DRESSED)
        assert any(name.startswith("warning") for name in window.counters)


async def test_rule_23_a_server_that_raises_in_send_is_heard_by_the_app(
    window: Shopwindow,
) -> None:
    caught: list[OSError] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await send(start(TYPE))
            await send(chunk(DEFAULT))
        except OSError as error:
            caught.append(error)

    async def gone(message: Message) -> None:
        raise OSError

    scope = scope_of(headers=[await cookie_of(window)])
    before = window.journal.accepted
    await mounted(app, window)(scope, never, gone)
    assert len(caught) == 1 and window.journal.accepted == before


def test_rule_23_who_leaves_after_a_thousand_bytes_has_seen_nothing(
    tmp_path: Path,
) -> None:
    site = site_folder(tmp_path / "site", pages='[pages]\ninclude = ["/*"]\n')
    toml = site / "site.toml"
    toml.write_text(toml.read_text().replace("memory:", "sqlite:///shop.db"))
    port, log = free_port(), tmp_path / "log"
    environment = {
        "PYTHONPATH": str(ROOT),
        "SHOP_SITE": str(site),
        "SHOPWINDOW_SECRET_KEYS": KEYS[0].decode(),
    }
    command = [sys.executable, "-m", "uvicorn", "tests.wire.slow:app"]
    with serving([*command, "--port", str(port)], port, log, environment):
        with socket.create_connection(("127.0.0.1", port), 5) as asking:
            form = b"choice=granted"
            asking.sendall(
                b"POST /-/shopwindow/consent HTTP/1.1\r\nhost: 127.0.0.1\r\nuser-agent: Mozilla/5.0\r\n"
                b"content-type: application/x-www-form-urlencoded\r\ncontent-length: 14\r\n\r\n" + form
            )  # fmt: skip
            said = asking.recv(65_536).decode()
        cookie = said.partition("set-cookie: ")[2].partition(";")[0]
        headers = {"Cookie": cookie}
        for _ in range(3):
            with Connection(port) as connection:
                request = f"GET /cut HTTP/1.1\r\nhost: 127.0.0.1\r\nuser-agent: Mozilla/5.0\r\ncookie: {cookie}\r\n\r\n"
                connection.socket.sendall(request.encode())
                come = 0
                while come < 1_000:
                    come += len(connection.socket.recv(1_000))
        with Connection(port) as connection:
            assert connection.ask("/shown", headers=headers).status == 200
            told = connection.ask("/events", headers=headers, last=True).body
    assert told.split() == [b"Promotion", b"Viewed"], told
    assert "Traceback" not in log.read_text()


# -- 25 to 27: tasks -----------------------------------------------------------------------


class Waiting(MemoryStore):
    """Does not answer until it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = asyncio.Event()
        self.patient = True

    async def fetch(self, visitor: str) -> Profile | None:  # type: ignore[override]  # both are legal
        self.asked.set()
        if not self.patient:
            await asyncio.sleep(60)
        return super().fetch(visitor)


def at_receive(reached: asyncio.Event) -> tuple[ASGIApp, bool]:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        reached.set()
        await receive()

    return app, False


def at_send(reached: asyncio.Event) -> tuple[ASGIApp, bool]:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        reached.set()
        await replaying(start(TYPE), chunk(DEFAULT))(scope, receive, send)

    return app, False


def at_store(reached: asyncio.Event) -> tuple[ASGIApp, bool]:
    app, _ = at_send(reached)
    return app, True


@pytest.mark.parametrize("place", [at_receive, at_send, at_store])
async def test_rule_25_a_cancelled_request_ends_at_once(
    place: Callable[[asyncio.Event], tuple[ASGIApp, bool]],
) -> None:
    store, reached = Waiting(), asyncio.Event()
    app, lookup = place(reached)
    site = "[deadlines]\nprofile-ms = 9000\n"
    async with open_window(store, site=site) as window:
        cookie = await cookie_of(window)
        store.patient = not lookup
        store.asked.clear()

        async def hangs(*_: object) -> Message:
            await asyncio.sleep(60)
            raise AssertionError

        async def sends(message: Message) -> None:
            if not lookup:
                await hangs()

        work = mounted(app, window)(scope_of(headers=[cookie]), hangs, sends)
        task = asyncio.ensure_future(work)
        await reached.wait()
        if lookup:
            await store.asked.wait()
        await asyncio.sleep(0.01)
        before = window.journal.accepted
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(asyncio.shield(task), 1)
        assert task.cancelled() and window.journal.accepted == before
        assert window.counters["page broken off"] == (place is not at_receive)
        # The store still works for the next one.
        store.patient = True
        answer = await ask(mounted(whole(lambda: DEFAULT), window), headers=[cookie])
        assert HERO in answer.body


async def test_rule_25_a_cancelled_request_leaves_no_task_behind() -> None:
    store = Waiting()
    async with open_window(store, site="[deadlines]\nprofile-ms = 9000\n") as window:
        cookie = await cookie_of(window)
        store.patient = False
        store.asked.clear()
        before = asyncio.all_tasks()
        app = mounted(whole(lambda: DEFAULT), window)
        task = asyncio.ensure_future(ask(app, headers=[cookie]))
        await store.asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.sleep(0.01)
        assert asyncio.all_tasks() == before


COLOUR: ContextVar[str] = ContextVar("colour", default="none")


async def test_rule_26_what_the_app_sets_in_its_context_stays_set(
    window: Shopwindow,
) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert COLOUR.get() == "outside"
        COLOUR.set("inside")
        await replaying(start(TYPE), chunk(DEFAULT))(scope, receive, send)

    COLOUR.set("outside")
    await mounted(app, window)(scope_of(), never, _nothing)
    assert COLOUR.get() == "inside"


async def _nothing(message: Message) -> None:
    pass


async def test_rule_26_the_app_runs_in_the_task_of_the_server(
    window: Shopwindow,
) -> None:
    seen: list[object] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(asyncio.current_task())
        await replaying(start(TYPE), chunk(DEFAULT))(scope, receive, send)

    await mounted(app, window)(scope_of(), never, _nothing)
    assert seen == [asyncio.current_task()]


def with_background(done: list[str], seconds: float) -> ASGIApp:
    async def work() -> None:
        await asyncio.sleep(seconds)
        done.append("background")

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        answer = HTMLResponse(DEFAULT, background=BackgroundTask(work))
        await answer(scope, receive, send)

    return app


async def test_rule_26_a_background_task_ends_though_the_client_has_left(
    window: Shopwindow,
) -> None:
    done: list[str] = []
    await mounted(with_background(done, 0.1), window)(scope_of(), _left, _nothing)
    assert done == ["background"]


async def _left() -> Message:
    return {"type": "http.disconnect"}


async def test_rule_27_the_page_is_counted_when_it_has_left_not_after_the_background(
    window: Shopwindow,
) -> None:
    done: list[str] = []
    counted: list[int] = []
    cookie = await cookie_of(window)
    before = window.journal.accepted

    async def sending(message: Message) -> None:
        pass

    app = mounted(with_background(done, 0.2), window)
    task = asyncio.ensure_future(app(scope_of(headers=[cookie]), never, sending))
    await asyncio.sleep(0.1)
    counted.append(window.journal.accepted - before)
    assert done == []
    await task
    counted.append(window.journal.accepted - before)
    assert done == ["background"] and counted == [1, 1]


async def test_rule_27_the_visit_still_works_in_the_background(
    window: Shopwindow,
) -> None:
    kept: list[Awaitable[Any]] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        visit = scope["state"]["shopwindow"]
        await replaying(start(TYPE), chunk(DEFAULT))(scope, receive, send)
        await asyncio.sleep(0.02)
        kept.append(visit.track("Product Viewed", {"product_id": "tea-1"}).stored)

    scope = scope_of(headers=[await cookie_of(window)])
    await send(mounted(app, window), scope)
    await asyncio.wait_for(kept[0], 5)
