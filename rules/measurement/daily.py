"""What is counted on the day on which it happens, beside the cells."""

from collections.abc import Callable, Iterator, Sequence

from .attribution import Answered, touches
from .marks import Count, Mark, add, mark_of
from .places import Place, Places
from .plan import Plan
from .story import Story

Day = Callable[[float], int]


def tell(
    marks: dict[Mark, int],
    story: Story,
    responses: Sequence[Answered],
    plan: Plan,
    day: Day,
) -> None:
    """Add to ``marks`` what came of showings: responses, and orders they led to.

    An order goes once to what was touched first, and once to what was touched last.
    """
    for one in responses:
        thumb = "thumbs-up" if one.up else "thumbs-down"
        for what, time in (
            ("clicks", one.clicked),
            ("dismissals", one.dismissed),
            (thumb, one.rated),
        ):
            if time is not None:
                mark = mark_of(day(time), what, one.entry, one.page)
                marks[mark] = marks.get(mark, 0) + 1
    for time, cents in story.orders:
        touched = touches(story, responses, time, plan.window)
        if touched is None:
            continue
        for which, (_, page, entry) in zip(("first", "last"), touched, strict=True):
            for what, number in (("orders", 1), ("revenue", cents)):
                if number:
                    mark = mark_of(day(time), f"{which}-{what}", entry, page)
                    marks[mark] = marks.get(mark, 0) + number


def further(
    story: Story, places: Places, plan: Plan, day: Day, left: float | None
) -> dict[Count, int]:
    """Orders of the exposed and of those in an arm, opt-outs, and those who crossed over."""
    counts: dict[Count, int] = {}
    site = places.site
    if site is None:
        return counts
    if site.crossed:
        add(counts, (site.day, "site", "", "crossed"), 1)
    for time, cents in story.orders:
        if time >= site.first:
            add(counts, (day(time), "site", "", "orders"), 1)
            add(counts, (day(time), "site", "", "revenue"), cents)
    for (name, account), place in places.experiments.items():
        if place.crossed:
            # Whether an account crossed over is seen when all its members are together.
            if not account:
                add(counts, (place.day, "experiment", name, "crossed"), 1)
            continue
        arm = f"{name}/{place.arm}"
        end = place.first + plan.experiments.get(name, plan.window)
        for time, cents in story.orders:
            if place.first <= time < end:
                add(counts, (day(time), "experiment", arm, "orders"), 1)
                add(counts, (day(time), "experiment", arm, "revenue"), cents)
    if left is not None and left >= site.first:
        add(counts, (day(left), "site", "", "opt-outs"), 1)
        for kind, name, place, window in _elsewhere(places, plan):
            if place.first <= left < place.first + window:
                add(counts, (day(left), kind, name, "opt-outs"), 1)
    return counts


def _elsewhere(places: Places, plan: Plan) -> Iterator[tuple[str, str, Place, float]]:
    """All that an owner who leaves was exposed to, and for how long that counts."""
    usual = plan.window
    for (name, _), place in places.experiments.items():
        if not place.crossed:
            window = plan.experiments.get(name, usual)
            yield "experiment", f"{name}/{place.arm}", place, window
    for name, place in places.rules.items():
        yield "rule", name, place, plan.rules.get(name, usual)
    for name, slot in places.slots.items():
        yield "slot", name, slot, usual
        for stage, place in slot.stages.items():
            yield "slot", f"{name}@{stage}", place, usual
    for name, place in places.campaigns.items():
        yield "campaign", name, place, usual
