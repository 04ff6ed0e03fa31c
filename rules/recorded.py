"""Columns of the index over what a visitor did: from the keys on record to the terms left.

Only keys that are on record and in a rule are looked at. So each literal is sorted by what it
says of a key that is not there: false there, it *wants* the key; true there, it *refuses* it.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from .attributes import Facts
from .columns import Column, Placed
from .counting import Counted, Leans, how_often
from .facts import Counter
from .line import Line
from .moments import Duration
from .steps import Steps
from .terms import Literal

Verdict = tuple[
    int, int
]  # the terms that get what they want, those that meet a refusal
Mask = Callable[[Any], int]


class _Verdicts(msgspec.Struct, frozen=True, gc=False):
    sound: Mask
    stopped: Mask

    def __call__(self, number: Any) -> Verdict:
        return self.sound(number), self.stopped(number)


class _Gauge:
    """All that is asked about one number: how often one key in one window, one affinity."""

    __slots__ = ("refusals", "wants")

    def __init__(self) -> None:
        self.wants: dict[int, Literal] = {}
        self.refusals: dict[int, Literal] = {}

    def verdicts(self) -> Callable[[Any], Verdict]:
        """From the number to its verdict."""
        sound, stopped = _line(self.wants, True), _line(self.refusals, False)
        return _Verdicts(sound, stopped)

    @property
    def once(self) -> Verdict | None:
        """The verdict on every number but 0, where only "at least once" is asked."""
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


def _line(literals: dict[int, Literal], side: bool) -> Mask:
    line = Line(limit for one in literals.values() for limit in _limits(one))
    for bit, literal in literals.items():

        def holds(number: Any, literal: Literal = literal) -> bool:
            return fits(literal, number) is side

        line.add(bit, _limits(literal), holds)
    return line.reader()


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

Reader = Callable[[Counter, Facts], Verdict]


def _reader(within: Duration | None, gauge: _Gauge) -> Reader:
    once, verdicts = gauge.once, gauge.verdicts()
    if within is None and once is not None:
        return lambda counter, facts: once
    if within is None or within.days is None:
        return lambda counter, facts: verdicts(
            how_often(counter, within, facts.day, facts.context.now)
        )
    back = within.days - 1
    if once is not None:
        never = (0, 0)
        return lambda counter, facts: (
            once if counter.days[-2] >= facts.day - back else never
        )
    return lambda counter, facts: verdicts(counter.since(facts.day - back))


def counts(table: str, placed: Placed, full: int) -> Steps[list[Column]]:
    """Over one table of counters, such as "viewed category"."""
    columns = []
    for layer in (yield from _layers(placed)):
        columns.append((yield from _counts_column(table, layer, full)))
    return columns


def _counts_column(table: str, layer: _Layer, full: int) -> Steps[Column]:
    unwanted = full ^ layer.wants
    readers: dict[str, tuple[Reader, ...]] = {}
    for key, windows in layer.gauges.items():
        readers[key] = tuple(
            _reader(within, gauge) for within, gauge in windows.items()
        )
        yield

    def masks(facts: Facts) -> int:
        known = facts.counts.get(table)
        if not known:
            return unwanted
        sound, stopped = unwanted, 0
        for key in known.keys() & readers.keys():
            counter = known[key]
            for read in readers[key]:
                wanted, refused = read(counter, facts)
                sound |= wanted
                stopped |= refused
        return sound & ~stopped

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
    verdicts: dict[str, Callable[[Any], Verdict]] = {}
    for key, windows in layer.gauges.items():
        verdicts[key] = windows[None].verdicts()
        yield

    def masks(facts: Facts) -> int:
        known = facts.profile.interests.get(dimension)
        if not known:
            return unwanted
        sound, stopped = unwanted, 0
        affinity = facts.leanings(dimension).affinity
        for key in known.keys() & verdicts.keys():
            wanted, refused = verdicts[key](affinity(key))
            sound |= wanted
            stopped |= refused
        return sound & ~stopped

    return Column(layer.touches, masks)
