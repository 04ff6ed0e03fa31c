"""Files that may have been cut short, and how long to wait before they are believed.

A file is no message: nothing in it says that it is whole. YAML that stops in the middle of a
rule is often sound, and the rule then asks for less than its editor meant. What can be known:

- A file that is still being written changes. So nothing is read before the folder has been
  still for a moment (:data:`QUIET`), nor believed if it changed while it was read.
- A writer that broke off (a full disk, a lost connection) leaves a beginning. Where that is a
  beginning of the text that was live, and it stops within a line, or within a rule that others
  followed, no editor meant it: it is refused, and the finding says how to mean it. Any other
  text that begins alike is an edit. The same goes for a file that is suddenly empty.
- A beginning of a *new* text cannot be told from the whole. But editors keep to their habits:
  a file that used to end with a line break and does not now is believed only after
  :data:`HELD` seconds without another change.
- Where an edit made the file shorter and changed its end, where a new file has no line break
  at its end, and where a file is gone (some editors save by taking it away first), a slow
  writer could be between two parts: half a second of stillness (:data:`CALM`) is asked for.

So an edit that is meant goes live at once, after half a second, after ten seconds, or after
one line of comment; none is refused without a word.
"""

import re
from collections.abc import Mapping
from math import inf
from typing import NamedTuple

from ...findings import Finding

QUIET = 0.1  # seconds
CALM = 0.5
HELD = 10.0

_ITEM = re.compile(r"^( *)- ", re.MULTILINE)
_LINE = re.compile(r"^( *)[^ #\r\n].*$", re.MULTILINE)


class Doubt(NamedTuple):
    """Wait for ``seconds`` without a change (forever: ``inf``); what to tell the editor, if anything."""

    seconds: float
    finding: Finding | None = None


def doubts(old: Mapping[str, str], new: Mapping[str, str]) -> list[Doubt]:
    """What makes one wait before ``new`` files replace the ``old`` ones, by name to text."""
    found = [Doubt(CALM) for name in old.keys() - new.keys()]
    for name, text in new.items():
        before = old.get(name)
        if before != text and (doubt := _doubt(name, before, text)):
            found.append(doubt)
    return found


def _doubt(name: str, old: str | None, new: str) -> Doubt | None:
    if old is None or not old.strip():
        return None if new.endswith("\n") else Doubt(CALM)
    if not new.strip():
        hint = "delete the file if that is meant, or leave a comment in it"
        return Doubt(inf, _finding(name, new, "the file is empty now", hint))
    broken = old.endswith("\n") and not new.endswith("\n")
    beginning = old.startswith(new)
    if beginning and (
        broken or (name.endswith((".yaml", ".yml")) and _inside(old, new))
    ):
        hint = "write the rest, or a comment below it if that is meant"
        return Doubt(inf, _finding(name, new, "the file was cut short here", hint))
    if broken or (beginning and not new.endswith("\n")):
        words = "the file ends without a line break"
        hint = (
            f"was it cut short? It goes live after {HELD:.0f} seconds without a change"
        )
        return Doubt(HELD, _finding(name, new, words, hint, "warning"))
    if len(new) < len(old) and _last(new) != _last(old):
        return Doubt(CALM)
    return None


def _inside(old: str, new: str) -> bool:
    """Whether ``old`` goes on behind ``new`` with the same rule, and with others after it."""
    whole = new.endswith("\n")
    start = len(new) if whole else new.rfind("\n") + 1
    depth = min((len(item[1]) for item in _ITEM.finditer(old)), default=0)
    following = _LINE.search(old, start)
    if following is None or len(following[1]) < depth:
        return False
    begins = len(following[1]) == depth
    if begins and whole:
        return False
    items = [one for one in _ITEM.finditer(old, start) if len(one[1]) == depth]
    return len(items) > begins


def _last(text: str) -> str:
    return text.rstrip().rpartition("\n")[2]


def _finding(
    name: str, text: str, message: str, hint: str, severity: str = "error"
) -> Finding:
    lines = text.splitlines() or [""]
    return Finding(
        name,
        len(lines),
        max(1, len(lines[-1])),
        message,
        hint,
        "warning" if severity == "warning" else "error",
        lines[-1],
    )
