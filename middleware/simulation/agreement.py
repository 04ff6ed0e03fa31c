"""The simulator's books held against the shop's own counting: every number that differs."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

import msgspec
from msgspec.structs import replace

from ...rules.measurement.cells import Cell, Tally
from .books import Books, Row
from .finding import Found, found

if TYPE_CHECKING:
    from ..site import Site

_EVER = 2**31 - 1  # a day that nobody sees
_Y, _D = 0, 2  # places in a tally's moments
# Quantity of a unit's cell -> the metric whose moments hold its sum, and where.
_SUMS: Mapping[str, tuple[str, int]] = {
    "impressions": ("click-rate", _D),
    "clicks": ("click-rate", _Y),
    "clicked": ("clicked", _Y),
    "dismissals": ("dismissals", _Y),
    "thumbs-up": ("approval", _Y),
    "visits": ("pages-per-visit", _D),
    "pages": ("pages-per-visit", _Y),
    "bounces": ("bounce-rate", _Y),
    "added": ("add-to-cart", _Y),
    "orders": ("average-order-value", _D),
    "ordered": ("conversion-rate", _Y),
    "revenue": ("revenue-per-visitor", _Y),
    "opt-outs": ("opt-outs", _Y),
}
# Counted day by day of rules and slots.
_COUNTERS = (
    *("impressions", "held", "clicks", "dismissals", "thumbs-up", "thumbs-down"),
)
Count = tuple[int, str, str, str]


class Difference(NamedTuple):
    """A number that should be the same."""

    what: str
    seen: int
    counted: int

    def __str__(self) -> str:
        return f"{self.what}: {self.seen:,} seen, {self.counted:,} counted"


class Agreement(msgspec.Struct, frozen=True):
    """How many numbers were compared, those that differ, and what a report says of what was
    planted."""

    compared: int
    differing: tuple[str, ...]
    effects: tuple[Found, ...] = ()


def compared(books: Books, site: "Site", store: str, now: float) -> Agreement:
    """``books`` against what ``site`` counts of the log at ``store``, as reports have it.

    Raises :class:`~shopwindow.middleware.stores.StoreError` if that cannot be read.
    """
    from ..reporting.reports import report_of
    from ..rollups import open_rollups
    from ..rollups.planning import plan_for
    from ..settings import address

    at = address(replace(site.settings, store=store, events=""))
    with open_rollups(at, site.context.day) as rollups:
        rollups.update(plan_for(site), now)
        cells = list(rollups.cells(0, _EVER))
        counts = rollups.counts(0, _EVER)
        effects = tuple(found(report_of(site, rollups, now)))
    number, differing = differences(books, cells, counts)
    return Agreement(number, tuple(str(one) for one in differing), effects)


def differences(
    books: Books, cells: Iterable[tuple[Cell, Tally]], counts: Mapping[Count, int]
) -> tuple[int, list[Difference]]:
    """How many numbers were compared, and those that differ."""
    compared = [
        *_of_cells(books, cells),
        *_of_counts("rule", books.rules, counts),
        *_of_counts("slot", books.slots, counts),
        *_of_crossed(books, counts),
    ]
    return len(compared), [one for one in compared if one.seen != one.counted]


def _of_cells(
    books: Books, cells: Iterable[tuple[Cell, Tally]]
) -> Iterator[Difference]:
    counted: dict[str, Row] = {}
    for cell, tally in cells:
        if cell.kind in ("site", "experiment") and not cell.context:
            counted.setdefault(f"{cell.kind} {cell.name}/{cell.arm}", Counter()).update(
                _row(tally)
            )
    seen = {f"site /{arm}": row for arm, row in books.site.items()}
    for name, arms in books.experiments.items():
        seen |= {f"experiment {name}/{arm}": row for arm, row in arms.items()}
    for name in sorted(seen.keys() | counted.keys()):
        mine, theirs = seen.get(name, Counter()), counted.get(name, Counter())
        for what in ("units", *_SUMS):
            yield Difference(f"{name}: {what}", mine[what], theirs[what])


def _row(tally: Tally) -> Row:
    row: Row = Counter(units=tally.n)
    for what, (metric, place) in _SUMS.items():
        moments = tally.moments.get(metric)
        row[what] = moments[place] if moments else 0
    return row


def _of_counts(
    kind: str, books: Mapping[str, Row], counts: Mapping[Count, int]
) -> Iterator[Difference]:
    counted: dict[str, Row] = {}
    for (_, of, name, what), number in counts.items():
        if of == kind and "@" not in name and what in _COUNTERS:
            counted.setdefault(name, Counter())[what] += number
    for name in sorted(books.keys() | counted.keys()):
        mine, theirs = books.get(name, Counter()), counted.get(name, Counter())
        for what in _COUNTERS:
            yield Difference(f"{kind} {name}: {what}", mine[what], theirs[what])


def _of_crossed(books: Books, counts: Mapping[Count, int]) -> Iterator[Difference]:
    counted: Row = Counter()
    for (_, kind, name, what), number in counts.items():
        if what == "crossed" and kind in ("site", "experiment"):
            counted[name] += number
    for name in sorted(books.crossed.keys() | counted.keys()):
        what = f"experiment {name}: crossed" if name else "site: crossed"
        yield Difference(what, books.crossed[name], counted[name])
