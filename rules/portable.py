"""A profile as data that other programs can read (GDPR, Articles 15 and 20)."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import msgspec

from .facts import Counter, Event, Profile
from .moments import in_calendar

_TIMES = frozenset(
    {
        "first_seen",
        "last_seen",
        "previous_visit",
        "last_order",
        "cart_since",
        "visit_starts",
        "last",
        "time",
    }
)
_EPOCH = date(1970, 1, 1).toordinal()


def portable(profile: Profile) -> dict[str, Any]:
    """All fields of ``profile`` by name, times as RFC 3339 in UTC; null: never, not known."""
    told: dict[str, Any] = _told(profile, "")
    return told


def portable_event(event: Event) -> dict[str, Any]:
    """``event`` as it is logged, without whose it is."""
    return {
        "id": event.id,
        "time": readable(event.time),
        "event": event.name,
        "properties": event.properties,
    }


def _told(value: Any, name: str) -> Any:
    if isinstance(value, Counter):
        pairs = zip(value.days[::2], value.days[1::2], strict=True)
        days = {_day(day): count for day, count in pairs}
        return {"last": readable(value.last), "days": days}
    if isinstance(value, msgspec.Struct):
        fields = value.__struct_fields__
        return {field: _told(getattr(value, field), field) for field in fields}
    if isinstance(value, Mapping):
        # Its keys are the shop's and the visitor's words, never fields of ours.
        return {key: _told(one, "") for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_told(one, name) for one in value]
    if isinstance(value, bytes):  # of a newer version, which knows what it means
        return value.hex()
    if name in _TIMES and isinstance(value, (int, float)):
        return readable(value)
    return value


def readable(time: float) -> str | None:
    """``time`` (seconds since 1970) as RFC 3339 in UTC; None for never."""
    if not time or not in_calendar(time):
        return None
    moment = datetime.fromtimestamp(time, UTC).isoformat(timespec="seconds")
    return moment.replace("+00:00", "Z")


def _day(day: int) -> str:
    return date.fromordinal(day + _EPOCH).isoformat()
