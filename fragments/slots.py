"""The names of a site's slots, and the comments that the template block puts around them."""

import re
from collections.abc import Iterable, Sequence

SIGN = b"\x1e"  # in every template block comment and in no ordinary page: its absence is one memchr

_NAME = re.compile(r"[^\x00-\x20<>\x7f]{1,128}")
NAMED = rb"[^\x00-\x20<>\x7f]"  # one byte of a name in a page


class SlotNames:
    """The slots of a site, made once at start.

    ``names``: slot names as in site.toml. ``search``: also look for the attribute and the comments; a shop that
    marks its slots with the template block only may turn it off and save that search on every page.
    """

    __slots__ = ("by_bytes", "search")

    def __init__(self, names: Iterable[str], *, search: bool = True) -> None:
        self.by_bytes = {name.encode(): name for name in names}
        self.search = search and bool(self.by_bytes)


class Marker:
    """The comments that the template block emits: made once at start.

    ``keys``: 12 hexadecimal characters each, newest first; the newest writes, all of them are recognised.
    Raises ValueError for anything else, and for none.
    """

    __slots__ = ("_open", "close", "closes", "match", "partial")

    def __init__(self, keys: Sequence[bytes]) -> None:
        if not keys or not all(re.fullmatch(rb"[0-9a-f]{12}", key) for key in keys):
            raise ValueError(
                "a marker key is 12 hexadecimal characters, and there must be one"
            )
        words = {b"keys": b"|".join(keys), b"c": NAMED}
        self._open = f"<!--\x1e{keys[0].decode()}:"
        self.close = f"<!--\x1e{keys[0].decode()}/-->"
        #: What ends a block with any of the keys; all are of the same length.
        self.closes = tuple(b"<!--\x1e%b/-->" % key for key in keys)
        # Group 1 is the slot's name; without it the comment ends a block.
        self.match = re.compile(
            rb"<!--\x1e(?:%(keys)s)(?:/|:(%(c)s{0,128}?))-->" % words
        ).match
        # What may still become such a comment when the page goes on.
        self.partial = re.compile(
            rb"<(?:!(?:-(?:-(?:\x1e(?:[0-9a-f]{0,11}|(?:%(keys)s)(?:/-{0,2}|:%(c)s{0,130})?)?)?)?)?)?\Z"
            % words
        ).match

    def open(self, slot: str) -> str:
        """The comment that begins the block of ``slot``; a text that can be no slot's name gives a block of no slot."""
        fits = _NAME.fullmatch(slot) and len(slot.encode()) <= 128
        return f"{self._open}{slot if fits else ''}-->"
