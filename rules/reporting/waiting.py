"""How long it still takes, in words, and what to do where waiting is no use."""

from .judgements import Reach
from .writing import Writing

_YEAR = 365


def lever(base: str, several: bool) -> str:
    """What makes the arms larger without more visitors; empty: nothing. ``several``: more than one is
    compared with ``base``."""
    if several:
        return "compare fewer variants"
    return "hold back more of them" if base in ("held", "holdout") else ""


def until_it_shows(days: float | None, reach: Reach, lever: str, write: Writing) -> str:
    """Sentences after what could be seen by now."""
    if reach == "near" and days is not None:
        return f"Let it run: about {write.days(days)} to go."
    if reach == "far":
        return (
            f"Waiting is no use: at the traffic of these days it takes more than {_years(days, write)} "
            f"to show. {_listed('Try a larger change', 'show it where more visitors come', lever)}."
        )
    if reach == "stalled":
        return f"Nobody new has come for a week or longer: it stays open. {_ANYBODY}"
    return "Let it run."


def until_it_counts(
    days: float | None, reach: Reach, lever: str, write: Writing
) -> str:
    """What follows on numbers that say nothing yet: the rest of that sentence, and what to do."""
    if reach == "near" and days is not None:
        return f"; that is about {write.days(days)} to go."
    if reach == "far":
        return (
            f"; at the traffic of these days that takes more than {_years(days, write)}. Waiting is "
            f"no use: {_listed('show it where more visitors come', 'take a goal that more of them reach', lever)}."
        )
    if reach == "stalled":
        return f"; nobody new has come for a week or longer. {_ANYBODY}"
    if reach == "unknown":
        return "; how long that takes nobody can say from these days."
    return "."


_ANYBODY = "Show it to somebody again, or end it."


def _listed(*ways: str) -> str:
    *first, last = [way for way in ways if way]
    return f"{', '.join(first)}, or {last}"


def _years(days: float | None, write: Writing) -> str:
    years = 0 if days is None else int(days // _YEAR)
    if days is None or years >= 100:
        return "a lifetime"
    return "a year" if years < 2 else f"{write.count(years)} years"
