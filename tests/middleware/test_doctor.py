"""``shopwindow doctor`` in front of a shop with one thing wrong on the way, and of none at all."""

import asyncio
import gzip
import json
import re
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from email.utils import formatdate
from itertools import count
from threading import Thread
from typing import Any

import httpx
import pytest
from click.testing import CliRunner, Result
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp

from shopwindow import Shopwindow
from shopwindow.middleware.cli import main
from shopwindow.middleware.consent.providers import cookie_of
from shopwindow.middleware.doctor import comparison, symptoms
from shopwindow.middleware.doctor.examination import Report, examine
from shopwindow.middleware.doctor.remedies import on_the_way, remedies
from shopwindow.middleware.doctor.visitors import Answer, Unreachable, Visitor
from shopwindow.middleware.stores.memory import MemoryStore
from tests.asgi import send
from tests.servers import free_port
from tests.shop import (
    Lane,
    by_attribute,
    by_comment,
    by_template,
    mounted,
    open_window,
    page,
    site_of,
    whole,
)

SHOP = "https://shop.example/"
Way = Callable[[httpx.Request, httpx.Response], httpx.Response | None]


class Line(httpx.BaseTransport):
    """The way to an ASGI app, with somebody on it who may change what passes."""

    def __init__(
        self, run: Callable[[Any], Any], app: ASGIApp, way: Way | None = None
    ) -> None:
        self.run = run
        self.app = app
        self.way = way
        self.scheme = self.host = ""  # what the shop takes itself for
        self.requests: list[httpx.Request] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        headers = [(name.lower(), value) for name, value in request.headers.raw]
        if self.host:
            headers = [pair for pair in headers if pair[0] != b"host"]
            headers.append((b"host", self.host.encode()))
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": request.method,
            "scheme": self.scheme or request.url.scheme,
            "path": request.url.path,
            "root_path": "",
            "query_string": request.url.query,
            "headers": headers,
            "client": ("127.0.0.1", 50_000),
            "server": ("127.0.0.1", 80),
        }
        answer = self.run(send(self.app, scope, request.read()))
        now = (b"date", formatdate(usegmt=True).encode())
        got = httpx.Response(
            answer.status, headers=[*answer.headers, now], content=answer.body
        )
        return (self.way and self.way(request, got)) or got


@pytest.fixture(scope="module")
def run() -> Iterator[Callable[[Any], Any]]:
    with asyncio.Runner() as runner:
        yield runner.run


@pytest.fixture
def window(run: Callable[[Any], Any]) -> Iterator[Shopwindow]:
    window = open_window(pages='[pages]\nexclude = ["/never"]\n')
    run(window.start())
    yield window
    run(window.stop())


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparison, "PAUSE", 0)


Examine = Callable[..., Report]


@pytest.fixture
def look(run: Callable[[Any], Any], window: Shopwindow) -> Examine:
    """Examine a shop of these pages with somebody on the way."""

    def look(
        way: Way | None = None,
        lane: Lane = by_attribute,
        inside: Callable[[ASGIApp], ASGIApp] = lambda app: app,
        url: str = SHOP,
        visit: Sequence[str] = ("/p/tea-1",),
        body: Callable[[], bytes] | None = None,
        **line: str,
    ) -> Report:
        app = inside(whole(body or (lambda: page(lane))))
        transport = Line(run, mounted(app, window), way)
        for name, value in line.items():
            setattr(transport, name, value)
        with httpx.Client(transport=transport) as client:
            return examine(client, url, visit=visit)

    return look


def codes(report: Report) -> set[str]:
    return {each.code for each in report.symptoms if each.severity != "note"}


def one(report: Report, code: str) -> symptoms.Symptom:
    (found,) = (each for each in report.symptoms if each.code == code)
    return found


# -- a shop with nothing wrong ---------------------------------------------------------------


@pytest.mark.parametrize("lane", [by_attribute, by_comment, by_template])
def test_nothing_is_found_where_nothing_is_wrong(look: Examine, lane: Lane) -> None:
    report = look(lane=lane)
    assert report.symptoms == []
    assert report.url == SHOP and report.present == []
    assert report.answers < 40


def test_who_sees_the_same_is_told_how_to_differ(look: Examine) -> None:
    report = look(visit=())
    (note,) = report.symptoms
    assert (note.code, note.severity) == ("same", "note")
    assert "--visit" in note.hint and "as often as a rule asks for" in note.hint


def test_a_shop_whose_consent_another_tool_asks_for_is_told_how(
    look: Examine, window: Shopwindow
) -> None:
    rule = '[consent]\nprovider = { cookie = "agreed", granted-when = "equals:yes" }\n'
    window.tool = cookie_of(site_of(site=rule).settings.consent_tool)
    report = look()
    assert codes(report) == {"consent-elsewhere"}
    assert "--cookie" in one(report, "consent-elsewhere").hint


def test_both_visitors_are_erased(look: Examine, window: Shopwindow) -> None:
    look()
    assert window.journal.wait_until_written()
    assert isinstance(window.store, MemoryStore)
    assert window.store.profiles == {}
    assert "Product Viewed" not in {e.name for e in window.store.events.values()}


def test_what_changes_with_every_request_is_no_leak(look: Examine) -> None:
    numbers = count()

    def body() -> bytes:
        return page(by_attribute) + b"<!-- %d -->" % next(numbers)

    assert codes(look(body=body)) == set()


def test_pages_that_count_visits_are_no_leak(look: Examine) -> None:
    visits: dict[str, int] = {}

    def way(request: httpx.Request, got: httpx.Response) -> httpx.Response | None:
        cookie = request.headers.get("cookie", "")
        visits[cookie] = visits.get(cookie, 0) + 1
        return changed(got, got.content + b"%d" % visits[cookie])

    assert codes(look(way, visit=())) == set()


def test_a_program_that_is_not_let_in_is_no_leak(look: Examine) -> None:
    def way(request: httpx.Request, got: httpx.Response) -> httpx.Response | None:
        wanted = "Mozilla" in request.headers["user-agent"]
        return None if wanted else httpx.Response(403, html="<p>No</p>")

    assert codes(look(way)) == set()


def test_a_page_without_slots_may_be_cached(look: Examine) -> None:
    def way(request: httpx.Request, got: httpx.Response) -> httpx.Response | None:
        if request.url.path == "/":
            return also(got, age="60", etag='"1"')
        return None

    report = look(way, body=lambda: b"<!DOCTYPE html><p>About us</p>")
    assert codes(report) == {"no-slot"}
    assert "minifier" not in one(report, "no-slot").hint


def test_a_browser_may_keep_its_own_page_and_ask(look: Examine) -> None:
    """As with [pages] revalidate."""

    def way(request: httpx.Request, got: httpx.Response) -> httpx.Response | None:
        if "/-/" in request.url.path:
            return None
        tag = f'W/"{hash(got.content)}"'
        also(got, cache_control="private, no-cache", etag=tag)
        same = request.headers.get("if-none-match") == tag
        return httpx.Response(304, headers={"etag": tag}) if same else None

    assert codes(look(way)) == codes(look(way, visit=())) == set()


def test_a_visit_that_leads_nowhere_is_told(look: Examine) -> None:
    def way(request: httpx.Request, got: httpx.Response) -> httpx.Response | None:
        return httpx.Response(404) if request.url.path == "/p/tea-1" else None

    assert "answers 404" in one(look(way), "visit").message


# -- one thing wrong on the way --------------------------------------------------------------


def changed(got: httpx.Response, body: bytes) -> httpx.Response:
    headers = [p for p in got.headers.multi_items() if p[0] != "content-length"]
    return httpx.Response(got.status_code, headers=headers, content=body)


def also(got: httpx.Response, **headers: str) -> httpx.Response:
    """The answer with other headers; an empty one is taken out."""
    for name, value in headers.items():
        name = name.replace("_", "-")
        got.headers.pop(name, None)
        if value:
            got.headers[name] = value
    return got


def everywhere(**headers: str) -> Way:
    return lambda request, got: also(got, **headers)


def on_pages(**headers: str) -> Way:
    return lambda request, got: (
        also(got, **headers) if "/-/" not in request.url.path else None
    )


def cookies_without(pattern: str, instead: str = "") -> Way:
    def way(request: httpx.Request, got: httpx.Response) -> httpx.Response | None:
        if cookie := got.headers.get("set-cookie"):
            got.headers["set-cookie"] = re.sub(pattern, instead, cookie)
        return None

    return way


def cache(
    key: Callable[[httpx.Request], str], methods: tuple[str, ...] = ("GET",)
) -> Way:
    """Keeps whatever it sees, says nothing about it."""
    kept: dict[str, httpx.Response] = {}

    def way(request: httpx.Request, got: httpx.Response) -> httpx.Response | None:
        if request.method not in methods or got.status_code not in (200, 303):
            return None
        return kept.setdefault(key(request), got)

    return way


def validated(request: httpx.Request, got: httpx.Response) -> httpx.Response | None:
    if "if-none-match" in request.headers:
        return httpx.Response(304, headers={"etag": '"1"'})
    return also(got, etag='"1"') if "/-/" not in request.url.path else None


def parted(request: httpx.Request, got: httpx.Response) -> httpx.Response | None:
    if "range" in request.headers:
        headers = {"etag": '"1"', "content-range": "bytes 0-9/99"}
        return httpx.Response(206, headers=headers, content=got.content[:10])
    return None


def refusing(choice: str) -> Way:
    def way(request: httpx.Request, got: httpx.Response) -> httpx.Response | None:
        said = f"choice={choice}".encode() in request.read()
        return httpx.Response(403) if said else None

    return way


WRONG: dict[str, tuple[Way, set[str]]] = {
    "no Set-Cookie": (everywhere(set_cookie=""), {"cookie-stripped"}),
    "no Secure": (cookies_without("; Secure"), {"cookie-changed"}),
    "no HttpOnly": (cookies_without("; HttpOnly"), {"cookie-changed"}),
    "a Domain": (cookies_without("; Path=/", "; Path=/; Domain=example"), {"cookie-changed"}),
    "a Path": (cookies_without("; Path=/", "; Path=/shop"), {"cookie-changed"}),
    "everything public": (everywhere(cache_control="public, max-age=60"), {"cache-control", "public"}),
    "pages public": (on_pages(cache_control="max-age=60"), {"public"}),
    "no Cache-Control": (on_pages(cache_control=""), {"public"}),
    "nothing of ours": (
        on_pages(cache_control="", vary="", cdn_cache_control="", surrogate_control=""),
        {"public"},
    ),
    "no Vary": (on_pages(vary=""), {"vary"}),
    "another Vary": (on_pages(vary="Accept-Encoding"), {"vary"}),
    "an ETag": (on_pages(etag='W/"1"'), {"validators"}),
    "a Last-Modified": (on_pages(last_modified=formatdate(0, usegmt=True)), {"validators"}),
    "a 304": (validated, {"validators", "not-modified"}),
    "a 206": (parted, {"range"}),
    "an Age": (on_pages(age="1"), {"cached"}),
    "X-Cache": (on_pages(x_cache="Hit from cloudfront"), {"cached"}),
    "X-Cache of two": (on_pages(x_cache="MISS, HIT"), {"cached"}),
    "CF-Cache-Status": (on_pages(cf_cache_status="HIT"), {"cached"}),
    "X-Varnish": (on_pages(x_varnish="32770 3"), {"cached"}),
    "Cache-Status": (on_pages(cache_status='Origin; fwd=miss, "Edge"; hit; ttl=9'), {"cached"}),
    "an hour ahead": (everywhere(date=formatdate(time.time() + 3_600, usegmt=True)), {"clock"}),
    "an hour behind": (everywhere(date=formatdate(time.time() - 3_600, usegmt=True)), {"clock"}),
    "consent refused": (refusing("granted"), {"consent"}),
    "no erasing": (refusing("denied"), {"not-erased"}),
    "one page for all": (cache(lambda request: str(request.url)), {"leak", "decide-cached"}),
    "one page for all addresses": (cache(lambda request: request.url.path), {"decide-cached"}),
    "one cookie for all": (cache(lambda request: str(request.url), ("POST",)), {"consent-cached"}),
}  # fmt: skip


@pytest.mark.parametrize(("way", "found"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_on_the_way_is_found(
    look: Examine, way: Way, found: set[str]
) -> None:
    report = look(way)
    assert codes(report) == found
    for each in report.symptoms:
        assert each.url.startswith(SHOP)
        if each.severity != "note":
            assert (
                each.hint
                or each.code == "not-erased"
                or len(remedies(each.code, [])) == 5
            )


@pytest.mark.parametrize(
    "headers",
    [
        {"x_cache": "MISS"}, {"x_cache": "Miss from cloudfront"}, {"x_cache": "hit-for-pass"},
        {"cf_cache_status": "DYNAMIC"}, {"cf_cache_status": "BYPASS"}, {"age": "0"},
        {"x_varnish": "32770"}, {"cache_status": "Edge; fwd=uri-miss"}, {"age": "x"},
        {"vary": "Accept-Encoding, cookie"}, {"vary": "*"}, {"accept_ranges": "bytes"},
    ],
)  # fmt: skip
def test_what_caches_say_of_what_they_do_not_keep_is_fine(
    look: Examine, headers: dict[str, str]
) -> None:
    assert codes(look(everywhere(**headers))) == set()


def test_a_leak_says_who_got_whose_page(look: Examine) -> None:
    leak = one(look(cache(lambda request: str(request.url))), "leak")
    assert leak.severity == "error"
    assert leak.message == (
        "the second visitor, somebody without a cookie and a program got the page that was made "
        "for the first visitor"
    )
    assert leak.header == "cache-control: private, no-store, vary: Cookie"


def test_a_leak_is_found_on_pages_that_change_with_every_request(look: Examine) -> None:
    numbers = count()

    def body() -> bytes:
        return page(by_attribute) + b"<!-- %d -->" % next(numbers)

    report = look(cache(lambda request: str(request.url)), body=body, visit=())
    assert "leak" in codes(report)


def test_a_cache_that_heeds_cookies_still_mixes_up_those_without(look: Examine) -> None:
    def key(request: httpx.Request) -> str:
        return f"{request.url} {request.headers.get('cookie')}"

    assert one(look(cache(key)), "leak").message == (
        "a program got the page that was made for somebody without a cookie"
    )


def test_a_shop_that_takes_itself_for_one_on_this_machine(look: Examine) -> None:
    report = look(scheme="http", host="127.0.0.1:8000")
    assert codes(report) == {"cookie-name", "cookie-changed"}
    assert "SHOPWINDOW_ENV=production" in one(report, "cookie-name").hint


def test_plain_http_loses_the_cookie(look: Examine) -> None:
    assert codes(look(url="http://shop.example/")) == {"plain-http"}
    assert codes(look(url="http://127.0.0.1/")) == set()


# -- something wrong inside ------------------------------------------------------------------


def packing(app: ASGIApp) -> ASGIApp:
    return GZipMiddleware(app, minimum_size=10)


def test_a_compressor_inside_is_found(look: Examine) -> None:
    report = look(inside=packing)
    assert codes(report) == {"compressed"}
    assert one(report, "compressed").header == "content-encoding: gzip"
    assert codes(look(inside=packing, lane=by_template)) >= {"markers"}


def test_a_compressor_outside_is_fine(look: Examine) -> None:
    def way(request: httpx.Request, got: httpx.Response) -> httpx.Response | None:
        packed = changed(got, gzip.compress(got.content))
        packed.headers["content-encoding"] = "gzip"
        return httpx.Response(
            got.status_code,
            headers=[*got.headers.multi_items(), ("content-encoding", "gzip")],
            content=gzip.compress(got.content),
        )

    def without_length(
        request: httpx.Request, got: httpx.Response
    ) -> httpx.Response | None:
        got.headers.pop("content-length", None)
        return way(request, got)

    assert codes(look(without_length)) == set()


def test_a_page_that_is_left_out_is_found(look: Examine) -> None:
    assert codes(look(url=f"{SHOP}never")) == {"undressed"}


def test_a_minifier_is_named(look: Examine) -> None:
    def body() -> bytes:
        small = re.sub(rb"<!--.*?-->", b"", page(by_comment))
        return small.replace(b"<hr>", b"<hr>" * 200)

    assert "minifier" in one(look(body=body), "no-slot").hint


def test_half_a_pair_of_comments_is_found(look: Examine) -> None:
    def way(request: httpx.Request, got: httpx.Response) -> httpx.Response | None:
        return changed(got, got.content.replace(b"<!-- /shopwindow -->", b""))

    assert codes(look(way, lane=by_comment)) == {"comments"}


# -- the way to the page ---------------------------------------------------------------------


def leading(start: str, end: str, **headers: str) -> Way:
    def way(request: httpx.Request, got: httpx.Response) -> httpx.Response | None:
        if str(request.url) == start:
            return httpx.Response(301, headers={"location": end, **headers})
        return None

    return way


def test_redirects_are_followed(look: Examine) -> None:
    report = look(leading("http://shop.example/", SHOP), url="http://shop.example/")
    assert report.symptoms == [] and report.url == SHOP


def test_redirects_that_lose_the_cookie_are_found(look: Examine) -> None:
    way = leading("http://shop.example/", SHOP, **{"set-cookie": "shopwindow=1"})
    assert codes(look(way, url="http://shop.example/")) == {"redirect-cookie"}
    way = leading(SHOP, "http://shop.example/")
    assert codes(look(way)) == {"redirect-down", "plain-http"}


def test_a_shop_below_a_path_is_found(
    run: Callable[[Any], Any], window: Shopwindow
) -> None:
    inner = mounted(whole(lambda: page(by_attribute)), window)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert (
            scope["path"].startswith("/tea/")
            or scope["path"] == "/-/shopwindow/dismiss/"
        )
        await inner({**scope, "root_path": "/tea"}, receive, send)

    def way(request: httpx.Request, got: httpx.Response) -> httpx.Response | None:
        outside = not request.url.path.startswith("/tea/")
        return httpx.Response(404) if outside else None

    with httpx.Client(transport=Line(run, app, way)) as client:
        assert codes(examine(client, f"{SHOP}tea/start")) == set()


@pytest.mark.parametrize(
    ("way", "words"),
    [
        (lambda request, got: httpx.Response(404), "is no page: 404"),
        (lambda request, got: httpx.Response(200, json={}), "is no page: 200, application/json"),
        (lambda request, got: httpx.Response(200, html="<p>Hi</p>"), "no shopwindow there: https"),
        (lambda request, got: httpx.Response(302, headers={"location": "/"}), "without end"),
    ],
)  # fmt: skip
def test_where_there_is_nothing_to_examine_it_says_so(
    look: Examine, way: Way, words: str
) -> None:
    with pytest.raises(Unreachable, match=words):
        look(way)


# -- what answers say ------------------------------------------------------------------------


def answer(body: bytes = b"", **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer("x", SHOP, 200, httpx.Headers(named), body, 0.0, 0.0)


def test_only_those_on_the_way_are_told_what_to_do() -> None:
    assert on_the_way(answer(cf_ray="1").headers) == ["Cloudflare"]
    assert on_the_way(answer(x_cache="Miss from cloudfront").headers) == ["CloudFront"]
    assert on_the_way(answer(x_served_by="cache-fra-1").headers) == ["Fastly"]
    assert on_the_way(answer(via="1.1 x (Varnish/7.1)", server="nginx").headers) == [
        "Varnish",
        "nginx",
    ]
    assert list(remedies("cached", ["Fastly"])) == ["Fastly"]
    assert len(remedies("cached", [])) == 5 and remedies("no-slot", ["nginx"]) == {}
    assert len(remedies("cached", ["somebody else"])) == 5


# -- the command -----------------------------------------------------------------------------


def command(*arguments: str, code: int) -> Result:
    result = CliRunner().invoke(main, ["doctor", *arguments])
    assert result.exit_code == code, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "Missing argument 'URL'"),
        (["shop.example"], "write an address like https://shop.example/"),
        (["ftp://shop.example/"], "write an address like"),
        (["https://"], "write an address like"),
        (["https://shop.example:x/"], "write an address like"),
        ([SHOP, "--cookie", "a=1"], "give it twice"),
        ([SHOP, "--cookie", "a=1", "--cookie", "a=1"], "give it twice"),
        ([SHOP, "--cookie", "a=1", "--cookie", "a=2", "--visit", "/"], "looked at something already"),
        ([SHOP, "--visit", "https://other.example/"], "a path starts with /"),
        ([SHOP, "--timeout", "0"], "--timeout"),
    ],
)  # fmt: skip
def test_wrong_usage_is_explained(arguments: list[str], words: str) -> None:
    assert words in " ".join(command(*arguments, code=2).output.split())


def test_a_host_that_is_not_there_is_explained() -> None:
    said = command("https://no-such-shop.invalid/", code=2).stderr
    assert "the host no-such-shop.invalid is unknown" in said
    said = command(f"http://127.0.0.1:{free_port()}/", code=2).stderr
    assert "takes no connection" in said and "does the shop run" in said


def test_no_answer_is_json_too_and_nobody_takes_it_for_nothing_to_find() -> None:
    url = f"http://127.0.0.1:{free_port()}/"
    said = json.loads(command(url, "--format", "json", code=2).stdout)
    assert said["url"] == url and "takes no connection" in said["error"]
    assert "findings" not in said


def test_a_host_that_does_not_answer_is_explained() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        said = command(url, "--timeout", "0.2", code=2).stderr
    assert "did not answer in time" in said and "--timeout" in said


def test_an_answer_without_end_is_given_up() -> None:
    def drip() -> None:
        line, _ = silent.accept()
        with line, suppress(OSError):
            line.recv(9_999)
            line.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n")
            for _ in range(100):
                line.sendall(b"x")
                time.sleep(0.05)

    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        dripping = Thread(target=drip)
        dripping.start()
        said = command(url, "--timeout", "0.2", code=2).stderr
        dripping.join()
    assert "did not answer in time" in said


def test_cookies_go_to_no_other_host() -> None:
    seen: dict[str, str | None] = {}

    def answer(request: httpx.Request) -> httpx.Response:
        seen[request.url.host] = request.headers.get("cookie")
        if request.url.host == "other.example":
            return httpx.Response(200, html="<p>Hello</p>")
        leads = {
            "shop.example": "www.shop.example",
            "www.shop.example": "other.example",
        }
        where = f"https://{leads[request.url.host]}/"
        return httpx.Response(302, headers={"location": where})

    home = "https://shop.example/"
    with httpx.Client(transport=httpx.MockTransport(answer)) as client:
        visitor = Visitor("somebody", client, cookie="session=a", home=home)
        assert visitor.ask(home).status == 200
    assert seen == {
        "shop.example": "session=a",
        "www.shop.example": "session=a",
        "other.example": None,
    }
