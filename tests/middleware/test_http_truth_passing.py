"""HTTP truth: what is passed on untouched. The numbers are those of the rules, see the names."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.types import Message, Receive, Scope, Send

from shopwindow import Shopwindow
from tests.asgi import Answer, ask, chunk, cut, replaying, scope_of, send, start
from tests.shop import (
    HTML,
    TEASER,
    by_attribute,
    consented,
    events_of,
    mounted,
    open_window,
    page,
)
from tests.sizes import runs

pytestmark = pytest.mark.anyio
TYPE = (b"content-type", HTML.encode())
DEFAULT, DRESSED = page(by_attribute), page(by_attribute, teaser=TEASER.decode())
PLAIN = b"<!DOCTYPE html><p>No slot here</p>"


@pytest.fixture
async def window() -> AsyncIterator[Shopwindow]:
    async with open_window() as window:
        yield window


async def untouched(window: Shopwindow, *messages: Message, **request: Any) -> None:
    """The app's very messages leave, in their order, unchanged."""
    copies = [dict(message) for message in messages]
    answer = await ask(mounted(replaying(*messages), window), **request)
    same(answer, messages)
    assert list(messages) == copies


def same(answer: Answer, messages: Any) -> None:
    assert [id(message) for message in answer.messages] == [id(m) for m in messages]


async def never(*_: object) -> Message:
    raise AssertionError


# -- 1 to 5: which requests and which answers ----------------------------------------------


@pytest.mark.parametrize("kind", ["websocket", "lifespan", "telepathy"])
async def test_rule_01_only_http_is_ours(window: Shopwindow, kind: str) -> None:
    sent = [{"type": f"{kind}.{number}"} for number in range(3)]
    said = [{"type": f"{kind}.startup.{number}"} for number in range(3)]
    heard: list[Message] = []
    left: list[Message] = []
    seen: list[Scope] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope)
        for message in sent:
            heard.append(await receive())
            await send(message)

    coming: Iterator[Message] = iter(said)

    async def receive() -> Message:
        return next(coming)

    async def sending(message: Message) -> None:
        left.append(message)

    scope = {"type": kind, "path": "/", "headers": []}
    await mounted(app, window)(scope, receive, sending)
    assert seen[0] is scope and set(scope) == {"type", "path", "headers"}
    assert [id(m) for m in left] == [id(m) for m in sent]
    assert [id(m) for m in heard] == [id(m) for m in said]


async def test_rule_02_the_scope_is_copied_before_it_is_changed(
    window: Shopwindow,
) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scope["path"] = "/changed"
        scope["mine"] = scope["state"]["mine"] = 1
        await replaying(start(TYPE), chunk(DEFAULT))(scope, receive, send)

    headers = [(b"range", b"bytes=0-9"), (b"cookie", b"a=1")]
    scope = scope_of(headers=headers, extensions={"http.response.pathsend": {}})
    before = {**scope, "headers": list(scope["headers"])}
    parts = {name: id(value) for name, value in scope.items()}
    await send(mounted(app, window), scope)
    assert scope == before
    assert {name: id(value) for name, value in scope.items()} == parts


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "X"])
async def test_rule_03_only_get_and_head_are_pages(
    window: Shopwindow, method: str
) -> None:
    window.routes.learn("/", True)
    await untouched(
        window, start(TYPE), chunk(DEFAULT, True), chunk(b""), method=method
    )


async def test_rule_03_ten_megabytes_pass_in_the_same_pieces(
    window: Shopwindow,
) -> None:
    part = b"x" * 65_536
    seen: list[bytes] = []
    given: list[Message] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        more = True
        while more:
            message = await receive()
            seen.append(message["body"])
            more = message["more_body"]
        given.extend([start(TYPE), *(chunk(one, True) for one in seen), chunk()])
        for message in given:
            await send(message)

    parts = [part] * 160
    answer = await ask(mounted(app, window), method="POST", body=parts)
    assert len(seen) == 160 and all(one is part for one in seen)
    same(answer, given)


@pytest.mark.parametrize(
    "content_type",
    [
        b"application/json", b"application/ld+json", b"text/plain", b"text/css", b"text/javascript",
        b"image/svg+xml", b"image/png", b"application/xml", b"application/rss+xml", b"text/xml",
        b"text/event-stream", b"multipart/x-mixed-replace", b"application/octet-stream",
        b"application/pdf", b"video/mp4", b"text/vnd.turbo-stream.html", b"text/html-sandboxed",
        b"text/x-component", b"application/xhtml+xml-not", b"",
    ],
)  # fmt: skip
async def test_rule_04_other_types_pass(
    window: Shopwindow, content_type: bytes
) -> None:
    window.routes.learn("/", True)
    await untouched(window, start((b"content-type", content_type)), chunk(DEFAULT))


@pytest.mark.parametrize("body", [b"", DEFAULT], ids=["empty", "with slots"])
@pytest.mark.parametrize(
    "status",
    [100, 101, 102, 103, 204, 205, 206, *range(300, 309), 399],
)
async def test_rule_05_these_statuses_pass(
    window: Shopwindow, status: int, body: bytes
) -> None:
    window.routes.learn("/", True)
    headers = (TYPE, (b"etag", b'"1"'), (b"content-range", b"bytes 0-9/99"))
    await untouched(window, start(*headers, status=status), chunk(body))


# -- 18 and 19: other kinds of messages ----------------------------------------------------


async def test_rule_18_files_are_read_where_slots_may_be_and_sent_by_the_server_elsewhere(
    window: Shopwindow,
) -> None:
    seen: list[Any] = []
    file = {"type": "http.response.pathsend", "path": "/nowhere"}

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope["extensions"])
        if "http.response.pathsend" in scope["extensions"]:
            await replaying(start(TYPE), file)(scope, receive, send)
        else:
            await replaying(start(TYPE), chunk(DEFAULT))(scope, receive, send)

    shop = mounted(app, window)
    names = ("http.response.pathsend", "http.response.zerocopysend", "tls")
    offered: dict[str, Any] = {name: {} for name in names}
    assert (await ask(shop, extensions=offered)).body == DRESSED
    assert seen.pop() == {"tls": {}}
    for header in ((b"sec-fetch-dest", b"image"), (b"accept", b"image/avif")):
        answer = await ask(shop, headers=[header], extensions=offered)
        assert answer.messages[1] is file and seen.pop() is offered


@pytest.mark.parametrize("kind", ["pathsend", "zerocopysend"])
async def test_rule_18_a_page_that_the_server_sends_is_counted_when_it_has_left(
    kind: str,
) -> None:
    file = {"type": f"http.response.{kind}", "path": "/nowhere", "file": 3}
    parts = [{**file, "more_body": True}, file] if kind == "zerocopysend" else [file]
    async with open_window(pages='[pages]\nexclude = ["/p/*"]\n') as window:
        app = mounted(replaying(start(TYPE), *parts), window)
        async with consented(
            mounted(replaying(start(TYPE), chunk()), window)
        ) as client:
            cookie = f"shopwindow={client.cookies['shopwindow']}".encode()
        headers = [(b"cookie", cookie)]
        answer = await ask(app, "/p/tea-1", headers=headers)
        assert [id(m) for m in answer.messages[1:]] == [id(m) for m in parts]
        assert events_of(window) == ["Product Viewed"]
        assert not window.counters
        broken = mounted(replaying(start(TYPE), *parts[:-1]), window)
        await ask(broken, "/p/tea-1", headers=headers)
        assert events_of(window) == ["Product Viewed"]
        assert window.counters["page broken off"] == 1


BEFORE: list[Message] = [
    {"type": "http.response.early_hint", "links": [b"</a.css>; rel=preload"]},
    {"type": "http.response.debug", "info": {"template": "page"}},
    {"type": "http.response.push", "path": "/a.css", "headers": []},
    {"type": "http.response.zzz"},
]
BETWEEN: list[Message] = [
    {"type": "http.response.push", "path": "/b.css", "headers": []},
    {"type": "http.response.zzz"},
    {"type": "http.response.debug", "info": {}},
]
TRAILERS: list[Message] = [
    {"type": "http.response.trailers", "headers": [(b"x", b"1")], "more_trailers": True},
    {"type": "http.response.trailers", "headers": [(b"y", b"2")]},
]  # fmt: skip
BYPASSING: list[Message] = [
    {"type": "http.response.pathsend", "path": "/nowhere"},
    {"type": "http.response.zerocopysend", "file": 3, "more_body": False},
]


def fresh(message: Message) -> Message:
    return dict(message)


def some(messages: list[Message], most: int) -> st.SearchStrategy[list[Message]]:
    return st.lists(st.sampled_from(messages).map(fresh), max_size=most)


@st.composite
def answers(draw: Any, body: bytes, own: bool) -> list[Message]:
    """The messages of an answer in a legal order, about nine types of them.

    ``own``: the body may also go by path or without a copy, past everybody.
    """
    places = draw(st.lists(st.integers(0, len(body)), max_size=4))
    parts = [chunk(part, True) for part in cut(body, *places)]
    sized = draw(st.booleans())
    headers = [TYPE, *([(b"content-length", b"%d" % len(body))] if sized else [])]
    trailers = draw(st.booleans())
    messages = [*draw(some(BEFORE, 3)), start(*headers, trailers=trailers)]
    if own and draw(st.booleans()):
        messages += draw(some(BETWEEN, 2))
        messages.append(fresh(draw(st.sampled_from(BYPASSING))))
    else:
        for part in parts:
            messages += [*draw(some(BETWEEN, 1)), part]
        if draw(st.booleans()):
            parts[-1]["more_body"] = False
            if draw(st.booleans()):
                del parts[-1]["more_body"]
        else:
            messages.append(
                draw(st.sampled_from([chunk(), {"type": "http.response.body"}]))
            )
            messages[-1] = fresh(messages[-1])
    return messages + ([fresh(one) for one in TRAILERS] if trailers else [])


def others(messages: list[Message]) -> list[int]:
    usual = ("http.response.start", "http.response.body")
    return [id(m) for m in messages if m["type"] not in usual]


@settings(max_examples=runs(200, 50), deadline=None)
@given(
    messages=st.one_of(answers(DEFAULT, True), answers(PLAIN, True)),
    refuse=st.sampled_from(["method", "destination", "type", "status", "excluded"]),
)
def test_rule_19_what_is_no_page_leaves_as_the_same_objects_in_order(
    messages: list[Message], refuse: str
) -> None:
    begin = next(m for m in messages if m["type"] == "http.response.start")
    request: dict[str, Any] = {}
    if refuse == "method":
        request["method"] = "POST"
    elif refuse == "destination":
        request["headers"] = [(b"sec-fetch-dest", b"empty")]
    elif refuse == "excluded":
        request["path"] = "/never"
    elif refuse == "type":
        begin["headers"][0] = (b"content-type", b"text/plain")
    else:
        begin["status"] = 206

    async def passing() -> None:
        # Nothing of it needs the store: a window that is not open is enough.
        window = open_window(pages='[pages]\nexclude = ["/never"]\n')
        window.started = True
        await untouched(window, *messages, **request)

    asyncio.run(passing())


@settings(max_examples=runs(200, 50), deadline=None)
@given(messages=answers(DEFAULT, False), known=st.booleans())
def test_rule_19_a_page_loses_and_gains_no_message(
    messages: list[Message], known: bool
) -> None:
    async def answered() -> Answer:
        window = open_window()
        window.started = True
        if known:
            window.routes.learn("/", True)
        return await ask(mounted(replaying(*messages), window))

    answer = asyncio.run(answered())
    assert others(answer.messages) == others(messages)
    assert answer.body in (DRESSED, *([] if known else [DEFAULT]))
    assert answer.complete
    kinds = [m["type"] for m in answer.messages]
    begin, bodies = kinds.index("http.response.start"), "http.response.body"
    assert bodies not in kinds[:begin]
    if "http.response.trailers" in kinds:
        assert kinds.index("http.response.trailers") > max(
            at for at, kind in enumerate(kinds) if kind == bodies
        )
    # What stood before the start stays there, and what came after it, too. Only debug messages,
    # which servers do not send on, may overtake a start that is held.
    at = [m["type"] for m in messages].index("http.response.start")
    assert others(messages[:at]) == others(answer.messages)[:at]
    early = {id(m) for m in answer.messages[:begin]} - {id(m) for m in messages[:at]}
    overtook = [m["type"] for m in answer.messages if id(m) in early]
    assert set(overtook) <= {"http.response.debug"}
    assert answer.start.get("trailers") == (TRAILERS[0]["type"] in kinds)
    assert answer.all(b"content-length") in ([], [b"%d" % len(answer.body)])


# -- 24: the request's body ----------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_rule_24_receive_is_the_servers_own_and_never_called_by_us(
    window: Shopwindow, method: str
) -> None:
    seen: list[Receive] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(receive)
        await replaying(start(TYPE), chunk(DEFAULT))(scope, receive, send)

    async def sending(message: Message) -> None:
        pass

    await mounted(app, window)(scope_of(method=method), never, sending)
    assert seen == [never]


async def test_rule_24_the_app_hears_a_megabyte_and_that_the_client_left(
    window: Shopwindow,
) -> None:
    heard: list[Message] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        while not heard or heard[-1]["type"] != "http.disconnect":
            heard.append(await receive())

    coming: Iterator[Message] = iter(
        [
            *({"type": "http.request", "body": b"x" * 65_536, "more_body": n < 15} for n in range(16)),
            {"type": "http.disconnect"},
        ]
    )  # fmt: skip

    async def receive() -> Message:
        return next(coming)

    await mounted(app, window)(scope_of(method="POST"), receive, never)  # type: ignore[arg-type]  # nothing is sent
    assert sum(len(message.get("body", b"")) for message in heard) == 16 * 65_536
    assert heard[-1]["type"] == "http.disconnect"
