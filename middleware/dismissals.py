"""Addresses at which visitors send away what a slot shows them, signed as clicks are."""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from collections.abc import Sequence
from functools import lru_cache
from urllib.parse import quote

from ..fragments.dismissal import ADDRESS
from .keys import derive

NOTHING = f"{ADDRESS}nothing".encode()  # on a preview: nobody is there


class Dismissals:
    """Makes an address of a fragment and the rule that showed it, and opens it again.

    The same for all visitors and at any time, as links are: whom it counts for says the cookie.
    """

    def __init__(self, keys: Sequence[bytes]) -> None:
        self.link = lru_cache(4096)(self._link)
        self.address = lru_cache(4096)(self._address)
        self._keys = [derive(key, "dismissal") for key in keys]

    def _link(self, fragment: str, rule: str) -> str:
        text = f"{fragment}\n{rule}".encode()
        return f"{ADDRESS}{_letters(text)}.{self._sign(self._keys[0], text)}"

    def _address(self, fragment: str, rule: str, root: str, page: str) -> bytes:
        """Where the form of a fragment leads that stands on ``page``, below ``root``."""
        return f"{root}{self.link(fragment, rule)}?to={quote(page)}".encode()

    def open(self, token: str) -> tuple[str, str] | None:
        """The fragment and the rule of an address's last part; None: we did not sign it."""
        content, _, signature = token.rpartition(".")
        if not content.isascii():
            return None
        try:
            text = urlsafe_b64decode(content + "=" * (-len(content) % 4))
        except (Error, ValueError):
            return None
        given = signature.encode("utf-8", "replace")
        if _letters(text) != content or not any(
            hmac.compare_digest(self._sign(key, text).encode(), given)
            for key in self._keys
        ):
            return None
        fragment, _, rule = text.decode().partition("\n")
        return fragment, rule

    @staticmethod
    def _sign(key: bytes, text: bytes) -> str:
        return _letters(hmac.digest(key, text, "sha256")[:15])


def _letters(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()
