"""Visitor cookies that somebody changed, or made: none is believed, and none costs much."""

import hashlib
import string
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable
from random import Random

from itsdangerous import Signer, TimestampSigner, URLSafeSerializer

from shopwindow.middleware.keys import derive
from shopwindow.middleware.visitor import VisitorCookie, new_visitor

from .soaked import KEPT, Soaked

NOW = 1_795_300_000.0
KEY, OTHER = b"the first key of the shop", b"another key of the shop"
NAME = b"__Host-shopwindow="
ALPHABET = (string.ascii_letters + string.digits + "-_.").encode()
LIMIT = 20e-6  # seconds for one, as an average over a thousand
BOTH = frozenset(("personalization", "statistics"))


def signer(key: bytes, purpose: str) -> Signer:
    """Signs as the shop does, for any purpose."""
    derived = derive(key, purpose)
    return Signer(derived, key_derivation="none", digest_method=hashlib.sha256)


_OTHERS = (
    signer(OTHER, "visitor").sign,  # another key
    signer(KEY, "customer").sign,  # another purpose of the same
    signer(KEY, "click").sign,
    Signer(KEY).sign,  # the libraries' defaults: another salt, another digest
    Signer(KEY, "shopwindow.visitor").sign,
    TimestampSigner(KEY, "shopwindow.visitor").sign,
    lambda text: URLSafeSerializer(KEY, "shopwindow.visitor").dumps(text).encode(),
)
_SIGN = signer(KEY, "visitor").sign


def bad(good: bytes, other: bytes, chance: Random) -> bytes:
    """A cookie that was never issued, made of two that were."""
    at = chance.randrange(len(good))
    one, two = good.split(b"."), other.split(b".")
    text = good.rpartition(b".")[0].decode()
    match chance.randrange(16):
        case 0:  # one bit
            bit = good[at] ^ (1 << chance.randrange(8))
            return good[:at] + bytes((bit,)) + good[at + 1 :]
        case 1:
            return good[:at]
        case 2:  # the last character of 32 bytes in base64 has three twins
            return good[:-1] + bytes((chance.choice(ALPHABET),))
        case 3:
            part = chance.randrange(4)
            return b".".join((*one[:part], two[part], *one[part + 1 :]))
        case 4:
            return good + bytes((chance.randrange(256),))
        case 5:
            return good[:at] + good[at : at + 1].swapcase() + good[at + 1 :]
        case 6:
            return good[:at] + bytes((chance.choice(ALPHABET),)) + good[at + 1 :]
        case 7:
            return bytes((chance.randrange(256),)) + good
        case 8:
            chance.shuffle(one)
            return b".".join(one)
        case 9:
            return good[:at] + good[at + 1 :]
        case (
            10 | 11
        ):  # well signed, by another key, for another purpose or in another way
            return chance.choice(_OTHERS)(text)
        case 12:  # our own signature under what we never write
            return _SIGN(_never_written(text, chance))
        case 13:  # a signature of random bytes: it has the right length and alphabet
            made_up = urlsafe_b64encode(chance.randbytes(32)).rstrip(b"=")
            return good.rpartition(b".")[0] + b"." + made_up
        case 14:
            return good + b"." + other
        case _:
            return chance.randbytes(chance.randrange(200)).replace(b";", b"")


def _never_written(text: str, chance: Random) -> bytes:
    id, issued, granted = text.split(".")
    number = granted.lstrip("ps")
    return chance.choice(
        (
            f"{id}.{issued}.sp{number}",
            f"{id}.{issued}.x{number}",
            f"{id}.0{issued[1:]}.ps{number}",
            f"{id}.{issued}.ps{number}0",
            f"{id[1:]}.{issued}.ps{number}",
            f"{id}A.{issued}.ps{number}",
            f"{id}.{issued}.ps{number}\n",
            f"{id}.{issued}",
            f"{id}.{issued}.ps{number}.",
            f" {id}.{issued}.ps{number}",
            f"{id}.{issued}.PS{number}",
            f"{id}.{int(issued) + 700}.ps{number}",  # more than the clocks may differ
            "",
        )
    ).encode()


def soak_bad_cookies(
    count: int, seed: int, advance: Callable[[], None] = lambda: None
) -> Soaked:
    """Show so many to the reader: it believes none, and raises nothing."""
    chance = Random(seed)
    cookie = VisitorCookie((KEY,))
    pool = [cookie.value(new_visitor(BOTH, NOW - n % 300)) for n in range(200)]
    genuine = set(pool)
    faults: list[str] = []
    dear, slowest, took = 0, 0.0, 0.0
    for start in range(0, count, 1_000):
        made = [
            bad(chance.choice(pool), chance.choice(pool), chance)
            for _ in range(min(1_000, count - start))
        ]
        headers = [NAME + one for one in made if one not in genuine and b";" not in one]
        began = time.perf_counter()
        found = [header for header in headers if cookie.read(header, True, NOW)]
        each = (time.perf_counter() - began) / max(1, len(headers))
        took += each
        slowest, dear = max(slowest, each), dear + (each > LIMIT)
        faults += [repr(one) for one in found]
        for _ in made:
            advance()
    if count >= 100_000 and took / (count / 1_000) > LIMIT:
        faults.append(f"{took / (count / 1_000) * 1e6:.1f} µs for one")
    figures = {
        "accepted": len(faults),
        "ns for one, on average": int(took / max(1, count / 1_000) * 1e9),
        "ns for one, in the slowest thousand": int(slowest * 1e9),
        "thousands that took longer than 20 µs each": dear,
    }
    return Soaked("bad cookies", count, len(faults), figures, faults[:KEPT])
