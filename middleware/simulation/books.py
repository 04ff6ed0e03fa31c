"""The simulator's own books: who was shown what, and what came of it, only from what was seen.

They are kept without a look at shopwindow's own counting, so that each can be held against the
other. Someone's own facts are in the order in which they happened; all of it lies within one
window of attribution, for nobody walks for days.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec

from .reading import Seen

Said = Literal["click", "dismiss", "up", "down"]
CONTROL = "control"
HOLDOUT = "holdout"


class Showing(msgspec.Struct, eq=False):
    """A page with a slot that counts, and what the visitor did with it."""

    seen: Seen
    clicked: bool = False
    dismissed: bool = False
    rated: str = ""


class Fact(msgspec.Struct, frozen=True):
    """What happened besides: a ``page`` that counts, something was ``added`` to the cart, or
    ``ordered`` for so many cents. A page comes after what it showed."""

    what: Literal["page", "added", "ordered"]
    cents: int = 0


class Unit(msgspec.Struct, eq=False):
    """All that one visitor did, as far as shopwindow may know it is one."""

    facts: list[Showing | Fact] = msgspec.field(default_factory=list)
    left: bool = False  # consent was taken back, or everything erased

    def join(self, other: "Unit") -> None:
        """This is who ``other`` was before a login: what both did is one's."""
        self.facts += other.facts


Row = Counter[str]
"""What is counted of an arm: units, impressions, held, clicks, clicked, dismissals, thumbs-up,
thumbs-down, visits, pages, bounces, added, orders, ordered, revenue (cents), opt-outs."""


class Books(msgspec.Struct):
    """Sums over units: of experiments by name and arm, of the site by arm (shown, holdout), of
    rules and slots what was shown, held and followed. ``crossed`` are the units of an experiment
    that saw two arms, and count for none."""

    visitors: Counter[str] = msgspec.field(default_factory=Counter)
    requests: int = 0
    experiments: dict[str, dict[str, Row]] = {}
    crossed: Counter[str] = msgspec.field(default_factory=Counter)
    site: dict[str, Row] = {}
    rules: dict[str, Row] = {}
    slots: dict[str, Row] = {}

    def add(self, unit: Unit) -> None:
        """Count ``unit``, of whom nothing more will be heard."""
        showings = [one for one in unit.facts if isinstance(one, Showing)]
        if not showings:
            return
        for experiment in {one.seen.experiment for one in showings} - {""}:
            self._experiment(unit, showings, experiment)
        arms = {HOLDOUT if one.seen.held == HOLDOUT else "shown" for one in showings}
        if len(arms) > 1:
            self.crossed[""] += 1
        else:
            row = self.site.setdefault(arms.pop(), Counter())
            row.update(_outcome(unit, showings))
        for one in showings:
            for row in (
                self.rules.setdefault(one.seen.rule, Counter()),
                self.slots.setdefault(one.seen.slot, Counter()),
            ):
                row.update(_of_showing(one))

    def _experiment(self, unit: Unit, showings: list[Showing], name: str) -> None:
        concerned = [
            one
            for one in showings
            if one.seen.experiment == name and one.seen.held != HOLDOUT
        ]
        arms = {one.seen.arm for one in concerned}
        if len(arms) > 1:
            self.crossed[name] += 1
        elif arms:
            rows = self.experiments.setdefault(name, {})
            row = rows.setdefault(arms.pop(), Counter())
            row.update(_outcome(unit, concerned))

    def join(self, other: "Books") -> None:
        """Add up what was counted apart."""
        self.visitors.update(other.visitors)
        self.requests += other.requests
        self.crossed.update(other.crossed)
        for name, rows in other.experiments.items():
            _add(self.experiments.setdefault(name, {}), rows)
        for mine, theirs in (
            (self.site, other.site),
            (self.rules, other.rules),
            (self.slots, other.slots),
        ):
            _add(mine, theirs)


def _add(mine: dict[str, Row], theirs: dict[str, Row]) -> None:
    for name, row in theirs.items():
        mine.setdefault(name, Counter()).update(row)


def _outcome(unit: Unit, showings: list[Showing]) -> Row:
    """What one unit adds to the arm in which it saw ``showings``."""
    row: Row = Counter(units=1)
    for one in showings:
        row.update(_of_showing(one))
    since = next(n for n, fact in enumerate(unit.facts) if fact is showings[0])
    after = list(_facts(unit.facts[since:]))
    pages = sum(fact.what == "page" for fact in after)
    # Nobody is away for half an hour and comes again: all of it is one visit.
    row["visits"] = int(pages > 0)
    row["pages"] = pages
    row["bounces"] = int(sum(f.what == "page" for f in _facts(unit.facts)) == 1)
    orders = [fact.cents for fact in after if fact.what == "ordered"]
    row["orders"] = len(orders)
    row["ordered"] = int(bool(orders))
    row["revenue"] = sum(orders)
    row["added"] = int(any(fact.what == "added" for fact in after))
    row["clicked"] = int(row["clicks"] > 0)
    row["opt-outs"] = int(unit.left)
    return row


def _facts(facts: Iterable[Showing | Fact]) -> Iterator[Fact]:
    return (fact for fact in facts if isinstance(fact, Fact))


def _of_showing(one: Showing) -> Row:
    row: Row = Counter()
    row["held" if one.seen.held else "impressions"] = 1
    row["clicks"] = int(one.clicked)
    row["dismissals"] = int(one.dismissed)
    row["thumbs-up"] = int(one.rated == "up")
    row["thumbs-down"] = int(one.rated == "down")
    return row
