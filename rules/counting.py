"""Conditions over what a visitor did. They are never unknown: nothing recorded is zero."""

import operator
from collections.abc import Callable
from typing import Any

import msgspec

from .attributes import Attribute, Facts
from .conditions import NO_ATTRIBUTES, Segments, Test, Tests, Why
from .facts import Counter
from .moments import Duration

AFFINITY_BOUNDS: dict[str, Callable[[float, float], bool]] = {
    "at-least": operator.ge,
    "more-than": operator.gt,
    "at-most": operator.le,
    "less-than": operator.lt,
}
PERSONALIZATION = frozenset({"personalization"})


def how_often(
    counter: Counter | None, within: Duration | None, day: int, now: float
) -> int:
    """How often within the window that ends now; for hours and minutes 0 or 1."""
    if counter is None:
        return 0
    if within is None:
        return counter.total
    if within.days is None:
        return int(counter.last > now - within.seconds)
    return counter.since(day - within.days + 1)


class Counted(msgspec.Struct, frozen=True, gc=False):
    """How often something was viewed, bought, ...: at least, at most, within a window.

    ``within: 30 days`` is today and the 29 days before; hours and minutes are counted to the
    second and can only ask for "at least once". ``title`` is what the editor wrote for ``key``.
    """

    verb: str
    dimension: str
    key: str
    line: int
    at_least: int = 1
    at_most: int | None = None
    within: Duration | None = None
    negated: bool = False
    title: str = ""

    @property
    def name(self) -> str:
        return f"not-{self.verb}" if self.negated else self.verb

    @property
    def cost(self) -> int:
        return 2 if self.within is None else 4

    def tests(self, segments: Segments) -> Tests:
        test = self._counts()

        def short(facts: Facts) -> bool:
            return not test(facts)

        sides = Tests(test, short)
        return Tests(sides.false, sides.true) if self.negated else sides

    def fits(self, count: Any) -> bool:
        """Whether it holds for somebody who did it ``count`` times within the window."""
        most = self.at_most
        enough = self.at_least <= count and (most is None or count <= most)
        return enough is not self.negated

    def measured(self, facts: Facts, key: str) -> int:
        """How often with ``key``, within the window."""
        counter = facts.counts.get(f"{self.verb} {self.dimension}", {}).get(key)
        return how_often(counter, self.within, facts.day, facts.context.now)

    def _counts(self) -> Test:
        table, key, within = f"{self.verb} {self.dimension}", self.key, self.within
        least, most = self.at_least, self.at_most
        if most is None and within is None and least == 1:

            def ever(facts: Facts) -> bool:
                keys = facts.counts.get(table)
                return keys is not None and key in keys

            return ever
        if most is None and within is not None and within.days is not None:
            back = within.days - 1
            if least == 1:

                def recently(facts: Facts) -> bool:
                    keys = facts.counts.get(table)
                    if keys is None or (counter := keys.get(key)) is None:
                        return False
                    return counter.days[-2] >= facts.day - back

                return recently

            def lately(facts: Facts) -> bool:
                keys = facts.counts.get(table)
                if keys is None or (counter := keys.get(key)) is None:
                    return False
                first = facts.day - back
                # The latest day tells most counters off, without adding up the others.
                return counter.days[-2] >= first and counter.since(first) >= least

            return lately

        def between(facts: Facts) -> bool:
            keys = facts.counts.get(table)
            counter = keys.get(key) if keys else None
            count = how_often(counter, within, facts.day, facts.context.now)
            return least <= count and (most is None or count <= most)

        return between

    def purposes(self, segments: Segments) -> frozenset[str]:
        return PERSONALIZATION

    def asked(self, segments: Segments) -> frozenset[Attribute]:
        return NO_ATTRIBUTES

    def words(self) -> str:
        return f"{'not ' if self.negated else ''}{self.verb} {self._wanted()}"

    def _wanted(self) -> str:
        times = f"{self.at_least} x "
        if self.negated and self.at_least == 1 and self.at_most is None:
            times = ""  # not even once
        elif self.at_most is not None:
            times = (
                f"{self.at_least} to {self.at_most} x "
                if self.at_least
                else f"at most {self.at_most} x "
            )
        window = f" in {self.within}" if self.within else ""
        return f"{times}{self.title or self.key}{window}"

    def why(self, facts: Facts, segments: Segments) -> Why:
        count = self.measured(facts, self.key)
        wanted = f"not {self._wanted()}" if self.negated else self._wanted()
        return Why(self.name, self.line, wanted, str(count))


class Leans(msgspec.Struct, frozen=True, gc=False):
    """``affinity``: how much more than this shop's other visitors, 0 to 1."""

    dimension: str
    key: str
    operator: str
    limit: float
    line: int
    title: str = ""
    name: str = "affinity"

    @property
    def cost(self) -> int:
        return 8

    def tests(self, segments: Segments) -> Tests:
        dimension, key, limit = self.dimension, self.key, self.limit
        compare = AFFINITY_BOUNDS[self.operator]
        stranger = compare(0.0, limit)

        def true(facts: Facts) -> bool:
            profile = facts.profile
            known = profile.interests.get(dimension)
            if (not known or key not in known) and not profile.answers:
                return stranger
            return compare(facts.leanings(dimension).affinity(key), limit)

        return Tests(true, lambda facts: not true(facts))

    def fits(self, affinity: Any) -> bool:
        """Whether it holds for somebody with this ``affinity``."""
        return AFFINITY_BOUNDS[self.operator](affinity, self.limit)

    def measured(self, facts: Facts, key: str) -> float:
        """The affinity to ``key``."""
        return facts.affinity(self.dimension, key)

    def purposes(self, segments: Segments) -> frozenset[str]:
        return PERSONALIZATION

    def asked(self, segments: Segments) -> frozenset[Attribute]:
        return NO_ATTRIBUTES

    def words(self) -> str:
        return f"affinity to {self._wanted()}"

    def _wanted(self) -> str:
        return (
            f"{self.title or self.key} {self.operator.replace('-', ' ')} {self.limit:g}"
        )

    def why(self, facts: Facts, segments: Segments) -> Why:
        has = f"{self.measured(facts, self.key):.2f}"
        return Why(self.name, self.line, self._wanted(), has)
