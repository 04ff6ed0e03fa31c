"""Pages that are kept, behind a real server."""

import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

import pytest

from tests.asgi import BROWSER
from tests.servers import free_port, serving
from tests.shop import KEYS, TEASER, by_attribute, page, site_folder

ROOT = Path(__file__).parents[2]
DRESSED = page(by_attribute, teaser=TEASER.decode())


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    site = site_folder(tmp_path / "site", pages="[pages]\nrevalidate = true\n")
    port, log = free_port(), tmp_path / "log"
    command = [sys.executable, "-m", "uvicorn", "tests.serve_kept:app", "--http", "h11"]
    command += ["--app-dir", str(ROOT), "--port", str(port), "--no-access-log"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHOP_SITE", str(site))
        patch.setenv("SHOPWINDOW_SECRET_KEYS", KEYS[0].decode())
        with serving(command, port, log):
            yield port
    said = log.read_text()
    assert "Finished server process" in said and "Traceback" not in said
    assert "never retrieved" not in said and "was destroyed" not in said


def get(
    connection: HTTPConnection, path: str, method: str = "GET", **headers: str
) -> tuple[HTTPResponse, bytes]:
    usual = {"User-Agent": BROWSER.decode(), "Accept": "text/html"}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, headers={**usual, **named})
    response = connection.getresponse()
    return response, response.read()


def test_one_connection_gets_what_is_kept(port: int) -> None:
    with closing(HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        first, body = get(connection, "/")
        socket = connection.sock
        assert body == DRESSED + b"1"
        tag = first.headers["etag"]
        for headers in ({}, {"Range": "bytes=0-9"}, {"If_None_Match": '"x"'}):
            again, body = get(connection, "/", **headers)
            assert (again.status, body) == (200, DRESSED + b"1")
            assert again.headers["etag"] == tag
            assert again.headers["cache-control"] == "private, no-cache"
        same, body = get(connection, "/", If_None_Match=tag)
        assert (same.status, body) == (304, b"")
        head, body = get(connection, "/", "HEAD")
        assert (head.status, body, head.headers["etag"]) == (200, b"", tag)
        time.sleep(1)
        for method in ("GET", "HEAD"):
            about, body = get(connection, "/about", method)
            assert about.headers["content-length"] == "13"
        assert int(about.headers["age"]) < 60 and "etag" not in about.headers
        assert get(connection, "/", "POST")[1].endswith(b"2")
        assert get(connection, "/")[1].endswith(b"3")
        assert connection.sock is socket


def test_many_connections_ask_the_app_once(port: int) -> None:
    def ask(_: int) -> bytes:
        with closing(HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
            return get(connection, "/")[1]

    with ThreadPoolExecutor(20) as pool:
        assert set(pool.map(ask, range(60))) == {DRESSED + b"1"}


def test_the_server_ends_though_a_page_is_being_renewed(port: int) -> None:
    with closing(HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        for _ in range(3):
            assert get(connection, "/slow")[1] == DRESSED + b"1"
            time.sleep(0.05)
