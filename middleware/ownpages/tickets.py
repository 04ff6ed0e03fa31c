"""What a form of ours carries: proof that this visitor got it from us, a short while ago."""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Sequence

from ..keys import derive

LASTING = 2 * 3600.0  # seconds in which a form may be sent
CLOCKS = 60.0  # seconds that the clocks of two machines may differ


class Tickets:
    """Makes and checks tickets. Each is for one ``purpose`` of one visitor (empty: a stranger)."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._keys = [derive(key, "ownpages") for key in keys]

    def make(self, purpose: str, visitor: str, now: float) -> str:
        """A text for a hidden field."""
        at = str(int(now))
        return f"{at}.{_seal(self._keys[0], purpose, visitor, at)}"

    def good(
        self,
        ticket: str,
        purpose: str,
        visitor: str,
        now: float,
        lasting: float = LASTING,
    ) -> bool:
        """Whether we made ``ticket`` for this, in the last ``lasting`` seconds."""
        at, _, seal = ticket.partition(".")
        if not (at.isascii() and at.isdigit() and len(at) == 10 and seal.isascii()):
            return False
        if not -CLOCKS <= now - int(at) <= lasting:
            return False
        return any(
            hmac.compare_digest(_seal(key, purpose, visitor, at), seal)
            for key in self._keys
        )


def _seal(key: bytes, purpose: str, visitor: str, at: str) -> str:
    digest = hmac.digest(key, f"{purpose}\n{visitor}\n{at}".encode(), "sha256")
    return urlsafe_b64encode(digest[:18]).decode()
