"""Signed links that show a page as a persona would see it; nothing of that counts.

A link carries one parameter more, which names a persona of the site's ``rules/tests``, perhaps a
moment and variants, and the path that it is for. It holds for a quarter of an hour. Whatever is
wrong with it, the page is the ordinary one.
"""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from time import time
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit, urlunsplit

import msgspec
from itsdangerous import BadData, URLSafeSerializer

from .context import Arrival
from .guise import Guise, disguised
from .keys import derive

if TYPE_CHECKING:
    from .site import Site
    from .window import Shopwindow

PARAMETER = b"shopwindow-preview="
LASTING = 900.0  # seconds
TOLERANCE = 300.0  # seconds that the clocks of two machines may differ


class Ticket(msgspec.Struct, frozen=True):
    """What a link says. ``now`` is the moment to be shown, None for the persona's own."""

    persona: str
    path: str
    until: float
    now: float | None = None
    pins: Mapping[str, str] = {}


class Previews:
    """Writes links and opens them; ``keys`` are the secrets, newest first."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._serializer = URLSafeSerializer(
            [derive(key, "preview") for key in reversed(keys)],
            signer_kwargs={
                "key_derivation": "none",
                "digest_method": hashlib.sha256,
            },
        )

    def link(
        self,
        url: str,
        persona: str,
        now: float | None = None,
        pins: Mapping[str, str] | None = None,
    ) -> str:
        """``url`` with a ticket for the next quarter of an hour."""
        parts = urlsplit(url)
        path = unquote(parts.path) or "/"
        ticket = Ticket(persona, path, time() + LASTING, now, pins or {})
        token = self._serializer.dumps(msgspec.to_builtins(ticket))
        if not isinstance(token, str):
            token = token.decode()
        query = "&".join(filter(None, (parts.query, f"{PARAMETER.decode()}{token}")))
        return urlunsplit((parts.scheme, parts.netloc, parts.path or "/", query, ""))

    async def open(self, window: "Shopwindow", arrival: Arrival) -> Guise | None:
        """Through whose eyes this page is to be seen; None: it is an ordinary one.

        Never raises: a persona that the site does not have, and a fault of ours, are warned of.
        """
        try:
            ticket = self._read(arrival)
            if ticket is not None:
                return await asyncio.to_thread(_guise, window.site, ticket)
        except LookupError as error:
            window.warn("preview", "a link previews an unknown persona: %s", error)
        except Exception as error:
            # Our own fault, whatever it is: the page is an ordinary one.
            window.warn("preview", "a preview of %s failed: %r", arrival.path, error)
        return None

    def _read(self, arrival: Arrival) -> Ticket | None:
        tokens = [
            part.removeprefix(PARAMETER)
            for part in _parts(arrival)
            if part.startswith(PARAMETER)
        ]
        if len(tokens) != 1:
            return None
        try:
            ticket = msgspec.convert(self._serializer.loads(tokens[0]), Ticket)
        except (BadData, msgspec.ValidationError):
            return None
        root: str = arrival.scope.get("root_path", "").rstrip("/")
        in_time = arrival.now < ticket.until < arrival.now + LASTING + TOLERANCE
        return ticket if in_time and ticket.path == root + arrival.path else None


def _parts(arrival: Arrival) -> list[bytes]:
    query: bytes = arrival.scope.get("query_string", b"")
    return query.split(b"&")


def without_ticket(arrival: Arrival) -> bytes:
    """The query string that the shop itself is meant to see."""
    return b"&".join(part for part in _parts(arrival) if not part.startswith(PARAMETER))


def _guise(site: "Site", ticket: Ticket) -> Guise:
    # Reading YAML is for those who preview.
    from .tested import read_tested

    tested = read_tested(site, ticket.now)
    if ticket.persona not in tested:
        raise LookupError(ticket.persona)
    persona, now = tested[ticket.persona]
    return disguised(persona, now, ticket.pins)
