"""Axes over what visitors did: how often within which windows, how much they lean."""

from collections.abc import Hashable, Iterator, Sequence
from itertools import combinations_with_replacement
from math import comb
from typing import Any, NamedTuple

import msgspec

from .axes import same
from .counting import Counted, Leans
from .favourites import Favourite, OfFavourite
from .moments import Duration
from .running_out import RunsOut
from .terms import Literal

CELLS = 1_000  # what would be more is not looked into
_EVER = -1


class _Tally(NamedTuple):
    """``days``: how often within a number of days. ``recent``: the number of seconds within
    which it happened, of those that are asked for. None: nothing is bound."""

    days: dict[int, int]
    recent: int | None


class Times(msgspec.Struct, frozen=True):
    """How often one thing was viewed, bought, ...; ``of`` is whose it is, for a bound one."""

    verb: str
    dimension: str
    key: str
    of: Hashable = None

    def cells(self, literals: Sequence[Literal]) -> Sequence[Any] | None:
        windows, seconds, steps = {_EVER}, set(), {0, 1}
        for literal in literals:
            within, edges = _question(literal)
            steps |= edges
            if within is not None and within.days is None:
                seconds.add(within.seconds)
            else:
                windows.add(_days(within))
        # A longer window holds what a shorter one does; "ever" is the longest.
        ordered = [*sorted(windows - {_EVER}), _EVER]
        if (
            comb(len(steps) + len(ordered) - 1, len(ordered)) * (1 + len(seconds))
            > CELLS
        ):
            return None
        return list(self._cells(ordered, sorted(steps), sorted(seconds)))

    def _cells(
        self, windows: list[int], steps: list[int], seconds: list[int]
    ) -> Iterator[_Tally | None]:
        if self.of is not None:
            yield None
        for counts in combinations_with_replacement(steps, len(windows)):
            days = dict(zip(windows, counts, strict=True))
            yield _Tally(days, None)
            if days[_EVER]:
                for second in seconds:
                    yield _Tally(days, second)

    def holds(self, literal: Literal, cell: _Tally | None) -> bool:
        condition = literal.condition
        if cell is None:
            return False  # unknown
        if isinstance(condition, OfFavourite):
            condition = condition.question
        within, _ = _question(literal)
        if within is not None and within.days is None:
            count = int(cell.recent is not None and cell.recent <= within.seconds)
        else:
            count = cell.days[_days(within)]
        if isinstance(condition, Favourite):
            fits = (count >= condition.at_least) is not condition.negated
        else:
            assert isinstance(condition, Counted)
            fits = condition.fits(count)
        return fits is literal.wanted

    def exact(self, literal: Literal) -> bool:
        return True


def _question(literal: Literal) -> tuple[Duration | None, set[int]]:
    """The window that is asked about, and the counts at which the answer changes."""
    condition = literal.condition
    if isinstance(condition, OfFavourite):
        condition = condition.question
    if isinstance(condition, Favourite):
        return condition.within, {condition.at_least}
    assert isinstance(condition, Counted)
    most = condition.at_most
    edges = {condition.at_least} if most is None else {condition.at_least, most + 1}
    return condition.within, edges


def _days(within: Duration | None) -> int:
    days = within.days if within is not None else None
    return _EVER if days is None else days


class Leaning(msgspec.Struct, frozen=True):
    """The affinity to one thing, 0 to 1; None: nothing is bound."""

    dimension: str
    key: str
    of: Hashable = None

    def cells(self, literals: Sequence[Literal]) -> Sequence[Any]:
        limits = sorted({0.0, 1.0, *(_leans(literal).limit for literal in literals)})
        between = [
            (low + high) / 2 for low, high in zip(limits, limits[1:], strict=False)
        ]
        return (*limits, *between, *((None,) if self.of is not None else ()))

    def holds(self, literal: Literal, cell: Any) -> bool:
        return cell is not None and _leans(literal).fits(cell) is literal.wanted

    def exact(self, literal: Literal) -> bool:
        return True


class Chance(msgspec.Struct, frozen=True):
    """The chance, 0 to 1, that something runs out within so many seconds; never unknown."""

    of: str
    thing: str | None
    within: int

    def cells(self, literals: Sequence[Literal]) -> Sequence[Any]:
        limits = sorted({0.0, 1.0, *(_runs_out(one).at_least for one in literals)})
        between = [
            (low + high) / 2 for low, high in zip(limits, limits[1:], strict=False)
        ]
        return *limits, *between

    def holds(self, literal: Literal, cell: Any) -> bool:
        return (cell >= _runs_out(literal).at_least) is literal.wanted

    def exact(self, literal: Literal) -> bool:
        return True


def _runs_out(literal: Literal) -> RunsOut:
    condition = literal.condition
    assert isinstance(condition, RunsOut)
    return condition


def _leans(literal: Literal) -> Leans:
    condition = literal.condition
    asked = condition.question if isinstance(condition, OfFavourite) else condition
    assert isinstance(asked, Leans)
    return asked


def tally(
    condition: Counted | Leans | Favourite | OfFavourite | RunsOut,
) -> Times | Leaning | Chance:
    """The axis that ``condition`` lies on."""
    match condition:
        case RunsOut(of=of, thing=thing, within=within):
            return Chance(of, thing, within.seconds)
        case Favourite(verb=verb, dimension=dimension, within=within):
            # The most viewed one differs from window to window: each is a thing of its own.
            return Times(verb, dimension, "any", ("most", same(within)))
        case OfFavourite(favourite=favourite, question=question):
            found: Hashable = same(favourite)
            if isinstance(favourite, Favourite):
                found = favourite.verb, favourite.dimension, same(favourite.within)
            if isinstance(question, Leans):
                return Leaning(question.dimension, "", found)
            return Times(question.verb, question.dimension, "", found)
        case Leans(dimension=dimension, key=key):
            return Leaning(dimension, key)
    return Times(condition.verb, condition.dimension, condition.key)
