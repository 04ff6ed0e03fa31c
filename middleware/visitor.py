"""The visitor and their signed cookie: read, issue, renew, rotate keys.

The cookie's value is ``id.issued.consent.signature``: 16 random bytes in base64url, seconds
since 1970, the first letters of the purposes agreed to with the second of the agreement
(``ps1795300000``), and HMAC-SHA256 over all of it. Exactly one spelling of each is accepted.
"""

import hmac
import re
import secrets
from base64 import urlsafe_b64encode
from binascii import b2a_base64
from collections.abc import Sequence

import msgspec
from itsdangerous import Signer
from itsdangerous.signer import SigningAlgorithm

from ..rules.facts import PURPOSES
from .cookies import HostCookie
from .keys import derive

TOLERANCE = 300  # seconds that the clocks of two machines may differ
LONGEST_HEADER = 16_384  # bytes; a longer Cookie header is not worth reading
REMEMBERED = (
    10_000  # cookies that were found good, so that their next page need not sign again
)
RENEW_AFTER = 30 * 86_400  # seconds after which a page may carry the cookie anew

_VALUE = re.compile(rb"([A-Za-z0-9_-]{22})\.([1-9]\d{9})\.(p?s?)([1-9]\d{9})\Z")
_URLSAFE = bytes.maketrans(b"+/", b"-_")
_LETTERS = {purpose[0]: purpose for purpose in PURPOSES}
_GRANTS = {
    letters: frozenset(_LETTERS[letter] for letter in letters)
    for letters in ("", "p", "s", "ps")
}


class Visitor(msgspec.Struct, frozen=True, gc=False):
    """A visitor whose cookie was issued by us. Times are seconds since 1970."""

    id: str
    issued: int
    granted: frozenset[str]
    granted_at: int
    old_key: bool = False  # signed with a key that is being retired


def new_visitor(
    granted: frozenset[str], now: float, granted_at: int | None = None
) -> Visitor:
    """A visitor with a fresh id who agreed to the purposes ``granted``."""
    id = urlsafe_b64encode(secrets.token_bytes(16)).rstrip(b"=").decode()
    return Visitor(
        id, int(now), granted, int(now) if granted_at is None else granted_at
    )


class _Sha256(SigningAlgorithm):
    def get_signature(self, key: bytes, value: bytes) -> bytes:
        return hmac.digest(key, value, "sha256")  # half the time of an hmac object


class VisitorCookie:
    """Reads and writes the visitor cookie.

    ``keys`` are the secrets, newest first: all are read, the first one signs. ``name`` is
    sent as ``__Host-name`` except over plain http on loopback, where browsers refuse that.
    """

    def __init__(
        self, keys: Sequence[bytes], name: str = "shopwindow", days: int = 395
    ) -> None:
        self._keys = tuple(derive(key, "visitor") for key in keys)
        # Copied for each cookie: what depends on the key alone is worked out once.
        self._macs = tuple(hmac.new(key, digestmod="sha256") for key in self._keys)
        # Deriving costs as much as signing, so it happens here and not on every request.
        self._signer = Signer(self._keys[0], key_derivation="none", algorithm=_Sha256())
        self._cookie = HostCookie(name, days * 86_400)
        self._age = days * 86_400
        self._known: dict[
            bytes, Visitor
        ] = {}  # by their whole value, signature included

    def read(self, header: bytes, secure: bool, now: float) -> Visitor | None:
        """The visitor in a raw Cookie header, or None.

        Several cookies of our name count only if they all say the same: one of them may
        have been planted by another host of the same domain.
        """
        found: Visitor | None = None
        for value in self._values(header, secure):
            visitor = self.verify(value, now)
            if visitor is None or (found is not None and found != visitor):
                return None
            found = visitor
        return found

    def every(self, header: bytes, secure: bool, now: float) -> set[Visitor]:
        """All visitors whom a Cookie header names: for forgetting them."""
        values = self._values(header, secure)
        return {v for value in values if (v := self.verify(value, now)) is not None}

    def _values(self, header: bytes, secure: bool) -> list[bytes]:
        name = self._cookie.name(secure)
        if name not in header or len(header) > LONGEST_HEADER:
            return []
        parts = [part.removeprefix(b" ") for part in header.split(b";")]
        return [part[len(name) :] for part in parts if part.startswith(name)]

    def name(self, secure: bool) -> bytes:
        """The cookie's name and the equals sign."""
        return self._cookie.name(secure)

    def sent(self, header: bytes, secure: bool) -> bool:
        """Whether the browser has a cookie of our name, readable or not."""
        return self._cookie.name(secure) in header

    def verify(self, value: bytes, now: float) -> Visitor | None:
        """The visitor whose cookie has exactly this ``value``, or None."""
        visitor = self._known.get(value)
        if visitor is None:
            visitor = self._open(value)
            if visitor is None:
                return None
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            self._known[value] = visitor
        issued = visitor.issued
        if issued > now + TOLERANCE or issued + self._age + TOLERANCE < now:
            return None
        return visitor

    def _open(self, value: bytes) -> Visitor | None:
        """Whom a well signed ``value`` names, however old it is."""
        signed, _, signature = value.rpartition(b".")
        if len(signature) != 43 or (match := _VALUE.match(signed)) is None:
            return None
        for keyed in self._macs:
            mac = keyed.copy()
            mac.update(signed)
            # Comparing with what we would have written leaves one spelling only: base64
            # alone would accept four last characters for the same signature.
            digest = b2a_base64(mac.digest(), newline=False)
            if hmac.compare_digest(digest.translate(_URLSAFE, b"="), signature):
                break
        else:
            return None
        issued, granted_at = int(match[2]), int(match[4])
        granted = _GRANTS[match[3].decode()]
        return Visitor(
            match[1].decode(), issued, granted, granted_at, keyed is not self._macs[0]
        )

    def value(self, visitor: Visitor) -> bytes:
        letters = "".join(
            purpose[0] for purpose in PURPOSES if purpose in visitor.granted
        )
        text = f"{visitor.id}.{visitor.issued}.{letters}{visitor.granted_at}"
        return self._signer.sign(text)

    def stale(self, visitor: Visitor, now: float) -> bool:
        """Whether the cookie should be sent anew: an older key signed it, or it is a month old."""
        return visitor.old_key or now - visitor.issued > RENEW_AFTER

    def issue(self, visitor: Visitor, secure: bool) -> bytes:
        """A Set-Cookie value that makes the browser remember ``visitor``."""
        return self._cookie.set(self.value(visitor), secure)

    def drop(self, secure: bool) -> bytes:
        """A Set-Cookie value that makes the browser forget."""
        return self._cookie.drop(secure)
