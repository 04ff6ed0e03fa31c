"""Conditions as alternatives of plain ones, so that each can become a bit of an index."""

from collections.abc import Sequence

import msgspec

from .attributes import Facts
from .conditions import (
    All,
    AnyOf,
    Condition,
    InSegment,
    NoneOf,
    Segments,
    Test,
    every,
)

TERMS = 8  # alternatives of one rule; what has more stays a group
LITERALS = 32  # conditions of one alternative


class Literal(msgspec.Struct, frozen=True, gc=False):
    """A condition that has to be surely true, or, if not ``wanted``, surely false."""

    condition: Condition
    wanted: bool

    def test(self, segments: Segments) -> Test:
        tests = self.condition.tests(segments)
        return tests.true if self.wanted else tests.false


Term = tuple[Literal, ...]  # all of them


class Deferred(msgspec.Struct, gc=False):
    """The test of a term, compiled when it is first asked: most of a large site never are."""

    term: Term
    segments: Segments
    test: Test | None = None

    def __call__(self, facts: Facts) -> bool:
        return (self.test or self.compiled())(facts)

    def compiled(self) -> Test:
        """The test itself; whoever has it need not call twice."""
        # The cheap ones first: most rules fail at one of them.
        ordered = sorted(self.term, key=lambda literal: literal.condition.cost)
        self.test = every(literal.test(self.segments) for literal in ordered)
        return self.test


class Terms:
    """Writes conditions as alternatives (disjunctive normal form over the two sides).

    Exact: a condition is surely true where all literals of one of its terms are. Groups and
    segments that would become too many terms, or too long ones, stay a literal as they are.
    """

    def __init__(self, segments: Segments) -> None:
        self._segments = segments
        self._known: dict[tuple[str, bool], list[Term]] = {}

    def every(self, conditions: Sequence[Condition], wanted: bool = True) -> list[Term]:
        """The alternatives under which all ``conditions`` are surely true (or all false)."""
        options = [(part, self.of(part, wanted)) for part in conditions]
        options.sort(key=lambda option: len(option[1]))  # stable
        rows: list[Term] = [()]
        for part, found in options:
            if len(rows) * len(found) > TERMS:
                found = [(Literal(part, wanted),)]
            rows = [row + more for row in rows for more in found]
        return rows

    def of(self, condition: Condition, wanted: bool) -> list[Term]:
        """The alternatives under which ``condition`` is surely true (or surely false)."""
        match condition:
            case All(conditions=parts):
                found = self._group(parts, wanted, wanted)
            case AnyOf(conditions=parts):
                found = self._group(parts, wanted, not wanted)
            case NoneOf(conditions=parts):
                found = self._group(parts, not wanted, wanted)
            case InSegment(segments=names):
                options = [self._segment(name, wanted) for name in names]
                if wanted:
                    found = [term for option in options for term in option]
                elif len(options) == 1:
                    found = options[0]
                else:
                    found = [(Literal(condition, wanted),)]
            case _:
                found = [(Literal(condition, wanted),)]
        if len(found) > TERMS or any(len(term) > LITERALS for term in found):
            return [(Literal(condition, wanted),)]
        return found

    def _group(
        self, parts: tuple[Condition, ...], wanted: bool, together: bool
    ) -> list[Term]:
        if together:
            return self.every(parts, wanted)
        return [term for part in parts for term in self.of(part, wanted)]

    def _segment(self, name: str, wanted: bool) -> list[Term]:
        # Segments may use each other many times over: each is written out once.
        found = self._known.get((name, wanted))
        if found is None:
            found = self.of(self._segments[name].condition, wanted)
            self._known[name, wanted] = found
        return found
