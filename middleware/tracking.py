"""Which requests say something about the visitor."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from ..rules.events import SAYS
from .settings import Track

Known = Callable[[str, str], bool]


class Sighting(msgspec.Struct, frozen=True):
    """An event that a request's address stands for, before it has an id and a time."""

    name: str
    properties: dict[str, Any]


class _Pattern(msgspec.Struct, frozen=True):
    segments: tuple[str | None, ...]  # None where a hole is
    holes: tuple[tuple[int, str], ...]
    event: str
    query: Mapping[str, str]


class Tracks:
    """The [[track]] patterns of a site, found by first segment and number of segments."""

    def __init__(self, tracks: Sequence[Track], known: Known) -> None:
        """``known(kind, id)`` says whether the catalogue knows an id; others are not counted."""
        self._known = known
        self._patterns: dict[tuple[str | None, int], list[_Pattern]] = {}
        for track in tracks:
            parts = track.path.strip("/").split("/")
            holes = tuple(
                (number, part[1:-1])
                for number, part in enumerate(parts)
                if part.startswith("{") and part.endswith("}")
            )
            segments = tuple(None if part.startswith("{") else part for part in parts)
            pattern = _Pattern(segments, holes, track.event, track.query)
            self._patterns.setdefault((segments[0], len(segments)), []).append(pattern)

    def sighting(self, path: str, query: bytes) -> Sighting | None:
        """What a view of the decoded ``path`` with this raw query string says, if anything."""
        parts = path.strip("/").split("/")
        for first in (parts[0], None):
            for pattern in self._patterns.get((first, len(parts)), ()):
                if all(
                    want is None or want == part
                    for want, part in zip(pattern.segments, parts, strict=True)
                ):
                    # A shop may have /{product} and /{category}: the catalogue tells them apart.
                    if sighting := self._make(pattern, parts, query):
                        return sighting
        return None

    def _make(
        self, pattern: _Pattern, parts: list[str], query: bytes
    ) -> Sighting | None:
        values = {hole: parts[number] for number, hole in pattern.holes}
        if pattern.query:
            for name, value in parse_qsl(query.decode("latin-1")):
                if name in pattern.query:
                    values[pattern.query[name]] = value
        says = SAYS[pattern.event]
        subject = values.get(says.kind, "").strip()[:200]
        if not subject or not self._known(says.kind, subject):
            return None
        return Sighting(pattern.event, {says.property: subject})
