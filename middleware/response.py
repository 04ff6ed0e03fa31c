"""One answer leaving: when to touch it, which headers stay true, feeding the rewriter.

A page with a slot leaves privately, swapped or not; anything else leaves as the app made it,
as the same message objects. Headers cannot wait for the last byte, so an answer is held until
its first slot, its end, or :data:`HELD` bytes; a streamed one only where its path is known to
have slots.
"""

import codecs
import re
from asyncio import wait

from starlette.types import Message, Send

from ..fragments.rewrite import Hole, Kept, Piece, Rewriter, inside
from .visit import Visit

HELD = 262_144  # bytes of an answer with Content-Length that wait for their first slot
PROMISE = 0.25  # seconds that an answer to a POST waits for its events to be stored

# Of a page that could have been somebody's own, no cache may keep anything, and no validator
# may bring an old one back. Some caches look at their own header first: replace, do not add.
_SHARED = frozenset(
    (
        b"cache-control", b"expires", b"pragma", b"surrogate-control", b"cdn-cache-control", b"age",
        b"x-accel-expires", b"etag", b"last-modified", b"content-md5", b"digest", b"repr-digest",
        b"content-digest", b"accept-ranges",
    )
)  # fmt: skip
_PRIVATE = (
    (b"cache-control", b"private, no-store"),
    (b"surrogate-control", b"no-store"),
    (b"cdn-cache-control", b"no-store"),
)
_PAGES = (b"text/html", b"application/xhtml+xml")
_CHARSET = re.compile(rb"charset\s*=\s*[\"']?([A-Za-z0-9_.:-]+)", re.IGNORECASE)
# Encodings in which the bytes of "<" and of names may stand for something else.
_UNREADABLE = re.compile(
    r"utf_?-?16|utf_?-?32|utf_?-?7|iso2022|hz|cp037|cp500|cp1140|punycode"
)

_charsets: dict[bytes, str] = {
    b"text/html; charset=utf-8": "utf-8",
    b"text/html": "utf-8",
}


def charset_of(content_type: bytes) -> str:
    """The name of a page's encoding, empty if it cannot be rewritten as bytes."""
    known = _charsets.get(content_type)
    if known is None:
        found = _CHARSET.search(content_type)
        try:
            known = codecs.lookup(found[1].decode()).name if found else "utf-8"
        except LookupError:
            known = ""
        if _UNREADABLE.search(known):
            known = ""
        if len(_charsets) < 1_000:
            _charsets[content_type] = known
    return known


class Response:
    """The ``send`` of one page view: decides with the first body message what becomes of it."""

    __slots__ = (
        "_visit",
        "_send",
        "_start",
        "_rewriter",
        "_charset",
        "_held",
        "_size",
        "_step",
        "_status",
        "_html",
    )

    def __init__(self, visit: Visit, send: Send) -> None:
        self._visit = visit
        self._send = send
        self._start: Message | None = None
        self._rewriter: Rewriter | None = None
        self._charset = "utf-8"
        self._held: list[bytes] = []
        self._size = 0
        self._status = 0
        self._html = False
        self._step = self._first

    async def send(self, message: Message) -> None:
        kind = message["type"]
        if kind == "http.response.body":
            await self._step(message)
        elif kind == "http.response.start":
            self._begin(message)
        else:
            if kind != "http.response.debug":
                await self._release()
            await self._send(message)

    def _begin(self, message: Message) -> None:
        """Hold the start until the body says what its headers must be."""
        if not isinstance(message.get("headers", ()), (list, tuple)):
            message = {
                **message,
                "headers": list(message["headers"]),
            }  # any iterable is legal
        self._start = message
        self._status = message["status"]
        if (
            self._status < 200
            or self._status in (204, 205, 206, 304)
            or 300 <= self._status < 400
        ):
            return
        content_type = b""
        encoded = False
        for name, value in message.get("headers", ()):
            lower = name.lower()
            if lower == b"content-type":
                content_type = value
            elif lower == b"content-encoding" and value.strip().lower() not in (
                b"",
                b"identity",
            ):
                encoded = True
        if not content_type.lower().startswith(_PAGES):
            return
        self._html = True
        visit = self._visit
        charset = charset_of(content_type)
        if encoded or not charset:
            if visit.marked or visit.window.routes.has_slots(
                visit.arrival.path, visit.site
            ):
                why = (
                    "is compressed: mount shopwindow inside the compressor"
                    if encoded
                    else (
                        f"has an encoding that cannot be changed ({content_type.decode('latin-1')})"
                    )
                )
                visit.window.warn(
                    "unreadable", "the page %s %s", visit.arrival.path, why
                )
            return
        self._charset = charset
        self._rewriter = Rewriter(visit.site.names, visit.window.marker)

    # -- the first body message ------------------------------------------------------------

    async def _first(self, message: Message) -> None:
        rewriter = self._rewriter
        visit = self._visit
        if rewriter is None:
            await self._release()
            self._step = self._pass
            await self._pass(message)
            return
        body, more = message.get("body", b""), message.get("more_body", False)
        if not isinstance(body, bytes):
            body = bytes(body)
        try:
            pieces = rewriter.feed(body)
            if not more:
                pieces += rewriter.close()
        except Exception as error:
            # Our own fault, whatever it is: the page leaves as the app made it.
            await self._give_up(message, error)
            return
        if rewriter.found or visit.marked:
            await self._slotted(pieces, more)
        elif not more:
            await self._plain(message, pieces)
        elif self._has_length():
            self._held += [piece for piece in pieces if isinstance(piece, bytes)]
            self._size += len(body)
            if self._size > HELD:
                await self._too_long()
        elif visit.window.routes.has_slots(visit.arrival.path, visit.site):
            await self._slotted(pieces, more)
        else:
            await self._late(pieces)

    def _has_length(self) -> bool:
        assert self._start is not None
        return any(
            name.lower() == b"content-length"
            for name, _ in self._start.get("headers", ())
        )

    async def _plain(self, message: Message, pieces: list[Piece]) -> None:
        """A whole page without a slot: the very messages of the app, or without stray markers."""
        visit = self._visit
        visit.window.routes.learn(visit.arrival.path, False)
        body = b"".join(
            self._held + [piece for piece in pieces if isinstance(piece, bytes)]
        )
        if not self._held and body == message.get("body", b""):
            await self._release()
            await self._send(message)
        else:
            self._set_length(len(body))
            await self._release()
            await self._send({"type": "http.response.body", "body": body})
        self._finish()

    async def _too_long(self) -> None:
        """A long answer of known length without a slot so far: only a path with slots is worth more."""
        visit = self._visit
        if visit.window.routes.has_slots(visit.arrival.path, visit.site):
            await self._slotted([], True)
            return
        assert self._rewriter is not None
        rest = self._rewriter.close()
        self._held += [piece for piece in rest if isinstance(piece, bytes)]
        self._step = self._pass
        await self._release()
        held, self._held = b"".join(self._held), []
        await self._send(
            {"type": "http.response.body", "body": held, "more_body": True}
        )

    async def _late(self, pieces: list[Piece]) -> None:
        """The start cannot wait any longer and no slot was seen: later ones keep their default."""
        await self._release()
        held, self._held = b"".join(self._held), []
        self._step = self._too_late
        if held:
            await self._send(
                {"type": "http.response.body", "body": held, "more_body": True}
            )
        if pieces:
            await self._pour(pieces, True)

    async def _too_late(self, message: Message) -> None:
        pieces, more = self._feed(message)
        await self._pour(pieces, more)
        if not more:
            self._finish()

    async def _pour(self, pieces: list[Piece], more: bool) -> None:
        """Send pieces with every slot's default content, and say once that this was too late."""
        body = b"".join(self._defaults(pieces))
        if body or not more:
            await self._send(
                {"type": "http.response.body", "body": body, "more_body": more}
            )

    def _defaults(self, pieces: list[Piece]) -> list[bytes]:
        out: list[bytes] = []
        for piece in pieces:
            if isinstance(piece, bytes):
                out.append(piece)
            elif isinstance(piece, Hole):
                path = self._visit.arrival.path
                self._visit.window.routes.learn(path, True)
                self._visit.window.warn(
                    f"late slot {path}",
                    "the slot %s of %s came after the page's headers had left, so it kept its default "
                    'content: name the page in site.toml, [pages] include = ["%s"]',
                    piece.slot,
                    path,
                    path,
                )
                out += self._defaults(inside(piece))
        return out

    # -- a page with slots -----------------------------------------------------------------

    async def _slotted(self, pieces: list[Piece], more: bool) -> None:
        visit = self._visit
        visit.window.routes.learn(visit.arrival.path, True)
        self._make_private()
        pieces = [*self._held, *pieces]
        self._held = []
        self._step = self._stream
        if more:
            self._set_length(None)
            await self._release()
            await self._swap(pieces, more)
            return
        # The whole page is here. With all answers at hand it leaves in one message.
        first = next(
            (n for n, piece in enumerate(pieces) if isinstance(piece, Hole)),
            len(pieces),
        )
        if first < len(pieces) and not self._default_only() and not self._ready():
            self._set_length(None)
            await self._release()
            head = b"".join(
                piece for piece in pieces[:first] if isinstance(piece, bytes)
            )
            if head:
                await self._send(
                    {"type": "http.response.body", "body": head, "more_body": True}
                )
            await self._settle()
            body = b"".join(self._filled(pieces[first:]))
        else:
            body = b"".join(self._filled(pieces))
            self._set_length(
                None if visit.arrival.scope["method"] == "HEAD" else len(body)
            )
            await self._release()
        await self._send({"type": "http.response.body", "body": body})
        self._finish()

    async def _stream(self, message: Message) -> None:
        pieces, more = self._feed(message)
        await self._swap(pieces, more)
        if not more:
            self._finish()

    async def _swap(self, pieces: list[Piece], more: bool) -> None:
        """Send the pieces; what stands before the first slot never waits for an answer."""
        first = next(
            (n for n, piece in enumerate(pieces) if isinstance(piece, Hole)),
            len(pieces),
        )
        if first < len(pieces) and not self._default_only() and not self._ready():
            head = b"".join(
                piece for piece in pieces[:first] if isinstance(piece, bytes)
            )
            if head:
                await self._send(
                    {"type": "http.response.body", "body": head, "more_body": True}
                )
            pieces = pieces[first:]
            await self._settle()
        body = b"".join(self._filled(pieces))
        if body or not more:
            await self._send(
                {"type": "http.response.body", "body": body, "more_body": more}
            )

    def _default_only(self) -> bool:
        return self._status != 200 or self._visit.arrival.bot

    def _ready(self) -> bool:
        try:
            return self._visit.ready
        except Exception as error:
            # Our own fault, whatever it is: decisions then fail one by one, to their defaults.
            self._visit.window.warn("visit", "looking up a visitor failed: %r", error)
            return True

    async def _settle(self) -> None:
        try:
            await self._visit.settle()
        except Exception as error:
            # As in _ready.
            self._visit.window.warn("visit", "looking up a visitor failed: %r", error)

    def _filled(self, pieces: list[Piece]) -> list[bytes]:
        visit = self._visit
        out: list[bytes] = []
        for piece in pieces:
            if isinstance(piece, bytes):
                out.append(piece)
            elif isinstance(piece, Kept):
                visit.kept(piece.slot, piece.reason)
            else:
                content = None
                if not self._default_only():
                    try:
                        content = visit.fill(piece, self._charset)
                    except Exception as error:
                        # Our own fault, whatever it is: this slot keeps its default content.
                        visit.failed_slot(piece.slot, error)
                if content is None:
                    out += self._filled(inside(piece))
                else:
                    out.append(content)
        return out

    def _feed(self, message: Message) -> tuple[list[Piece], bool]:
        assert self._rewriter is not None
        body, more = message.get("body", b""), message.get("more_body", False)
        pieces = self._rewriter.feed(body if isinstance(body, bytes) else bytes(body))
        if not more:
            pieces += self._rewriter.close()
        return pieces, more

    async def _give_up(self, message: Message, error: Exception) -> None:
        self._visit.window.warn(
            "rewriter", "rewriting %s failed: %r", self._visit.arrival.path, error
        )
        await self._release()
        self._step = self._pass
        await self._pass(message)

    async def _pass(self, message: Message) -> None:
        await self._send(message)
        if not message.get("more_body", False):
            self._finish()

    def _finish(self) -> None:
        """The last byte has left."""
        if self._status == 200 and self._html and not self._visit.arrival.bot:
            try:
                self._visit.delivered()
            except Exception as error:
                # The page has left already; what is lost is one view.
                self._visit.window.warn(
                    "delivered", "counting a view failed: %r", error
                )

    # -- headers ---------------------------------------------------------------------------

    def _make_private(self) -> None:
        assert self._start is not None
        self._visit.refresh_cookie()
        self._start = {
            **self._start,
            "headers": private(self._start.get("headers", ())),
        }

    def _set_length(self, length: int | None) -> None:
        assert self._start is not None
        headers = [
            (name, value)
            for name, value in self._start.get("headers", ())
            if name.lower() != b"content-length"
        ]
        if length is not None:
            headers.append((b"content-length", b"%d" % length))
        self._start = {**self._start, "headers": headers}

    async def _release(self) -> None:
        """Send the held start, with the cookies that this answer changes."""
        start, self._start = self._start, None
        if start is not None:
            await self._send(await leaving(self._visit, start))


def private(
    headers: "list[tuple[bytes, bytes]] | tuple[()]",
) -> list[tuple[bytes, bytes]]:
    """``headers`` of an answer that belongs to one visitor."""
    out = []
    vary = [b"Cookie"]
    for name, value in headers:
        lower = name.lower()
        if lower == b"vary":
            vary = [
                part for part in value.split(b",") if part.strip().lower() != b"cookie"
            ] + vary
        elif lower not in _SHARED and not lower.endswith(b"-cdn-cache-control"):
            out.append((name, value))
    out += _PRIVATE
    out.append((b"vary", b", ".join(part.strip() for part in vary)))
    return out


async def leaving(visit: Visit, start: Message) -> Message:
    """The start of an answer with what this request changed: stored events, new cookies.

    A redirect or JSON that sets a cookie, or that a handler decided on, is as private as a page.
    """
    if visit.receipts and visit.arrival.scope["method"] not in ("GET", "HEAD"):
        # So that the page after the redirect knows, whichever worker serves it.
        await wait(visit.promise(), timeout=PROMISE)
    if not visit.cookies and not visit.decided:
        return start
    headers = private(start.get("headers", ()))
    headers += [(b"set-cookie", cookie) for cookie in visit.cookies]
    return {**start, "headers": headers}
