"""Conditions over one attribute. A value that is missing or ill-typed makes them unknown."""

import operator
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any, Literal

import msgspec

from .attributes import Attribute, Facts
from .conditions import Segments, Test, Tests, Why
from .facts import DAY
from .moments import Duration, months_before
from .precedence import provenance

OPERATORS: dict[str, tuple[str, ...]] = {
    "number": ("is", "at-least", "more-than", "at-most", "less-than"),
    "text": ("is", "is-not", "is-one-of", "is-none-of", "starts-with", "contains"),
    "yes-no": (),
    "date": ("before", "after", "within-last", "within-next", "older-than"),
    "time": ("before", "after", "within-last", "within-next", "older-than"),
    "version": ("is", "at-least", "more-than", "at-most", "less-than"),
    "list": ("has", "has-any", "has-all", "has-none"),
}
BOUNDS: dict[str, Callable[[Any, Any], bool]] = {
    "at-least": operator.ge,
    "more-than": operator.gt,
    "at-most": operator.le,
    "less-than": operator.lt,
    "before": operator.lt,
    "after": operator.gt,
}
_EPOCH = date(1970, 1, 1).toordinal()


def printed(attribute: Attribute, value: object) -> str:
    """A typed value for people; a sensitive one is never printed."""
    if value is None:
        return "nothing known"
    if attribute.sensitive:
        return "a value that is not printed"
    try:
        match attribute.type, value:
            case "date", int():
                return date.fromordinal(value + _EPOCH).isoformat()
            case "time", int() | float():
                return datetime.fromtimestamp(value, UTC).isoformat(" ", "minutes")
    except (ValueError, OverflowError, OSError):
        return str(value)  # a moment that no calendar holds
    match value:
        case bool():
            return "true" if value else "false"
        case float():
            return f"{value:g}"
        case frozenset():
            return ", ".join(sorted(value)) or "an empty list"
        case tuple():
            return ".".join(map(str, value)) or "0"
    return str(value)


class _Comparison(msgspec.Struct, frozen=True, gc=False):
    """What all comparisons share."""

    attribute: Attribute
    line: int

    @property
    def name(self) -> str:
        return self.attribute.name

    @property
    def cost(self) -> int:
        return 1

    def purposes(self, segments: Segments) -> frozenset[str]:
        return self.attribute.purposes

    def asked(self, segments: Segments) -> frozenset[Attribute]:
        return frozenset({self.attribute})

    def wanted(self) -> str:
        raise NotImplementedError

    def words(self) -> str:
        return f"{self.name} is {self.wanted()}"

    def why(self, facts: Facts, segments: Segments) -> Why:
        has = printed(self.attribute, facts.values.get(self.name))
        has += origin(self.attribute, facts)
        return Why(self.name, self.line, self.wanted(), has)


def origin(attribute: Attribute, facts: Facts) -> str:
    """Who told the stored value of an attribute, and when: `` (webhook:crm, 3 days ago)``.

    Empty where nobody did, and where this request brings another one.
    """
    word = facts.profile.told.get(attribute.name)
    if word is None or facts.given.get(attribute.name) is not None:
        return ""
    return provenance(word.source, word.time, facts.context.now)


def _scalar(name: str, check: Callable[[Any, Facts], bool]) -> Tests:
    """Both sides of a check that is asked only where there is a value."""

    def true(facts: Facts) -> bool:
        value = facts.values.get(name)
        return value is not None and check(value, facts)

    def false(facts: Facts) -> bool:
        value = facts.values.get(name)
        return value is not None and not check(value, facts)

    return Tests(true, false)


class Known(_Comparison, frozen=True):
    """``known: true``; the only one that is never unknown. An empty list is not known."""

    known: bool

    def tests(self, segments: Segments) -> Tests:
        name = self.name

        def known(facts: Facts) -> bool:
            value = facts.values.get(name)
            return value is not None and value != frozenset()

        def missing(facts: Facts) -> bool:
            return not known(facts)

        return Tests(known, missing) if self.known else Tests(missing, known)

    def wanted(self) -> str:
        return "anything known" if self.known else "not known"


class OneOf(_Comparison, frozen=True):
    """``is``, ``is-one-of``, ``true``, ``false``; or, ``negated``, ``is-not``, ``is-none-of``."""

    choice: tuple[Any, ...]
    negated: bool = False

    def tests(self, segments: Segments) -> Tests:
        name = self.name
        choice = frozenset(self.choice)
        only = self.choice[0]

        def equal(facts: Facts) -> bool:
            # None is never a choice.
            return bool(facts.values.get(name) == only)

        def within(facts: Facts) -> bool:
            return facts.values.get(name) in choice

        def outside(facts: Facts) -> bool:
            value = facts.values.get(name)
            return value is not None and value not in choice

        inside: Test = equal if len(choice) == 1 else within
        return Tests(outside, inside) if self.negated else Tests(inside, outside)

    def wanted(self) -> str:
        shown = " or ".join(printed(self.attribute, value) for value in self.choice)
        return f"not {shown}" if self.negated else shown


class Bound(_Comparison, frozen=True):
    """``at-least`` and its like for numbers and versions, ``before`` and ``after`` for days."""

    operator: str
    limit: Any

    def tests(self, segments: Segments) -> Tests:
        name, limit, compare = self.name, self.limit, BOUNDS[self.operator]
        if self.operator == "at-least":  # the usual one, without the call

            def reached(facts: Facts) -> bool:
                value: Any = facts.values.get(name)
                return value is not None and value >= limit

            def missed(facts: Facts) -> bool:
                value: Any = facts.values.get(name)
                return value is not None and value < limit

            return Tests(reached, missed)
        return _scalar(name, lambda value, facts: compare(value, limit))

    def wanted(self) -> str:
        return (
            f"{self.operator.replace('-', ' ')} {printed(self.attribute, self.limit)}"
        )


class Part(_Comparison, frozen=True):
    """``starts-with`` and ``contains``."""

    operator: Literal["starts-with", "contains"]
    text: str

    def tests(self, segments: Segments) -> Tests:
        text = self.text
        if self.operator == "starts-with":
            return _scalar(self.name, lambda value, facts: value.startswith(text))
        return _scalar(self.name, lambda value, facts: text in value)

    def words(self) -> str:
        return f"{self.name} {self.wanted()}"

    def wanted(self) -> str:
        return f'{self.operator.replace("-", " ")} "{self.text}"'


class Has(_Comparison, frozen=True):
    """Over a list. A missing list is empty; an ill-typed one is unknown."""

    operator: Literal["has", "has-any", "has-all", "has-none"]
    texts: tuple[str, ...]

    def tests(self, segments: Segments) -> Tests:
        name, wanted = self.name, frozenset(self.texts)
        empty: frozenset[str] = frozenset()

        def disjoint(facts: Facts) -> bool:
            value: Any = facts.values.get(name, empty)
            return value is not None and wanted.isdisjoint(value)

        def touching(facts: Facts) -> bool:
            value: Any = facts.values.get(name, empty)
            return value is not None and not wanted.isdisjoint(value)

        def covered(facts: Facts) -> bool:
            value: Any = facts.values.get(name, empty)
            return value is not None and wanted <= value

        def uncovered(facts: Facts) -> bool:
            value: Any = facts.values.get(name, empty)
            return value is not None and not wanted <= value

        match self.operator:
            case "has-none":
                return Tests(disjoint, touching)
            case "has-any":
                return Tests(touching, disjoint)
            case _:
                return Tests(covered, uncovered)

    def words(self) -> str:
        return f"{self.name} {self.wanted()}"

    def wanted(self) -> str:
        return f"{self.operator.replace('-', ' ')} {', '.join(self.texts)}"

    def why(self, facts: Facts, segments: Segments) -> Why:
        value = facts.values.get(self.name, frozenset())
        has = printed(self.attribute, value) + origin(self.attribute, facts)
        return Why(self.name, self.line, self.wanted(), has)


class Age(_Comparison, frozen=True):
    """``within-last``, ``within-next``, ``older-than``: a day or a time against now.

    For dates ``within-last: 7 days`` is today and the 6 days before, ``within-next`` today and
    the 6 after, ``older-than: 7 days`` everything before. Times are counted to the second.
    Months and years are calendar: ``older-than: 12 months`` holds from the day on which the 12
    months are full, in the site's time zone, and ``within-last: 12 months`` until then. Who was
    born on the 29th of February is a year old on the 1st of March.
    """

    operator: Literal["within-last", "within-next", "older-than"]
    duration: Duration

    def tests(self, segments: Segments) -> Tests:
        name, seconds = self.name, self.duration.seconds
        days, months = seconds // DAY, self.duration.months
        dates = self.attribute.type == "date"
        match self.operator, dates:
            case "within-last", True if months:
                return _scalar(
                    name,
                    lambda day, facts: (
                        months_before(facts.day, months) < day <= facts.day
                    ),
                )
            case "within-next", True if months:
                return _scalar(
                    name,
                    lambda day, facts: day >= facts.day > months_before(day, months),
                )
            case "older-than", True if months:
                return _scalar(
                    name, lambda day, facts: day <= months_before(facts.day, months)
                )
            case "within-last", True:
                return _scalar(name, lambda day, facts: 0 <= facts.day - day < days)
            case "within-next", True:
                return _scalar(name, lambda day, facts: 0 <= day - facts.day < days)
            case "older-than", True:
                return _scalar(name, lambda day, facts: facts.day - day >= days)
            case "within-next", False:
                return _scalar(
                    name, lambda time, facts: 0 <= time - facts.context.now < seconds
                )
        recent = self.operator == "within-last"

        def aged(time: float, facts: Facts) -> bool:
            age = facts.context.now - time
            length = seconds
            if months:
                length = (facts.day - months_before(facts.day, months)) * DAY
            return 0 <= age < length if recent else age >= length

        return _scalar(name, aged)

    def words(self) -> str:
        return f"{self.name} {self.wanted()}"

    def wanted(self) -> str:
        return f"{self.operator.replace('-', ' ')} {self.duration}"
