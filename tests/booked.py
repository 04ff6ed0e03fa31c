"""What ``shopwindow report --format json`` prints, held against the simulator's books."""

from collections.abc import Iterator, Mapping
from typing import Any

_COUNTS = (
    *("impressions", "clicks", "dismissals", "thumbs_up", "thumbs_down", "orders"),
    "opt_outs",
)
_OF_RULES = (
    *("impressions", "held", "clicks", "dismissals", "thumbs_up", "thumbs_down"),
)


def misprinted(told: Mapping[str, Any], books: Mapping[str, Any]) -> list[str]:
    """Every number of the report that is not the one of the books, as JSON has both."""
    return [
        f"{what}: {seen} seen, {printed} printed"
        for what, seen, printed in _pairs(told, books)
        if seen != printed
    ]


def compared(told: Mapping[str, Any], books: Mapping[str, Any]) -> int:
    """How many numbers :func:`misprinted` looks at."""
    return len(list(_pairs(told, books)))


def _pairs(
    told: Mapping[str, Any], books: Mapping[str, Any]
) -> Iterator[tuple[str, object, object]]:
    arms = {("", arm): row for arm, row in books["site"].items()}
    for name, rows in books["experiments"].items():
        arms |= {(name, arm): row for arm, row in rows.items()}
    printed = {
        (subject["name"], arm["name"]): arm
        for subject in (told["total"], *told["experiments"])
        for arm in subject["arms"]
    }
    yield "arms that are not printed", set(), set(arms) - set(printed)
    for key, arm in printed.items():  # also of those whom nobody was dealt
        yield from _of_arm("/".join(key), arms.get(key, {}), arm)
    for subject in told["experiments"]:
        crossed = books["crossed"].get(subject["name"], 0)
        yield f"{subject['name']}: crossed", crossed, subject["crossed"]
    for kind in ("rules", "slots"):
        shown = {subject["name"]: subject["response"] for subject in told[kind]}
        yield f"{kind} that nobody knows", set(), set(books[kind]) - set(shown)
        for name, response in shown.items():
            row = books[kind].get(name, {})
            for what in _OF_RULES:
                seen = row.get(what.replace("_", "-"), 0)
                yield f"{kind} {name}: {what}", seen, response[what]


def _of_arm(
    name: str, row: Mapping[str, int], arm: Mapping[str, Any]
) -> Iterator[tuple[str, object, object]]:
    funnel, counts = arm["funnel"], arm["counts"]
    yield f"{name}: exposed", row.get("units", 0), funnel["exposed"]
    for what in ("clicked", "added", "ordered"):
        yield f"{name}: {what}", row.get(what, 0), funnel[what]
    for what in _COUNTS:
        seen = row.get(what.replace("_", "-"), 0)
        yield f"{name}: {what}", seen, counts[what]
    yield f"{name}: revenue", row.get("revenue", 0), round(counts["revenue"] * 100)
