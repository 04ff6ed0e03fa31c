"""What follows from conditions: that they can never hold, or that others hold with them.

Conservative: where it says so it is so, for every visitor. It may miss what takes more thought.
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import NamedTuple

from .axes import Ages, Agreement, Axis, Lists, Values, Whole, same
from .comparisons import Age, Bound, Has, Known, OneOf, Part
from .conditions import Condition, Consents, Segments
from .counting import Counted, Leans
from .favourites import Favourite, OfFavourite
from .rule import Rule
from .running_out import RunsOut
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
        case Counted() | Leans() | Favourite() | OfFavourite() | RunsOut():
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
    """One alternative of a rule: literals that all have to hold, also by what they ask about.

    Literals and axes go by their numbers in the :class:`Cases` that made it.
    """

    literals: tuple[int, ...]
    asked: Mapping[int, tuple[int, ...]]  # axis -> literals


class Cases:
    """Writes rules as the cases in which they hold, and compares these.

    A site asks the same few questions over and over: every answer is kept.
    """

    def __init__(self, segments: Segments) -> None:
        self._terms = Terms(segments)
        self._axes: list[Axis] = []
        self._literals: list[Literal] = []
        self._known_literals: dict[Hashable, int] = {}
        self._known_axes: dict[Axis, int] = {}
        self._asking: list[tuple[int, ...]] = []  # literal -> its axes
        self._possible: dict[tuple[int, tuple[int, ...]], bool] = {}
        self._implied: dict[tuple[int, tuple[int, ...], int], bool] = {}

    def of(self, rule: Rule) -> list[Case]:
        """The cases of ``rule``, the consents that it needs among their literals."""
        needed = tuple(
            Literal(Consents(purpose, rule.line), True)
            for purpose in sorted(rule.purposes)
        )
        terms = self._terms.every(rule.conditions)
        return [self._case((*term, *needed)) for term in terms]

    def every(self, conditions: Sequence[Condition]) -> list[Case]:
        """The cases in which all ``conditions`` hold."""
        return [self._case(term) for term in self._terms.every(conditions)]

    def axes(self, literal: int) -> tuple[int, ...]:
        """The questions that a literal asks."""
        return self._asking[literal]

    def conflicts(self, cases: Iterable[Case]) -> list[Conflict]:
        """What keeps each case from ever holding; empty: one of them may hold.

        The literals of a conflict are of the first rule that asked so.
        """
        found: list[Conflict] = []
        for case in cases:
            axis = self._conflicting(case)
            if axis is None:
                return []
            found.append(self._conflict(axis, case.asked[axis]))
        return found

    def covers(self, wide: Sequence[Case], narrow: Iterable[Case]) -> bool:
        """Whether one of ``wide`` holds whenever one of ``narrow`` does."""
        return all(
            any(
                all(self._implies(case, one) for one in other.literals)
                for other in wide
            )
            for case in narrow
        )

    def disjoint(self, first: Sequence[Case], second: Sequence[Case]) -> bool:
        """Whether no visitor is in a case of both."""
        return all(self._exclude(one, other) for one in first for other in second)

    # -- one case ------------------------------------------------------------------------

    def _case(self, term: Term) -> Case:
        literals = tuple(dict.fromkeys(map(self._literal, term)))
        asked: dict[int, tuple[int, ...]] = {}
        for literal in literals:
            for axis in self._asking[literal]:
                asked[axis] = (*asked.get(axis, ()), literal)
        return Case(literals, asked)

    def _literal(self, literal: Literal) -> int:
        key = (same(literal.condition), literal.wanted)
        number = self._known_literals.setdefault(key, len(self._literals))
        if number == len(self._literals):
            self._literals.append(literal)
            self._asking.append(tuple(map(self._axis, axes(literal.condition))))
        return number

    def _axis(self, axis: Axis) -> int:
        number = self._known_axes.setdefault(axis, len(self._axes))
        if number == len(self._axes):
            self._axes.append(axis)
        return number

    def _conflicting(self, case: Case) -> int | None:
        """A question to which the case leaves no answer."""
        return next(
            (a for a, some in case.asked.items() if not self._together(a, some)), None
        )

    def _conflict(self, axis: int, literals: tuple[int, ...]) -> Conflict:
        """The first literal that fails alone, or the first two that do not go together, or all."""
        for number, later in enumerate(literals):
            if not self._together(axis, (later,)):
                return Conflict((self._literals[later],))
            for earlier in literals[:number]:
                if not self._together(axis, (earlier, later)):
                    literals = earlier, later
                    return Conflict(tuple(self._literals[one] for one in literals))
        return Conflict(tuple(self._literals[one] for one in literals))

    def _exclude(self, one: Case, other: Case) -> bool:
        return any(
            not self._together(axis, (*literals, *other.asked[axis]))
            for axis, literals in one.asked.items()
            if axis in other.asked
        )

    def _implies(self, case: Case, literal: int) -> bool:
        """Whether ``literal`` holds for every visitor in ``case``."""
        return literal in case.literals or any(
            axis in case.asked and self._follows(axis, case.asked[axis], literal)
            for axis in self._asking[literal]
        )

    # -- one question --------------------------------------------------------------------

    def _together(self, number: int, literals: tuple[int, ...]) -> bool:
        """Whether all of them may hold for one visitor."""
        known = self._possible.get((number, literals))
        if known is None:
            axis, asked = self._axes[number], [self._literals[one] for one in literals]
            cells = axis.cells(asked)
            known = cells is None or any(
                all(axis.holds(one, cell) for one in asked) for cell in cells
            )
            self._possible[number, literals] = known
        return known

    def _follows(self, number: int, given: tuple[int, ...], literal: int) -> bool:
        """Whether ``literal`` holds wherever all of ``given`` do."""
        known = self._implied.get((number, given, literal))
        if known is None:
            axis, one = self._axes[number], self._literals[literal]
            others = [self._literals[other] for other in given]
            cells = axis.cells([*others, one]) if axis.exact(one) else None
            known = cells is not None and all(
                axis.holds(one, cell)
                for cell in cells
                if all(axis.holds(other, cell) for other in others)
            )
            self._implied[number, given, literal] = known
        return known
