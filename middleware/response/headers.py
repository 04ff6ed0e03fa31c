"""The start of an answer: privacy headers, new cookies, and the promise that events are kept."""

from asyncio import Future, wait
from collections.abc import Iterable
from urllib.parse import quote

from starlette.types import Message

from ..guise import Guise
from ..visit import Visit
from .charsets import is_page

PROMISE = 0.25  # seconds that an answer to a POST waits for its events to be stored

# Of a page that could have been somebody's own, no cache may keep anything, and no validator
# may bring an old one back. Some caches look at their own header first: replace, do not add.
# (Edge-Control is Akamai's, the other one LiteSpeed's.)
_SHARED = frozenset(
    (
        b"cache-control", b"expires", b"pragma", b"surrogate-control", b"cdn-cache-control", b"age",
        b"x-accel-expires", b"edge-control", b"x-litespeed-cache-control",
        b"etag", b"last-modified", b"content-md5", b"digest", b"repr-digest", b"content-digest",
        b"accept-ranges",
    )
)  # fmt: skip
PRIVATE = (
    (b"cache-control", b"private, no-store"),
    (b"surrogate-control", b"no-store"),
    (b"cdn-cache-control", b"no-store"),
    # nginx is often told to ignore Cache-Control, seldom this one, which it keeps to itself.
    (b"x-accel-expires", b"0"),
)


def private(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """``headers`` of an answer that belongs to one visitor."""
    out = []
    vary: list[bytes] = []
    for name, value in headers:
        lower = name.lower()
        if lower == b"vary":
            vary += [part.strip() for part in value.split(b",")]
        elif lower not in _SHARED and not lower.endswith(b"-cdn-cache-control"):
            out.append((name, value))
    out += PRIVATE
    vary = [part for part in vary if part and part.lower() != b"cookie"]
    out.append((b"vary", b", ".join((*vary, b"Cookie"))))
    return out


async def leaving(visit: Visit, start: Message) -> Message:
    """The start of an answer with what this request changed: stored events, new cookies.

    A redirect or JSON that sets a cookie, or that a handler decided on, is as private as a page.
    """
    visit.left = True
    try:
        if visit.untold:
            await visit.settle()
            if visit.untold:
                words = "%s is kept for nobody: who is logged in came too late"
                visit.window.warn("account", words, ", ".join(sorted(visit.untold)))
        if visit.receipts and visit.arrival.scope["method"] not in ("GET", "HEAD"):
            # So that the page after the redirect knows, whichever worker serves it.
            promised = visit.promise()
            for future in promised:
                future.add_done_callback(noticed)
            await wait(promised, timeout=PROMISE)
        if visit.due is not None and _is_redirect(start):
            visit.refresh_cookie()
        if not visit.cookies and not visit.decided and not _is_page(visit, start):
            return start
        headers = private(start.get("headers", ()))
        headers += [(b"set-cookie", cookie) for cookie in visit.cookies]
        if visit.guise is not None:
            headers += _previewed(visit.guise)
    except Exception as error:
        # Our own fault, whatever it is: the answer leaves as the app made it.
        visit.window.warn("leaving", "preparing an answer failed: %r", error)
        return start
    return {**start, "headers": headers}


def _previewed(guise: Guise) -> list[tuple[bytes, bytes]]:
    """No search engine may list the page, no other site may learn its address."""
    return [
        (b"x-robots-tag", b"noindex"),
        (b"referrer-policy", b"same-origin"),
        (b"x-shopwindow-preview", quote(guise.name).encode()),
    ]


def _is_page(visit: Visit, start: Message) -> bool:
    """Whether this is a page with slots that was asked for in a way that leaves them as they are.

    A script or a prefetch gets the default content; a cache must not keep it for people.
    """
    arrival = visit.arrival
    return (
        not arrival.navigation
        and arrival.scope["method"] in ("GET", "HEAD")
        and visit.window.routes.has_slots(arrival.path, visit.site)
        and any(
            name.lower() == b"content-type" and is_page(value)
            for name, value in start.get("headers", ())
        )
    )


def _is_redirect(start: Message) -> bool:
    status: int = start["status"]
    return 300 <= status < 400 and status != 304


def noticed(future: "Future[None]") -> None:
    """A dropped event is counted by the journal; asyncio need not complain about it, too."""
    if not future.cancelled():
        future.exception()
