"""What the pages say: a file for each language, read once."""

import re
from functools import cache
from pathlib import Path
from typing import Any

from ..languages import Section as Section
from ..languages import Words as Words
from ..languages import read_words

FOLDER = Path(__file__).with_name("words")
_HOLE = re.compile(r"\{(\w+)\}")


@cache
def words(language: str, shop: str) -> Words:
    """All words in one language of :data:`FOLDER`, section by section, for the shop of that name."""
    return {
        name: {key: _named(value, shop) for key, value in section.items()}
        for name, section in read_words(FOLDER, language).items()
    }


def _named(value: Any, shop: str) -> Any:
    if isinstance(value, str):
        return value.replace("{shop}", shop)
    return {key: _named(inner, shop) for key, inner in value.items()}


def filled(text: str, **values: object) -> str:
    """``text`` with the words in braces replaced, once; what is in ``values`` stays as it is."""
    return _HOLE.sub(lambda hole: str(values.get(hole[1], hole[0])), text)
