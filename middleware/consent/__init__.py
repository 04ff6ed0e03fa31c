"""What may be remembered about this visitor: the one place that decides."""

from typing import Literal

import msgspec

from ...rules.facts import PURPOSES
from ..cookies import HostCookie
from ..visitor import Visitor

REFUSED = b"denied"

State = Literal["granted", "denied", "unknown"]
NOTHING: frozenset[str] = frozenset()


class Consent(msgspec.Struct, frozen=True):
    """What the visitor answered: ``purposes`` is empty unless ``state`` is granted."""

    state: State
    purposes: frozenset[str] = NOTHING

    def __bool__(self) -> bool:
        return self.state == "granted"


UNKNOWN = Consent("unknown")
DENIED = Consent("denied")
_GRANTED: dict[frozenset[str], Consent] = {
    frozenset(purposes): Consent("granted", frozenset(purposes))
    for purposes in (PURPOSES, PURPOSES[:1], PURPOSES[1:])
}


def granted_to(purposes: frozenset[str]) -> Consent:
    """The consent of a visitor who agreed to ``purposes``; unknown for those there are not."""
    return _GRANTED.get(purposes, UNKNOWN)


def consent(
    visitor: Visitor | None, refused: bool, objects: bool, now: float, days: int
) -> Consent:
    """What may be remembered.

    ``visitor`` comes from a valid cookie, ``refused`` from the refusal cookie, ``objects``
    from Sec-GPC or DNT. An agreement older than ``days`` is no agreement any more. An
    explicit agreement on this site wins over a browser's general objection.
    """
    if refused:  # said on this site; granting drops it
        return DENIED
    if visitor is not None and now - visitor.granted_at < days * 86_400:
        granted = _GRANTED.get(visitor.granted)
        if granted is not None:
            return granted
    if objects:
        return DENIED
    return UNKNOWN


class RefusalCookie:
    """Remembers a refusal, and nothing else: it holds no id."""

    def __init__(self, days: int) -> None:
        self._cookie = HostCookie("shopwindow-consent", days * 86_400)

    def name(self, secure: bool) -> bytes:
        """The cookie's name and the equals sign."""
        return self._cookie.name(secure)

    def read(self, header: bytes, secure: bool) -> bool:
        wanted = self._cookie.name(secure) + REFUSED
        return wanted in header and any(
            part.strip() == wanted for part in header.split(b";")
        )

    def issue(self, secure: bool) -> bytes:
        return self._cookie.set(REFUSED, secure)

    def drop(self, secure: bool) -> bytes:
        return self._cookie.drop(secure)
