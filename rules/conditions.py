"""What a condition is, and how conditions stand together: groups, segments, consent.

Truth has three values. A condition compiles itself into two closures: surely true and surely
false; where neither says yes it is unknown (Kleene's strong logic). Negation swaps the two, so
nothing that is unknown can become true by being negated, and the closures stay two-valued.

Conditions are trees of plain values: none can be part of a circle, so the garbage collector
need not look at them (``gc=False``). Otherwise each of its passes would take the longer, and
the server's event loop with it, the more rules a shop has.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple, Protocol

import msgspec

from .attributes import Attribute, Facts

Test = Callable[[Facts], bool]


class Tests(NamedTuple):
    """The two sides of a condition."""

    true: Test
    false: Test


class Why(NamedTuple):
    """Why a condition is not true: its name and line, what it wants, what the visitor has."""

    name: str
    line: int
    wanted: str
    has: str

    def __str__(self) -> str:
        return f"{self.name} (line {self.line}): wanted {self.wanted}, visitor has {self.has}"


class Condition(Protocol):
    """One condition of a rule or segment: frozen, and it knows the line it was written on."""

    @property
    def name(self) -> str: ...
    @property
    def line(self) -> int: ...
    @property
    def cost(self) -> int:
        """What looking costs, in comparisons of one attribute."""

    def tests(self, segments: "Segments") -> Tests:
        """The compiled sides; ``segments`` holds all that this condition may name."""

    def purposes(self, segments: "Segments") -> frozenset[str]:
        """The consents without which the condition cannot be looked at."""

    def asked(self, segments: "Segments") -> frozenset[Attribute]:
        """The attributes that it reads."""

    def words(self) -> str:
        """The condition as a phrase: ``country is DE or AT``."""

    def why(self, facts: Facts, segments: "Segments") -> Why:
        """The reason for its not being true; what it wants and has where it is true."""


class Segment(msgspec.Struct, frozen=True):
    """A named condition, compiled: ``tests.true`` surely in it, ``tests.false`` surely out.

    ``depth`` counts how many segments stand below each other.
    """

    name: str
    file: str
    line: int
    condition: Condition
    tests: Tests
    purposes: frozenset[str]
    asked: frozenset[Attribute]
    depth: int = 1


Segments = Mapping[str, Segment]
NOTHING: frozenset[str] = frozenset()
NO_ATTRIBUTES: frozenset[Attribute] = frozenset()


# -- compiling -----------------------------------------------------------------------------


def _always(facts: Facts) -> bool:
    return True


def _never(facts: Facts) -> bool:
    return False


def every(tests: Iterable[Test]) -> Test:
    """All of them; unrolled, because a loop costs as much as a condition."""
    match tuple(tests):
        case ():
            return _always
        case (only,):
            return only
        case (a, b):
            return lambda facts: a(facts) and b(facts)
        case (a, b, c):
            return lambda facts: a(facts) and b(facts) and c(facts)
        case (a, b, c, d):
            return lambda facts: a(facts) and b(facts) and c(facts) and d(facts)
        case (a, b, c, d, *rest):
            others = every(rest)
            return lambda facts: (
                a(facts) and b(facts) and c(facts) and d(facts) and others(facts)
            )
        case _:
            raise AssertionError  # the patterns above are complete


def some(tests: Iterable[Test]) -> Test:
    """At least one of them."""
    match tuple(tests):
        case ():
            return _never
        case (only,):
            return only
        case (a, b):
            return lambda facts: a(facts) or b(facts)
        case (a, b, *rest):
            others = some(rest)
            return lambda facts: a(facts) or b(facts) or others(facts)
        case _:
            raise AssertionError  # the patterns above are complete


def once(test: Test) -> Test:
    """``test``, run at most once per request."""

    def remembered(facts: Facts) -> bool:
        memo = facts.memo
        answer: bool | None = memo.get(test)
        if answer is None:
            answer = memo[test] = test(facts)
        return answer

    return remembered


def compiled_segment(
    name: str, file: str, condition: Condition, done: Segments, depth: int = 1
) -> Segment:
    """The segment of ``condition``, which may name those that are ``done``."""
    tests = condition.tests(done)
    return Segment(
        name,
        file,
        condition.line,
        condition,
        Tests(once(tests.true), once(tests.false)),
        condition.purposes(done),
        condition.asked(done),
        depth,
    )


# -- groups --------------------------------------------------------------------------------


class _Group(msgspec.Struct, frozen=True, gc=False):
    """Conditions that stand together."""

    conditions: tuple[Condition, ...]
    line: int

    @property
    def cost(self) -> int:
        return sum(part.cost for part in self.conditions)

    def purposes(self, segments: Segments) -> frozenset[str]:
        return NOTHING.union(*(part.purposes(segments) for part in self.conditions))

    def asked(self, segments: Segments) -> frozenset[Attribute]:
        return NO_ATTRIBUTES.union(*(part.asked(segments) for part in self.conditions))


class All(_Group, frozen=True):
    """All of them hold. Unknown as soon as one is unknown and none is false."""

    name: str = "all"

    def tests(self, segments: Segments) -> Tests:
        parts = [condition.tests(segments) for condition in self.conditions]
        return Tests(
            every(part.true for part in parts), some(part.false for part in parts)
        )

    def words(self) -> str:
        return " and ".join(part.words() for part in self.conditions)

    def why(self, facts: Facts, segments: Segments) -> Why:
        for part in self.conditions:
            if not part.tests(segments).true(facts):
                return part.why(facts, segments)
        return Why(self.name, self.line, self.words(), "that")


class AnyOf(_Group, frozen=True):
    """At least one of them holds."""

    name: str = "any"

    def tests(self, segments: Segments) -> Tests:
        parts = [condition.tests(segments) for condition in self.conditions]
        return Tests(
            some(part.true for part in parts), every(part.false for part in parts)
        )

    def words(self) -> str:
        return " or ".join(
            f"({part.words()})" if isinstance(part, All) else part.words()
            for part in self.conditions
        )

    def why(self, facts: Facts, segments: Segments) -> Why:
        reasons = [part.why(facts, segments) for part in self.conditions]
        has = ", ".join(f"{reason.name} {reason.has}" for reason in reasons)
        return Why(self.name, self.line, self.words(), has)


class NoneOf(_Group, frozen=True):
    """All of them are surely false."""

    name: str = "none"

    def tests(self, segments: Segments) -> Tests:
        parts = [condition.tests(segments) for condition in self.conditions]
        return Tests(
            every(part.false for part in parts), some(part.true for part in parts)
        )

    def words(self) -> str:
        return "none of: " + ", ".join(part.words() for part in self.conditions)

    def why(self, facts: Facts, segments: Segments) -> Why:
        for part in self.conditions:
            if not part.tests(segments).false(facts):
                reason = part.why(facts, segments)
                return Why(reason.name, reason.line, f"not: {part.words()}", reason.has)
        return Why(self.name, self.line, self.words(), "none of them")


# -- segments and consent ------------------------------------------------------------------


class InSegment(msgspec.Struct, frozen=True, gc=False):
    """In at least one of these segments."""

    segments: tuple[str, ...]
    line: int
    name: str = "segment"

    @property
    def cost(self) -> int:
        return 2 * len(self.segments)  # they remember their answer

    def tests(self, segments: Segments) -> Tests:
        parts = [segments[name].tests for name in self.segments]
        return Tests(
            some(part.true for part in parts), every(part.false for part in parts)
        )

    def purposes(self, segments: Segments) -> frozenset[str]:
        return NOTHING.union(*(segments[name].purposes for name in self.segments))

    def asked(self, segments: Segments) -> frozenset[Attribute]:
        return NO_ATTRIBUTES.union(*(segments[name].asked for name in self.segments))

    def words(self) -> str:
        return "in segment " + " or ".join(self.segments)

    def why(self, facts: Facts, segments: Segments) -> Why:
        said = []
        for name in self.segments:
            segment = segments[name]
            if segment.tests.true(facts):
                return Why(self.name, self.line, name, name)
            inner = segment.condition.why(facts, segments)
            has = (
                inner.has
                if inner.name in ("any", "segment")
                else f"{inner.name} {inner.has}"
            )
            said.append(f"{has} ({name}: {inner.wanted})")
        return Why(self.name, self.line, " or ".join(self.segments), "; ".join(said))


class Consents(msgspec.Struct, frozen=True, gc=False):
    """The visitor agreed to this purpose. Never unknown: what is not granted is not granted."""

    purpose: str
    line: int
    name: str = "consent"

    @property
    def cost(self) -> int:
        return 1

    def tests(self, segments: Segments) -> Tests:
        purpose = self.purpose
        return Tests(
            lambda facts: purpose in facts.consent,
            lambda facts: purpose not in facts.consent,
        )

    def purposes(self, segments: Segments) -> frozenset[str]:
        return NOTHING

    def asked(self, segments: Segments) -> frozenset[Attribute]:
        return NO_ATTRIBUTES

    def words(self) -> str:
        return f"consent to {self.purpose}"

    def why(self, facts: Facts, segments: Segments) -> Why:
        has = ", ".join(sorted(facts.consent)) or "none"
        return Why(self.name, self.line, self.purpose, has)
