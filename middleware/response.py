"""One answer leaving: when to touch it, feeding the rewriter, and what is left when that fails.

A page with a slot leaves privately, swapped or not; anything else leaves as the app made it,
as the same message objects. Headers cannot wait for the last byte, so an answer is held until
its first slot, its end, or :data:`HELD` bytes; a streamed one only where its path is known to
have slots.
"""

from time import time
from typing import TYPE_CHECKING

from starlette.types import Message, Receive, Send

from ..fragments.blocks import cut
from ..fragments.rewrite import Hole, Kept, Piece, Rewriter, inside
from .arriving import arriving
from .charsets import charset_in, charset_of, is_page
from .leaving import leaving, private
from .presence import QUICK, has_left
from .storedpage import HEAD, StoredPage
from .unsent import Unsent
from .validators import revalidated
from .visit import Visit

if TYPE_CHECKING:
    from ..fragments.selectors import Selecting

HELD = 262_144  # bytes of an answer with Content-Length that wait for their first slot
# Pages that we keep away from may leave so.
_BODIES = ("http.response.pathsend", "http.response.zerocopysend")


class Response:
    """The ``send`` of one page view: decides with the first body message what becomes of it."""

    __slots__ = (
        "_charset",
        "_head",
        "_held",
        "_html",
        "_left",
        "_pieces",
        "_found",
        "_page",
        "_receive",
        "_rewriter",
        "_send",
        "_size",
        "_sized",
        "_start",
        "_status",
        "_step",
        "_unsent",
        "_visit",
    )

    def __init__(self, visit: Visit, send: Send, receive: Receive) -> None:
        self._visit = visit
        self._receive = receive
        self._left = False  # the client was gone before the end of the page
        self._send = send
        self._start: Message | None = None
        self._page = False  # it can be rewritten
        self._found = False  # it has a slot
        # Not for the most frequent pages.
        self._rewriter: Rewriter | Selecting | None = None
        self._unsent: Unsent | None = None
        self._charset: str | None = None  # not known yet
        self._head = b""  # the beginning of a page that has to say these things itself
        self._held: list[Message] = []  # body messages of which nothing has left
        self._pieces: list[Piece] = []  # what the rewriter made of them
        self._size = 0
        self._sized = False  # the answer has a Content-Length
        self._status = 0
        self._html = False
        self._step: Send = self._pass

    @property
    def broken_off(self) -> bool:
        """Whether the answer has begun and not ended: the app failed, or nobody was there any more."""
        return self._status != 0 and self._step is not self._send

    async def replay(self, page: StoredPage, age: int) -> bool:
        """Answer with a page that is kept, as if the app had sent it once more.

        False: that failed, and nothing has left yet.
        """
        visit = self._visit
        self._status, self._html, self._page = 200, True, True
        self._charset, self._size = page.charset, page.length
        try:
            if visit.polyglot:
                visit.listen(page.head)
            if page.slots:
                visit.refresh_cookie()
        except Exception as error:
            # Our own fault, whatever it is: the app can still answer.
            visit.window.warn("replay", "answering for the app failed: %r", error)
            return False
        headers = page.dressed if page.slots else page.aged(age)
        self._start = {
            "type": "http.response.start", "status": 200, "headers": headers
        }  # fmt: skip
        if page.slots:
            await self._swap(page.pieces, False)
            return True
        await self._release()
        head_only = visit.arrival.scope["method"] == "HEAD"
        body = b"" if head_only else page.body
        await self._send({"type": "http.response.body", "body": body})
        self._finish()
        return True

    async def send(self, message: Message) -> None:
        kind = message["type"]
        if kind == "http.response.body":
            if self._html and not message.get("more_body", False):
                if time() - self._visit.arrival.now > QUICK:
                    self._left = await has_left(self._receive)
            await self._step(message)
        elif kind == "http.response.start":
            await self._begin(message)
        else:
            if self._start is not None and kind != "http.response.debug":
                await self._now()
            await self._send(message)
            if kind in _BODIES and not message.get("more_body", False):
                self._finish()

    async def _begin(self, message: Message) -> None:
        """Hold the start of a page until its body says what the headers must be."""
        self._start = message
        try:
            rewritten = self._look(message)
        except Exception as error:
            # Our own fault, whatever it is: _fail sends the page as the app made it.
            await self._fail(None, error)
            return
        if rewritten:
            self._step = self._first
        else:
            await self._release()

    def _look(self, message: Message) -> bool:
        """Whether the answer is a page that can be rewritten."""
        visit = self._visit
        status = self._status = message["status"]
        if not isinstance(message.get("headers", ()), (list, tuple)):
            # Any iterable is legal, but only once.
            message = self._start = {**message, "headers": list(message["headers"])}
        if status < 200 or 300 <= status < 400 or status in (204, 205, 206):
            return False
        content_type = b""
        encoded = False
        for name, value in message.get("headers", ()):
            lower = name.lower()
            if lower == b"content-type":
                content_type = value
            elif lower == b"content-length":
                self._sized = True
            elif lower == b"content-encoding":
                encoded = encoded or value.strip().lower() not in (b"", b"identity")
        self._html = is_page(content_type)
        if visit.aside or not (self._html or visit.marked):
            return False
        charset = charset_of(content_type)
        if encoded or charset == "":
            path = visit.arrival.path
            if visit.marked or visit.window.routes.has_slots(path, visit.site):
                why = "is compressed: mount shopwindow inside the compressor"
                if not encoded:
                    shown = content_type.decode("latin-1")
                    why = f"has an encoding that cannot be changed ({shown})"
                visit.window.warn("unreadable", "the page %s %s", path, why)
            return False
        self._charset = charset
        self._page = True
        return True

    @property
    def held(self) -> int:
        """Bytes of a streamed page that came and have not left."""
        if self._start is not None:
            return self._size
        return 0 if self._unsent is None else self._unsent.left

    # -- until it is clear what becomes of the page ----------------------------------------

    async def _first(self, message: Message) -> None:
        try:
            pieces = self._feed(message)
            self._pieces = [*self._pieces, *pieces] if self._pieces else pieces
            step = self._verdict(message)
        except Exception as error:
            # Our own fault, whatever it is: _fail sends the page as the app made it.
            await self._fail(message, error)
            return
        if step is None:
            self._held.append(message)
        else:
            await step(message)

    def _verdict(self, message: Message) -> Send | None:
        """What is done with the page that begins with ``message``, None to wait for more of it."""
        visit, routes = self._visit, self._visit.window.routes
        path = visit.arrival.path
        if self._found or visit.marked:
            if self._status == 200:
                routes.learn(path, True)
            return self._dress()
        more = message.get("more_body", False)
        # The answer to a HEAD may be without its body, and then says nothing about the page.
        bodiless = visit.arrival.scope["method"] == "HEAD" and not self._size
        if not more and not bodiless:
            if self._status == 200:
                routes.learn(path, False)
            return self._plain
        if more and self._sized and self._size <= HELD:
            return None
        if routes.has_slots(path, visit.site):
            return self._dress()
        return self._late if more else self._plain

    def _dress(self) -> Send:
        """Make the headers those of a page with slots."""
        assert self._start is not None
        self._visit.refresh_cookie()
        headers = private(self._start.get("headers", ()))
        self._start = {**self._start, "headers": headers}
        self._sized = False  # its length will be another one
        self._step = self._stream
        return self._dressed

    async def _now(self) -> None:
        """The start has to leave before the body has said anything."""
        if self._page:
            path = self._visit.arrival.path
            try:
                if self._visit.window.routes.has_slots(path, self._visit.site):
                    step = self._dress()
                else:
                    step = None
            except Exception as error:
                # Our own fault, whatever it is: _fail sends the page as the app made it.
                await self._fail(None, error)
                return
            if step is None:
                await self._let_go()
            else:
                await step({"type": "http.response.body", "more_body": True})

    # -- a page without slots --------------------------------------------------------------

    async def _plain(self, message: Message) -> None:
        """A whole page without a slot: the very messages of the app, or without stray markers."""
        pieces = [piece for piece in self._pieces if isinstance(piece, bytes)]
        self._explained(self._pieces)
        if sum(map(len, pieces)) == self._size:
            await self._release()
            for held in self._held:
                await self._send(held)
            await self._send(message)
        else:
            body = b"".join(pieces)
            head_only = self._visit.arrival.scope["method"] == "HEAD"
            self._set_length(None if head_only else len(body))
            await self._release()
            await self._send({"type": "http.response.body", "body": body})
        self._finish()

    def _explained(self, pieces: list[Piece]) -> None:
        """Say of the slots that could not be offered why."""
        if any(isinstance(piece, Kept) for piece in pieces):
            self._filled([piece for piece in pieces if isinstance(piece, Kept)])

    async def _late(self, message: Message) -> None:
        """The start cannot wait any longer and no slot was seen: later ones keep their default."""
        await self._let_go()
        self._explained(self._pieces)
        if self._sized:
            await self._send(message)
        else:
            await self._pour(message, self._pieces)
        self._pieces = []

    async def _let_go(self) -> None:
        await self._release()
        self._step = self._too_late
        for held in self._held:
            await self._send(held)
        self._held.clear()

    async def _too_late(self, message: Message) -> None:
        try:
            pieces = self._feed(message)
            for piece in pieces:
                if isinstance(piece, Hole) and self._status == 200:
                    self._missed(piece.slot)
            self._explained(pieces)
        except Exception as error:
            # Our own fault, whatever it is: _fail sends the page as the app made it.
            await self._fail(message, error)
            return
        if self._sized:  # its length was promised: nothing may be taken out
            await self._send(message)
        else:
            await self._pour(message, pieces)
        if not message.get("more_body", False):
            self._finish()

    def _missed(self, slot: str) -> None:
        path = self._visit.arrival.path
        self._visit.window.routes.learn(path, True)
        self._visit.window.warn(
            f"late slot {path}",
            "the slot %s of %s came after the page's headers had left, so it kept its default "
            'content: name the page in site.toml, [pages] include = ["%s"]',
            slot,
            path,
            path,
        )

    async def _pour(self, message: Message, pieces: list[Piece]) -> None:
        """Send ``message`` with every slot's default content."""
        more = message.get("more_body", False)
        given = message.get("body", b"")
        if pieces[0] is given if len(pieces) == 1 else not pieces and not given:
            await self._send(message)
            return
        body = b"".join(_defaults(pieces))
        if body or not more:
            await self._send(
                {"type": "http.response.body", "body": body, "more_body": more}
            )

    # -- a page with slots -----------------------------------------------------------------

    async def _dressed(self, message: Message) -> None:
        """All of the page that is there so far."""
        pieces, self._pieces = self._pieces, []
        self._held.clear()
        await self._swap(pieces, message.get("more_body", False))

    async def _stream(self, message: Message) -> None:
        try:
            pieces = self._feed(message)
        except Exception as error:
            # Our own fault, whatever it is: _fail sends the page as the app made it.
            await self._fail(message, error)
            return
        await self._swap(pieces, message.get("more_body", False))

    async def _swap(self, pieces: list[Piece], more: bool) -> None:
        """Send the pieces; what stands before the first slot never waits for an answer."""
        first = next((n for n, p in enumerate(pieces) if isinstance(p, Hole)), -1)
        kept = not more and self._start is not None and self._may_be_kept()
        if first >= 0 and not self._default_only() and not self._ready():
            if not kept:  # else its tag depends on the last byte
                await self._leave(self._filled(pieces[:first]))
                pieces = pieces[first:]
            await self._settle()
        if first >= 0 and self._visit.site.remotes and not self._default_only():
            leave = None if kept else self._leave
            parts = await arriving(self._visit, pieces, self._filled, leave)
        else:
            parts = self._filled(pieces)
        body = b"".join(parts)
        if self._start is not None:
            head_only = self._visit.arrival.scope["method"] == "HEAD"
            if kept and self._revalidate(body):
                head_only, body = True, b""  # the browser has it
            self._set_length(None if more or head_only else len(body))
            await self._release()
        if body or not more:
            await self._send(
                {"type": "http.response.body", "body": body, "more_body": more}
            )
        if not more:
            self._finish()

    def _may_be_kept(self) -> bool:
        """Whether the browser may keep the page, if it asks each time."""
        visit = self._visit
        if not visit.site.settings.revalidate or self._status != 200 or not self._html:
            return False
        # What changes an id, and what a handler decided, is for this moment.
        return not (visit.cookies or visit.decided)

    def _revalidate(self, body: bytes) -> bool:
        """Make the headers those of a page that may be kept; whether the browser has it."""
        assert self._start is not None
        try:
            asked = self._visit.arrival.headers.get(b"if-none-match", b"")
            page = body if self._size else None  # the answer to a HEAD may be without
            self._start, has = revalidated(self._start, page, asked)
        except Exception as error:
            # Our own fault, whatever it is: the page leaves, and nobody keeps it.
            self._visit.window.warn("validators", "making a tag failed: %r", error)
            return False
        return has

    async def _leave(self, parts: list[bytes]) -> None:
        """Send what is there: the page has to wait for what follows."""
        if self._start is not None:
            self._set_length(None)
            await self._release()
        if head := b"".join(parts):
            await self._send(
                {"type": "http.response.body", "body": head, "more_body": True}
            )

    def _default_only(self) -> bool:
        return self._status != 200 or not self._html or self._visit.arrival.bot

    def _encoding(self) -> str:
        """That of the page, empty if nothing can be written in it."""
        if self._charset is None:
            self._charset = charset_in(self._head)
        return self._charset

    def _ready(self) -> bool:
        try:
            return self._visit.collect()
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
        """The bytes of ``pieces``, each slot with what it shows to this visitor."""
        visit = self._visit
        out: list[bytes] = []
        for piece in pieces:
            if isinstance(piece, bytes):
                out.append(piece)
                continue
            content = None
            try:
                if isinstance(piece, Kept):
                    visit.display.kept(piece.slot, piece.reason)
                elif not self._default_only():
                    if charset := self._encoding():
                        content = visit.display.fill(piece, charset)
                    else:
                        visit.display.kept(piece.slot, "encoding")
            except Exception as error:
                # Our own fault, whatever it is: this slot keeps its default content.
                visit.display.failed(piece.slot, error)
            if content is not None:
                out.append(content)
            elif isinstance(piece, Hole):
                out += self._filled(inside(piece))
        return out

    # -- all pages -------------------------------------------------------------------------

    def _feed(self, message: Message) -> list[Piece]:
        """What the rewriter makes of the next message."""
        body, more = message.get("body", b""), message.get("more_body", False)
        if not isinstance(body, bytes):
            body = bytes(body)
        if self._size < HEAD and (self._charset is None or self._visit.polyglot):
            self._head += body[: HEAD - self._size]
            if self._visit.polyglot:
                self._visit.listen(self._head)
        whole = not more and not self._size  # all in one message
        self._size += len(body)
        site, marker = self._visit.site, self._visit.window.marker
        if whole and site.selectors is None:
            simple = cut(body, site.names, marker)
            if simple is not None:
                self._found = len(simple) > 1
                return simple
            familiar, path = self._visit.window.familiar, self._visit.arrival.path
            scanner = familiar.scanner(path, body)
            self._rewriter = Rewriter(site.names, marker, scanner=scanner)
        elif self._rewriter is None:
            self._rewriter = Rewriter(site.names, marker)
            if site.selectors is not None:
                self._rewriter = site.selectors.over(self._rewriter, self._encoding())
        rewriter = self._rewriter
        if not whole:
            if self._unsent is None:
                self._unsent = Unsent(marker)
                self._visit.window.stats.streaming[self._visit] = self
            self._unsent.fed(body)
        pieces = rewriter.feed(body)
        if not more:
            pieces += rewriter.close()
        self._found = rewriter.found
        if self._unsent is not None:
            self._unsent.came(pieces)
        return pieces

    async def _fail(self, message: Message | None, error: Exception) -> None:
        """Our own fault, whatever it is: the page goes on as the app makes it."""
        path = self._visit.arrival.path
        self._visit.window.warn("rewriter", "rewriting %s failed: %r", path, error)
        self._step = self._pass
        self._page = False
        if self._start is not None:  # nothing has left
            await self._release()
            for held in self._held:
                await self._send(held)
            self._held.clear()
        elif self._unsent is not None and not self._sized:
            # With what is in this message, too: it went in and has not come out.
            rest = self._unsent.rest()
            if message is not None:
                message = {**message, "body": rest}
        if message is not None:
            await self._pass(message)

    async def _pass(self, message: Message) -> None:
        await self._send(message)
        if not message.get("more_body", False):
            self._finish()

    def _finish(self) -> None:
        """The last byte has left."""
        self._step = self._send
        if self._left or self._visit.arrival.bot:
            return
        if self._status == 200 and self._html:
            try:
                self._visit.delivered()
            except Exception as error:
                # The page has left already; what is lost is one view.
                self._visit.window.warn(
                    "delivered", "counting a view failed: %r", error
                )

    def _set_length(self, length: int | None) -> None:
        assert self._start is not None
        headers = [
            (name, value)
            for name, value in self._start.get("headers", ())
            if name.lower() not in (b"content-length", b"transfer-encoding")
        ]
        if length is not None:
            headers.append((b"content-length", b"%d" % length))
        self._start = {**self._start, "headers": headers}

    async def _release(self) -> None:
        """Send the held start, with the cookies that this answer changes."""
        start, self._start = self._start, None
        if start is not None:
            await self._send(await leaving(self._visit, start))


def _defaults(pieces: list[Piece]) -> list[bytes]:
    out: list[bytes] = []
    for piece in pieces:
        if isinstance(piece, bytes):
            out.append(piece)
        elif isinstance(piece, Hole):
            out += _defaults(inside(piece))
    return out
