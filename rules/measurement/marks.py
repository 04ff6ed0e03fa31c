"""What happened to one showing on one day, told once for all that it is counted under."""

from collections.abc import Iterable

from .pages import Page
from .rows import Entry, drawn

Count = tuple[int, str, str, str]
"""A day, a kind (site, experiment, rule, slot or campaign), a name, and what is counted."""

Mark = tuple[int, str, str, str, str | None, str, str, str]
"""A day, what is counted, and of which slot, rule, experiment, arm, stage and campaign it is;
texts are empty where there is none, the experiment is None. A plain tuple: every showing makes one."""


def mark_of(day: int, what: str, entry: Entry, page: Page) -> Mark:
    """The mark for what became of one ``entry`` of a ``page``."""
    arm = drawn(entry)
    return (
        *(day, what, entry.slot or "", entry.rule or ""),
        *(
            entry.experiment if arm else None,
            arm,
            page.stage,
            page.campaign,
        ),
    )


def counted(marks: Iterable[tuple[Mark, int]]) -> dict[Count, int]:
    """The numbers under every name that a mark has."""
    counts: dict[Count, int] = {}
    for (day, what, slot, rule, name, arm, stage, campaign), number in marks:
        keys = [(day, "site", "", what)]
        if rule:
            keys.append((day, "rule", rule, what))
        if slot:
            keys.append((day, "slot", slot, what))
            if stage:
                keys.append((day, "slot", f"{slot}@{stage}", what))
        if name:
            keys.append((day, "experiment", f"{name}/{arm}", what))
        if campaign:
            keys.append((day, "campaign", campaign, what))
        for key in keys:
            add(counts, key, number)
    return counts


def add(counts: dict[Count, int], key: Count, number: int) -> None:
    """Add a number; what becomes 0 goes."""
    total = counts.get(key, 0) + number
    if total:
        counts[key] = total
    else:
        counts.pop(key, None)
