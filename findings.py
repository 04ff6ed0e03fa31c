"""What is wrong with a site, and where: one form for rules, fragments, catalogue and settings."""

import difflib
import re
import unicodedata
from collections.abc import Iterable
from typing import Literal

import msgspec

#: What ends a line, in every kind of file that editors write.
LINE_END = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
# Of a store's URL, also where a password holds what should be quoted. Web pages may have an @.
_ACCOUNT = re.compile(r"(?<=//)(?<!https://)(?<!http://)[^\s\"']*(?=@)")
_WIDTH = 120  # of a quoted line, in cells of a terminal
_CONTROL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)


class Finding(msgspec.Struct, frozen=True):
    """One error or warning in a file that an editor wrote.

    ``line`` and ``column`` count from 1, ``column`` and ``length`` in characters.
    ``excerpt`` is the whole line the finding points into, without its line end. ``code`` is
    the kind of the finding: it stays when the words change.
    """

    file: str
    line: int
    column: int
    message: str
    hint: str = ""
    severity: Literal["error", "warning"] = "error"
    excerpt: str = ""
    length: int = 1
    code: str = "invalid"

    @property
    def words(self) -> str:
        """What is wrong, and the hint."""
        return visible(f"{self.message}: {self.hint}" if self.hint else self.message)

    @property
    def place(self) -> str:
        return visible(f"{self.file}:{self.line}:{self.column}")

    def __str__(self) -> str:
        return f"{self.place}: {self.severity}: {self.words}"

    def show(self) -> str:
        """The finding with its line and carets below the place."""
        return "\n".join((str(self), *self.quoted()))

    def quoted(self) -> tuple[str, ...]:
        """The line, and carets below the place, as wide as a terminal shows them."""
        if not self.excerpt:
            return ()
        start, end = self.column - 1, self.column - 1 + max(1, self.length)
        text, cut = visible(unsecret(self.excerpt)), ""
        if len(text) > _WIDTH and start > _WIDTH // 2:
            drop = start - _WIDTH // 2
            text, start, end, cut = text[drop:], start - drop, end - drop, "..."
        if len(text) > _WIDTH:
            text, end = text[:_WIDTH] + "...", min(end, _WIDTH)
        # Tabs stay tabs, so that the carets stand below the right characters.
        lead = "".join("\t" if c == "\t" else " " * cells(c) for c in text[:start])
        lead += " " * (start - len(text))  # behind the end of the line
        carets = "^" * max(1, sum(map(cells, text[start:end])))
        return (
            f"{self.line:6} | {cut}{text}",
            f"       | {' ' * len(cut)}{lead}{carets}",
        )

    def quoting(self, text: str) -> "Finding":
        """The finding with its line of ``text``, the whole file, if it quotes none yet.

        A finding at a line's beginning is about all of it, and points to its words.
        """
        lines = LINE_END.split(text.removeprefix("\ufeff"))
        if self.excerpt or self.line > len(lines):
            return self
        excerpt = lines[self.line - 1]
        words = excerpt.strip().removeprefix("- ").strip()
        column = self.column if self.column > 1 else excerpt.find(words) + 1
        length = len(words) if self.column == 1 else self.length
        return msgspec.structs.replace(
            self, excerpt=excerpt[:500], column=column, length=max(1, length)
        )


def cells(character: str) -> int:
    """How many cells of a terminal a character takes: 0, 1 or 2."""
    if unicodedata.combining(character) or unicodedata.category(character) in (
        "Mn",
        "Me",
        "Cf",
    ):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def unsecret(text: str) -> str:
    """``text`` with stars over user and password in URLs; everything stays in its place."""
    return _ACCOUNT.sub(lambda found: "*" * len(found[0]), text)


def visible(text: str) -> str:
    """``text`` without what could command a terminal."""
    return _CONTROL.sub("\ufffd", text)


class SiteError(Exception):
    """A site that cannot be used; ``findings`` holds everything that is wrong with it."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = sorted(findings, key=lambda f: (f.file, f.line, f.column))
        super().__init__("\n".join(finding.show() for finding in self.findings))


def suggest(word: str, known: Iterable[str]) -> str:
    """A hint for a word that is not known: the nearest known one, else what there is."""
    names = sorted(set(known))
    folded = word.casefold()
    if same := [name for name in names if name.casefold() == folded]:
        return (
            f'did you mean "{same[0]}"?'  # GARDEN is far from garden, letter by letter
        )
    if close := difflib.get_close_matches(word, names, 1, 0.6):
        return f'did you mean "{close[0]}"?'
    if not names:
        return "there is none yet"
    # A category goes by its id and by its title, which often is the same word.
    names = list({name.casefold(): name for name in names}.values())
    return "known: " + ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")
