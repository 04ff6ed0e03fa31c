"""What of an engine's answer can be believed: it comes from another server, and may be anything."""

from collections.abc import Iterable
from math import isfinite
from typing import Any

import msgspec

from ...fragments.recommendations.candidates import Candidate

LARGEST = 262_144  # bytes of an answer
MOST = 200  # items of an answer; the rest is not looked at
LONGEST = 200  # characters of an id
WORDS = 200  # characters of a reason


class Unreadable(ValueError):
    """An answer that is none; the words hold nothing of it."""


def json_of(body: bytes) -> Any:
    """The JSON in ``body``; raises :class:`Unreadable`."""
    try:
        return msgspec.json.decode(body)
    except (ValueError, RecursionError):
        raise Unreadable("its answer is no JSON") from None


def list_of(value: Any) -> list[Any]:
    """``value``, which has to be a list; raises :class:`Unreadable`."""
    if not isinstance(value, list):
        raise Unreadable("its answer holds no list of items")
    return value


def id_of(value: Any) -> str:
    """A text or whole number as an id; empty for anything else."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value) if abs(value) < 10**18 else ""
    if not isinstance(value, str) or len(value) > LONGEST:
        return ""
    return value


def candidates(entries: Iterable[tuple[Any, Any, Any]]) -> tuple[Candidate, ...]:
    """Items out of (id, score, words), in their order, each once; what is none is left out.

    A score of None says nothing: then the place counts. Scores are brought between 0 and 1.
    """
    found: dict[str, tuple[float | None, str]] = {}
    for place, (given, score, words) in enumerate(entries):
        if place >= MOST:
            break
        id = id_of(given)
        if not id or id in found:
            continue
        if score is not None:
            if isinstance(score, bool) or not isinstance(score, (int, float)):
                continue
            try:
                score = float(score)
            except OverflowError:
                continue
            if not isfinite(score):
                continue
        found[id] = score, _words(words)
    scores = [score for score, _ in found.values() if score is not None]
    high, low = max(scores, default=0.0), min(0.0, *scores, 0.0)
    spread = high - low
    if not isfinite(spread):
        spread = 0.0
    total = len(found)
    return tuple(
        Candidate(
            id,
            1 - place / total
            if score is None
            else (score - low) / spread
            if spread > 0
            else 1.0,
            words,
        )
        for place, (id, (score, words)) in enumerate(found.items())
    )


def _words(value: Any) -> str:
    if not isinstance(value, str):
        return ""
    return " ".join(value[:WORDS].split()) if value.isprintable() else ""
