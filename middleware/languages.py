"""What we say in several languages: a folder of TOML files, one for each, read once."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

Section = Mapping[str, Any]
Words = Mapping[str, Section]
#: The language for all who speak one that we do not.
OTHERWISE = "en"


@cache
def languages(folder: Path) -> tuple[str, ...]:
    """Those that there are words in."""
    return tuple(sorted(path.stem for path in folder.glob("*.toml")))


def spoken(folder: Path, language: str) -> str:
    """The one of :func:`languages` for a shop in ``language``: ``de`` for ``de-AT``."""
    base = language.partition("-")[0].lower()
    return base if base in languages(folder) else OTHERWISE


@cache
def read_words(folder: Path, language: str) -> Words:
    """All words of one of :func:`languages`, section by section."""
    return tomllib.loads(folder.joinpath(f"{language}.toml").read_text("utf-8"))
