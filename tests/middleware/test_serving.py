"""A real server and real connections, two requests on each."""

import gzip
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection, HTTPResponse, IncompleteRead
from pathlib import Path
from typing import Any

import pytest

from tests.asgi import BROWSER
from tests.servers import free_port, serving
from tests.shop import HERO, KEYS, TEASER, by_attribute, page, site_folder

ROOT = Path(__file__).parents[2]
DEFAULT, DRESSED = page(by_attribute), page(by_attribute, teaser=TEASER.decode())
PAGES = '[pages]\nexclude = ["/never"]\n'


class Server:
    def __init__(self, port: int, site: Path, log: Path) -> None:
        self.port = port
        self.site = site
        self.log = log

    def connect(self) -> HTTPConnection:
        return HTTPConnection("127.0.0.1", self.port, timeout=10)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("shop")
    site = site_folder(folder / "site", pages=PAGES)
    settings = site / "site.toml"
    settings.write_text(settings.read_text().replace("memory:", "sqlite:///shop.db"))
    port, log = free_port(), folder / "log"
    command = [sys.executable, "-m", "uvicorn", "tests.serve:app", "--http", "h11"]
    command += ["--app-dir", str(ROOT), "--port", str(port), "--no-access-log"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHOP_SITE", str(site))
        patch.setenv("SHOPWINDOW_SECRET_KEYS", KEYS[0].decode())
        with serving(command, port, log):
            yield Server(port, site, log)
    assert "Finished server process" in log.read_text()


def get(
    connection: HTTPConnection,
    path: str,
    method: str = "GET",
    body: bytes | None = None,
    **headers: str,
) -> tuple[HTTPResponse, bytes]:
    usual = {"User-Agent": BROWSER.decode(), "Accept": "text/html"}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body, {**usual, **named})
    response = connection.getresponse()
    return response, response.read()


@pytest.mark.parametrize("path", ["/", "/chunks/", "/file/"])
def test_two_requests_on_one_connection_get_their_whole_pages(
    server: Server, path: str
) -> None:
    with closing(server.connect()) as connection:
        get(connection, path)  # an unknown path that streams learns that it has slots
        socket = connection.sock
        wanted: list[dict[str, Any]] = [
            {},
            {"Range": "bytes=0-9"},
            {"If_None_Match": '"1"'},
            {"Accept_Encoding": "gzip"},
        ]
        for headers in wanted:
            response, body = get(connection, path, **headers)
            assert response.status == 200
            assert body == DRESSED
            assert response.getheader("cache-control") == "private, no-store"
            assert response.getheader("etag") is None
            length = response.getheader("content-length")
            assert length in (None, str(len(body)))
            assert (length is None) == (
                response.getheader("transfer-encoding") == "chunked"
            )
        assert connection.sock is socket, "the server closed the connection"


def test_head_and_get_share_a_connection(server: Server) -> None:
    with closing(server.connect()) as connection:
        assert get(connection, "/")[1] == DRESSED
        response, body = get(connection, "/", "HEAD")
        assert (response.status, body) == (200, b"")
        assert response.getheader("cache-control") == "private, no-store"
        assert get(connection, "/")[1] == DRESSED


def test_a_page_without_slots_keeps_its_headers(server: Server) -> None:
    with closing(server.connect()) as connection:
        for _ in range(2):
            response, body = get(connection, "/about")
            assert body == b"<p>About</p>"
            assert response.getheader("etag") == '"1"'
            assert (
                response.getheader("vary") is None
                and response.getheader("set-cookie") is None
            )


def test_a_large_body_reaches_the_app(server: Server) -> None:
    with closing(server.connect()) as connection:
        for _ in range(2):
            assert get(connection, "/upload", "POST", b"x" * 1_000_000)[1] == b"1000000"


def test_a_compressor_inside_is_left_alone_and_named(server: Server) -> None:
    with closing(server.connect()) as connection:
        assert get(connection, "/packed/", Accept_Encoding="identity")[1] == DRESSED
        for _ in range(2):
            response, body = get(connection, "/packed/", Accept_Encoding="gzip")
            assert response.getheader("content-encoding") == "gzip"
            assert response.getheader("etag") is not None
            assert int(response.getheader("content-length", "0")) == len(body)
            assert gzip.decompress(body) == DEFAULT
    assert server.log.read_text().count("mount shopwindow inside the compressor") == 1


def test_an_answer_that_breaks_off_is_seen_as_broken(server: Server) -> None:
    with closing(server.connect()) as connection:
        with pytest.raises((IncompleteRead, ConnectionError)):
            get(connection, "/broken")
    with closing(server.connect()) as connection:
        assert get(connection, "/")[1] == DRESSED


def test_a_visitor_from_consent_to_erasure(server: Server) -> None:
    with closing(server.connect()) as connection:
        response, _ = get(
            connection, "/-/shopwindow/consent", "POST", b"choice=granted&next=%2Fabout",
            Content_Type="application/x-www-form-urlencoded", Sec_Fetch_Site="same-origin",
        )  # fmt: skip
        assert (response.status, response.getheader("location")) == (303, "/about")
        cookie = response.getheader("set-cookie", "").partition(";")[0]
        assert HERO in get(connection, "/p/tea-1", Cookie=cookie)[1]
        assert HERO in get(connection, "/", Cookie=cookie)[1]
        assert HERO not in get(connection, "/")[1]
        get(
            connection, "/-/shopwindow/consent", "POST", b"choice=denied", Cookie=cookie
        )
        assert HERO not in get(connection, "/", Cookie=cookie)[1]
    with closing(sqlite3.connect(server.site / "shop.db")) as store:
        left = """
            SELECT (SELECT count(*) FROM profiles WHERE data <> x''),
            (SELECT count(*) FROM events)
        """
        # The answer waits for it, but not for ever, and other programs are running.
        end = time.monotonic() + 5
        while store.execute(left).fetchone() != (0, 0):
            assert time.monotonic() < end, "something of the visitor is still there"
            time.sleep(0.05)
