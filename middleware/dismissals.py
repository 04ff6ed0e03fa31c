"""Addresses at which visitors send away what a slot shows them, signed as clicks are."""

from collections.abc import Sequence
from functools import lru_cache
from urllib.parse import quote

from ..fragments.dismissal import ADDRESS
from .signed import SignedPairs

NOTHING = f"{ADDRESS}nothing".encode()  # on a preview: nobody is there


class Dismissals:
    """Makes an address of a fragment and the rule that showed it, and opens it again.

    The same for all visitors and at any time, as links are: whom it counts for says the cookie.
    """

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._signed = SignedPairs(keys, "dismissal")
        self.link = lru_cache(4096)(self._link)
        self.address = lru_cache(4096)(self._address)

    def _link(self, fragment: str, rule: str) -> str:
        return ADDRESS + self._signed.write(fragment, rule)

    def _address(self, fragment: str, rule: str, root: str, page: str) -> bytes:
        """Where the form of a fragment leads that stands on ``page``, below ``root``."""
        return f"{root}{self.link(fragment, rule)}?to={quote(page)}".encode()

    def open(self, token: str) -> tuple[str, str] | None:
        """The fragment and the rule of an address's last part; None: we did not sign it."""
        return self._signed.read(token)
