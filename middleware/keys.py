"""The shop's secrets: a key of its own for every purpose."""

import hashlib
import hmac
from collections.abc import Sequence

from itsdangerous import Signer

Keys = Sequence[bytes]


def derive(key: bytes, purpose: str) -> bytes:
    """A key for one purpose: who learns one of them learns nothing about the others."""
    signer = Signer(
        key,
        f"shopwindow.{purpose}",
        key_derivation="hmac",
        digest_method=hashlib.sha256,
    )
    return signer.derive_key()


def pseudonym(keys: Keys, customer: str, kind: str = "customer") -> str:
    """The name under which a customer is stored: keyed, so that the id cannot be read from it.

    Of another ``kind`` ("account"), the same id has another name.

    The oldest key makes it, so that adding a key does not lose the customers; taking the
    oldest away does.
    """
    digest = hmac.digest(derive(keys[-1], kind), customer.encode(), "sha256")
    return f"{kind[0]}." + digest.hex()[:32]


def marker_keys(keys: Sequence[bytes]) -> list[bytes]:
    """Twelve hex characters per secret for the comments of template slots, newest first."""
    return [
        hmac.digest(derive(key, "slot"), b"slot", "sha256").hex()[:12].encode()
        for key in keys
    ]
