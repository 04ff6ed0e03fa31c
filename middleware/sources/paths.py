"""Paths into JSON, as site.toml writes them: ``$.contact.name``, ``$.tags[0]``, ``$.a[?type=work].b``."""

import re
from typing import Any

LONGEST = 200  # characters of a path
DEEPEST = 20  # steps of a path

_STEP = re.compile(
    r"\.(?P<name>[^.\[\]]+)"
    r"|\['(?P<quoted>[^']+)'\]"
    r"|\[(?P<place>\d{1,6})\]"
    r"|\[\?(?P<key>[^=\[\]]+)=(?P<value>[^\[\]]*)\]"
)
_PLACE = re.compile(r"\d{1,6}\Z", re.ASCII)

HINT = "for example $.contact.name, $.tags[0] or $.addresses[?type=work].city"

Step = str | int | tuple[str, str]
Path = tuple[Step, ...]


def read_path(text: str) -> Path | None:
    """The steps of ``text``, which begins with ``$``; None if it is no path."""
    if not text.startswith("$") or len(text) > LONGEST:
        return None
    steps: list[Step] = []
    position = 1
    while position < len(text):
        step = _STEP.match(text, position)
        if step is None or len(steps) == DEEPEST:
            return None
        position = step.end()
        if step["place"] is not None:
            steps.append(int(step["place"]))
        elif step["key"] is not None:
            steps.append((step["key"].strip(), step["value"].strip().strip("'\"")))
        else:
            steps.append(step["name"] or step["quoted"])
    return tuple(steps) or None


def at(answer: Any, path: Path) -> Any:
    """The value there, or None. Of a list ``[?key=value]`` takes the first entry that says so."""
    for step in path:
        if isinstance(answer, dict):
            answer = answer.get(step) if isinstance(step, str) else None
        elif isinstance(answer, list):
            answer = _of_list(answer, step)
        else:
            return None
    return answer


def _of_list(entries: list[Any], step: Step) -> Any:
    if isinstance(step, tuple):
        key, value = step
        for entry in entries:
            if isinstance(entry, dict) and _says(entry.get(key), value):
                return entry
        return None
    if isinstance(step, str):  # $.tags.0 means the same as $.tags[0]
        if not _PLACE.match(step):
            return None
        step = int(step)
    return entries[step] if step < len(entries) else None


def _says(found: Any, value: str) -> bool:
    if isinstance(found, bool):
        return value == str(found).lower()
    return isinstance(found, (str, int)) and str(found) == value
