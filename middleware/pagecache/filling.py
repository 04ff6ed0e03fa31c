"""One answer of the app on its way, and what is kept of it."""

from collections.abc import Awaitable, Callable
from time import monotonic, time
from typing import TYPE_CHECKING

from starlette.types import Message, Scope

from ..response.charsets import HEAD, charset_in, charset_of, is_page
from ..response.start import listed
from .storable import (
    Lifetime,
    NotAsked,
    Unstorable,
    age,
    kept_headers,
    lifetime,
    look,
    look_at_page,
    varying,
)
from .storedpage import StoredPage

if TYPE_CHECKING:
    from .stranger import Stranger

_FAILURES = (500, 502, 503, 504)  # RFC 5861, 4


class Filling:
    """The ``send`` of an app that answers a stranger.

    ``verdict`` is called once, as soon as it is clear what comes of it: with ``page`` set,
    or None and ``why``. ``forward`` gets every message for the visitor who waits for this
    very answer, if there is one. ``spare`` answers that visitor with an older page where
    the app fails; False: there is none.
    """

    __slots__ = (
        "again",
        "failed",
        "given",
        "names",
        "odd",
        "page",
        "passing",
        "scope",
        "started",
        "why",
        "_age",
        "_body",
        "_charset",
        "_forward",
        "_headers",
        "_length",
        "_lifetime",
        "_most",
        "_size",
        "_spare",
        "_stranger",
        "_swallow",
        "_verdict",
    )

    def __init__(
        self,
        stranger: "Stranger",
        scope: Scope,
        given: Lifetime | None,
        most: int,
        verdict: "Callable[[Filling], None]",
        forward: Callable[[Message], Awaitable[None]] | None = None,
        spare: Callable[[], Awaitable[bool]] | None = None,
    ) -> None:
        self.page: StoredPage | None = None
        self.names: tuple[bytes, ...] = ()  # of request headers that it depends on
        self.why = ""
        self.odd = False  # the request was: that says nothing of the page
        self.passing = False  # another answer may well be kept
        self.failed = False  # the app did, for now
        self.again = False  # the app has to be asked once more, for this very visitor
        self.started = False
        self._stranger = stranger
        self.scope = scope
        self.given = given
        self._most = most  # bytes of a page
        self._verdict = verdict
        self._forward = forward
        self._spare = spare
        self._swallow = forward is None
        self._headers: list[tuple[bytes, bytes]] = []
        self._lifetime = Lifetime(0)
        self._age = 0.0
        self._charset: str | None = None
        self._length: int | None = None
        self._body: list[bytes] = []
        self._size = 0

    async def send(self, message: Message) -> None:
        kind = message["type"]
        if kind == "http.response.start":
            self.started = True
            message = listed(message)
            self._begin(message)
            if self.failed and self._spare is not None and await self._spare():
                self._swallow = True
        elif kind == "http.response.body" and not self.why and self.page is None:
            self._more(message)
        if not self._swallow and self._forward is not None:
            await self._forward(message)

    def refuse(self, why: str) -> None:
        """Nothing is kept."""
        if not self.why and self.page is None:
            self.why = why
            self._body.clear()
            self._report()

    def _report(self) -> None:
        try:
            self._verdict(self)
        except Exception as error:
            # Our own fault, whatever it is: the page leaves all the same.
            self._stranger.window.warn("keeping", "keeping a page failed: %r", error)

    def _begin(self, start: Message) -> None:
        status, headers = start["status"], start.get("headers", ())
        if status in _FAILURES:
            self.failed = True
            self.refuse(f"has the status {status}")
            return
        if self._stranger.decided:
            # What it says is for nobody; the visitor who waits is somebody.
            self.again = self._swallow = True
            self.refuse("asks about the visitor")
            return
        self.passing = status != 200
        self.odd = 400 <= status < 500 and status not in (404, 410)
        try:
            look(status, headers)
            if start.get("trailers"):
                raise Unstorable("has trailers")
            now = time()
            self._lifetime = lifetime(headers, self.given, now)
            self.names = varying(headers)
            self._age = age(headers, now)
            self._charset = _charset(headers)
            self._headers = kept_headers(headers)
            lengths = {v for n, v in headers if n.lower() == b"content-length"}
            self._length = int(lengths.pop()) if lengths else None
        except NotAsked:
            self.refuse("is not asked for any more")
        except Unstorable as reason:
            self.refuse(str(reason))
        except Exception as error:
            # Our own fault, whatever it is: the page leaves, and is not kept.
            self._fault(error)

    def _more(self, message: Message) -> None:
        part = message.get("body", b"")
        self._body.append(part if isinstance(part, bytes) else bytes(part))
        self._size += len(part)
        if self._size > self._most:
            self.refuse("is larger than an eighth of what is kept at all")
        elif not message.get("more_body", False):
            try:
                self._complete(b"".join(self._body))
            except Unstorable as reason:
                self.refuse(str(reason))
            except Exception as error:
                # As in _begin.
                self._fault(error)

    def _complete(self, body: bytes) -> None:
        stranger = self._stranger
        if self._length is not None and self._length != len(body):
            raise Unstorable("is not complete")
        if stranger.decided:
            raise Unstorable("asks about the visitor")
        if self.scope.get("session"):
            raise Unstorable("begins a session")
        charset = self._charset or charset_in(body[:HEAD])
        if not charset:
            raise Unstorable("has an encoding that cannot be changed")
        look_at_page(body)
        page = StoredPage(
            self._headers,
            body,
            charset,
            stranger.site.names,
            stranger.window.marker,
            stranger.site.selectors,
            marked=stranger.marked,
        )
        if page.size > self._most:
            raise Unstorable("is larger than an eighth of what is kept at all")
        page.live(self._lifetime, self._age, monotonic())
        self.page = page
        self._body.clear()
        self._report()

    def _fault(self, error: Exception) -> None:
        """Our own, whatever it is: the page leaves, and is not kept."""
        self._stranger.window.warn("keeping", "reading a page failed: %r", error)
        self.refuse("could not be read")


def _charset(headers: "list[tuple[bytes, bytes]]") -> str | None:
    """The encoding of a page that can be cut, None if its header names none.

    Raises :class:`Unstorable`.
    """
    kind = next((v for n, v in headers if n.lower() == b"content-type"), b"")
    if not is_page(kind):
        raise Unstorable("is no page")
    if (charset := charset_of(kind)) == "":
        raise Unstorable("has an encoding that cannot be changed")
    return charset
