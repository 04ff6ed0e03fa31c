"""What the pages say: a file for each language, read once."""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

Section = Mapping[str, Any]
Words = Mapping[str, Section]
_FOLDER = Path(__file__).with_name("words")
_HOLE = re.compile(r"\{(\w+)\}")
#: The language of the pages for all who speak one that we do not.
OTHERWISE = "en"


@cache
def languages() -> tuple[str, ...]:
    """Those that there are words in."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.toml")))


def spoken(language: str) -> str:
    """The language of the pages of a shop in ``language``."""
    base = language.partition("-")[0].lower()
    return base if base in languages() else OTHERWISE


@cache
def _read(language: str) -> Words:
    return tomllib.loads(_FOLDER.joinpath(f"{language}.toml").read_text("utf-8"))


@cache
def words(language: str, shop: str) -> Words:
    """All words of one of :func:`languages`, section by section, for the shop of that name."""
    return {
        name: {key: _named(value, shop) for key, value in section.items()}
        for name, section in _read(language).items()
    }


def _named(value: Any, shop: str) -> Any:
    if isinstance(value, str):
        return value.replace("{shop}", shop)
    return {key: _named(inner, shop) for key, inner in value.items()}


def filled(text: str, **values: object) -> str:
    """``text`` with the words in braces replaced, once; what is in ``values`` stays as it is."""
    return _HOLE.sub(lambda hole: str(values.get(hole[1], hole[0])), text)
