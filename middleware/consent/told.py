"""What a consent tool's cookie tells about its visitor."""

from collections.abc import Callable
from urllib.parse import unquote_to_bytes

import msgspec

from . import NOTHING, State

LONGEST_HEADER = 16_384  # bytes; a longer Cookie header is not worth reading
LONGEST_VALUE = 4096  # bytes; browsers keep no cookie that is longer
REMEMBERED = 1_000  # values that were read before


class Told(msgspec.Struct, frozen=True):
    """What the visitor answered there, and when.

    ``at`` is in seconds since 1970, or 0 where the cookie does not say. ``state`` is granted
    if there is a purpose, denied if the visitor answered and there is none.
    """

    state: State
    purposes: frozenset[str] = NOTHING
    at: int = 0


UNTOLD = Told("unknown")

Parse = Callable[[str], Told | None]
"""Reads a cookie's value, which is decoded already; None: it is unreadable, or not an answer."""


def answered(purposes: frozenset[str], at: int = 0) -> Told:
    """The answer of a visitor who agreed to ``purposes``."""
    return Told("granted" if purposes else "denied", purposes, at)


class ToolCookie:
    """Reads the cookie ``name``, whose values ``parse`` understands.

    Such a cookie is not ours: scripts write it, and another host of the same domain may have planted one.
    Nothing that stands in it raises anything; what is not exactly an answer is none.
    """

    __slots__ = ("name", "_known", "_parse", "_prefix")

    def __init__(self, name: str, parse: Parse) -> None:
        self.name = name
        self._prefix = name.encode() + b"="
        self._parse = parse
        self._known: dict[bytes, Told | None] = {}

    def read(self, header: bytes) -> Told:
        """What the raw Cookie ``header`` tells. Several cookies of the name count only if they agree."""
        prefix = self._prefix
        if prefix not in header or len(header) > LONGEST_HEADER:
            return UNTOLD
        found: Told | None = None
        for part in header.split(b";"):
            part = part.removeprefix(b" ")
            if not part.startswith(prefix):
                continue
            told = self._told(part[len(prefix) :])
            if told is None:
                return UNTOLD
            if found is not None and found != told:
                return UNTOLD
            found = told
        return found or UNTOLD

    def _told(self, value: bytes) -> Told | None:
        known = self._known
        if value in known:
            return known[value]
        told = self._parsed(value)
        if len(known) >= REMEMBERED:
            known.clear()
        known[value] = told
        return told

    def _parsed(self, value: bytes) -> Told | None:
        if not 0 < len(value) <= LONGEST_VALUE:
            return None
        if value[:1] == value[-1:] == b'"' and len(value) > 1:
            value = value[1:-1]  # some servers write every value in quotes
        try:
            return self._parse(unquote_to_bytes(value).decode())
        except (ValueError, RecursionError):
            return (
                None  # numbers of thousands of digits, brackets in brackets, no UTF-8
            )
