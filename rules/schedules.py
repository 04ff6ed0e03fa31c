"""Schedules out of a document."""

import re
from datetime import datetime, tzinfo

from .document import Document, Node, names
from .moments import WEEKDAYS, clock, moment, read_now
from .schedule import Schedule
from .vocabulary import time_zone

SCHEDULE_KEYS = ("from", "until", "days", "hours", "timezone")
_HOURS = re.compile(r"(\d\d):(\d\d) ?- ?(\d\d):(\d\d)", re.ASCII)
_WHOLE_DAY = (0, 1440)


def read_schedule(
    document: Document, key: Node, node: Node, zone: tzinfo
) -> Schedule | None:
    """The schedule at ``node``, behind ``key``, or None where something is wrong with it.

    ``zone`` is that of the file or the site; the schedule's own ``timezone`` wins. A bound
    that daylight saving time skips is warned of.
    """
    before = document.errors
    values: dict[str, Node] = {}
    for name, value in document.pairs(node, '"schedule"', SCHEDULE_KEYS):
        values[name.text] = value
    if node.kind != "map":
        return None
    if not values.keys() - {"timezone"} and document.errors == before:
        words = '"schedule" says nothing'
        document.error(key, words, "write for example `{until: 2026-12-25}`")
    if "timezone" in values:
        text = document.words(values["timezone"], '"timezone"')
        if text is not None and (own := time_zone(text)) is None:
            hint = "for example Europe/Berlin"
            document.error(values["timezone"], f'unknown time zone "{text}"', hint)
        elif text is not None and own is not None:
            zone = own
    start = _bound(document, values, "from", zone)
    until = _bound(document, values, "until", zone)
    if start is not None and until is not None and start >= until:
        words = "schedule ends before it starts"
        if start == until:
            words = "schedule ends when it starts: `until` itself is not in it"
        document.error(node, words)
    days = _days(document, values["days"]) if "days" in values else frozenset[int]()
    hours = _hours(document, values["hours"]) if "hours" in values else None
    if document.errors > before:
        return None
    return Schedule(start, until, days, hours, zone, key.line)


def _bound(
    document: Document, values: dict[str, Node], name: str, zone: tzinfo
) -> float | None:
    if name not in values:
        return None
    node = values[name]
    text = node.text if node.kind == "scalar" else ""
    time = read_now(text, zone)
    if time is None:
        hint = "write 2026-12-01 or 2026-12-01 08:00"
        document.error(node, f'"{name}" needs a day or a time, not {node.shown}', hint)
        return None
    wall = datetime.fromisoformat(text)
    if wall.tzinfo is not None:
        return time
    time = moment(wall, zone)
    # A day alone is from its first moment on, whatever the clock shows then.
    if (shown := clock(time, zone)) != wall and len(text) > len("2026-12-01"):
        words = f"on {wall:%Y-%m-%d} the clock in {zone} skips {wall:%H:%M}"
        hint = f"{shown:%H:%M} is taken"
        document.warning(node, words, hint, "skipped-hour")
    return time


def _days(document: Document, node: Node) -> frozenset[int]:
    found: set[int] = set()
    for place, text in names(document, node, '"days"'):
        if text in WEEKDAYS:
            found.add(WEEKDAYS.index(text))
            continue
        hint = "write one of " + ", ".join(WEEKDAYS)
        if (short := text[:3].lower()) in WEEKDAYS:
            hint = f'did you mean "{short}"?'
        if "-" in text:
            hint = "name each day: [mon, tue, wed]"
        document.error(place, f'unknown weekday "{text}"', hint)
    return frozenset(found) if len(found) < len(WEEKDAYS) else frozenset()


def _hours(document: Document, node: Node) -> tuple[int, int] | None:
    found = _HOURS.fullmatch(node.text) if node.kind == "scalar" else None
    opens, closes = 0, 0
    if found is not None:
        first, minute, last, second = map(int, found.groups())
        opens, closes = first * 60 + minute, last * 60 + second
        if minute > 59 or second > 59 or opens >= 1440 or closes > 1440:
            found = None
    if found is None:
        words = f'"hours" needs a beginning and an end, not {node.shown}'
        document.error(node, words, "write for example `22:00-06:00`")
        return None
    if opens == closes:
        hint = "leave it away for the whole day"
        document.error(node, f'"hours" {node.text} begins when it ends', hint)
        return None
    return None if (opens, closes) == _WHOLE_DAY else (opens, closes)
