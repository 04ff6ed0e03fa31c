"""What visitors' browsers ask of us directly: everything below /-/shopwindow/."""

from http import HTTPStatus
from string import punctuation
from urllib.parse import parse_qs, quote, urlsplit

from starlette.types import Receive, Send

from ..rules.facts import PURPOSES
from .clicks import PREFIX as CLICK
from .leaving import leaving, private
from .visit import Visit

PREFIX = "/-/shopwindow/"
LARGEST = 16_384  # bytes of a form

Headers = list[tuple[bytes, bytes]]


async def answer(visit: Visit, receive: Receive, send: Send) -> None:
    """Answer a request below :data:`PREFIX`."""
    path, method = visit.arrival.path, visit.arrival.scope["method"]
    if path == PREFIX + "consent":
        if method == "POST":
            await _consent(visit, receive, send)
        else:
            await _reply(
                visit, send, HTTPStatus.METHOD_NOT_ALLOWED, [(b"allow", b"POST")]
            )
    elif path.startswith(CLICK) and method in ("GET", "HEAD"):
        await _click(visit, path.removeprefix(CLICK), send)
    else:
        await _reply(visit, send, HTTPStatus.NOT_FOUND)


async def _consent(visit: Visit, receive: Receive, send: Send) -> None:
    """A form with ``choice`` (granted, denied, or selected with the purposes ticked) and ``next``."""
    if not visit.arrival.same_origin:
        await _reply(visit, send, HTTPStatus.FORBIDDEN)
        return
    form = await _form(receive)
    if form is None:
        await _reply(visit, send, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        return
    choice = form.get("choice", "")
    ticked = [purpose for purpose in PURPOSES if form.get(purpose)]
    if choice == "granted":
        visit.grant()
    elif choice == "selected" and ticked:
        visit.grant(*ticked)
    elif choice in ("denied", "selected"):
        visit.deny()
    else:
        await _reply(visit, send, HTTPStatus.BAD_REQUEST)
        return
    await _redirect(visit, send, local(form.get("next", "")) or f"{visit.root}/")


async def _click(visit: Visit, token: str, send: Send) -> None:
    opened = visit.window.clicks.open(token)
    if opened is None:
        await _reply(visit, send, HTTPStatus.NOT_FOUND)
        return
    fragment, url = opened
    if visit.arrival.navigation and visit.arrival.scope["method"] == "GET":
        visit.track("Promotion Clicked", {"promotion_id": fragment})
    await _redirect(visit, send, url)


async def _form(receive: Receive) -> dict[str, str] | None:
    """The last value of each field of an urlencoded form, None if it is too large."""
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return {}  # half an answer is no answer
        body += message.get("body", b"")
        if len(body) > LARGEST:
            return None
        if not message.get("more_body", False):
            break
    return {
        name: values[-1] for name, values in parse_qs(body.decode("latin-1")).items()
    }


def local(url: str) -> str | None:
    """``url`` if it leads to a page of this very site, else None."""
    # Browsers read backslashes as slashes and drop control characters: //host in disguise.
    if not url.startswith("/") or url.startswith("//") or "\\" in url:
        return None
    if any(character <= " " or character == "\x7f" for character in url):
        return None
    parts = urlsplit(url)
    return None if parts.netloc or parts.scheme else url


async def _redirect(visit: Visit, send: Send, url: str) -> None:
    location = quote(url, safe=punctuation, errors="replace").encode()
    await _reply(visit, send, HTTPStatus.SEE_OTHER, [(b"location", location)])


async def _reply(
    visit: Visit, send: Send, status: HTTPStatus, headers: Headers | None = None
) -> None:
    body = (
        b""
        if status == HTTPStatus.SEE_OTHER
        else f"{status.value} {status.phrase}\n".encode()
    )
    start = {
        "type": "http.response.start",
        "status": status.value,
        "headers": [
            *private([]),
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", b"%d" % len(body)),
            *(headers or []),
        ],
    }
    await send(await leaving(visit, start))
    await send({"type": "http.response.body", "body": body})
