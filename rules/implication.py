"""What follows from conditions: that they can never hold, or that others hold with them.

Conservative: where it says so it is so, for every visitor. It may miss what takes more thought.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from .axes import Ages, Agreement, Axis, Lists, Values, Whole, same
from .comparisons import Age, Bound, Has, Known, OneOf, Part
from .conditions import Condition, Consents, Segments
from .counting import Counted, Leans
from .favourites import Favourite, OfFavourite
from .rule import Rule
from .tallies import tally
from .terms import Literal, Term, Terms

TIMED = ("date", "time")


def axes(condition: Condition) -> tuple[Axis, ...]:
    """The questions that ``condition`` asks; the answer to each alone decides it, or limits it."""
    match condition:
        case Known(attribute=attribute) if attribute.type in TIMED:
            return Values(attribute), Ages(attribute), Ages(attribute, True)
        case Age(attribute=attribute, duration=duration) if duration.months:
            return Ages(attribute, True), Whole(same(condition))
        case Age(attribute=attribute):
            return (Ages(attribute),)
        case Has(attribute=attribute):
            return (Lists(attribute),)
        case Known(attribute=attribute) | OneOf(attribute=attribute):
            return (
                (Lists(attribute),)
                if attribute.type == "list"
                else (Values(attribute),)
            )
        case Bound(attribute=attribute) | Part(attribute=attribute):
            return (Values(attribute),)
        case Consents(purpose=purpose):
            return (Agreement(purpose),)
        case Counted() | Leans() | Favourite() | OfFavourite():
            return (tally(condition),)
    return (Whole(same(condition)),)


class Conflict(NamedTuple):
    """Conditions that exclude each other: two of them, or more where no two alone do."""

    literals: tuple[Literal, ...]

    def __str__(self) -> str:
        said = [_words(literal) for literal in self.literals]
        if len(said) == 1:
            return f"`{said[0]}` holds for nobody"
        return f"{' and '.join(f'`{words}`' for words in said)} exclude each other"


def _words(literal: Literal) -> str:
    words = literal.condition.words()
    return words if literal.wanted else f"not: {words}"


class Case(NamedTuple):
    """One alternative of a rule: literals that all have to hold, by what they ask about."""

    term: Term
    asked: dict[Axis, list[Literal]]

    @classmethod
    def of(cls, term: Term) -> "Case":
        asked: dict[Axis, list[Literal]] = {}
        for literal in term:
            for axis in axes(literal.condition):
                asked.setdefault(axis, []).append(literal)
        return cls(term, asked)

    def conflict(self) -> Conflict | None:
        """What keeps the case from ever holding; None: nothing that is seen here."""
        for axis, literals in self.asked.items():
            if not _together(axis, literals):
                return Conflict(_smallest(axis, literals))
        return None

    def excludes(self, other: "Case") -> bool:
        """Whether no visitor is in both."""
        return any(
            not _together(axis, [*literals, *other.asked[axis]])
            for axis, literals in self.asked.items()
            if axis in other.asked
        )

    def implies(self, literal: Literal) -> bool:
        """Whether ``literal`` holds for every visitor in this case."""
        return any(
            axis in self.asked
            and axis.exact(literal)
            and _follows(axis, self.asked[axis], literal)
            for axis in axes(literal.condition)
        )


def _together(axis: Axis, literals: Sequence[Literal]) -> bool:
    """Whether all of them may hold for one visitor."""
    cells = axis.cells(literals)
    if cells is None:
        return True
    return any(all(axis.holds(one, cell) for one in literals) for cell in cells)


def _follows(axis: Axis, known: Sequence[Literal], literal: Literal) -> bool:
    cells = axis.cells([*known, literal])
    if cells is None:
        return False
    return all(
        axis.holds(literal, cell)
        for cell in cells
        if all(axis.holds(one, cell) for one in known)
    )


def _smallest(axis: Axis, literals: Sequence[Literal]) -> tuple[Literal, ...]:
    """The first one that fails alone, or the first two that do not go together, or all."""
    for number, later in enumerate(literals):
        if not _together(axis, [later]):
            return (later,)
        for earlier in literals[:number]:
            if not _together(axis, [earlier, later]):
                return earlier, later
    return tuple(literals)


class Cases:
    """Writes rules as the cases in which they hold."""

    def __init__(self, segments: Segments) -> None:
        self._terms = Terms(segments)

    def of(self, rule: Rule) -> list[Case]:
        """The cases of ``rule``, the consents that it needs among their literals."""
        needed = tuple(
            Literal(Consents(purpose, rule.line), True)
            for purpose in sorted(rule.purposes)
        )
        return [
            Case.of((*term, *needed)) for term in self._terms.every(rule.conditions)
        ]

    def every(self, conditions: Sequence[Condition]) -> list[Case]:
        """The cases in which all ``conditions`` hold."""
        return [Case.of(term) for term in self._terms.every(conditions)]


def impossible(cases: Iterable[Case]) -> list[Conflict] | None:
    """A conflict of each case; None: one of them may hold."""
    conflicts: list[Conflict] = []
    for case in cases:
        if (conflict := case.conflict()) is None:
            return None
        conflicts.append(conflict)
    return conflicts


def covers(wide: Sequence[Case], narrow: Iterable[Case]) -> bool:
    """Whether one of ``wide`` holds whenever one of ``narrow`` does."""
    return all(
        any(all(case.implies(literal) for literal in one.term) for one in wide)
        for case in narrow
    )


def disjoint(first: Sequence[Case], second: Sequence[Case]) -> bool:
    """Whether no visitor is in a case of both."""
    return all(one.excludes(other) for one in first for other in second)
