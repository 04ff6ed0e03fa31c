"""What is wrong with a site, and where: one form for rules, fragments, catalogue and settings."""

import difflib
from collections.abc import Iterable
from typing import Literal

import msgspec


class Finding(msgspec.Struct, frozen=True):
    """One error or warning in a file that an editor wrote.

    ``line`` and ``column`` count from 1, ``column`` and ``length`` in characters.
    ``excerpt`` is the whole line the finding points into, without its line end.
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

    def __str__(self) -> str:
        words = f"{self.message}: {self.hint}" if self.hint else self.message
        return f"{self.file}:{self.line}:{self.column}: {self.severity}: {words}"

    def show(self) -> str:
        """The finding with its line and carets below the place."""
        if not self.excerpt:
            return str(self)
        # Tabs stay tabs, so that the carets stand below the right characters.
        lead = "".join(c if c == "\t" else " " for c in self.excerpt[: self.column - 1])
        carets = "^" * max(1, self.length)
        return f"{self}\n{self.line:6} | {self.excerpt}\n       | {lead}{carets}"


class SiteError(Exception):
    """A site that cannot be used; ``findings`` holds everything that is wrong with it."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = sorted(findings, key=lambda f: (f.file, f.line, f.column))
        super().__init__("\n".join(finding.show() for finding in self.findings))


def suggest(word: str, known: Iterable[str]) -> str:
    """A hint for a word that is not known: the nearest known one, else what there is."""
    names = sorted(set(known))
    if close := difflib.get_close_matches(word, names, 1, 0.6):
        return f'did you mean "{close[0]}"?'
    if not names:
        return "there is none yet"
    return "known: " + ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")
