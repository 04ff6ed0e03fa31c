"""Five frameworks on four servers: every answer is whole, true, and dressed.

The same questions go to a rewriter that does what comes to mind first, and it must fail them:
else they would not see a fault.
"""

import socket
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from itertools import product
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.servers import free_port, serving
from tests.shop import KEYS, site_folder
from tests.wire.pages import DEFAULT, DRESSED, ETAG, PAGES
from tests.wire.strict import Connection, Received, Untrue

ROOT = Path(__file__).parents[2]
APP = "tests.wire.serve:app"
FRAMEWORKS = ("starlette", "fastapi", "django", "litestar", "quart")
_UVICORN = ["uvicorn", APP, "--no-access-log", "--port", "{port}", "--http"]
SERVERS = {
    "uvicorn-h11": [*_UVICORN, "h11"],
    "uvicorn-httptools": [*_UVICORN, "httptools"],
    "hypercorn": ["hypercorn", APP, "--bind", "127.0.0.1:{port}"],
    "granian": ["granian", APP, "--interface", "asgi", "--port", "{port}"],
}
PAIRS = list(product(FRAMEWORKS, SERVERS))
QUESTIONS: dict[str, tuple[str, dict[str, str]]] = {
    "plain": ("GET", {}),
    "gzip accepted": ("GET", {"Accept-Encoding": "gzip"}),
    "Range": ("GET", {"Range": "bytes=0-9"}),
    "If-None-Match": ("GET", {"If-None-Match": ETAG}),
    "HEAD": ("HEAD", {}),
}
CELLS = list(product(PAGES, QUESTIONS))


class Running(NamedTuple):
    framework: str
    port: int


class Row:
    """The servers one after the other; while one is asked, the next one starts."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._site = site_folder(folder / "site", pages='[pages]\ninclude = ["/*"]\n')
        (folder / "page.html").write_bytes(DEFAULT)
        self._starter = ThreadPoolExecutor(1)
        self._wanted: list[tuple[str, str]] = []
        self._starting: dict[tuple[str, str], Future[tuple[ExitStack, int]]] = {}

    def ahead(self, pair: tuple[str, str]) -> None:
        if pair not in self._starting:
            self._starting[pair] = self._starter.submit(self._start, *pair)

    def take(self, pair: tuple[str, str]) -> tuple[ExitStack, int]:
        self.ahead(pair)
        return self._starting.pop(pair).result()

    def _start(self, framework: str, server: str) -> tuple[ExitStack, int]:
        port = free_port()
        words = [word.format(port=port) for word in SERVERS[server]]
        environment = {
            "PATH": str(Path(sys.executable).parent),
            "PYTHONPATH": str(ROOT),
            "SHOP_FRAMEWORK": framework,
            "SHOP_SITE": str(self._site),
            "SHOP_FILES": str(self._folder),
            "SHOPWINDOW_SECRET_KEYS": KEYS[0].decode(),
        }
        command, log = [sys.executable, "-m", *words], self._folder / f"{port}.log"
        stack = ExitStack()
        stack.enter_context(serving(command, port, log, environment))
        return stack, port

    def close(self) -> None:
        for starting in self._starting.values():
            starting.result()[0].close()
        self._starter.shutdown()


@pytest.fixture(scope="module")
def row(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Row]:
    row = Row(tmp_path_factory.mktemp("matrix"))
    yield row
    row.close()


@pytest.fixture(
    scope="module", params=PAIRS, ids=[f"{one}-{two}" for one, two in PAIRS]
)
def running(request: pytest.FixtureRequest, row: Row) -> Iterator[Running]:
    pair: tuple[str, str] = request.param
    stack, port = row.take(pair)
    with stack:
        for following in PAIRS[PAIRS.index(pair) + 1 :][:1]:
            row.ahead(following)
        yield Running(pair[0], port)


def whole(received: Received, question: str) -> None:
    """The answer is the dressed page, whole."""
    assert received.status == 200, f"status {received.status}"
    lengths = received.all("content-length")
    if question == "HEAD":
        # Of the page that GET sends, or nothing: a wrong one is cached by those who ask.
        assert lengths in ([], [str(len(DRESSED))]), f"length {lengths}"
    else:
        assert received.page == DRESSED, f"the page is {received.page[:40]!r}..."


def private(received: Received, question: str) -> None:
    """And it is one visitor's."""
    whole(received, question)
    assert received.all("cache-control") == ["private, no-store"]
    for name in ("etag", "last-modified", "accept-ranges", "content-range"):
        assert received.all(name) == [], name
    packed = question == "gzip accepted"
    assert (received.all("content-encoding") == ["gzip"]) == packed


def refused(received: Received, question: str) -> None:
    """Litestar has no HEAD unless a handler says so."""
    assert received.status == 405


def judge(
    port: int, path: str, question: str, says: Callable[[Received, str], None]
) -> str | None:
    """Ask twice on one connection; what was wrong with the answers."""
    method, headers = QUESTIONS[question]
    with Connection(port) as connection:
        for last in (False, True):
            try:
                says(connection.ask(path, method, headers, last=last), question)
            except (AssertionError, OSError, EOFError) as wrong:
                return f"{path} {question}, {'second' if last else 'first'}: {wrong}"
    return None


def test_every_answer_is_true(running: Running) -> None:
    faults = []
    for page, question in CELLS:
        litestar_head = (running.framework, question) == ("litestar", "HEAD")
        says = refused if litestar_head else private
        fault = judge(running.port, f"/{page}", question, says)
        faults += [fault] if fault else []
    assert faults == []


def test_a_naive_rewriter_fails(running: Running) -> None:
    passed = []
    for page, question in CELLS:
        # A HEAD without a body and without a length leaves nothing to get wrong.
        innocent = question == "HEAD" and (
            page == "stream" or running.framework == "litestar"
        )
        if not innocent and not judge(running.port, f"/naive/{page}", question, whole):
            passed.append((page, question))
    assert passed == []


def test_the_reader_sees_faults_of_the_wire() -> None:
    """Each would be heard as a whole answer by a client that is kinder."""
    good = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
    chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
    faults = {
        good + b"x": "bytes after the end",
        good.replace(b"2", b"3"): "before the answer was whole",
        good.replace(b"2", b"2\r\nContent-Length: 3"): "lengths",
        chunked + b"2\r\nok\r\n": "before the answer was whole",
        chunked + b"1\r\nok\r\n0\r\n\r\n": "longer than it said",
        chunked + b"2\r\nok\r\n0\r\n\r\n0\r\n\r\n": "bytes after the end",
        b"HTTP/1.1 200 OK\r\n\r\nok": "without an end",
        b"ok" + good: "no status line",
    }
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answering() -> None:
            for answer in (*faults, good, chunked + b"2\r\nok\r\n0\r\n\r\n"):
                accepted, _ = server.accept()
                with accepted:
                    accepted.recv(65_536)
                    accepted.sendall(answer)

        thread = threading.Thread(target=answering)
        thread.start()
        port = server.getsockname()[1]
        for words in faults.values():
            with Connection(port) as connection, pytest.raises(Untrue, match=words):
                connection.ask("/", last=True)
        for _ in range(2):
            with Connection(port) as connection:
                assert connection.ask("/", last=True).body == b"ok"
        thread.join()
