"""What conditions ask about, each question cut into cells: within one, no answer changes.

So a few samples stand for all visitors. Cells ask the conditions themselves wherever a sample
can be made, and may be more than there are visitors for: that only hides a contradiction, it
never makes one up.
"""

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import chain, combinations, pairwise
from typing import Any, NamedTuple, Protocol

import msgspec

from .attributes import Attribute, Facts
from .comparisons import Age, Bound, Has, Known, OneOf, Part
from .conditions import Consents
from .facts import DAY, Context, Profile
from .terms import Literal

SUBSETS = 6  # of so many texts all subsets are tried
_TODAY = 20_000
_NOW = float(_TODAY * DAY + DAY // 2)
_VERSION_PARTS = 8  # as many as a version may have


class Axis(Protocol):
    """One question. Equal questions are equal axes."""

    def cells(self, literals: Sequence[Literal]) -> Sequence[Any] | None:
        """The cells in which none of ``literals`` changes; None: they would be too many."""

    def holds(self, literal: Literal, cell: Any) -> bool:
        """Whether ``literal``, which asks this question, may hold for visitors of ``cell``."""

    def exact(self, literal: Literal) -> bool:
        """Whether where :meth:`holds` says so, it surely holds."""


class _Exact(msgspec.Struct, frozen=True):
    def exact(self, literal: Literal) -> bool:
        return True


def _asked(literal: Literal, values: dict[str, object]) -> bool:
    test = literal.test({})
    return test(Facts(values, Profile(), frozenset(), Context(_NOW, _TODAY)))


class _Other(NamedTuple):
    """A text that no rule names as a whole, with the parts that it has."""

    parts: frozenset[tuple[str, str]]


class Values(_Exact, frozen=True):
    """The value of an attribute that is no list; None: there is none."""

    attribute: Attribute

    def cells(self, literals: Sequence[Literal]) -> Sequence[Any] | None:
        limits: set[Any] = set()
        parts: set[tuple[str, str]] = set()
        for condition in (literal.condition for literal in literals):
            if isinstance(condition, OneOf):
                limits.update(condition.choice)
            elif isinstance(condition, Bound):
                limits.add(condition.limit)
            elif isinstance(condition, Part):
                parts.add((condition.operator, condition.text))
        match self.attribute.type:
            case "yes-no":
                return (None, True, False)
            case "text":
                if len(parts) > SUBSETS:
                    return None
                others = (
                    _Other(some) for some in _subsets(parts) if _thinkable(some, parts)
                )
                return (None, *sorted(limits), *others)
            case "version":
                return (None, *_versions(limits))
            case "date":
                return (None, *_whole(limits))
        return (None, *_dense(limits))

    def holds(self, literal: Literal, cell: Any) -> bool:
        if isinstance(cell, _Other):
            match literal.condition:
                case Part(operator=operator, text=text):
                    return ((operator, text) in cell.parts) is literal.wanted
                case OneOf(negated=negated):
                    return negated is literal.wanted
                case Known(known=known):
                    return known is literal.wanted
        return _asked(literal, {} if cell is None else {self.attribute.name: cell})


class Ages(msgspec.Struct, frozen=True):
    """How long a day or a time of an attribute is past; None: there is none.

    Months and years are ``calendar``: how many days they are depends on the day of asking, but
    more of them always reach further back. So they have an axis of their own, in months.
    """

    attribute: Attribute
    calendar: bool = False

    def cells(self, literals: Sequence[Literal]) -> Sequence[Any] | None:
        ages = [one.condition for one in literals if isinstance(one.condition, Age)]
        if self.calendar:
            return (None, *_dense({0, *(age.duration.months for age in ages)}))
        dates = self.attribute.type == "date"
        unit = DAY if dates else 1
        limits = {0}
        for age in ages:
            length = age.duration.seconds // unit
            limits |= {length, -length}
        return (None, *(_whole(limits) if dates else _dense(limits)))

    def holds(self, literal: Literal, cell: Any) -> bool:
        condition = literal.condition
        if cell is not None and self.calendar and isinstance(condition, Age):
            months = condition.duration.months
            match condition.operator:
                case "older-than":
                    return (cell >= months) is literal.wanted
                case "within-last":
                    return (0 <= cell < months) is literal.wanted
            return True  # it reaches the other way
        now = _TODAY if self.attribute.type == "date" else Fraction(_NOW)
        past = 0 if self.calendar else cell
        values = {} if cell is None else {self.attribute.name: now - past}
        return _asked(literal, values)

    def exact(self, literal: Literal) -> bool:
        age = literal.condition
        return not (
            self.calendar and isinstance(age, Age) and age.operator == "within-next"
        )


class Lists(_Exact, frozen=True):
    """What a list holds; None: something that is no list."""

    attribute: Attribute

    def cells(self, literals: Sequence[Literal]) -> Sequence[Any] | None:
        texts: set[str] = set()
        for condition in (literal.condition for literal in literals):
            if isinstance(condition, Has):
                texts.update(condition.texts)
        if len(texts) > SUBSETS:
            return None
        another = "".join(texts) + "+"  # equal to none of them
        return (None, *_subsets({*texts, another}))

    def holds(self, literal: Literal, cell: Any) -> bool:
        return _asked(literal, {self.attribute.name: cell})


class Agreement(_Exact, frozen=True):
    """Whether the visitor agreed to a purpose."""

    purpose: str

    def cells(self, literals: Sequence[Literal]) -> Sequence[Any]:
        return (True, False)

    def holds(self, literal: Literal, cell: Any) -> bool:
        assert isinstance(literal.condition, Consents)
        return cell is literal.wanted


class Whole(_Exact, frozen=True):
    """A condition that is not looked into: true, false or unknown (None)."""

    key: Hashable

    def cells(self, literals: Sequence[Literal]) -> Sequence[Any]:
        return (True, False, None)

    def holds(self, literal: Literal, cell: Any) -> bool:
        return cell is literal.wanted


def same(condition: object) -> Hashable:
    """Equal for conditions that ask the same, wherever they were written."""
    if isinstance(condition, msgspec.Struct):
        fields = (f for f in condition.__struct_fields__ if f not in ("line", "title"))
        values = (same(getattr(condition, field)) for field in fields)
        return (type(condition).__name__, *values)
    if isinstance(condition, tuple):
        return tuple(map(same, condition))
    if isinstance(condition, Mapping):
        return None  # the catalogue's names: one site has one catalogue
    return condition if isinstance(condition, Hashable) else repr(condition)


# -- samples -------------------------------------------------------------------------------


def _dense(limits: Iterable[Any]) -> Iterator[Any]:
    """The limits, what lies between them, and what lies beyond. Fractions lie exactly between."""
    ordered = sorted(Fraction(limit) for limit in limits) or [Fraction(0)]
    yield ordered[0] - 1
    for low, high in pairwise(ordered):
        yield low
        yield (low + high) / 2
    yield ordered[-1]
    yield ordered[-1] + 1


def _whole(limits: Iterable[int]) -> Iterator[int]:
    """As :func:`_dense`, where there is nothing between a number and the next."""
    ordered = sorted(limits) or [0]
    yield ordered[0] - 1
    for low, high in pairwise(ordered):
        yield low
        if high - low > 1:
            yield low + 1
    yield ordered[-1]
    yield ordered[-1] + 1


def _versions(limits: Iterable[tuple[int, ...]]) -> Iterator[tuple[int, ...]]:
    """As :func:`_dense`: a part that is too far down to be written comes right after."""
    for limit in sorted({(), *limits}):
        yield limit
        yield (*limit, *(0,) * _VERSION_PARTS, 1)


def _subsets(texts: Iterable[Any]) -> Iterator[frozenset[Any]]:
    ordered = sorted(texts)
    sizes = range(len(ordered) + 1)
    return map(frozenset, chain.from_iterable(combinations(ordered, n) for n in sizes))


def _thinkable(
    has: frozenset[tuple[str, str]], parts: Iterable[tuple[str, str]]
) -> bool:
    """Whether a text can have just these ``parts``, as far as they stand in each other."""
    for operator, text in has:
        for other, part in parts:
            implied = part in text if other == "contains" else False
            if operator == other == "starts-with":
                implied = text.startswith(part)
                if (other, part) in has and not (implied or part.startswith(text)):
                    return False
            if implied and (other, part) not in has:
                return False
    return True
