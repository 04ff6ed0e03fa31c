"""Columns of the index over one attribute: from a value to the terms that it leaves standing.

A mask is an int with one bit for each term. Columns ask the conditions themselves for which
values they hold, once, when rules are loaded; so a column cannot mean anything else.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from .attributes import Facts
from .comparisons import Bound, Has, OneOf
from .conditions import Test, every
from .facts import Context, Profile
from .line import Cell, Line
from .steps import Steps
from .terms import Literal, Term

Masks = Callable[[Facts], int]
Placed = Mapping[int, Term]  # the number of a term's bit -> its literals here


class Column(NamedTuple):
    """``masks(facts)`` are the terms that may go on; it can stop only those it ``touches``."""

    touches: int
    masks: Masks


def bits(numbers: Iterable[int]) -> int:
    """The mask in which just these bits are set."""
    found = set(numbers)
    field = bytearray(max(found, default=0) // 8 + 1)
    for number in found:
        field[number >> 3] |= 1 << (number & 7)
    return int.from_bytes(field, "little")


def _trial(name: str, literals: Term) -> Callable[[Any], bool]:
    """Whether the literals of one attribute hold for a value; None: it is unknown."""
    test: Test = every(literal.test({}) for literal in literals)

    def holds(value: Any) -> bool:
        values = {} if value is None else {name: value}
        return test(Facts(values, Profile(), frozenset(), Context(0.0, 0)))

    return holds


def limits_of(literals: Iterable[Literal]) -> set[Any]:
    """The values at which the answer of one of ``literals`` may change."""
    found: set[Any] = set()
    for literal in literals:
        condition = literal.condition
        if isinstance(condition, OneOf):
            found.update(condition.choice)
        elif isinstance(condition, Bound):
            found.add(condition.limit)
    return found


class Choice(NamedTuple):
    """Over ``is`` and its like: a mask for each value that a rule names, one for ``others``."""

    name: str
    masks: Mapping[object, int]
    others: int
    unknown: int


def choice(name: str, placed: Placed, full: int) -> Steps[Choice]:
    """The column of the texts, versions, yes and no that ``placed`` asks for."""
    other = object()  # equal to nothing that a rule names
    others = unknown = full
    differing: dict[object, int] = {}
    for number, literals in placed.items():
        bit, holds = 1 << number, _trial(name, literals)
        if not holds(None):
            unknown ^= bit
        if not (usual := holds(other)):
            others ^= bit
        for value in limits_of(literals):
            if holds(value) is not usual:
                differing[value] = differing.get(value, 0) | bit
        yield
    masks = {value: others ^ bits for value, bits in differing.items()}
    return Choice(name, masks, others, unknown)


class Scale(NamedTuple):
    """Over numbers, days and times: ``masks[cell(limits, number)]``."""

    name: str
    limits: Sequence[Any]
    masks: Sequence[int]
    cell: Cell
    unknown: int


def scale(name: str, placed: Placed, full: int) -> Steps[Scale]:
    """The column of the limits that ``placed`` sets."""
    unknown = full
    line = Line(limits_of(literal for one in placed.values() for literal in one))
    for number, literals in placed.items():
        bit, holds = 1 << number, _trial(name, literals)
        if not holds(None):
            unknown ^= bit
        line.add(bit, limits_of(literals), holds)
        yield
    return Scale(name, line.limits, *line.masks(full ^ bits(placed)), unknown)


# -- lists ---------------------------------------------------------------------------------

Texts = frozenset[str]
_NONE: Texts = frozenset()


def wishes(literal: Literal) -> tuple[list[Texts], Texts] | None:
    """What a condition over a list asks: one of each of these sets, and none of the last.

    None where it cannot be said so: "not all of several".
    """
    condition, wanted = literal.condition, literal.wanted
    assert isinstance(condition, Has)
    texts = frozenset(condition.texts)
    if condition.operator in ("has-any", "has-none"):
        touching = wanted is (condition.operator == "has-any")
        return ([texts], _NONE) if touching else ([], texts)
    if wanted:
        return [frozenset({text}) for text in sorted(texts)], _NONE
    return ([], texts) if len(texts) == 1 else None


class _Layer:
    """Of each term at most one wish, and what it refuses. ``hits`` are text -> both masks."""

    def __init__(self) -> None:
        self.touches = 0
        self.wants = 0
        self.hits: dict[str, tuple[int, int]] = {}

    def want(self, bit: int, texts: Texts) -> None:
        self.touches |= bit
        self.wants |= bit
        for text in texts:
            sound, stopped = self.hits.get(text, (0, 0))
            self.hits[text] = (sound | bit, stopped)

    def refuse(self, bit: int, texts: Texts) -> None:
        self.touches |= bit
        for text in texts:
            sound, stopped = self.hits.get(text, (0, 0))
            self.hits[text] = (sound, stopped | bit)

    def column(self, name: str, full: int) -> Column:
        unknown, unwanted, hits = full ^ self.touches, full ^ self.wants, self.hits

        def masks(facts: Facts) -> int:
            texts: Any = facts.values.get(name, _NONE)
            if texts is None:
                return unknown
            sound, stopped = unwanted, 0
            for text in texts:
                if (hit := hits.get(text)) is not None:
                    sound |= hit[0]
                    stopped |= hit[1]
            return sound & ~stopped

        return Column(self.touches, masks)


def buyers(numbers: Iterable[int], full: int) -> Column:
    """Those that can only hold for who has bought something: nobody else is to be asked."""
    touches = bits(numbers)
    others = full & ~touches

    def left(facts: Facts) -> int:
        return full if facts.counts.get("bought product") else others

    return Column(touches, left)


def listed(name: str, placed: Placed, full: int) -> Steps[list[Column]]:
    """Over lists. The second wish of a term has a column of its own, and so on."""
    layers = [_Layer()]
    for number, literals in placed.items():
        bit, wanted = 1 << number, 0
        for literal in literals:
            asked = wishes(literal)
            assert asked is not None  # others are not placed here
            layers[0].refuse(bit, asked[1])  # none of nothing: it has to be a list
            for texts in asked[0]:
                if wanted == len(layers):
                    layers.append(_Layer())
                layers[wanted].want(bit, texts)
                wanted += 1
        yield
    return [layer.column(name, full) for layer in layers]
