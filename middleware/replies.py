"""Answers of our own: private, and with the cookies that the request changed."""

from http import HTTPStatus
from string import punctuation
from typing import Any
from urllib.parse import quote, urlsplit

import msgspec
from starlette.types import Send

from .response.headers import leaving, private
from .visit import Visit

Headers = list[tuple[bytes, bytes]]
TEXT, JSON = b"text/plain; charset=utf-8", b"application/json"
_SILENT = (HTTPStatus.SEE_OTHER, HTTPStatus.NO_CONTENT)


def local(url: str) -> str | None:
    """``url`` if it leads to a page of this very site, else None."""
    # Browsers read backslashes as slashes and drop control characters: //host in disguise.
    if not url.startswith("/") or url.startswith("//") or "\\" in url:
        return None
    if any(character <= " " or character == "\x7f" for character in url):
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return None if parts.netloc or parts.scheme else url


async def redirect(
    visit: Visit, send: Send, url: str, headers: Headers | None = None
) -> None:
    """Lead to ``url``, with GET."""
    location = quote(url, safe=punctuation, errors="replace").encode()
    await reply(
        visit, send, HTTPStatus.SEE_OTHER, [(b"location", location), *(headers or [])]
    )


async def say(
    visit: Visit,
    send: Send,
    status: HTTPStatus,
    said: Any,
    headers: Headers | None = None,
) -> None:
    """Answer with JSON."""
    await reply(visit, send, status, headers, msgspec.json.encode(said), JSON)


async def reply(
    visit: Visit,
    send: Send,
    status: HTTPStatus,
    headers: Headers | None = None,
    body: bytes | None = None,
    kind: bytes = TEXT,
) -> None:
    """Answer with ``body``; by default with what the status means, where it has a body."""
    if body is None:
        silent = status in _SILENT
        body = b"" if silent else f"{status.value} {status.phrase}\n".encode()
    start = {
        "type": "http.response.start",
        "status": status.value,
        "headers": [*private([]), *_described(status, body, kind), *(headers or [])],
    }
    await send(await leaving(visit, start))
    await send({"type": "http.response.body", "body": body})


def _described(status: HTTPStatus, body: bytes, kind: bytes) -> Headers:
    if status == HTTPStatus.NO_CONTENT:
        return []
    return [(b"content-type", kind), (b"content-length", b"%d" % len(body))]
