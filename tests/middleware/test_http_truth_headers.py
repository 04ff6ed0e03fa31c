"""HTTP truth: what the headers say, and whether it is so. The numbers are those of the rules."""

import gzip
import html
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shopwindow import Shopwindow
from tests.asgi import BROWSER, Answer, ask, chunk, cut, replaying, start
from tests.shop import (
    AROUND,
    HERO,
    HTML,
    LANES,
    TEASER,
    by_attribute,
    consented,
    events_of,
    from_file,
    many_chunks,
    mounted,
    open_window,
    page,
    whole,
)

pytestmark = pytest.mark.anyio
TYPE = (b"content-type", HTML.encode())
DEFAULT, DRESSED = page(by_attribute), page(by_attribute, teaser=TEASER.decode())
PLAIN = b"<!DOCTYPE html><p>No slot here</p>"


@pytest.fixture
async def window() -> AsyncIterator[Shopwindow]:
    async with open_window() as window:
        yield window


# -- 6 to 9: lengths, HEAD, ranges, validators ---------------------------------------------


@pytest.mark.parametrize(
    "name", [b"content-length", b"Content-Length", b"CONTENT-LENGTH"]
)
@pytest.mark.parametrize("places", [[], [40], [0, 150, 200]])
async def test_rule_06_a_length_is_that_of_what_leaves_or_is_not_said(
    window: Shopwindow, name: bytes, places: list[int]
) -> None:
    parts = cut(DEFAULT, *places)
    wrong = (name, b"%d" % len(DEFAULT))
    messages = [chunk(part, n < len(parts) - 1) for n, part in enumerate(parts)]
    true = [b"%d" % len(DRESSED)]
    for sized in ([wrong], [wrong, (b"Content-LENGTH", b"1")], []):
        app = replaying(start(TYPE, *sized), *messages)
        answer = await ask(mounted(app, window))
        assert answer.body == DRESSED and answer.complete
        one = len(answer.bodies) == 1
        assert one or len(parts) > 1
        assert answer.all(b"content-length") == (true if one else [])
        window.routes.learn("/", True)


def routes(window: Shopwindow, folder: Path) -> dict[str, ASGIApp]:
    """Fifty routes: pages with slots and without, small and large, in three kinds of answers."""
    found: dict[str, ASGIApp] = {}
    for number in range(50):
        body = b"<i>%d</i>" % number + (PLAIN if number % 3 == 1 else DEFAULT)
        body += b"x" * (number % 5 * 30_000)
        headers = {"etag": f'"{number}"', "x-route": str(number), "vary": "Origin"}

        def make(body: bytes = body) -> bytes:
            return body

        kind = number % 4
        found[f"/r/{number}"] = (
            whole(make, headers=headers)
            if kind < 2
            else many_chunks(make, 10_000)
            if kind == 2
            else from_file(folder / f"{number}.html", make, 65_536)
        )
    return found


async def test_rule_07_head_has_the_headers_of_get(
    window: Shopwindow, tmp_path: Path
) -> None:
    found = routes(window, tmp_path)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await found[scope["path"]](scope, receive, send)

    shop = mounted(app, window)
    for path in found:
        for _ in range(2):  # the first GET of a stream teaches that it has slots
            get = await ask(shop, path)
        head = await ask(shop, path, "HEAD")
        dressed = [h for h in get.headers if h[0] != b"content-length"]
        said = [h for h in head.headers if h[0] != b"content-length"]
        changes = (b"last-modified", b"etag")  # of a file that is written every time
        assert [h for h in said if h[0] not in changes] == [
            h for h in dressed if h[0] not in changes
        ], path
        # A length is that of what GET sends; where it is not known it is not said.
        assert head.all(b"content-length") in ([], [b"%d" % len(get.body)]), path


async def test_rule_07_the_length_of_an_empty_body_is_never_said(
    window: Shopwindow,
) -> None:
    length = (b"content-length", b"%d" % len(DEFAULT))
    await ask(mounted(replaying(start(TYPE, length), chunk(DEFAULT)), window))
    for messages in ([chunk()], [chunk(b"", True), chunk()]):
        answer = await ask(
            mounted(replaying(start(TYPE, length), *messages), window), method="HEAD"
        )
        assert answer.all(b"content-length") == []
        assert answer.header(b"cache-control") == b"private, no-store"


@pytest.mark.parametrize("condition", ["range", "if-range"])
async def test_rule_08_a_part_of_a_page_with_slots_is_answered_with_all_of_it(
    window: Shopwindow, tmp_path: Path, condition: str
) -> None:
    app = mounted(from_file(tmp_path / "page.html", lambda: DEFAULT), window)
    headers = [(b"range", b"bytes=0-9")]
    if condition == "if-range":
        headers.append((b"if-range", b'"1"'))
    for _ in range(2):
        answer = await ask(app, headers=headers)
        assert (answer.status, answer.body) == (200, DRESSED)
        for name in (b"accept-ranges", b"content-range", b"etag", b"last-modified"):
            assert answer.all(name) == []


async def test_rule_08_a_part_of_anything_else_is_a_part(
    window: Shopwindow, tmp_path: Path
) -> None:
    app = mounted(from_file(tmp_path / "page.html", lambda: PLAIN), window)
    await ask(app)  # now it is known that there is no slot
    headers = [(b"range", b"bytes=0-9")]
    answer = await ask(app, headers=headers)
    assert (answer.status, answer.body) == (206, PLAIN[:10])
    assert answer.all(b"content-range") == [b"bytes 0-9/%d" % len(PLAIN)]
    picture = (b"sec-fetch-dest", b"image")
    answer = await ask(app, headers=[*headers, picture])
    assert (answer.status, answer.body) == (206, PLAIN[:10])


async def test_rule_09_a_page_that_changes_is_never_not_modified(
    window: Shopwindow,
) -> None:
    """The shop's own page is the same; what its visitor sees of it is not."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        validators = [
            (b"ETag", b'"1"'),
            (b"last-modified", b"Sat, 21 Nov 2026 00:00:00 GMT"),
            (b"content-md5", b"x"), (b"digest", b"x"), (b"repr-digest", b"x"), (b"content-digest", b"x"),
        ]  # fmt: skip
        asked = dict(scope["headers"])
        if b"if-none-match" in asked or b"if-modified-since" in asked:
            await replaying(start(*validators, status=304), chunk())(
                scope, receive, send
            )
        else:
            await replaying(start(TYPE, *validators), chunk(DEFAULT))(
                scope, receive, send
            )

    async with consented(mounted(app, window)) as client:
        conditions = {
            "if-none-match": '"1"',
            "if-modified-since": "Sat, 21 Nov 2026 00:00:00 GMT",
        }
        first = await client.get("/", headers=conditions)
        assert (first.status_code, first.content) == (200, DRESSED)
        await client.get("/p/tea-1")
        assert window.journal.wait_until_written()
        second = await client.get("/", headers=conditions)
        assert second.status_code == 200 and HERO in second.content
        gone = ("etag", "last-modified", "content-md5", "digest", "repr-digest")
        for name in (*gone, "content-digest"):
            assert name not in second.headers


async def test_rule_09_a_page_without_slots_may_be_not_modified(
    window: Shopwindow,
) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if b"if-none-match" in dict(scope["headers"]):
            await replaying(start(status=304), chunk())(scope, receive, send)
        else:
            await replaying(start(TYPE, (b"etag", b'"1"')), chunk(PLAIN))(
                scope, receive, send
            )

    shop = mounted(app, window)
    assert (await ask(shop)).header(b"etag") == b'"1"'
    again = await ask(shop, headers=[(b"if-none-match", b'"1"')])
    assert again.status == 304


# -- 10 to 12: encodings -------------------------------------------------------------------


@pytest.mark.parametrize("value", [b"gzip", b"br", b"zstd", b"identity, gzip", b"x"])
async def test_rule_10_an_encoded_page_is_not_read(
    window: Shopwindow, value: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    window.routes.learn("/", True)
    messages = [start(TYPE, (b"Content-Encoding", value)), chunk(DEFAULT)]
    for _ in range(2):
        answer = await ask(mounted(replaying(*messages), window))
        assert [id(m) for m in answer.messages] == [id(m) for m in messages]
    assert window.counters["warning unreadable"] == 2
    assert caplog.text.count("mount shopwindow inside the compressor") == 1


@pytest.mark.parametrize("value", [b"identity", b"", b" Identity "])
async def test_rule_10_an_encoding_that_is_none_is_read(
    window: Shopwindow, value: bytes
) -> None:
    encoding = (b"content-encoding", value)
    answer = await ask(
        mounted(replaying(start(TYPE, encoding), chunk(DEFAULT)), window)
    )
    assert answer.body == DRESSED


@pytest.mark.parametrize("kind", ["whole", "chunks", "file"])
async def test_rule_11_a_compressor_outside_gets_the_finished_page(
    window: Shopwindow, kind: str, tmp_path: Path
) -> None:
    app: ASGIApp = {
        "whole": whole(lambda: DEFAULT),
        "chunks": many_chunks(lambda: DEFAULT),
        "file": from_file(tmp_path / "page.html", lambda: DEFAULT),
    }[kind]
    window.routes.learn("/", True)
    accepts = [(b"accept-encoding", b"gzip")]
    outside = GZipMiddleware(mounted(app, window), minimum_size=10)
    answer = await ask(outside, headers=accepts)
    assert gzip.decompress(answer.body) == DRESSED and answer.complete
    assert answer.all(b"content-length") in ([], [b"%d" % len(answer.body)])
    inside = mounted(GZipMiddleware(app, minimum_size=10), window)
    answer = await ask(inside, headers=accepts)
    assert gzip.decompress(answer.body) == DEFAULT
    assert window.counters["warning unreadable"] == 1


TEXT = "Käse ☃ 茶"
CHARSETS = (
    "utf-8", "iso-8859-1", "windows-1252", "iso-8859-15", "windows-1251", "koi8-r", "shift_jis",
    "euc-jp", "gb18030", "big5", "us-ascii",
)  # fmt: skip
CHEESE = f"version: 1\nrules: [{{id: a, slot: home.hero, show: banner, with: {{text: {TEXT}}}}}]\n"


async def in_charset(content_type: str, body: bytes) -> Answer:
    async with open_window(rules=CHEESE) as window:
        window.routes.learn("/", True)
        kind = (b"content-type", content_type.encode())
        parts = [chunk(body[at : at + 7], True) for at in range(0, len(body), 7)]
        return await ask(mounted(replaying(start(kind), *parts, chunk()), window))


@pytest.mark.parametrize("charset", CHARSETS)
async def test_rule_12_fragments_are_in_the_encoding_of_the_header(
    charset: str,
) -> None:
    body = page(by_attribute)
    answer = await in_charset(f"text/html; charset={charset}", body)
    assert f"{TEXT}</p>" in html.unescape(answer.body.decode(charset))


@pytest.mark.parametrize("charset", CHARSETS)
async def test_rule_12_fragments_are_in_the_encoding_that_only_the_page_names(
    charset: str,
) -> None:
    meta = f'<head><meta charset="{charset}">'.encode()
    body = page(by_attribute).replace(b"<head>", meta)
    answer = await in_charset("text/html", body)
    assert f"{TEXT}</p>" in html.unescape(answer.body.decode(charset))


@pytest.mark.parametrize(
    "charset", ["utf-16", "utf-16le", "utf-32", "utf-7", "iso-2022-jp", "cp500", "none"]
)
async def test_rule_12_where_markup_has_other_bytes_the_page_passes(
    charset: str,
) -> None:
    codec = "utf-8" if charset == "none" else charset
    body = page(by_attribute).decode().encode(codec)
    answer = await in_charset(f"text/html; charset={charset}", body)
    assert answer.body == body


# -- 32 to 34: repeats, and pages about errors ---------------------------------------------


async def test_rule_32_cookies_in_several_headers_are_one(window: Shopwindow) -> None:
    shop = mounted(whole(lambda: DEFAULT), window)
    async with consented(shop) as client:
        await client.get("/p/tea-1")
        cookie = f"shopwindow={client.cookies['shopwindow']}".encode()
    assert window.journal.wait_until_written()
    agent = (b"user-agent", BROWSER)
    for cookies in ([b"a=1", cookie, b"b=2"], [cookie, b"a=1"], [b"a=1; b=2", cookie]):
        headers = [agent, *((b"cookie", one) for one in cookies)]
        assert HERO in (await ask(shop, headers=headers, http_version="2")).body


@pytest.mark.parametrize("body", [DEFAULT, PLAIN], ids=["with slots", "without"])
async def test_rule_33_repeated_headers_stay_in_order(
    window: Shopwindow, body: bytes
) -> None:
    repeated = [
        (b"set-cookie", b"a=1"), (b"link", b"</a>"), (b"Set-Cookie", b"b=2"), (b"link", b"</b>"),
        (b"set-cookie", b"a=3"), (b"x-own", b"1"), (b"x-own", b"1"),
    ]  # fmt: skip
    answer = await ask(mounted(replaying(start(TYPE, *repeated), chunk(body)), window))
    assert [pair for pair in answer.headers if pair in repeated] == repeated


async def test_rule_33_our_cookie_comes_after_the_apps(window: Shopwindow) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scope["state"]["shopwindow"].grant()
        cookies = [(b"set-cookie", b"a=1"), (b"set-cookie", b"a=2")]
        await replaying(start(TYPE, *cookies), chunk(DEFAULT))(scope, receive, send)

    cookies = (await ask(mounted(app, window))).all(b"set-cookie")
    assert cookies[:2] == [b"a=1", b"a=2"] and len(cookies) == 3
    assert cookies[2].startswith(b"shopwindow=")


@pytest.mark.parametrize("lane", LANES)
@pytest.mark.parametrize("status", [401, 404, 410, 500, 503])
async def test_rule_34_pages_about_errors_show_their_defaults(
    window: Shopwindow, status: int, lane: str
) -> None:
    def sent() -> list[Message]:
        return [start(TYPE, status=status), chunk(page(LANES[lane]))]

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await replaying(*sent())(scope, receive, send)

    async with consented(mounted(app, window)) as client:
        for path in ("/p/tea-1", "/"):
            answer = await client.get(path)
            assert answer.status_code == status
            assert answer.content == page(AROUND[lane])
            assert answer.headers["cache-control"] == "private, no-store"
    assert events_of(window) == []


async def test_rule_34_an_error_page_teaches_nothing_about_its_path(
    window: Shopwindow,
) -> None:
    bodies: list[Any] = [(404, DEFAULT), (200, PLAIN), (500, DEFAULT)]
    for status, body in bodies:
        await ask(mounted(replaying(start(TYPE, status=status), chunk(body)), window))
    assert window.routes.has_none("/")
