"""Questions to one other server: only if it is allowed, never for long, never for much."""

import asyncio
import logging
from collections.abc import Mapping
from contextvars import ContextVar
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    import httpx

_ours: ContextVar[bool] = ContextVar("shopwindow.outgoing", default=False)


def _discreet(_: logging.LogRecord) -> bool:
    """Keep our questions out of the client's own log: their addresses name customers."""
    return not _ours.get()


class Answer(msgspec.Struct, frozen=True):
    """``body`` is empty unless ``status`` is 200."""

    status: int
    content_type: str
    body: bytes


class TooLarge(ValueError):
    """An answer has more bytes than were asked for."""


class Packed(ValueError):
    """An answer is compressed, though that was not asked for."""


def told(error: Exception) -> str:
    """What went wrong, for the log: clients put addresses, and so customers, into their words."""
    kind = type(error).__name__
    return f"{kind}: {error}" if kind == "Forbidden" else kind


def _refusal(host: str, allowed_hosts: frozenset[str]) -> str:
    if not allowed_hosts:
        return f"SHOPWINDOW_ALLOWED_HOSTS is not set, and its host {host!r} has to stand there"
    words = f"its host {host!r} is not in SHOPWINDOW_ALLOWED_HOSTS"
    meant = sorted(entry for entry in allowed_hosts if host and host in _host_of(entry))
    if meant:
        return f"{words} ({meant[0]!r} is: write the host alone, without https:// and port)"
    return words


def _host_of(entry: str) -> str:
    """The host of an entry that was written like an address of a page."""
    return entry.rpartition("://")[2].partition("/")[0]


class Outgoing:
    """Asks the server that ``url`` begins with; made at start, because that takes a while.

    ``allowed``: its host is in ``allowed_hosts``; others are never asked. ``client`` is one of
    the shop's own, which has to look after the addresses that it connects to itself.
    """

    def __init__(
        self,
        url: str,
        allowed_hosts: frozenset[str],
        client: "httpx.AsyncClient | None" = None,
    ) -> None:
        import httpx  # a tenth of a second: only for shops that ask others

        try:
            # The reader of addresses that will also connect: two could differ.
            parsed = httpx.URL(url)
            self.host = parsed.host.lower()
            spellings = {self.host, parsed.raw_host.decode("ascii").lower()} - {""}
        except (httpx.InvalidURL, UnicodeError):  # a name with letters that none has
            self.host = ""
            spellings = set()
        self.allowed = not spellings.isdisjoint(allowed_hosts)
        #: Why it is never asked, for the log; empty if it is allowed.
        self.refusal = "" if self.allowed else _refusal(self.host, allowed_hosts)
        # Whoever writes down what all libraries say means to know what happens, not to whom.
        logging.getLogger("httpx").addFilter(_discreet)  # once, however often
        self._given = client
        self._client = client
        self._transport: httpx.AsyncBaseTransport | None = None
        if self.allowed and client is None:
            from .guarded import Doorkeeper, Transport  # as above

            secure = parsed.scheme == "https"
            self._transport = Transport(Doorkeeper(allowed_hosts), secure=secure)

    async def get(
        self, url: str, header: Mapping[str, str], *, most: int, seconds: float
    ) -> Answer:
        """As :meth:`ask`, with GET."""
        return await self.ask("GET", url, header, most=most, seconds=seconds)

    async def ask(
        self,
        method: str,
        url: str,
        header: Mapping[str, str],
        body: bytes = b"",
        *,
        most: int,
        seconds: float,
        connect: float | None = None,
    ) -> Answer:
        """The answer of ``url``, whole, within ``seconds``, of which a new connection may take
        ``connect``.

        Raises :class:`TooLarge` past ``most`` bytes, :class:`Packed`, :class:`TimeoutError`, and
        whatever else the client raises; a redirect is an answer like any other.
        """
        token = _ours.set(True)
        try:
            async with asyncio.timeout(seconds):
                return await self._ask(method, url, header, body, most, connect)
        finally:
            _ours.reset(token)

    async def _ask(
        self,
        method: str,
        url: str,
        header: Mapping[str, str],
        body: bytes,
        most: int,
        connect: float | None,
    ) -> Answer:
        import httpx

        if not self.allowed or httpx.URL(url).host.lower() != self.host:
            raise ValueError("it is not the server that was allowed")
        async with self._asking().stream(
            method,
            url,
            content=body or None,
            # Fifty kilobytes may unpack to fifty megabytes while every page waits.
            headers={**header, "Accept-Encoding": "identity"},
            follow_redirects=False,  # a client of the shop's own may do so otherwise
            timeout=httpx.USE_CLIENT_DEFAULT
            if connect is None
            else httpx.Timeout(None, connect=connect),
        ) as response:
            headers = response.headers
            content_type = headers.get("content-type", "")
            if response.status_code != 200:
                return Answer(response.status_code, content_type, b"")
            if headers.get("content-encoding", "identity") != "identity":
                raise Packed("the answer is compressed")
            answer = bytearray()
            async for part in response.aiter_bytes():
                answer += part
                if len(answer) > most:
                    raise TooLarge("the answer is too large")
        return Answer(200, content_type, bytes(answer))

    def _asking(self) -> "httpx.AsyncClient":
        if self._client is None:
            from http.cookiejar import CookieJar, DefaultCookiePolicy

            import httpx

            # Neither the environment's proxies nor cookies: what one visitor's question brought
            # must not come along with the next one's.
            nobody = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
            self._client = httpx.AsyncClient(
                transport=self._transport,
                trust_env=False,
                follow_redirects=False,
                timeout=None,  # each phase could use all of it: get limits the whole
                cookies=nobody,
            )
        return self._client

    async def close(self) -> None:
        """Close the connections; the next question opens new ones."""
        if self._client is not None and self._given is None:
            client, self._client = self._client, None
            await client.aclose()
