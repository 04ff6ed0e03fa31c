"""What a visitor said about things: more of it, less of it, never."""

from collections.abc import Mapping

from .facts import ANSWERS, KEYS_KEPT, Answer, Profile

#: What one can be asked about: things that have a name in the catalogue.
ANSWERABLE = ("category", "brand", "tag", "product", "article")

Answers = Mapping[str, Mapping[str, Answer]]
_NO_ANSWERS: Mapping[str, Answer] = {}
NONE: Mapping[str, frozenset[str]] = {}


def answered(
    answers: Answers, dimension: str, key: str, said: Answer
) -> dict[str, dict[str, Answer]]:
    """``answers`` after one more. An answer that is older than the one known changes nothing."""
    table = dict(answers.get(dimension, _NO_ANSWERS))
    known = table.pop(key, None)
    # Times are whole seconds: of two answers in one, the one that comes later is the later one.
    table[key] = known if known is not None and known.time > said.time else said
    return {**answers, dimension: _bounded(table)}  # type: ignore[dict-item]


def united(one: Answers, other: Answers) -> dict[str, dict[str, Answer]]:
    """The answers of somebody who gave both: of each thing the latest."""
    merged: dict[str, dict[str, Answer]] = {}
    for dimension in sorted({*one, *other}):
        table = dict(one.get(dimension, _NO_ANSWERS))
        for key, said in other.get(dimension, _NO_ANSWERS).items():
            table[key] = max(table.get(key, said), said, key=_age)
        merged[dimension] = _bounded(table)
    return merged


def wish(profile: Profile, dimension: str, key: str) -> str:
    """What the visitor wants of a thing: ``more``, ``less``, ``never``, or nothing."""
    said = profile.answers.get(dimension, _NO_ANSWERS).get(key)
    return said.wish if said is not None else ""


def never(profile: Profile) -> Mapping[str, frozenset[str]]:
    """What the visitor never wants to see: dimension -> keys; empty for most.

    As the ``excluded`` of a recommendation is written.
    """
    if not profile.answers:
        return NONE
    unwanted = {
        dimension: frozenset(key for key, said in table.items() if said.wish == "never")
        for dimension, table in profile.answers.items()
    }
    return {dimension: keys for dimension, keys in unwanted.items() if keys}


def _age(said: Answer) -> tuple[float, str]:
    return said.time, said.wish


def _bounded(table: dict[str, Answer]) -> dict[str, Answer]:
    """Answers that were taken back go first, then the oldest."""
    if len(table) <= KEYS_KEPT:
        return table
    kept = sorted(
        table, key=lambda key: (table[key].wish in ANSWERS, *_age(table[key]), key)
    )
    return {key: table[key] for key in kept[-KEYS_KEPT:]}
