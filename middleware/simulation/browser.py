"""A browser that needs no screen: one connection, cookies, forms and redirects."""

import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from threading import Event, Thread
from typing import NamedTuple
from urllib.parse import urlencode, urljoin, urlsplit

PEOPLE = (
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)"
    " Version/18.5 Safari/605.1.15",
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/137.0.0.0 Mobile Safari/537.36",
)
PROGRAM = "Mozilla/5.0 (compatible; Wanderbot/1.0; +https://example.com/bot)"
_HOPS = 5
_SECONDS = 30.0  # that a shop may say nothing, ...
_WHOLE = 60.0  # ... and that an answer may take as a whole


class Unexpected(Exception):
    """A shop that does not answer as a shop does; the words say which page, and how."""


class Page(NamedTuple):
    """What came back, after all redirects."""

    path: str
    status: int
    text: str


class Line:
    """A connection to a shop, for one visitor after the other."""

    def __init__(self, host: str, port: int) -> None:
        self.host = f"{host}:{port}"
        self._connection = HTTPConnection(host, port, timeout=_SECONDS)
        self._sock: socket.socket | None = None
        self._until: float | None = None  # of the answer that is awaited
        self._closed = Event()
        Thread(target=self._watch, name="shopwindow-simulate", daemon=True).start()
        self.asked = 0

    def ask(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | None
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        """Status, headers and body. Raises :class:`Unexpected` where nothing comes."""
        self.asked += 1
        for again in (True, False):
            until = self._until = time.monotonic() + _WHOLE
            try:
                self._connection.request(method, path, body, dict(headers))
                self._sock = self._connection.sock  # which the answer may take away
                answer = self._connection.getresponse()
                content = answer.read()
                if time.monotonic() >= until:
                    raise TimeoutError  # what has come ends where we hung up
                return answer.status, answer.getheaders(), content
            except (HTTPException, OSError) as error:
                # A server may close what is idle; a form is never sent twice.
                self._connection.close()
                if time.monotonic() >= until:
                    why = f"no whole answer within {_WHOLE:g} seconds"
                    raise Unexpected(f"{method} {path} at {self.host}: {why}") from None
                if not again or method == "POST":
                    raise Unexpected(
                        f"{method} {path} at {self.host}: {error!r}"
                    ) from error
            finally:
                self._until = None
        raise AssertionError("one of the two has answered or raised")

    def _watch(self) -> None:
        """Hang up on a shop that goes on answering for ever, a byte now and then."""
        while not self._closed.wait(min(1.0, _WHOLE / 4)):
            until, sock = self._until, self._sock
            if until is not None and sock is not None and time.monotonic() >= until:
                with suppress(OSError):  # it has hung up itself
                    sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._closed.set()
        self._connection.close()


class Browser:
    """One visitor's browser: what it is told to keep it keeps, until it is thrown away."""

    def __init__(self, line: Line, agent: str = PEOPLE[0]) -> None:
        self._line = line
        self._agent = agent
        self.cookies: dict[str, str] = {}

    def open(self, path: str, *, ahead: bool = False) -> Page:
        """Look at a page; ``ahead``: only fetch it, as browsers do before somebody clicks."""
        more = {"sec-purpose": "prefetch"} if ahead else {}
        return self._follow("GET", path, more, None)

    def send(self, path: str, **fields: str) -> Page:
        """Send a form of this shop, and look at the page that follows."""
        more = {
            "content-type": "application/x-www-form-urlencoded",
            "origin": f"http://{self._line.host}",
        }
        return self._follow("POST", path, more, urlencode(fields).encode())

    def post(self, path: str, **fields: str) -> None:
        """Send a form, and be gone before the next page comes."""
        more = {"content-type": "application/x-www-form-urlencoded"}
        self._ask("POST", path, more, urlencode(fields).encode())

    def _follow(
        self, method: str, path: str, more: Mapping[str, str], body: bytes | None
    ) -> Page:
        for _ in range(_HOPS):
            status, headers, content = self._ask(method, path, more, body)
            if status not in (301, 302, 303, 307, 308):
                return Page(path, status, content.decode("utf-8", "replace"))
            to = next(
                (value for name, value in headers if name.lower() == "location"), ""
            )
            parts = urlsplit(urljoin(f"http://{self._line.host}{path}", to))
            if parts.netloc != self._line.host:
                raise Unexpected(f"{path} leads away from the shop, to {parts.netloc}")
            path = f"{parts.path}?{parts.query}" if parts.query else parts.path
            if method == "POST" and status in (301, 302, 303):
                method, body, more = "GET", None, {}
        raise Unexpected(f"{path} does not stop to lead elsewhere")

    def _ask(
        self, method: str, path: str, more: Mapping[str, str], body: bytes | None
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        headers = {"user-agent": self._agent, "accept": "text/html", **more}
        if self.cookies:
            headers["cookie"] = "; ".join(f"{k}={v}" for k, v in self.cookies.items())
        status, answered, content = self._line.ask(method, path, headers, body)
        for name, value in answered:
            if name.lower() == "set-cookie":
                self._keep(value)
        if status >= 500:
            raise Unexpected(f"{method} {path} is answered with {status}")
        return status, answered, content

    def _keep(self, cookie: str) -> None:
        pair, _, attributes = cookie.partition(";")
        name, _, value = pair.strip().partition("=")
        gone = "max-age=0" in attributes.lower() or "1970" in attributes
        if gone:
            self.cookies.pop(name, None)
        else:
            self.cookies[name] = value
