"""Answers read from a socket byte by byte, where nothing may be missing, twice, or left over."""

import gzip
import socket
from collections.abc import Mapping
from typing import NamedTuple

from tests.asgi import BROWSER

Fields = list[tuple[str, str]]


class Untrue(AssertionError):
    """What came over the wire is not one whole answer."""


class Received(NamedTuple):
    status: int
    fields: Fields
    body: bytes

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.fields if key == name]

    @property
    def page(self) -> bytes:
        """The body without its content encoding."""
        packed = self.all("content-encoding") == ["gzip"]
        return gzip.decompress(self.body) if packed else self.body


class Connection:
    """One connection that is kept open; ``with`` closes it."""

    def __init__(self, port: int, patience: float = 5.0) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), patience)
        self._come = b""

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def ask(
        self,
        path: str,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        *,
        last: bool = False,
    ) -> Received:
        """Send a request and read exactly its answer; after the ``last`` one, nothing else."""
        fields = {
            "Host": "127.0.0.1",
            "User-Agent": BROWSER.decode(),
            "Accept": "text/html",
            **(headers or {}),
            **({"Connection": "close"} if last else {}),
        }
        lines = [f"{method} {path} HTTP/1.1", *(f"{k}: {v}" for k, v in fields.items())]
        self.socket.sendall("\r\n".join((*lines, "", "")).encode())
        answer = self._answer(method)
        if last and (stray := self._to_the_end()):
            raise Untrue(f"{len(stray)} bytes after the end: {stray[:40]!r}")
        return answer

    def _answer(self, method: str) -> Received:
        line = self._until(b"\r\n")
        parts = line.split(b" ", 2)
        if len(parts) < 2 or parts[0] != b"HTTP/1.1" or not parts[1].isdigit():
            raise Untrue(f"no status line, but {line[:60]!r}")
        status = int(parts[1])
        fields: Fields = []
        while line := self._until(b"\r\n"):
            name, colon, value = line.partition(b":")
            if not colon or not name or name != name.strip():
                raise Untrue(f"no header, but {line!r}")
            fields.append((name.decode().lower(), value.strip().decode("latin-1")))
        lengths = [value for name, value in fields if name == "content-length"]
        codings = [value for name, value in fields if name == "transfer-encoding"]
        if len(lengths) + len(codings) > 1:
            raise Untrue(f"lengths {lengths} and codings {codings}")
        if method == "HEAD" or status in (204, 304):
            return Received(status, fields, b"")
        if codings == ["chunked"]:
            return Received(status, fields, self._chunks())
        if not lengths or not lengths[0].isdigit():
            raise Untrue(f"an answer without an end: {fields}")
        return Received(status, fields, self._exactly(int(lengths[0])))

    def _chunks(self) -> bytes:
        body = b""
        while True:
            line = self._until(b"\r\n")
            try:
                size = int(line.split(b";")[0], 16)
            except ValueError:
                raise Untrue(f"no chunk, but {line[:60]!r}") from None
            body += self._exactly(size)
            if self._exactly(2) != b"\r\n":
                raise Untrue("a chunk that is longer than it said")
            if size == 0:
                return body

    def _until(self, end: bytes) -> bytes:
        while end not in self._come:
            self._more()
        line, _, self._come = self._come.partition(end)
        return line

    def _exactly(self, size: int) -> bytes:
        while len(self._come) < size:
            self._more()
        taken, self._come = self._come[:size], self._come[size:]
        return taken

    def _more(self) -> None:
        try:
            come = self.socket.recv(65_536)
        except OSError as error:
            raise Untrue(f"the answer breaks off: {error!r}") from None
        if not come:
            raise Untrue("the connection was closed before the answer was whole")
        self._come += come

    def _to_the_end(self) -> bytes:
        try:
            while True:
                self._more()
        except Untrue:
            return self._come
