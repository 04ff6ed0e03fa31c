"""What leaves: which answers are touched, and what their headers say then."""

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shopwindow import Shopwindow
from shopwindow.middleware.response.charsets import charset_of
from shopwindow.middleware.response.headers import private
from shopwindow.middleware.response.responder import HELD
from tests.asgi import ask, chunk, cut, replaying, scope_of, send, start
from tests.shop import (
    AROUND,
    HTML,
    LANES,
    TEASER,
    by_attribute,
    from_file,
    many_chunks,
    mounted,
    open_window,
    page,
    whole,
)

pytestmark = pytest.mark.anyio
TYPE = (b"content-type", HTML.encode())
PLAIN = b"<!DOCTYPE html><p>No slot here</p>"
DEFAULT = page(by_attribute)
DRESSED = page(by_attribute, teaser=TEASER.decode())


@pytest.fixture
async def window() -> AsyncIterator[Shopwindow]:
    async with open_window() as window:
        yield window


def length(body: bytes) -> tuple[bytes, bytes]:
    return (b"content-length", b"%d" % len(body))


# -- which answers are touched -------------------------------------------------------------


async def untouched(window: Shopwindow, *messages: Message, **request: Any) -> None:
    copies = [dict(message) for message in messages]
    answer = await ask(mounted(replaying(*messages), window), **request)
    assert len(answer.messages) == len(messages)
    for got, sent, copy in zip(answer.messages, messages, copies, strict=True):
        assert got is sent
        assert got == copy


@pytest.mark.parametrize("body", [b"", DEFAULT], ids=["empty", "with slots"])
@pytest.mark.parametrize("status", [101, 103, 204, 205, 206, 301, 302, 303, 304, 307])
async def test_a_status_that_carries_no_page_is_never_touched(
    window: Shopwindow, status: int, body: bytes
) -> None:
    await untouched(window, start(TYPE, status=status), chunk(body))


@pytest.mark.parametrize("status", [200, 201, 203, 400, 401, 403, 404, 410, 500, 503])
async def test_a_page_of_any_other_status_is_private_and_only_200_is_dressed(
    window: Shopwindow, status: int
) -> None:
    answer = await ask(
        mounted(replaying(start(TYPE, status=status), chunk(DEFAULT)), window)
    )
    assert answer.status == status
    assert answer.body == (DRESSED if status == 200 else DEFAULT)
    assert answer.header(b"cache-control") == b"private, no-store"


@pytest.mark.parametrize(
    "content_type",
    [
        b"application/json", b"application/ld+json", b"text/plain", b"text/plain; charset=utf-8",
        b"text/css", b"text/javascript", b"application/javascript", b"image/svg+xml", b"image/png",
        b"application/xml", b"application/rss+xml", b"text/xml", b"text/event-stream", b"text/markdown",
        b"multipart/form-data", b"application/octet-stream", b"application/pdf", b"video/mp4",
        b"text/x-html-fragment", b"", b"application/wasm",
    ],
)  # fmt: skip
async def test_other_content_types_pass_as_the_same_messages(
    window: Shopwindow, content_type: bytes
) -> None:
    await untouched(window, start((b"content-type", content_type)), chunk(DEFAULT))


@pytest.mark.parametrize(
    "content_type",
    [
        b"text/html", b"text/html;charset=utf-8", b"TEXT/HTML; Charset=UTF-8", b"application/xhtml+xml",
        b'text/html; charset="utf-8"', b"text/html; charset=iso-8859-1", b"text/html; charset=windows-1252",
        b"text/html; charset=shift_jis", b"text/html; charset='utf8'",
    ],
)  # fmt: skip
async def test_pages_are_dressed(window: Shopwindow, content_type: bytes) -> None:
    app = mounted(
        replaying(start((b"Content-Type", content_type)), chunk(DEFAULT)), window
    )
    assert (await ask(app)).body == DRESSED


@pytest.mark.parametrize(
    "charset",
    [
        "utf-16",
        "UTF-16LE",
        "utf-32",
        "utf-7",
        "iso-2022-jp",
        "hz",
        "cp037",
        "no-such",
        "",
    ],
)
async def test_encodings_that_hide_their_bytes_pass_as_they_are(
    window: Shopwindow, charset: str
) -> None:
    content_type = f"text/html; charset={charset or '???'}".encode()
    if charset:
        assert charset_of(content_type) == ""
        await untouched(window, start((b"content-type", content_type)), chunk(DEFAULT))
    else:
        assert charset_of(content_type) is None  # nothing that could be a name


async def test_a_page_with_slots_in_such_an_encoding_says_so(
    window: Shopwindow, caplog: pytest.LogCaptureFixture
) -> None:
    window.routes.learn("/", True)
    await untouched(
        window, start((b"content-type", b"text/html; charset=utf-16")), chunk(DEFAULT)
    )
    assert "cannot be changed (text/html; charset=utf-16)" in caplog.text


@pytest.mark.parametrize(
    ("page", "why"),
    [
        ("<p><input SLOT>", "use the pair of comments"),
        ("<p SLOT>x<p>y", "use the pair of comments"),
        ("<ul><li SLOT>x<li>y</ul>", "use the pair of comments"),
        ("<table><tr><td SLOT>x</table>", "use the pair of comments"),
        ("<table><tbody SLOT><tr><td>x</table>", "use the pair of comments"),
        ("<main><div SLOT>x", "it has no end"),
        ("<main><div SLOT>x</main>y</div>", "its end does not fit the elements"),
    ],
)
async def test_a_slot_where_none_can_be_leaves_the_page_alone_and_says_why(
    window: Shopwindow, caplog: pytest.LogCaptureFixture, page: str, why: str
) -> None:
    body = page.replace("SLOT", 'data-shopwindow="home.hero"').encode()
    answer = await ask(
        mounted(replaying(start(TYPE, length(body)), chunk(body)), window)
    )
    assert answer.body == body
    assert "the slot home.hero of / keeps its default content" in caplog.text
    assert why in caplog.text


async def test_fragments_come_in_the_encoding_of_the_page() -> None:
    rules = (
        "version: 1\nrules:\n  - {id: a, slot: home.hero, show: banner, "
        "with: {text: 'Käse \\u2603 & Brot'}}\n"
    ).replace("'", '"')
    async with open_window(rules=rules) as window:
        for charset, text in {
            "utf-8": "Käse ☃ &amp; Brot".encode(),
            "iso-8859-1": b"K\xe4se &#9731; &amp; Brot",
            "windows-1252": b"K\xe4se &#9731; &amp; Brot",
        }.items():
            content_type = (b"content-type", f"text/html; charset={charset}".encode())
            answer = await ask(
                mounted(replaying(start(content_type), chunk(DEFAULT)), window)
            )
            assert b'<p class="banner">' + text + b"</p>" in answer.body


@pytest.mark.parametrize(
    "encoding", [b"gzip", b"br", b"zstd", b"deflate, gzip", b"GZIP"]
)
async def test_a_compressed_page_passes_and_says_once_how_to_mount(
    window: Shopwindow, encoding: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    window.routes.learn("/", True)
    messages = start(TYPE, (b"Content-Encoding", encoding)), chunk(DEFAULT)
    await untouched(window, *messages)
    await untouched(window, *messages)
    (record,) = caplog.records
    assert "mount shopwindow inside the compressor" in record.getMessage()


async def test_one_of_several_encodings_is_enough(window: Shopwindow) -> None:
    pair = (b"content-encoding", b"gzip"), (b"content-encoding", b"identity")
    await untouched(window, start(TYPE, *pair), chunk(DEFAULT))


async def test_an_identity_encoding_is_none(window: Shopwindow) -> None:
    for value in (b"identity", b"", b" Identity "):
        app = replaying(start(TYPE, (b"content-encoding", value)), chunk(DEFAULT))
        assert (await ask(mounted(app, window))).body == DRESSED


@pytest.mark.parametrize(
    "method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY"]
)
async def test_other_methods_pass_as_the_same_messages(
    window: Shopwindow, method: str
) -> None:
    await untouched(window, start(TYPE), chunk(DEFAULT), method=method)


@pytest.mark.parametrize(
    "header",
    [
        (b"sec-fetch-dest", b"empty"),
        (b"sec-fetch-dest", b"image"),
        (b"accept", b"application/json"),
        (b"sec-purpose", b"prefetch"),
        (b"purpose", b"prefetch"),
    ],
)
async def test_requests_that_open_no_page_pass_as_the_same_messages(
    window: Shopwindow, header: tuple[bytes, bytes]
) -> None:
    await untouched(window, start(TYPE), chunk(DEFAULT), headers=[header])


SLOTLESS: dict[str, Callable[[], list[Message]]] = {
    "one message": lambda: [start(TYPE, length(PLAIN)), chunk(PLAIN)],
    "no headers at all": lambda: [{"type": "http.response.start", "status": 200}, chunk(PLAIN)],
    "no body key": lambda: [start(TYPE), {"type": "http.response.body"}],
    "no more_body key": lambda: [start(TYPE), {"type": "http.response.body", "body": PLAIN}],
    "only more_body": lambda: [start(TYPE), {"type": "http.response.body", "more_body": True}, chunk(PLAIN)],
    "memoryview": lambda: [start(TYPE), chunk(memoryview(PLAIN))],
    "bytearray": lambda: [start(TYPE), chunk(bytearray(PLAIN))],
    "parts of known length": lambda: [start(TYPE, length(PLAIN)), chunk(PLAIN[:9], True), chunk(PLAIN[9:])],
    "parts": lambda: [start(TYPE), chunk(PLAIN[:9], True), chunk(PLAIN[9:])],
    "empty parts between": lambda: [
        start(TYPE), chunk(b"", True), chunk(PLAIN, True), chunk(b"", True), chunk(b""),
    ],
    "longer than is held": lambda: [
        start(TYPE, (b"content-length", b"%d" % (3 * HELD))), *(chunk(b"x" * HELD, more) for more in (True, True, False)),
    ],
    "trailers": lambda: [
        start(TYPE, trailers=True), chunk(PLAIN), {"type": "http.response.trailers", "headers": [], "more_trailers": False},
    ],
    "debug": lambda: [{"type": "http.response.debug", "info": {}}, start(TYPE), chunk(PLAIN)],
    "early hints": lambda: [{"type": "http.response.early_hint", "links": []}, start(TYPE), chunk(PLAIN)],
    "push after the start": lambda: [start(TYPE), {"type": "http.response.push", "path": "/a"}, chunk(PLAIN)],
    "unknown between parts": lambda: [
        start(TYPE, length(PLAIN)), chunk(PLAIN[:9], True), {"type": "http.response.zzz"}, chunk(PLAIN[9:]),
    ],
    "several cookies of the app": lambda: [
        start(TYPE, (b"set-cookie", b"a=1"), (b"Set-Cookie", b"b=2"), (b"etag", b'"1"')), chunk(PLAIN),
    ],
    "sent by path": lambda: [start(TYPE), {"type": "http.response.pathsend", "path": "/nowhere"}],
}  # fmt: skip


@pytest.mark.parametrize("name", SLOTLESS)
async def test_a_page_without_a_slot_leaves_as_the_same_messages(
    window: Shopwindow, name: str
) -> None:
    await untouched(window, *SLOTLESS[name]())


async def test_debug_messages_stay_before_a_start_that_is_held(
    window: Shopwindow,
) -> None:
    """Servers in debug mode send the template's context after the start was given."""
    messages = start(TYPE), {"type": "http.response.debug", "info": {}}, chunk(PLAIN)
    answer = await ask(mounted(replaying(*messages), window))
    assert answer.messages == [messages[1], messages[0], messages[2]]


async def test_an_event_stream_starts_before_its_first_event(
    window: Shopwindow,
) -> None:
    left: list[Message] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(start((b"content-type", b"text/event-stream")))
        assert len(left) == 1
        await send(chunk(b"data: 1\n\n"))

    async def collect(message: Message) -> None:
        left.append(message)

    async def receive() -> Message:
        raise AssertionError

    await mounted(app, window)(scope_of(), receive, collect)
    assert len(left) == 2


# -- a page with slots ---------------------------------------------------------------------

SHAPES: dict[str, Callable[[bytes], list[Message]]] = {
    "one message": lambda body: [start(TYPE), chunk(body)],
    "no more_body key": lambda body: [start(TYPE), {"type": "http.response.body", "body": body}],
    "memoryview": lambda body: [start(TYPE), chunk(memoryview(body))],
    "length in mixed case": lambda body: [start(TYPE, (b"Content-Length", b"%d" % len(body))), chunk(body)],
    "parts of known length": lambda body: [
        start(TYPE, length(body)), chunk(body[:50], True), chunk(body[50:200], True), chunk(body[200:]),
    ],
    "an empty end": lambda body: [start(TYPE, length(body)), chunk(body, True), chunk()],
    "an end without keys": lambda body: [start(TYPE, length(body)), chunk(body, True), {"type": "http.response.body"}],
    "headers that can be read once": lambda body: [
        {"type": "http.response.start", "status": 200, "headers": (pair for pair in (TYPE, length(body)))}, chunk(body),
    ],
    "with trailers": lambda body: [
        start(TYPE, trailers=True), chunk(body), {"type": "http.response.trailers", "headers": [(b"x", b"y")]},
    ],
    "unknown before the body": lambda body: [start(TYPE, length(body)), chunk(body[:150], True), chunk(body[150:])],
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
async def test_a_page_with_slots_is_dressed_in_any_shape(
    window: Shopwindow, shape: str
) -> None:
    answer = await ask(mounted(replaying(*SHAPES[shape](DEFAULT)), window))
    assert answer.body == DRESSED
    assert answer.complete
    assert answer.header(b"cache-control") == b"private, no-store"
    if said := answer.header(b"content-length"):
        assert said == b"%d" % len(DRESSED)
    if "trailers" in shape:
        assert answer.start["trailers"] is True
        assert answer.messages[-1]["type"] == "http.response.trailers"


@pytest.mark.parametrize("dressed", [True, False], ids=["dressed", "default only"])
@pytest.mark.parametrize(
    "name",
    [
        b"Cache-Control", b"expires", b"Pragma", b"surrogate-control", b"CDN-Cache-Control", b"age",
        b"x-accel-expires", b"ETag", b"last-modified", b"content-md5", b"digest", b"repr-digest",
        b"content-digest", b"accept-ranges", b"cloudflare-cdn-cache-control", b"Vercel-CDN-Cache-Control",
    ],
)  # fmt: skip
async def test_what_a_shared_cache_could_use_is_replaced(
    window: Shopwindow, name: bytes, dressed: bool
) -> None:
    agent = (
        b"user-agent",
        b"Mozilla/5.0 Firefox/140.0" if dressed else b"Googlebot/2.1",
    )
    app = replaying(
        start(TYPE, (name, b"from the app"), (b"x-own", b"1")), chunk(DEFAULT)
    )
    answer = await ask(mounted(app, window), headers=[agent])
    assert answer.body == (DRESSED if dressed else DEFAULT)
    assert b"from the app" not in [value for _, value in answer.headers]
    assert answer.header(b"cache-control") == b"private, no-store"
    assert answer.header(b"surrogate-control") == b"no-store"
    assert answer.header(b"cdn-cache-control") == b"no-store"
    assert answer.header(b"vary") == b"Cookie"
    assert answer.header(b"x-own") == b"1"
    assert answer.all(b"set-cookie") == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([], b"Cookie"),
        ([b"Accept-Encoding"], b"Accept-Encoding, Cookie"),
        ([b"accept-encoding,  cookie"], b"accept-encoding, Cookie"),
        ([b"COOKIE", b"Origin"], b"Origin, Cookie"),
        ([b""], b"Cookie"),
        ([b"*"], b"*, Cookie"),
    ],
)
async def test_vary_is_appended(before: list[bytes], after: bytes) -> None:
    headers = private([(b"Vary", value) for value in before])
    assert [value for name, value in headers if name.lower() == b"vary"] == [after]
    assert private(headers) == headers


async def test_cookies_of_the_app_stay_in_order(window: Shopwindow) -> None:
    cookies = [
        (b"set-cookie", b"a=1"),
        (b"Set-Cookie", b"b=2"),
        (b"set-cookie", b"a=3"),
    ]
    answer = await ask(
        mounted(replaying(start(TYPE, *cookies), chunk(DEFAULT)), window)
    )
    assert answer.all(b"set-cookie") == [b"a=1", b"b=2", b"a=3"]


@pytest.mark.parametrize("lane", LANES)
@pytest.mark.parametrize("kind", ["whole", "chunks", "file"])
@pytest.mark.parametrize("route", ["include", "remembered", "unknown"])
async def test_three_lanes_in_three_kinds_of_answers(
    tmp_path: Path, lane: str, kind: str, route: str, caplog: pytest.LogCaptureFixture
) -> None:
    pages = '[pages]\ninclude = ["/"]\n' if route == "include" else ""
    default = page(AROUND[lane])
    dressed = page(AROUND[lane], teaser=TEASER.decode())
    make = lambda: page(LANES[lane])  # noqa: E731  # a name for what three apps take
    app: ASGIApp = {
        "whole": whole(make),
        "chunks": many_chunks(make),
        "file": from_file(tmp_path / "page.html", make),
    }[kind]
    async with open_window(pages=pages) as window:
        shop = mounted(app, window)
        if route == "remembered":
            window.routes.learn("/", True)
        answer = await ask(shop)
        # The template block says by itself that the page has slots, before its first byte.
        late = route == "unknown" and kind == "chunks" and lane != "template"
        assert answer.body == (default if late else dressed)
        assert answer.complete
        lengths = answer.all(b"content-length")
        assert lengths in ([], [b"%d" % len(answer.body)])
        assert lengths or kind != "whole"
        warned = [
            r.getMessage() for r in caplog.records if "came after" in r.getMessage()
        ]
        assert len(warned) == late
        if late:
            assert "home.hero" in warned[0] and 'include = ["/"]' in warned[0]
            assert answer.header(b"cache-control") is None
        again = await ask(shop)
        assert again.body == dressed
        assert again.header(b"cache-control") == b"private, no-store"


async def test_a_template_that_streams_is_told_when_its_slot_comes_too_late(
    window: Shopwindow, caplog: pytest.LogCaptureFixture
) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(start(TYPE))
        await send(chunk(b"<!DOCTYPE html><title>Tea</title>", True))
        await send(chunk(page(LANES["template"])))

    shop = mounted(app, window)
    head = b"<!DOCTYPE html><title>Tea</title>"
    assert (await ask(shop)).body == head + page(AROUND["template"])
    assert "came after" in caplog.text
    assert TEASER in (await ask(shop)).body


async def test_a_slot_behind_what_is_held_keeps_its_default_and_works_next_time(
    window: Shopwindow, caplog: pytest.LogCaptureFixture
) -> None:
    long = b"<p>" + b"x" * (HELD + 70_000) + DEFAULT
    parts = [long[at : at + 65_536] for at in range(0, len(long), 65_536)]
    messages = [
        start(TYPE, length(long)),
        *(chunk(part, True) for part in parts),
        chunk(),
    ]
    first = await ask(mounted(replaying(*messages), window))
    assert first.messages == messages
    assert "came after" in caplog.text
    second = await ask(mounted(replaying(*messages), window))
    assert second.body == long.replace(DEFAULT, DRESSED)
    assert second.header(b"content-length") is None


async def test_a_message_between_the_parts_lets_the_held_parts_go_first(
    window: Shopwindow,
) -> None:
    window.routes.learn("/", True)
    hint = {"type": "http.response.zzz"}
    messages = (
        start(TYPE, length(DEFAULT)),
        chunk(DEFAULT[:40], True),
        hint,
        chunk(DEFAULT[40:]),
    )
    answer = await ask(mounted(replaying(*messages), window))
    assert answer.body == DRESSED
    assert answer.messages[0]["type"] == "http.response.start"
    assert answer.messages[1]["body"] == DEFAULT[:40]
    assert answer.messages[2] is hint
    assert answer.header(b"content-length") is None


async def test_head_has_the_headers_of_get_and_no_computed_length(
    window: Shopwindow,
) -> None:
    app = mounted(whole(lambda: DEFAULT, headers={"etag": '"1"'}), window)
    get, head = await ask(app), await ask(app, method="HEAD")
    assert [h for h in get.headers if h[0] != b"content-length"] == head.headers
    # An app that sends no body to HEAD: what the last GET showed decides.
    empty = mounted(replaying(start(TYPE, length(DEFAULT)), chunk()), window)
    answer = await ask(empty, method="HEAD")
    assert answer.header(b"cache-control") == b"private, no-store"
    assert answer.header(b"content-length") is None
    assert not window.routes.has_none("/")


async def test_an_error_page_says_nothing_about_the_slots_of_its_path(
    window: Shopwindow,
) -> None:
    await ask(mounted(replaying(start(TYPE), chunk(DEFAULT)), window))
    await ask(mounted(replaying(start(TYPE, status=500), chunk(PLAIN)), window))
    await ask(
        mounted(replaying(start(TYPE, status=404), chunk(DEFAULT)), window), path="/x"
    )
    site = window.site
    assert window.routes.has_slots("/", site) and not window.routes.has_slots(
        "/x", site
    )


async def test_markers_outside_of_pages_are_taken_out(window: Shopwindow) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        body = page(LANES["template"])
        assert b"\x1e" in body
        await send(start((b"content-type", b"application/rss+xml"), length(body)))
        await send(chunk(body))

    answer = await ask(mounted(app, window))
    assert answer.body == page(AROUND["template"])
    assert answer.header(b"content-length") == b"%d" % len(answer.body)


async def test_markers_from_a_cache_of_the_shop_are_taken_out_of_plain_pages(
    window: Shopwindow,
) -> None:
    marker = window.marker
    stray = marker.open("no.such").encode() + b"text" + marker.close.encode()
    for messages in (
        [start(TYPE, length(stray)), chunk(stray)],
        [start(TYPE, length(stray)), chunk(stray[:11], True), chunk(stray[11:])],
        [start(TYPE), chunk(stray[:11], True), chunk(stray[11:])],
    ):
        answer = await ask(mounted(replaying(*messages), window))
        assert answer.body == b"text" and answer.complete
        assert answer.header(b"content-length") in (None, b"4")
        assert answer.header(b"cache-control") is None


# -- cuts ----------------------------------------------------------------------------------


def pages() -> list[tuple[bytes, bytes]]:
    """Twenty pages, each as the shop makes it and as it leaves, whatever the cuts."""
    chance = random.Random(4)
    filler = [
        "<p>Tee &amp; mehr</p>", "<!-- note -->", "<script>if (a<b) '<section>'</script>", "<br/>",
        "<input value='data-shopwindow=1'>", "é☃", "<!-", "\x1e", "<textarea><p></textarea>", "&lt;!--",
    ]  # fmt: skip
    out = []
    for number in range(20):
        lane = list(AROUND)[number % 2]  # attribute and comment
        noise = [
            "".join(chance.choices(filler[:5], k=chance.randrange(6))) for _ in range(3)
        ]
        if number == 19:
            noise[2] = "".join(filler[5:])

        hero = AROUND[lane]("home.hero", "<b>Default</b>")
        before, after = (
            (
                noise[0]
                + hero
                + noise[1]
                + AROUND[lane]("home.teaser", teaser)
                + noise[2]
            ).encode()
            for teaser in ("<i>News</i>", TEASER.decode())
        )
        out.append((before, after))
    return out


async def test_a_thousand_cuts_change_no_byte_outside_of_slots(
    window: Shopwindow,
) -> None:
    chance = random.Random(7)
    window.routes.learn("/", True)
    for before, after in pages():
        for _ in range(50):
            places = [
                chance.randrange(len(before) + 1) for _ in range(chance.randrange(6))
            ]
            messages = [chunk(part, True) for part in cut(before, *places)]
            sized = [length(before)] if chance.random() < 0.5 else []
            app = replaying(start(TYPE, *sized), *messages, chunk())
            answer = await ask(mounted(app, window))
            assert answer.body == after, (places, before)
            assert answer.complete


async def test_template_blocks_may_be_cut_anywhere(window: Shopwindow) -> None:
    marker = window.marker
    body = (
        b"<p>a</p>"
        + marker.open("home.teaser").encode()
        + b"x"
        + marker.close.encode()
        + b"<p>b"
    )
    window.routes.learn("/", True)
    for place in range(len(body) + 1):
        parts = [chunk(part, True) for part in cut(body, place)]
        answer = await ask(mounted(replaying(start(TYPE), *parts, chunk()), window))
        assert answer.body == b"<p>a</p>" + TEASER + b"<p>b"


async def test_a_page_leaves_the_same_in_one_message_and_in_many(
    window: Shopwindow,
) -> None:
    """Pages that no template engine makes: nested, crossed, repeated, open, unknown."""
    chance = random.Random(11)
    marker = window.marker
    end = marker.close.encode()
    parts = [
        *(
            marker.open(name).encode()
            for name in ("home.hero", "home.teaser", "no.such")
        ),
        *(end, end, end, end[:9], b"\x1e", b"<!--", b"<p>", b"text", b"</section>"),
        *(b'<section data-shopwindow="home.teaser">', b"<!-- shopwindow:home.hero -->"),
        b"<!-- /shopwindow -->",
    ]
    for _ in range(300):
        body = b"".join(chance.choices(parts, k=chance.randrange(1, 9)))
        window.routes.learn("/", True)
        app = replaying(
            start(TYPE),
            *(chunk(body[at : at + 3], True) for at in range(0, len(body), 3)),
            chunk(),
        )
        many = await ask(mounted(app, window))
        one = await ask(mounted(replaying(start(TYPE), chunk(body)), window))
        assert one.body == many.body, body
        assert one.complete and many.complete


# -- what comes in -------------------------------------------------------------------------

CONDITIONS = [
    (b"if-none-match", b'"1"'), (b"if-modified-since", b"Sat, 21 Nov 2026 00:00:00 GMT"), (b"range", b"bytes=0-9"),
    (b"if-range", b'"1"'), (b"if-match", b'"1"'), (b"if-unmodified-since", b"Sat, 21 Nov 2026 00:00:00 GMT"),
]  # fmt: skip


async def test_conditions_and_ranges_reach_only_pages_without_slots(
    window: Shopwindow,
) -> None:
    seen: list[Any] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope["headers"])
        await replaying(start(TYPE), chunk(PLAIN))(scope, receive, send)

    scope = scope_of("/about", headers=CONDITIONS)
    before = list(scope["headers"])
    await send(mounted(app, window), scope)
    await send(mounted(app, window), scope)
    assert [pair for pair in before if pair not in CONDITIONS] == seen[0]
    assert seen[1] is scope["headers"] and scope["headers"] == before


async def test_a_range_of_a_file_with_slots_is_answered_with_the_whole_page(
    window: Shopwindow, tmp_path: Path
) -> None:
    app = mounted(from_file(tmp_path / "page.html", lambda: DEFAULT), window)
    answer = await ask(app, headers=[(b"range", b"bytes=0-9")])
    assert answer.status == 200 and answer.body == DRESSED
    assert not answer.all(b"accept-ranges") and not answer.all(b"etag")


async def test_servers_that_send_files_themselves_are_not_asked_to(
    window: Shopwindow,
) -> None:
    seen: list[Any] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope["extensions"])
        await replaying(start(TYPE), chunk(PLAIN))(scope, receive, send)

    offered: dict[str, Any] = {
        "http.response.pathsend": {},
        "http.response.zerocopysend": {},
        "tls": {},
    }
    scope = scope_of(extensions=offered)
    await send(mounted(app, window), scope)
    assert seen == [{"tls": {}}] and scope["extensions"] is offered
    scope = scope_of(headers=[(b"sec-fetch-dest", b"image")], extensions=offered)
    await send(mounted(app, window), scope)
    assert seen[1] is offered


# -- the middleware without a body ---------------------------------------------------------


async def test_an_excluded_page_is_not_touched_and_its_slots_not_marked() -> None:
    async with open_window(pages='[pages]\nexclude = ["/kasse/*"]\n') as window:
        bodies: list[bytes] = []

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            bodies.append(page(LANES["template"]))
            await send(start(TYPE))
            await send(chunk(bodies[-1]))

        answer = await ask(mounted(app, window), "/kasse/1")
        assert answer.bodies[0]["body"] is bodies[0] and bodies[0] == page(
            AROUND["template"]
        )
        await untouched(window, start(TYPE), chunk(DEFAULT), path="/kasse/2")
        assert TEASER in (await ask(mounted(app, window), "/kasse")).body


async def test_a_page_is_given_up_when_the_reader_is_cancelled(
    window: Shopwindow,
) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(start(TYPE))
        await send(chunk(DEFAULT))

    async def stuck(message: Message) -> None:
        await asyncio.sleep(60)

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    task = asyncio.ensure_future(mounted(app, window)(scope_of(), receive, stuck))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_nothing_is_logged_for_ordinary_pages(
    window: Shopwindow, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        await ask(mounted(whole(lambda: DEFAULT), window))
        await ask(mounted(whole(lambda: PLAIN), window))
    assert caplog.records == []


@pytest.mark.parametrize("make", [whole, many_chunks])
async def test_fragments_speak_the_language_of_the_page(make: Any) -> None:
    german = page(LANES["comment"]).replace(b"<html>", b'<html lang="de">')
    async with open_window() as window:
        window.routes.learn("/", True)
        answer = await ask(mounted(make(lambda: german), window), "/")
    assert "Für Sie: Hello".encode() in answer.body
