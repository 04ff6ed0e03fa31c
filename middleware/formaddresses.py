"""Addresses of the small forms in fragments, signed as clicks are."""

from collections.abc import Sequence
from functools import lru_cache
from urllib.parse import quote

from .signed import SignedPairs

NOTHING = "nothing"


class FormAddresses:
    """Makes an address of a fragment and the rule that showed it, and opens it again.

    The same for all visitors and at any time, as links are: whom it counts for says the cookie.
    All begin with ``prefix``; ``purpose`` is what they are signed for. ``nothing`` is the address
    on a preview: nobody is there.
    """

    def __init__(self, keys: Sequence[bytes], purpose: str, prefix: str) -> None:
        self._signed = SignedPairs(keys, purpose)
        self._prefix = prefix
        self.nothing = f"{prefix}{NOTHING}".encode()
        self.link = lru_cache(4096)(self._link)
        self.address = lru_cache(4096)(self._address)

    def _link(self, fragment: str, rule: str) -> str:
        return self._prefix + self._signed.write(fragment, rule)

    def _address(self, fragment: str, rule: str, root: str, page: str) -> bytes:
        """Where the form of a fragment leads that stands on ``page``, below ``root``."""
        return f"{root}{self.link(fragment, rule)}?to={quote(page)}".encode()

    def open(self, token: str) -> tuple[str, str] | None:
        """The fragment and the rule of an address's last part; None: we did not sign it."""
        return self._signed.read(token)
