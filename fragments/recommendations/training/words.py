"""The words of titles, as what is shared between items is found by."""

import re
from collections.abc import Iterator
from unicodedata import combining, normalize

_WORD = re.compile(r"[^\W_]+")
#: A longer word is cut into pieces as well: German makes one word of many.
LONG, PIECE = 6, 5
_SHARP = str.maketrans({"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l"})


def words(text: str) -> Iterator[str]:
    """The words of ``text``, small and without accents: "Dübel" and "DUBEL" are the same."""
    plain = normalize("NFKD", text.casefold().translate(_SHARP))
    return (
        found[0]
        for found in _WORD.finditer("".join(c for c in plain if not combining(c)))
    )


def pieces(word: str) -> Iterator[str]:
    """Parts of a long word, which other words made of the same parts have too."""
    if len(word) > LONG:
        for begin in range(len(word) - PIECE + 1):
            yield word[begin : begin + PIECE]
