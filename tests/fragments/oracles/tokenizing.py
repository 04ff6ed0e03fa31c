"""Tokenizer cases in html5lib's format, as cases for slots.

A case is a page's beginning. With a slot behind it, the question is whether the slot is markup there or part of a
comment, a script, a value. Two others answer it: lol-html, which serves the pages of a large network and shares
nothing with us (html5lib's own tokenizer has not followed the standard for years), and the standard's states
written down one by one in :mod:`tests.fragments.reference`, which itself is checked with the tokens that the case
expects.

https://github.com/html5lib/html5lib-tests/blob/master/tokenizer/README.md
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import lolhtml

from shopwindow.fragments.rewrite import Hole, Rewriter
from shopwindow.fragments.slots import Marker, SlotNames
from tests.fragments.reference import TEXT, Tag, tags

from .collected import Tally, tally

SLOT = b"<div data-shopwindow=a>x</div>"
MARKER = Marker([b"0123456789ab"])
SITE = SlotNames(["a"])
# What brings a page into the state that the case begins in; a case may name another element.
BEGIN = {
    "Data state": "",
    "Script data state": "script",
    "RCDATA state": "textarea",
    "RAWTEXT state": "style",
    "PLAINTEXT state": "plaintext",
    "CDATA section state": "svg",
}


class Case(NamedTuple):
    """``tokens`` are those of the ``page`` from ``begin`` on."""

    name: str
    page: str
    begin: int
    tokens: list[Any]


def cases(texts: Mapping[str, str]) -> Iterator[Case]:
    for file, text in sorted(texts.items()):
        if not file.endswith(".test"):
            continue
        data = json.loads(text)
        for number, test in enumerate(data.get("tests") or data["xmlViolationTests"]):
            source, tokens = test["input"], test["output"]
            if test.get("doubleEscaped"):
                source, tokens = _unescaped(source), _unescaped(tokens)
            for state in test.get("initialStates", ("Data state",)):
                element = test.get("lastStartTag") if BEGIN[state] else ""
                element = element or BEGIN[state]
                begin = f"<{element}>" if element else ""
                if state.startswith("CDATA"):
                    begin = "<svg><![CDATA["
                name = f"{file} {number} {state}: {test['description']}"
                yield Case(name, begin + source, len(begin), tokens)


def _unescaped(value: Any) -> Any:
    if isinstance(value, str):
        return re.sub(
            r"\\u([0-9A-Fa-f]{4})", lambda found: chr(int(found[1], 16)), value
        )
    if isinstance(value, list):
        return [_unescaped(item) for item in value]
    if isinstance(value, dict):
        return {_unescaped(key): _unescaped(item) for key, item in value.items()}
    return value


def run(texts: Mapping[str, str]) -> Tally:
    """The slot behind each case is found exactly where lol-html finds it."""
    result = tally()
    for case in cases(texts):
        try:
            page = case.page.encode() + SLOT
        except UnicodeEncodeError:
            result.skipped["half a character"] += 1
            continue
        expected = _found_by_lol_html(page)
        if expected is None:
            result.skipped["lol-html gives the page up"] += 1
            continue
        right = all(_found(page, size) == expected for size in (len(page), 7, 1))
        (result.passed if right else result.failed).append(case.name)
    return result


def _found(page: bytes, size: int) -> bool:
    """Whether the rewriter finds the slot at the page's end, and loses nothing."""
    rewriter = Rewriter(SITE, MARKER)
    pieces = []
    for at in range(0, len(page), size):
        pieces += rewriter.feed(page[at : at + size])
    pieces += rewriter.close()
    text = b"".join(
        piece if isinstance(piece, bytes) else piece.default
        for piece in pieces
        if isinstance(piece, bytes | Hole)
    )
    assert text == page
    return Hole("a", b"x") in pieces


def _found_by_lol_html(page: bytes) -> bool | None:
    found = []

    class Found:
        def element(self, element: Any) -> None:
            found.append(element.tag_name)

    rewriter = lolhtml.HTMLRewriter([].append)  # type: ignore[arg-type]
    rewriter.on("div[data-shopwindow=a]", Found())
    try:
        rewriter.write(page)
        rewriter.end()
    except RuntimeError:
        return None
    return bool(found)


def run_reference(texts: Mapping[str, str]) -> Tally:
    """The reference finds the tags that each case expects; and the slot where the rewriter does."""
    result = tally()
    for case in cases(texts):
        try:
            raw = case.page.encode()
        except UnicodeEncodeError:
            result.skipped["half a character"] += 1
            continue
        if case.page.startswith("<svg>"):
            result.skipped["the reference knows no svg"] += 1
            continue
        found = [tag for tag in tags(raw) if tag.start >= case.begin]
        wanted = [token for token in case.tokens if token[0] in ("StartTag", "EndTag")]
        if case.begin == 0 and any(
            token[0] == "StartTag" and token[1].encode() in TEXT for token in wanted
        ):
            result.skipped["what the tree would do with a script is not asked"] += 1
            continue
        right = len(found) == len(wanted) and all(map(_same, found, wanted))
        if right and not found:
            page = raw + SLOT
            expected = any(
                tag.name == b"div"
                and not tag.ending
                and tag.attributes.get(b"data-shopwindow") == b"a"
                for tag in tags(page)
            )
            right = _found(page, 1) == expected
        (result.passed if right else result.failed).append(case.name)
    return result


def _same(tag: Tag, token: list[Any]) -> bool:
    """As far as the reference goes: it decodes no entities, and leaves NUL and line ends as they are."""
    name = tag.name.decode().replace("\0", "\ufffd")
    if token[0] == "EndTag":
        return tag.ending and name == token[1]
    wanted = token[2] if len(token) > 2 else {}
    attributes: dict[str, bytes] = {}
    for key, value in tag.attributes.items():
        attributes.setdefault(_spelled(key).lower(), value)
    return (
        not tag.ending
        and name == token[1]
        and attributes.keys() == {key.lower() for key in wanted}
        and all(
            wanted[key] == _spelled(value)
            for key, value in attributes.items()
            if b"&" not in value and key in wanted
        )
    )


def _spelled(raw: bytes) -> str:
    return (
        raw.decode().replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")
    )
