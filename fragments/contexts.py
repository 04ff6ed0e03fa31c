"""Where in HTML a template prints something: in text, a quoted attribute, a script, ...

The states follow the tokenizer of the HTML standard (13.2.5), as far as they matter for
what may be printed where; anything doubtful is ``broken``.
"""

import re
from html import unescape
from typing import Literal

import msgspec

from .addresses import is_safe

Mode = Literal[
    "text", "open", "name", "tag-name", "space", "after-name", "equals", "value",
    "unquoted", "after-value", "gap", "declaration", "comment", "bogus", "broken",
]  # fmt: skip
_IN_TAG = frozenset({"tag-name", "name", "space", "after-name", "after-value", "gap"})
_SPACE = frozenset(" \t\n\f\r")
#: Elements whose content is not markup; a template may print into the second kind.
_RAW = frozenset({"script", "style", "xmp", "iframe", "noembed", "noframes"})
_TEXT_ONLY = frozenset({"textarea", "title"})
#: Attributes that hold an address.
ADDRESSES = frozenset(
    "href src action formaction poster cite data background ping srcset imagesrcset "
    "longdesc usemap manifest xlink:href codebase classid profile".split()
)
#: In how many ways the branches of a template may write one address.
WAYS = 64
#: An attribute name that cannot be told, because the branches of an ``if`` differ.
UNKNOWN = "?"


class Place(msgspec.Struct, frozen=True):
    """A point in HTML, between two characters.

    ``raw`` is the element whose content is no markup (script, style, title, ...).
    ``values`` is what stands in an attribute with an address so far, in every way that
    branches may have written it, with NUL for what is printed.
    ``script`` says where in a script: code, a quote, ``//``, ``/*`` or ``?``.
    """

    mode: Mode = "text"
    tag: str = ""
    attribute: str = ""
    quote: str = ""
    values: frozenset[str] = frozenset({""})
    raw: str = ""
    script: str = "code"
    tail: str = ""
    why: str = ""

    def printed(self) -> "Place":
        """The place after something was printed here."""
        if self.mode == "value" and self.attribute in ADDRESSES:
            printed = frozenset(value + "\0" for value in self.values)
            return msgspec.structs.replace(self, values=printed)
        if self.raw:
            return msgspec.structs.replace(self, tail="\0")
        return self


def is_literal_safe(value: str) -> bool:
    """Whether an address with NUL for what is printed in it keeps a harmless scheme."""
    value = unescape(value)
    literal, printed, _ = value.partition("\0")
    if not printed:
        return is_safe(value)
    # A colon after something printed would turn that into a scheme.
    head = re.split("[/?#]", value, maxsplit=1)[0]
    return is_safe(literal) and ":" not in head.partition("\0")[2]


def is_anchored(value: str) -> bool:
    """Whether no scheme can begin any more after ``value``."""
    # "&#" would go on with what is printed.
    return any(mark in value for mark in "/?#") and "&#" not in value


def merge(one: Place, other: Place) -> Place | None:
    """Where a template is after either of two branches; None: that cannot be told."""
    if one == other:
        return one
    if one.mode in _IN_TAG and other.mode in _IN_TAG:
        if one.tag != other.tag:
            return None
        return Place("gap", one.tag, UNKNOWN)
    alike = ("mode", "tag", "attribute", "quote", "raw", "script")
    if any(getattr(one, field) != getattr(other, field) for field in alike):
        return None
    if _begun(one) != _begun(other):
        return None
    return msgspec.structs.replace(one, values=one.values | other.values)


def _begun(place: Place) -> str:
    """What of the tail may become the end of something with the next characters."""
    tail = place.tail
    if place.mode == "declaration":
        return tail
    if place.mode == "comment":
        # Only at a comment's begin ">" and "->" end it.
        fresh = tail in ("", "-")
        return tail if fresh else "x" + tail[len(tail.rstrip("-!")) :]
    if place.raw:
        tag = tail[tail.rfind("<") :] if "<" in tail else "-"
        if ("</" + place.raw).startswith(tag) or "<!--".startswith(tag):
            return tag
        return "*" if tail.endswith("*") else ""  # may end a script's comment
    return ""


def feed(place: Place, text: str) -> tuple[Place, list[tuple[int, str]]]:
    """Where a template is after the literal ``text``, and what is wrong in it.

    What is wrong comes as (offset in ``text``, message).
    """
    reader = _Reader(place)
    wrong: list[tuple[int, str]] = []
    for offset, character in enumerate(text):
        was = reader.mode
        reader.read(character)
        if reader.mode == "broken" and was != "broken":
            wrong.append((offset, reader.why))
    return reader.place(), wrong


class _Reader:
    """The state machine: one character after the other."""

    def __init__(self, place: Place) -> None:
        self.mode: Mode = place.mode
        self.tag = place.tag
        self.attribute = place.attribute
        self.quote = place.quote
        self.values = place.values
        self.written: list[str] = []  # after all of ``values``
        self.raw = place.raw
        self.script = place.script
        self.tail = place.tail
        self.why = place.why

    def place(self) -> Place:
        return Place(
            self.mode,
            self.tag,
            self.attribute,
            self.quote,
            self._values(),
            self.raw,
            self.script,
            self.tail,
            self.why,
        )

    def _values(self) -> frozenset[str]:
        if self.attribute not in ADDRESSES:
            return Place().values  # nobody asks
        if self.written:
            more = "".join(self.written)
            self.written.clear()
            self.values = frozenset(value + more for value in self.values)
        return self.values

    def _begin_value(self, *first: str) -> None:
        self.values = Place().values
        self.written = [*first]

    def broken(self, why: str) -> None:
        self.mode, self.why = "broken", why

    def read(self, c: str) -> None:
        match self.mode:
            case "text":
                if self.raw:
                    self._raw(c)
                elif c == "<":
                    self.mode, self.tag = "open", ""
            case "open":
                if c == "!":
                    self.mode, self.tail = "declaration", ""
                elif c == "/" and not self.tag:
                    self.tag = "/"
                elif c.isascii() and c.isalpha():
                    self.mode, self.tag = "tag-name", self.tag + c.lower()
                elif c == "?" or self.tag:
                    self.mode = "text" if c == ">" else "bogus"
                else:
                    self.mode = "open" if c == "<" else "text"
            case "declaration":
                self.tail += c
                if self.tail == "--":
                    self.mode, self.tail = "comment", ""
                elif self.tail != "-":
                    self.mode, self.tail = "text" if c == ">" else "bogus", ""
            case "comment":
                # "<!-->" and "<!--->" are whole comments.
                self.tail = (self.tail + c)[-4:]
                if self.tail in (">", "->") or self.tail.endswith(("-->", "--!>")):
                    self.mode, self.tail = "text", ""
            case "bogus":
                if c == ">":
                    self.mode = "text"
            case "value":
                if c == self.quote:
                    self._close_value()
                else:
                    self.written.append(c)
            case "equals":
                if c in "\"'":
                    self.mode, self.quote = "value", c
                    self._begin_value()
                elif c == ">":
                    self._close_tag()
                elif c not in _SPACE:
                    self.mode = "unquoted"
                    self._begin_value(c)
            case "unquoted":
                if c in _SPACE or c == ">":
                    if self._close_value():
                        self._in_tag(c)
                else:
                    self.written.append(c)
            case "broken":
                pass
            case _:
                self._in_tag(c)

    def _in_tag(self, c: str) -> None:
        if c == ">":
            self._close_tag()
        elif c in _SPACE or c == "/":
            if self.mode == "name" and c != "/":
                self.mode = "after-name"
            elif self.mode != "after-name":
                self.mode = "space"
        elif self.mode == "tag-name":
            self.tag += c.lower()
        elif self.mode == "gap":
            self.broken("leave a space after this `if`, inside the tag")
        elif c == "=":
            if self.mode in ("name", "after-name"):
                self.mode = "equals"
            else:
                self.broken("this = has no attribute name before it")
        elif self.mode == "name":
            self.attribute += c.lower()
        else:
            self.mode, self.attribute = "name", c.lower()

    def _close_value(self) -> bool:
        if not all(map(is_literal_safe, self._values())):
            self.broken(f"this address does not belong in {self.attribute}")
            return False
        self.mode, self.attribute, self.quote = "after-value", "", ""
        self._begin_value()
        return True

    def _close_tag(self) -> None:
        self.mode, self.attribute = "text", ""
        if self.tag == "plaintext":
            self.broken("a page cannot go on after <plaintext>")
        elif self.tag in _RAW or self.tag in _TEXT_ONLY:
            self.raw, self.script, self.tail = self.tag, "code", ""
        self.tag = ""

    def _raw(self, c: str) -> None:
        end = "</" + self.raw
        before = self.tail
        self.tail = (before + c.lower())[-len(end) :]
        if before == end and (c in _SPACE or c in "/>"):
            self.tag, self.raw, self.mode = end[1:], "", "tag-name"
            self.script, self.tail = "code", ""
            self._in_tag(c)
        elif self.raw == "script":
            if self.tail.endswith("<!--"):
                self.broken("leave <!-- out of scripts")
            else:
                self._script(c, before[-1:])

    def _script(self, c: str, before: str) -> None:
        state = self.script
        if state in ("'", '"', "`"):
            # After a backslash comes an escaped character, which may be a backslash.
            if c == state or (c == "\n" and state != "`"):
                self.script = "code"
            elif c == "\\":
                self.script = state + "\\"
        elif state[1:] == "\\":
            self.script = state[0]
        elif state == "//":
            if c in "\n\r\u2028\u2029":
                self.script = "code"
        elif state == "/*":
            if before == "*" and c == "/":
                self.script = "code"
        elif state == "/":
            # Neither comment: a division or a regular expression, which look alike.
            self.script = {"/": "//", "*": "/*"}.get(c, "?")
            if c == "*":
                self.tail = "\0"  # "/*/" does not end the comment
        elif state == "code":
            if c in "'\"`/":
                self.script = c
