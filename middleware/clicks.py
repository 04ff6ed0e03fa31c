"""Links that tell which fragment was clicked, without letting anybody choose where they lead."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Literal

from ..findings import suggest
from .signed import SignedPairs
from .toml import Section

PREFIX = "/-/shopwindow/click/"
UNCOUNTED = "/-/shopwindow/uncounted/"  # the same on a preview

By = Literal["redirect", "script"]
REDIRECT: By = "redirect"  # links lead to us, and we lead on
SCRIPT: By = "script"  # links lead where they lead, and a script tells us


def read_clicks(section: Section) -> By:
    """``by`` of the table [clicks]: how clicks are told."""
    by = section.text("by", REDIRECT)
    section.finish()
    for known in (REDIRECT, SCRIPT):
        if by == known:
            return known
    hint = suggest(by, (REDIRECT, SCRIPT)) or f'write "{REDIRECT}" or "{SCRIPT}"'
    section.wrong("by", f'clicks cannot be told by "{by}"', hint)
    return REDIRECT


class ClickLinks:
    """Wraps addresses of this shop into signed links, and opens them again."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._signed = SignedPairs(keys, "click")
        self.link = lru_cache(4096)(self._link)

    def _link(self, fragment: str, url: str) -> str:
        """A link to ``url`` that counts as a click on ``fragment``."""
        return PREFIX + self._signed.write(fragment, url)

    def open(self, token: str) -> tuple[str, str] | None:
        """The fragment and the address of a link's last part, or None if we did not sign it."""
        return self._signed.read(token)
