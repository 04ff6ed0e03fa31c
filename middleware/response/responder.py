"""One answer leaving: when to touch it, when its headers must be known, and what is left when that fails.

A page with a slot leaves privately, swapped or not; anything else leaves as the app made it,
as the same message objects. Headers cannot wait for the last byte, so an answer is held until
its first slot, its end, or :data:`HELD` bytes; a streamed one only where its path is known to
have slots.
"""

from time import time

from starlette.types import Message, Send

from ...fragments.rewrite import Hole, Kept, Piece, inside
from .charsets import charset_of, is_page
from .feed import Feed
from .headers import private
from .presence import QUICK, has_left
from .start import listed, read
from .swapping import Swapping

HELD = 262_144  # bytes of an answer with Content-Length that wait for their first slot
# Pages that we keep away from may leave so.
_BODIES = ("http.response.pathsend", "http.response.zerocopysend")


class Response(Swapping):
    """The ``send`` of one page view: decides with the first body message what becomes of it."""

    __slots__ = ("_feed", "_held", "_pieces", "_sized")

    # All of these are there from when it is known that the answer is a page.
    _feed: Feed
    _held: list[Message]  # body messages of which nothing has left
    _pieces: list[Piece]  # what the rewriter made of them
    _sized: bool  # the answer has a Content-Length, and keeps it

    async def send(self, message: Message) -> None:
        kind = message["type"]
        if kind == "http.response.body":
            if self._html and not message.get("more_body", False):
                if time() - self._visit.arrival.now > QUICK:
                    self._gone = await has_left(self._receive)
            await self._step(message)
        elif kind == "http.response.start":
            await self._begin(message)
        else:
            if self._start is not None and kind != "http.response.debug":  # a page
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
            # Our own fault, whatever it is: the page goes on as the app makes it.
            self._failed(error)
            rewritten = False
        if rewritten:
            self._step = self._first
        else:
            await self._release()

    def _look(self, message: Message) -> bool:
        """Whether the answer is a page that can be rewritten."""
        visit = self._visit
        status = self._status = message["status"]
        message = self._start = listed(message)
        if status < 200 or 300 <= status < 400 or status in (204, 205, 206):
            return False
        content_type, sized, encoded = read(message)
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
        self._source = self._feed = Feed(visit, charset)
        self._held, self._pieces, self._sized = [], [], sized
        return True

    @property
    def held(self) -> int:
        """Bytes of a streamed page that came and have not left."""
        return self._feed.held if self._start is None else self._feed.length

    # -- until it is clear what becomes of the page ----------------------------------------

    async def _first(self, message: Message) -> None:
        try:
            pieces = self._feed.take(message)
            self._pieces = [*self._pieces, *pieces] if self._pieces else pieces
            step = self._verdict(message)
        except Exception as error:
            # Our own fault, whatever it is: _fail sends the page as the app made it.
            await self._fail(message, error)
            return
        if message.get("more_body", False):
            self._visit.window.stats.streaming[self._visit] = self
        if step is None:
            self._held.append(message)
        else:
            await step(message)

    def _verdict(self, message: Message) -> Send | None:
        """What is done with the page that begins with ``message``, None to wait for more of it."""
        visit, routes = self._visit, self._visit.window.routes
        path = visit.arrival.path
        if self._feed.found or visit.marked:
            if self._status == 200:
                routes.learn(path, True)
            return self._dress()
        more = message.get("more_body", False)
        # The answer to a HEAD may be without its body, and then says nothing about the page.
        bodiless = visit.arrival.scope["method"] == "HEAD" and not self._feed.length
        if not more and not bodiless:
            if self._status == 200:
                routes.learn(path, False)
            return self._plain
        if more and self._sized and self._feed.length <= HELD:
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
        """The start of a page has to leave before the body has said anything."""
        visit = self._visit
        try:
            visit.window.stats.streaming[visit] = self
            known = visit.window.routes.has_slots(visit.arrival.path, visit.site)
            step = self._dress() if known else None
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
        if sum(map(len, pieces)) == self._feed.length:
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
        kept: list[Piece] = [piece for piece in pieces if isinstance(piece, Kept)]
        if kept:
            self._filled(kept)

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
            pieces = self._feed.take(message)
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
            pieces = self._feed.take(message)
        except Exception as error:
            # Our own fault, whatever it is: _fail sends the page as the app made it.
            await self._fail(message, error)
            return
        await self._swap(pieces, message.get("more_body", False))

    # -- all pages -------------------------------------------------------------------------

    async def _fail(self, message: Message | None, error: Exception) -> None:
        """Our own fault, whatever it is: the page goes on as the app makes it."""
        self._failed(error)
        self._step = self._pass
        if self._start is not None:  # nothing has left
            await self._release()
            for held in self._held:
                await self._send(held)
            self._held.clear()
        elif message is not None and not self._sized:
            # With what is in this message, too: it went in and has not come out.
            rest = self._feed.rest()
            if rest is not None:
                message = {**message, "body": rest}
        if message is not None:
            await self._pass(message)

    def _failed(self, error: Exception) -> None:
        path = self._visit.arrival.path
        self._visit.window.warn("rewriter", "rewriting %s failed: %r", path, error)


def _defaults(pieces: list[Piece]) -> list[bytes]:
    out: list[bytes] = []
    for piece in pieces:
        if isinstance(piece, bytes):
            out.append(piece)
        elif isinstance(piece, Hole):
            out += _defaults(inside(piece))
    return out
