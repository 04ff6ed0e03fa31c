"""The script that tells of clicks where links keep the addresses they lead to.

One file of our own, below a kilobyte: no inline script, so that the page's Content-Security-Policy
needs no more than ``script-src 'self'; connect-src 'self'``. Its name changes with its content.
"""

from functools import cache
from hashlib import blake2b
from http import HTTPStatus
from importlib.resources import files
from typing import TYPE_CHECKING

from starlette.types import Send

from ..fragments.plainlinks import ATTRIBUTE

if TYPE_CHECKING:
    from .visit import Visit

_BEFORE, _AFTER = "/-/shopwindow/clicks", ".js"
_MARK = f" {ATTRIBUTE}=".encode()
_YEAR = b"public, max-age=31536000, immutable"
_HOUR = b"public, max-age=3600"


@cache
def script() -> tuple[bytes, str]:
    """The script, and what its name has of its content."""
    content = files(__package__).joinpath("clicks.js").read_bytes()
    return content, blake2b(content, digest_size=8).hexdigest()


def address(root: str) -> str:
    """Where the script is, of a shop that stands below ``root``."""
    return f"{root}{_BEFORE}.{script()[1]}{_AFTER}"


def element(root: str) -> str:
    """What brings the script onto a page."""
    return f'<script src="{address(root)}" async></script>'


def has_links(content: bytes) -> bool:
    """Whether clicks on what is in a fragment are told by the script."""
    return _MARK in content


def is_script(path: str) -> bool:
    """Whether ``path`` is its address: with its mark, with that of another version, or without."""
    return path.startswith(_BEFORE) and path.endswith(_AFTER) and path.count("/") == 3


async def answer(visit: "Visit", send: Send) -> None:
    """Send the script, for everybody's cache; only what is named after it never changes."""
    content, mark = script()
    arrival = visit.arrival
    tag = f'"{mark}"'.encode()
    named = arrival.path == address("")
    headers = [
        (b"cache-control", _YEAR if named else _HOUR),
        (b"etag", tag),
        (b"x-content-type-options", b"nosniff"),
    ]
    status = HTTPStatus.OK
    if arrival.headers.get(b"if-none-match", b"").removeprefix(b"W/") == tag:
        status, content = HTTPStatus.NOT_MODIFIED, b""
    else:
        headers += [
            (b"content-type", b"text/javascript; charset=utf-8"),
            (b"content-length", b"%d" % len(content)),
        ]
    start = {"type": "http.response.start", "status": status.value, "headers": headers}
    await send(start)
    body = b"" if arrival.scope["method"] == "HEAD" else content
    await send({"type": "http.response.body", "body": body})
