"""One fragment's file: its name, its language and what its first comment declares."""

import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import msgspec

from ..findings import Finding, suggest
from .sandbox import GLOBALS, RESERVED

#: Dimensions that a reordering fragment may go by.
DIMENSIONS = frozenset({"category", "brand", "tag", "product", "article"})
#: Characters that one template may have.
SOURCE_LIMIT = 64 * 1024

_NAME = re.compile("[a-z0-9]+(?:-[a-z0-9]+)*")
_LANGUAGE = re.compile("[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_COMMENT = re.compile(r"\s*\{#[-+]?(.*?)[-+]?#\}", re.DOTALL)
_WORD = re.compile(r"[^,\s]+")
_SHIPPED = Path(__file__).with_name("templates")


class Parameters(msgspec.Struct, frozen=True):
    """What a fragment takes under ``with``; ``open``: it declares nothing, all is fine."""

    required: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()
    open: bool = True


class FragmentFile(msgspec.Struct, frozen=True):
    """One template before it is compiled.

    ``body`` is what Jinja2 gets, with the lines of ``text`` in their places.
    """

    name: str
    language: str
    file: str
    text: str
    lines: list[str]
    parameters: Parameters
    reorder: str | None
    body: str


@cache
def shipped() -> Mapping[str, str]:
    """The fragments that every shop has: file name -> text."""
    return {
        f"shopwindow/{path.name}": path.read_text("utf-8")
        for path in sorted(_SHIPPED.glob("*.html"))
    }


def read_file(file: str, text: str, findings: list[Finding]) -> FragmentFile | None:
    """Reads the file's name and first comment; None, and findings, when they are wrong."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")

    def wrong(message: str, hint: str = "", place: int = 0, length: int = 1) -> None:
        before = text[:place]
        line = before.count("\n") + 1
        column = place - (before.rfind("\n") + 1) + 1
        excerpt = lines[line - 1]
        findings.append(
            Finding(file, line, column, message, hint, "error", excerpt, length)
        )

    base = file.rpartition("/")[2]
    stem, dot, ending = base.rpartition(".")
    name, mark, language = stem.partition(".")
    if not dot or ending != "html":
        wrong("a fragment is an HTML template", "name it for example hero.html")
        return None
    if not _NAME.fullmatch(name):
        hint = "use small letters, digits and hyphens"
        wrong(f'"{name}" cannot be a fragment\'s name', hint)
        return None
    if mark and not _LANGUAGE.fullmatch(language):
        hint = f"write for example {name}.en.html"
        wrong(f'"{language}" is not a language', hint)
        return None
    if len(text) > SOURCE_LIMIT:
        wrong("this template is too large", f"at most {SOURCE_LIMIT} characters")
        return None
    parameters, reorder, body = Parameters(), None, text
    if comment := _COMMENT.match(text):
        key, colon, words = comment[1].partition(":")
        at = comment.start(1) + len(key) + 1
        key = key.strip()
        if colon and key == "parameters":
            parameters = _parameters(words, at, wrong)
        elif colon and key == "reorder":
            reorder = words.strip()
            place = at + len(words) - len(words.lstrip())
            if reorder not in DIMENSIONS:
                message = f'"{reorder}" is nothing to reorder by'
                wrong(message, suggest(reorder, DIMENSIONS), place, len(reorder))
                return None
            body = text[comment.end() :]
            parameters = Parameters(open=False)
            if body.strip():
                place = comment.end() + len(body) - len(body.lstrip())
                wrong("a reordering fragment has no text of its own", "", place)
                return None
        elif colon and re.fullmatch("[a-z]+", key):
            hint = suggest(key, ("parameters", "reorder"))
            if hint.startswith("did"):
                place = comment.start(1) + comment[1].index(key)
                wrong(f'"{key}" declares nothing', hint, place, len(key))
    return FragmentFile(name, language, file, text, lines, parameters, reorder, body)


def _parameters(words: str, at: int, wrong: Callable[..., None]) -> Parameters:
    required: set[str] = set()
    optional: set[str] = set()
    for word in _WORD.finditer(words):
        name = word[0].removesuffix("?")
        place = at + word.start()
        if name.replace("-", "_") in GLOBALS | RESERVED:
            hint = "every fragment has it without declaring it"
            wrong(f'"{name}" cannot be a parameter', hint, place, len(name))
        elif not re.fullmatch(r"[A-Za-z][\w-]*", name):
            hint = "write names with commas between them, ? after optional ones"
            wrong(f'"{word[0]}" is not a name', hint, place, len(word[0]))
        elif name in required or name in optional:
            wrong(f'"{name}" is declared twice', "", place, len(name))
        elif word[0].endswith("?"):
            optional.add(name)
        else:
            required.add(name)
    return Parameters(frozenset(required), frozenset(optional), False)
