"""Two texts as one signed word for an address: readable for everybody, made by us alone."""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from collections.abc import Sequence

from .keys import derive


class SignedPairs:
    """Writes pairs of texts and reads them again, with the shop's secrets (newest first) for
    one ``purpose``.

    The same pair is the same word for all visitors and at any time, so that it may be kept.
    The first text has no line break.
    """

    def __init__(self, keys: Sequence[bytes], purpose: str) -> None:
        self._keys = [derive(key, purpose) for key in keys]

    def write(self, first: str, second: str) -> str:
        """The pair as one word of letters, digits, ``-``, ``_`` and one dot."""
        text = f"{first}\n{second}".encode()
        return f"{_letters(text)}.{_sign(self._keys[0], text)}"

    def read(self, word: str) -> tuple[str, str] | None:
        """The pair, or None if we did not sign it: base64 leaves several spellings of the
        same, of which one counts."""
        content, _, signature = word.rpartition(".")
        if not word.isascii():
            return None
        try:
            text = urlsafe_b64decode(content + "=" * (-len(content) % 4))
        except (Error, ValueError):
            return None
        if _letters(text) != content or not any(
            hmac.compare_digest(_sign(key, text), signature) for key in self._keys
        ):
            return None
        first, _, second = text.decode().partition("\n")
        return first, second


def _sign(key: bytes, text: bytes) -> str:
    return _letters(hmac.digest(key, text, "sha256")[:15])


def _letters(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()
