"""Links that tell which fragment was clicked, without letting anybody choose where they lead."""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from collections.abc import Sequence
from functools import lru_cache

from .keys import derive

PREFIX = "/-/shopwindow/click/"
UNCOUNTED = "/-/shopwindow/uncounted/"  # the same on a preview


class ClickLinks:
    """Wraps addresses of this shop into signed links, and opens them again."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self.link = lru_cache(4096)(self._link)
        self._keys = [derive(key, "click") for key in keys]

    def _link(self, fragment: str, url: str) -> str:
        """A link to ``url`` that counts as a click on ``fragment``."""
        text = f"{fragment}\n{url}".encode()
        return (
            PREFIX
            + (
                urlsafe_b64encode(text).rstrip(b"=")
                + b"."
                + self._sign(self._keys[0], text)
            ).decode()
        )

    def open(self, token: str) -> tuple[str, str] | None:
        """The fragment and the address of a link's last part, or None if we did not sign it."""
        content, _, signature = token.encode("utf-8", "replace").rpartition(b".")
        try:
            text = urlsafe_b64decode(content + b"=" * (-len(content) % 4))
        except (Error, ValueError):
            return None
        if not any(
            hmac.compare_digest(self._sign(key, text), signature) for key in self._keys
        ):
            return None
        if urlsafe_b64encode(text).rstrip(b"=") != content:
            return None  # one spelling only: base64 leaves several
        fragment, _, url = text.decode().partition("\n")
        return fragment, url

    def _sign(self, key: bytes, text: bytes) -> bytes:
        return urlsafe_b64encode(hmac.digest(key, text, "sha256")[:15])
