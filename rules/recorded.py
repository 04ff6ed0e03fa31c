"""Columns of the index over what a visitor did: from the keys on record to the terms left.

Only keys that are on record and in a rule are looked at. So each literal is sorted by what it
says of a key that is not there: false there, it *wants* the key; true there, it *refuses* it.
"""

from typing import Any

import msgspec

from .attributes import Facts
from .columns import Column, Placed
from .counting import Counted, Leans, how_often
from .line import Cell, Line
from .moments import Duration
from .steps import Steps
from .terms import Literal

# Plain values that the garbage collector need not look at: a large site has very many.


class Lined(msgspec.Struct, frozen=True, gc=False):
    """A mask for each number: ``masks[cell(limits, number)]``."""

    limits: tuple[Any, ...]
    masks: tuple[int, ...]
    cell: Cell


class Verdict(msgspec.Struct, frozen=True, gc=False):
    """What a number means to terms: who gets what it wants, who meets a refusal.

    None where nobody asks.
    """

    wants: Lined | None
    refusals: Lined | None


class _Gauge:
    """All that is asked about one number: how often one key in one window, one affinity."""

    __slots__ = ("refusals", "wants")

    def __init__(self) -> None:
        self.wants: dict[int, Literal] = {}
        self.refusals: dict[int, Literal] = {}

    def verdict(self) -> Verdict:
        return Verdict(_line(self.wants, True), _line(self.refusals, False))

    @property
    def once(self) -> tuple[int, int] | None:
        """The masks for every number but 0, where only "at least once" is asked."""
        literals = (*self.wants.values(), *self.refusals.values())
        if all(_once(literal) for literal in literals):
            return sum(self.wants), sum(self.refusals)
        return None


def _limits(literal: Literal) -> set[Any]:
    condition = literal.condition
    if isinstance(condition, Leans):
        return {condition.limit}
    assert isinstance(condition, Counted)
    most = condition.at_most
    least = {condition.at_least} if condition.at_least else set()
    return least if most is None else {*least, most}


def _once(literal: Literal) -> bool:
    condition = literal.condition
    return (
        isinstance(condition, Counted)
        and condition.at_least == 1
        and condition.at_most is None
    )


def fits(literal: Literal, number: Any) -> bool:
    """Whether the literal is true of a number; these conditions are never unknown."""
    condition = literal.condition
    assert isinstance(condition, (Counted, Leans))
    return condition.fits(number) is literal.wanted


def _line(literals: dict[int, Literal], side: bool) -> Lined | None:
    if not literals:
        return None
    line = Line(limit for one in literals.values() for limit in _limits(one))
    for bit, literal in literals.items():

        def holds(number: Any, literal: Literal = literal) -> bool:
            return fits(literal, number) is side

        line.add(bit, _limits(literal), holds)
    masks, cell = line.masks()
    return Lined(tuple(line.limits), tuple(masks), cell)


class _Layer:
    """Of each term at most one wish; and of each key at most one refusal."""

    def __init__(self) -> None:
        self.touches = 0
        self.wants = 0
        self.gauges: dict[str, dict[Duration | None, _Gauge]] = {}

    def gauge(self, literal: Literal) -> _Gauge:
        condition = literal.condition
        assert isinstance(condition, (Counted, Leans))
        within = condition.within if isinstance(condition, Counted) else None
        return self.gauges.setdefault(condition.key, {}).setdefault(within, _Gauge())

    def want(self, bit: int, literal: Literal) -> bool:
        """False: the term has its wish here already."""
        if self.wants & bit:
            return False
        self.touches |= bit
        self.wants |= bit
        self.gauge(literal).wants[bit] = literal
        return True

    def refuse(self, bit: int, literal: Literal) -> bool:
        refusals = self.gauge(literal).refusals
        if bit in refusals:
            return False
        self.touches |= bit
        refusals[bit] = literal
        return True


def _layers(placed: Placed) -> Steps[list[_Layer]]:
    layers = [_Layer()]
    for number, literals in placed.items():
        bit = 1 << number
        for literal in literals:
            refuses = fits(literal, 0)
            for layer in layers:
                if (layer.refuse if refuses else layer.want)(bit, literal):
                    break
            else:
                layers.append(_Layer())
                (layers[-1].refuse if refuses else layers[-1].want)(bit, literal)
        yield
    return layers


# -- counters ------------------------------------------------------------------------------


class _Window(msgspec.Struct, frozen=True, gc=False):
    """What is asked about one key in one window.

    ``back`` is how many days it reaches back from today; None: it is not one of whole days.
    ``once`` are the masks for every number but 0, where only "at least once" is asked.
    """

    within: Duration | None
    back: int | None
    once: tuple[int, int] | None
    verdict: Verdict


def _window(within: Duration | None, gauge: _Gauge) -> _Window:
    days = within.days if within else None
    back = None if days is None else days - 1
    return _Window(within, back, gauge.once, gauge.verdict())


def counts(table: str, placed: Placed, full: int) -> Steps[list[Column]]:
    """Over one table of counters, such as "viewed category"."""
    columns = []
    for layer in (yield from _layers(placed)):
        columns.append((yield from _counts_column(table, layer, full)))
    return columns


def _counts_column(table: str, layer: _Layer, full: int) -> Steps[Column]:
    unwanted = full ^ layer.wants
    asked: dict[str, tuple[_Window, ...]] = {}
    for key, windows in layer.gauges.items():
        asked[key] = tuple(_window(within, gauge) for within, gauge in windows.items())
        yield

    def masks(facts: Facts) -> int:
        known = facts.counts.get(table)
        if not known:
            return unwanted
        sound, stopped, today = unwanted, 0, facts.day
        for key in known.keys() & asked.keys():
            counter = known[key]
            for window in asked[key]:
                within, back, once = window.within, window.back, window.once
                # Nothing within the window changes nothing: see the top of this file.
                if back is not None:
                    first = today - back
                    if counter.days[-2] < first:
                        continue
                    number = 1 if once else counter.since(first)
                elif once and within is None:
                    number = 1
                elif not (
                    number := how_often(counter, within, today, facts.context.now)
                ):
                    continue
                if once:
                    sound |= once[0]
                    stopped |= once[1]
                    continue
                verdict = window.verdict
                if (line := verdict.wants) is not None:
                    sound |= line.masks[line.cell(line.limits, number)]
                if (line := verdict.refusals) is not None:
                    stopped |= line.masks[line.cell(line.limits, number)]
        return sound & ~stopped if stopped else sound

    return Column(layer.touches, masks)


# -- affinities ----------------------------------------------------------------------------


def leanings(dimension: str, placed: Placed, full: int) -> Steps[list[Column]]:
    """Over the affinities of one dimension, such as "category"."""
    columns = []
    for layer in (yield from _layers(placed)):
        columns.append((yield from _leanings_column(dimension, layer, full)))
    return columns


def _leanings_column(dimension: str, layer: _Layer, full: int) -> Steps[Column]:
    unwanted = full ^ layer.wants
    asked: dict[str, Verdict] = {}
    for key, windows in layer.gauges.items():
        asked[key] = windows[None].verdict()
        yield

    def masks(facts: Facts) -> int:
        profile = facts.profile
        if not profile.interests.get(dimension) and not profile.answers:
            return unwanted
        sound, stopped = unwanted, 0
        leanings = facts.leanings(dimension)
        affinity = leanings.affinity
        for key in leanings.keys & asked.keys():
            number = affinity(key)
            verdict = asked[key]
            if (line := verdict.wants) is not None:
                sound |= line.masks[line.cell(line.limits, number)]
            if (line := verdict.refusals) is not None:
                stopped |= line.masks[line.cell(line.limits, number)]
        return sound & ~stopped if stopped else sound

    return Column(layer.touches, masks)
