"""What another service says about a customer: never longer than a page can wait."""

import asyncio
import json
import logging
import time
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import respx

from shopwindow.middleware.breaker import Breaker
from shopwindow.middleware.remote import guarded
from shopwindow.middleware.remote.outgoing import Outgoing
from shopwindow.middleware.settings import SourceSettings
from shopwindow.middleware.sources import http
from shopwindow.middleware.sources.http import LARGEST, HttpSource
from shopwindow.rules.attributes import Attribute
from tests.servers import free_port

pytestmark = pytest.mark.anyio

URL = "https://crm.internal/customers/{customer}"
MAP = {"kind": "$.segment.kind", "first": "$.tags.0", "open": "$.open"}
ANSWER = {"segment": {"kind": "b2b"}, "tags": ["a", "b"], "open": False, "x": None}
KNOWN = {"kind": "b2b", "first": "a", "open": False}


def source(
    url: str = URL,
    hosts: tuple[str, ...] = ("crm.internal", "127.0.0.1"),
    client: httpx.AsyncClient | None = None,
    cache: float = 600.0,
    paths: Mapping[str, str] = MAP,
    stale: float = 0.0,
    attributes: Mapping[str, Attribute] | None = None,
) -> HttpSource:
    header = {"Authorization": "Bearer x"}
    settings = SourceSettings(
        "crm", url, header, paths, cache, stale, attributes=attributes or {}
    )
    return HttpSource(settings, frozenset(hosts), client)


@asynccontextmanager
async def asking(made: HttpSource) -> AsyncIterator[HttpSource]:
    try:
        yield made
    finally:
        await made.close()


async def ask(
    made: HttpSource, customer: str = "17", within: float = 5.0
) -> Mapping[str, Any] | None:
    """What a page learns that waits so long: None if it had to leave without."""
    values = made.fetch(customer)
    if not isinstance(values, Awaitable):
        return values
    try:
        return await asyncio.wait_for(values, within)
    except TimeoutError:
        return None


# -- answers -------------------------------------------------------------------------------


async def test_an_answer_fills_the_attributes(respx_mock: respx.MockRouter) -> None:
    route = respx_mock.get("https://crm.internal/customers/17").respond(json=ANSWER)
    async with asking(source()) as crm:
        assert await ask(crm) == KNOWN
    assert route.calls.last.request.headers["authorization"] == "Bearer x"


async def test_a_customer_s_id_cannot_change_the_address(
    respx_mock: respx.MockRouter,
) -> None:
    route = respx_mock.get(host="crm.internal").respond(json=ANSWER)
    async with asking(source()) as crm:
        await ask(crm, "../admin?x=1#y/ä")
    path = route.calls.last.request.url.raw_path
    assert path == b"/customers/..%2Fadmin%3Fx%3D1%23y%2F%C3%A4"


async def test_an_answer_is_remembered(respx_mock: respx.MockRouter) -> None:
    route = respx_mock.get(host="crm.internal").respond(json=ANSWER)
    async with asking(source()) as crm:
        await ask(crm)
        assert crm.fetch("17") == KNOWN  # at once, without waiting
        await ask(crm, "18")
    assert route.call_count == 2


async def test_it_is_remembered_only_so_long(respx_mock: respx.MockRouter) -> None:
    route = respx_mock.get(host="crm.internal").respond(json=ANSWER)
    async with asking(source(cache=0.02)) as crm:
        await ask(crm)
        await asyncio.sleep(0.03)
        assert await ask(crm) == KNOWN
    assert route.call_count == 2


async def test_a_customer_nobody_knows_is_remembered_too(
    respx_mock: respx.MockRouter,
) -> None:
    route = respx_mock.get(host="crm.internal").respond(404, text="who?")
    async with asking(source()) as crm:
        for _ in range(10):
            assert await ask(crm) == {}
        assert not crm.breaker.open
    assert route.call_count == 1


async def test_concurrent_requests_ask_once(respx_mock: respx.MockRouter) -> None:
    gate = asyncio.Event()

    async def slowly(request: httpx.Request) -> httpx.Response:
        await gate.wait()
        return httpx.Response(200, json=ANSWER)

    route = respx_mock.get(host="crm.internal").mock(side_effect=slowly)
    async with asking(source()) as crm:
        pages = [asyncio.create_task(ask(crm)) for _ in range(20)]
        await asyncio.sleep(0.01)
        pages[0].cancel()  # its page has left; the others wait on
        gate.set()
        assert await asyncio.gather(*pages[1:]) == [KNOWN] * 19
    assert route.call_count == 1


async def test_who_could_not_wait_finds_the_answer_next_time(
    respx_mock: respx.MockRouter,
) -> None:
    async def slowly(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0.05)
        return httpx.Response(200, json=ANSWER)

    respx_mock.get(host="crm.internal").mock(side_effect=slowly)
    async with asking(source()) as crm:
        assert await ask(crm, within=0.01) is None
        await asyncio.sleep(0.1)
        assert crm.fetch("17") == KNOWN


# -- answers that have aged ----------------------------------------------------------------


async def test_an_aged_answer_is_given_at_once_and_asked_for_anew(
    respx_mock: respx.MockRouter,
) -> None:
    gate = asyncio.Event()

    async def slowly(request: httpx.Request) -> httpx.Response:
        await gate.wait()
        return httpx.Response(200, json={"open": True})

    route = respx_mock.get(host="crm.internal").respond(json=ANSWER)
    async with asking(source(cache=0.01, stale=60)) as crm:
        await ask(crm)
        await asyncio.sleep(0.02)
        route.mock(side_effect=slowly)
        assert [crm.fetch("17") for _ in range(20)] == [KNOWN] * 20
        await asyncio.sleep(0.01)
        gate.set()
        await asyncio.sleep(0.01)
        assert crm.fetch("17") == {"open": True}
    assert route.call_count == 2  # for twenty pages one question


@pytest.mark.parametrize("fault", [httpx.Response(503), httpx.ConnectError("down")])
async def test_an_aged_answer_is_better_than_none(
    fault: httpx.Response | Exception, respx_mock: respx.MockRouter
) -> None:
    route = respx_mock.get(host="crm.internal").respond(json=ANSWER)
    async with asking(source(cache=0.01, stale=60)) as crm:
        await ask(crm)
        await asyncio.sleep(0.02)
        if isinstance(fault, Exception):
            route.mock(side_effect=fault)
        else:
            route.mock(return_value=fault)
        for _ in range(20):
            assert crm.fetch("17") == KNOWN
            await asyncio.sleep(0.002)
        assert crm.failures == 1  # and is left in peace for a while


async def test_an_answer_that_is_too_old_is_none(respx_mock: respx.MockRouter) -> None:
    route = respx_mock.get(host="crm.internal").respond(json=ANSWER)
    async with asking(source(cache=0.01, stale=0.02)) as crm:
        await ask(crm)
        await asyncio.sleep(0.05)
        route.respond(503)
        assert await ask(crm) == {}


async def test_an_aged_answer_stays_while_the_service_is_left_alone(
    respx_mock: respx.MockRouter,
) -> None:
    route = respx_mock.get(host="crm.internal").respond(json=ANSWER)
    async with asking(source(cache=0.01, stale=60)) as crm:
        await ask(crm)
        route.respond(503)
        for number in range(5):
            await ask(crm, f"other {number}")
        assert crm.breaker.open
        await asyncio.sleep(0.02)
        count = route.call_count
        assert crm.fetch("17") == KNOWN
        assert route.call_count == count


async def test_there_are_never_many_questions_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(http, "MOST", 3)
    async with server(never) as (url, _), asking(source(url)) as crm:
        waiting = [crm.fetch(str(number)) for number in range(10)]
        assert [value for value in waiting if value == {}] == [{}] * 7
        assert len(crm._asking) == 3
        for task in crm._asking.values():
            task.cancel()
        given = [value for value in waiting if isinstance(value, Awaitable)]
        await asyncio.gather(*given, return_exceptions=True)


# -- types ---------------------------------------------------------------------------------


async def test_a_value_of_another_type_is_unknown_and_not_logged(
    respx_mock: respx.MockRouter, caplog: pytest.LogCaptureFixture
) -> None:
    declared = {
        name: Attribute(name, kind, "source:crm")  # type: ignore[arg-type]
        for name, kind in {"kind": "text", "first": "number", "open": "yes-no"}.items()
    }
    answer = {**ANSWER, "tags": ["GEHEIM"]}
    respx_mock.get(host="crm.internal").respond(json=answer)
    async with asking(source(attributes=declared)) as crm:
        assert await ask(crm, "1") == {"kind": "b2b", "open": False}
        assert await ask(crm, "2") == {"kind": "b2b", "open": False}
        assert crm.ill_typed == {"first": 2}
    assert caplog.text.count('"first" came as no number') == 1
    assert "GEHEIM" not in caplog.text


# -- what is never asked -------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/{customer}",
        "https://crm.internal.evil.example/",
        "https://crm.internal@evil.example/",
        "https://evil.example#@crm.internal",
        "https://evil.example?crm.internal",
        "https://{customer}.crm.internal/",
        "http://unset.invalid/",
        "http://[broken",
        "crm.internal",
        "",
    ],
)
async def test_a_host_that_is_not_allowed_is_never_asked(
    url: str, respx_mock: respx.MockRouter, caplog: pytest.LogCaptureFixture
) -> None:
    async with asking(source(url)) as crm:
        assert crm.fetch("17") == {}
    assert not respx_mock.calls
    assert "is not in SHOPWINDOW_ALLOWED_HOSTS, so it is never asked" in caplog.text


@pytest.mark.parametrize(
    ("hosts", "said"),
    [
        ((), "SHOPWINDOW_ALLOWED_HOSTS is not set, and its host 'cms.example' has to"),
        (("cms.example:8443",), "('cms.example:8443' is: write the host alone"),
        (("https://cms.example/",), "('https://cms.example/' is: write the host alone"),
        (("crm.internal", "10.1.0.0/16"), "is not in SHOPWINDOW_ALLOWED_HOSTS, so"),
        (("elsewhere.example/cms.example",), "is not in SHOPWINDOW_ALLOWED_HOSTS, so"),
    ],
)
async def test_who_wrote_the_hosts_otherwise_is_told_how(
    hosts: tuple[str, ...], said: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with asking(source("https://cms.example/{customer}", hosts)) as crm:
        assert crm.fetch("17") == {}
    assert said in caplog.text and "so it is never asked" in caplog.text


async def test_an_empty_list_allows_nobody() -> None:
    assert not source(hosts=()).allowed
    assert not source("", hosts=("",)).allowed
    assert source("https://CRM.internal:8443/x").allowed


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("own_client", [False, True])
@pytest.mark.respx(assert_all_called=False)
async def test_no_redirect_is_followed(
    status: int, own_client: bool, respx_mock: respx.MockRouter
) -> None:
    target = "http://169.254.169.254/latest/meta-data"
    route = respx_mock.get(host="crm.internal").respond(
        status, headers={"location": target}
    )
    elsewhere = respx_mock.get(target).respond(json=ANSWER)
    client = httpx.AsyncClient(follow_redirects=True) if own_client else None
    async with asking(source(client=client)) as crm:
        assert await ask(crm) == {}
    assert (route.call_count, elsewhere.call_count) == (1, 0)
    if client is not None:
        assert not client.is_closed  # whoever made it closes it
        await client.aclose()


async def test_a_name_that_leads_into_the_shop_s_own_network_is_not_followed(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def inside(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    async def answer(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        body = json.dumps(ANSWER).encode()
        writer.write(OK + b"content-length: %d\r\n\r\n" % len(body) + body)

    monkeypatch.setattr(guarded, "look_up", inside)
    async with server(answer) as (url, asked):
        named = url.replace("127.0.0.1", "crm.internal")
        async with asking(source(named, ("crm.internal",))) as crm:
            assert await ask(crm) == {}
        assert asked == []
        assert "put the address or its network into SHOPWINDOW_ALLOWED" in caplog.text
        async with asking(source(named, ("crm.internal", "127.0.0.0/8"))) as crm:
            assert await ask(crm) == KNOWN


# -- faults --------------------------------------------------------------------------------

FAULTS: dict[str, httpx.Response | Exception] = {
    "500": httpx.Response(500, json=ANSWER),
    "401": httpx.Response(401),
    "no json": httpx.Response(200, text="<html>sorry</html>"),
    "empty": httpx.Response(200),
    "half": httpx.Response(200, text='{"segment": {"kind"'),
    "no utf-8": httpx.Response(200, content=b'{"a": "\xff"}'),
    "deep": httpx.Response(200, text="[" * 100_000),
    "huge": httpx.Response(200, text='"' + "x" * LARGEST + '"'),
    "refused": httpx.ConnectError("refused"),
    "cut": httpx.RemoteProtocolError("cut"),
    "unforeseen": ZeroDivisionError("in the shop's own client"),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_fault_leaves_the_attributes_unknown(
    fault: str, respx_mock: respx.MockRouter, caplog: pytest.LogCaptureFixture
) -> None:
    said = FAULTS[fault]
    route = respx_mock.get(host="crm.internal")
    if isinstance(said, Exception):
        route.mock(side_effect=said)
    else:
        route.mock(return_value=said)
    async with asking(source()) as crm:
        assert await ask(crm, "anna-4711") == {}
        assert await ask(crm, "anna-4711") == {}  # not remembered: asked again
    assert route.call_count == 2
    assert caplog.text.count("source crm gave no answer after") == 2
    assert "4711" not in caplog.text


async def test_a_compressed_answer_is_neither_asked_for_nor_unpacked(
    respx_mock: respx.MockRouter,
) -> None:
    packed = zlib.compress(json.dumps(ANSWER).encode(), wbits=31)
    route = respx_mock.get(host="crm.internal").respond(
        headers={"content-encoding": "gzip"}, content=packed
    )
    async with asking(source()) as crm:
        assert await ask(crm) == {}
    assert route.calls.last.request.headers["accept-encoding"] == "identity"


@pytest.mark.parametrize(
    "answer", [[], 7, "x", None, {"segment": 3, "tags": {}}, {"segment": None}]
)
async def test_an_answer_of_another_shape_says_nothing(
    answer: Any, respx_mock: respx.MockRouter
) -> None:
    respx_mock.get(host="crm.internal").respond(text=json.dumps(answer))
    async with asking(source()) as crm:
        assert await ask(crm) == {}
        assert not crm.breaker._failures


async def test_a_path_that_is_nearly_a_number_finds_nothing(
    respx_mock: respx.MockRouter,
) -> None:
    respx_mock.get(host="crm.internal").respond(json={"a": [1, 2]})
    paths = {"square": "$.a.²", "far": "$.a.9", "minus": "$.a.-1", "two": "$.a.1"}
    async with asking(source(paths=paths)) as crm:
        assert await ask(crm) == {"two": 2}


async def test_after_five_failures_it_is_left_alone_for_a_while(
    respx_mock: respx.MockRouter,
) -> None:
    clock = [100.0]
    route = respx_mock.get(host="crm.internal").respond(503)
    async with asking(source()) as crm:
        crm.breaker = Breaker(clock=lambda: clock[0])
        for number in range(20):
            assert await ask(crm, str(number)) == {}
        assert route.call_count == 5
        assert crm.fetch("99") == {}  # at once
        clock[0] += 2.0
        route.respond(json=ANSWER)
        assert await ask(crm, "a") == KNOWN
        assert await ask(crm, "b") == KNOWN
    assert route.call_count == 7


# -- a real server that behaves badly ------------------------------------------------------

_packer = zlib.compressobj(wbits=31)
BOMB = _packer.compress(b" " * 50_000_000) + _packer.flush()

Behave = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
OK = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"


async def never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(30)


async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(OK + b"content-length: 1000\r\n\r\n")
    for _ in range(1_000):  # each byte in time, all of them never
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.02)


async def huge(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(OK + b"content-length: 1000000000\r\n\r\n")
    for _ in range(15_000):
        writer.write(b" " * 65_536)
        await writer.drain()


async def bomb(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    head = b"content-encoding: gzip\r\ncontent-length: %d\r\n\r\n" % len(BOMB)
    writer.write(OK + head + BOMB)


async def garbage(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(bytes(range(256)) * 50)


async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(OK + b"content-length: 100\r\n\r\n{")


async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


@asynccontextmanager
async def server(behave: Behave) -> AsyncIterator[tuple[str, list[float]]]:
    """A server on a free port; the times at which it was asked."""
    asked: list[float] = []
    tasks: set[asyncio.Task[Any]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await reader.readuntil(b"\r\n\r\n")
            asked.append(time.monotonic())
            await behave(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the other side has left, or the test is over
        finally:
            writer.close()

    running = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = running.sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}/{{customer}}", asked
    finally:
        running.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@pytest.mark.parametrize("behave", [never, drip, huge, bomb, garbage, cut, reset])
async def test_the_page_keeps_its_deadline_whatever_the_server_does(
    behave: Behave, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "LONGEST", 0.3)
    async with server(behave) as (url, asked), asking(source(url)) as crm:
        for number in range(5):
            start = time.monotonic()
            assert not await ask(crm, str(number), within=0.05)
            assert time.monotonic() - start < 0.25  # the deadline, on a busy machine
        await asyncio.sleep(0.35)
        assert crm.breaker.open
        assert crm._asking == {}  # no question goes on for ever
        count = len(asked)
        start = time.monotonic()
        assert [crm.fetch(str(number)) for number in range(100)] == [{}] * 100
        assert time.monotonic() - start < 0.05
        assert len(asked) == count


@pytest.mark.parametrize("behave", [never, drip, huge, bomb, garbage, cut, reset])
async def test_an_aged_answer_is_there_at_once_whatever_the_server_does(
    behave: Behave, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "LONGEST", 0.1)
    monkeypatch.setattr(http, "AGAIN", 0.01)
    well = True

    async def answer(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if not well:
            return await behave(reader, writer)
        body = json.dumps(ANSWER).encode()
        writer.write(OK + b"content-length: %d\r\n\r\n" % len(body) + body)

    async with (
        server(answer) as (url, asked),
        asking(source(url, cache=0.01, stale=60)) as crm,
    ):
        assert await ask(crm) == KNOWN
        well = False
        for _ in range(50):
            await asyncio.sleep(0.02)
            assert crm.fetch("17") == KNOWN  # no awaitable: no page waits
            assert len(crm._asking) <= 1
        assert crm.breaker.open
        assert len(asked) <= 1 + 5 + 1  # the breaker's five, and one that tries again


async def test_a_dead_server_is_noticed_at_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    url = f"http://127.0.0.1:{free_port()}/{{customer}}"
    async with asking(source(url)) as crm:
        start = time.monotonic()
        assert await ask(crm) == {}
        assert time.monotonic() - start < 1
    assert "ConnectError" in caplog.text


async def test_a_good_server_is_understood_and_the_environment_s_proxy_not_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def answer(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        body = json.dumps(ANSWER).encode()
        writer.write(OK + b"content-length: %d\r\n\r\n" % len(body) + body)

    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port()}")
    async with server(answer) as (url, _), asking(source(url)) as crm:
        assert await ask(crm) == KNOWN


async def test_closing_ends_what_is_still_being_asked(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with server(never) as (url, _):
        crm = source(url)
        values = crm.fetch("17")
        assert isinstance(values, Awaitable)
        await asyncio.sleep(0.05)
        await crm.close()
        with pytest.raises(asyncio.CancelledError):
            await values
        await asyncio.sleep(0)
        assert crm._asking == {}
    with caplog.at_level(logging.DEBUG, "shopwindow"):
        assert "<HttpSource crm http://127.0.0.1" in repr(crm)


async def test_no_log_says_which_customer_was_asked_about(
    respx_mock: respx.MockRouter, caplog: pytest.LogCaptureFixture
) -> None:
    asked = respx_mock.get("https://crm.example/customers/4711").respond(json={})
    server = Outgoing("https://crm.example/", frozenset({"crm.example"}))
    with caplog.at_level(logging.INFO):
        await server.get(
            "https://crm.example/customers/4711", {}, most=1_000, seconds=5
        )
        async with httpx.AsyncClient() as client:  # the shop's own says what it likes
            await client.get("https://crm.example/customers/4711")
    assert asked.call_count == 2
    assert caplog.text.count("4711") == 1
    await server.close()
