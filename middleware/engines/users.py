"""By what name an engine knows a visitor: one that tells nobody else anything."""

import hmac
from functools import lru_cache

from ..keys import Keys, derive


def user_of(keys: Keys, engine: str, owner: str) -> str:
    """The pseudonym by which ``engine`` knows ``owner``, under which the store keeps a visitor: the
    mark of an id, or the pseudonym of a customer.

    The oldest key makes it, so that adding a key does not make everybody a stranger.
    """
    digest = hmac.digest(_key(keys[-1], engine), owner.encode(), "sha256")
    return "e." + digest.hex()[:32]


@lru_cache(64)
def _key(secret: bytes, engine: str) -> bytes:
    return derive(secret, f"engine {engine}")
