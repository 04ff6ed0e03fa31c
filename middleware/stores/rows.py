"""What a visitor, a profile and an event are called and look like wherever they are kept."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Any, NamedTuple

import msgspec

from ...rules.encoding import decode as decode_profile
from ...rules.encoding import encode_small as encode_profile
from ...rules.events import (
    PROMOTION_CLICKED,
    PROMOTION_DISMISSED,
    PROMOTION_RATED,
    PROMOTION_VIEWED,
)
from ...rules.facts import Event, Purpose
from . import DayOf

__all__ = [
    "COLUMNS",
    "QUARTER",
    "Row",
    "daily",
    "decode_profile",
    "decode_properties",
    "encode_profile",
    "event_of",
    "is_mark",
    "mark_of",
    "purpose_of",
    "receipt_of",
    "row_of",
    "unseen",
]

QUARTER = 900  # seconds: every time zone is whole quarters of an hour away from UTC

_MARK = re.compile(r"[0-9a-f]{32}\Z")
_encode_properties = msgspec.json.Encoder().encode
decode_properties = msgspec.json.Decoder(dict).decode

_OF_WHAT_WAS_SHOWN = frozenset(
    (PROMOTION_VIEWED, PROMOTION_CLICKED, PROMOTION_DISMISSED, PROMOTION_RATED)
)


def mark_of(visitor: str) -> str:
    """What stands for a visitor id in a store: who reads it cannot make a cookie's id of it."""
    return blake2b(visitor.encode(), digest_size=16).hexdigest()


def is_mark(owner: str) -> bool:
    """Whether an owner is a stranger's mark: else it is a customer's pseudonym."""
    return bool(_MARK.match(owner))


def purpose_of(name: str) -> Purpose:
    """What an event is kept for: what was shown to whom is counted, the rest is remembered."""
    return "statistics" if name in _OF_WHAT_WAS_SHOWN else "personalization"


class Row(NamedTuple):
    """An event as a log holds it.

    ``visitor`` is a mark, or the owner's pseudonym. ``properties`` is JSON. ``decision`` is
    the id of what was decided for a page: that of the event which says it was shown, or the
    one that an event names. ``rule`` and ``variant`` are those of the event, or of all that
    it shows, separated by spaces. What is unknown is None.
    """

    id: str
    time: float
    visitor: str
    name: str
    properties: str
    decision: str | None
    rule: str | None
    variant: str | None
    revision: str | None
    purpose: Purpose


RECEIPT = "Kept Elsewhere"
COLUMNS = ", ".join(Row._fields)


def row_of(event: Event, visitor: str) -> Row:
    """The row of ``event``, under what stands for its visitor.

    Raises :class:`TypeError` for properties that JSON has no words for.
    """
    name, properties = event.name, event.properties
    text = _encode_properties(properties).decode()
    purpose = purpose_of(name)
    decision = rule = variant = revision = None  # most events: nothing was decided
    if purpose == "statistics" or "decision" in properties:
        decision = _text(properties.get("decision"))
        if decision is None and name == PROMOTION_VIEWED:
            decision = event.id
        rule, variant = _told(properties, "rule"), _told(properties, "variant")
        revision = _text(properties.get("revision"))
    return Row(
        event.id,
        event.time,
        visitor,
        name,
        text,
        decision,
        rule,
        variant,
        revision,
        purpose,
    )


def receipt_of(row: Row) -> Row:
    """What is left of a row where only its id has to be known."""
    return Row(
        row.id,
        row.time,
        row.visitor,
        RECEIPT,
        "{}",
        None,
        None,
        None,
        None,
        row.purpose,
    )


def event_of(
    day: DayOf, id: str, name: str, owner: str, time: float, properties: str
) -> Event:
    """The event that a log tells of, with its ``owner`` as its visitor."""
    return Event(id, name, owner, time, day(time), decode_properties(properties))


def daily(
    rows: Iterable[tuple[str, int, int]], day: DayOf
) -> Mapping[tuple[str, int], int]:
    """How many events there are of each name on each day, of (name, quarter, count): the
    quarters of an hour since 1970 that a database can count by itself."""
    counts: Counter[tuple[str, int]] = Counter()
    for name, quarter, count in rows:
        counts[name, day(quarter * QUARTER)] += count
    return counts


def unseen(profile: bytes, before: float) -> bool:
    """Whether a stored profile was last seen before that moment; who has done nothing yet stays."""
    return 0.0 < decode_profile(profile).last_seen < before


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _told(properties: Mapping[str, Any], key: str) -> str | None:
    """What the event says itself, or each of the things that it is about, once."""
    own = _text(properties.get(key))
    if own is not None:
        return own
    things = properties.get("promotions")
    if not isinstance(things, Iterable):
        return None
    texts = (
        _text(one.get(key))
        for one in things
        if isinstance(one, Mapping) and "failed" not in one
    )
    return " ".join(dict.fromkeys(text for text in texts if text)) or None
