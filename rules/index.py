"""All rules of a site as columns of bits: what a visitor may see is one ``and`` over all slots.

Each alternative of each rule is a bit, the first rule's the lowest. A column (one attribute,
one table of counters, ...) turns what is known into the mask of those it leaves standing. The
answer is exact: what cannot be a column is asked of the survivors, in their order.
(Bitmap indices over Boolean expressions: Sadoghi and Jacobsen, BE-Tree, TODS 2013.)
"""

import typing
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from .attributes import Facts
from .columns import (
    Choice,
    Column,
    Placed,
    Scale,
    buyers,
    choice,
    limits_of,
    listed,
    scale,
    wishes,
)
from .comparisons import Bound, Has, Known, OneOf
from .conditions import Condition, Consents, Segments
from .counting import Counted, Leans
from .facts import Decision
from .recorded import counts, leanings
from .rule import Rule, needs
from .running_out import RunsOut
from .schedule import Schedule
from .steps import Steps
from .terms import Deferred, Literal, Term, Terms
from .timetable import Timetable

SCALE_LIMITS = 1_000  # of one attribute: a mask is kept for each, and between each two


class Entry(msgspec.Struct, frozen=True, gc=False):
    """Whom one bit stands for: one alternative of ``rule``.

    ``end`` is the number of the first bit after this rule's. A rule that is not ``allowed``,
    for want of a consent, is asked so as to be passed over.
    """

    rule: Rule
    allowed: bool
    end: int


class Span(NamedTuple):
    """The bits of one slot: ``mask`` are as many, ``first`` is the number of the lowest."""

    first: int
    mask: int


Survivors = tuple[object, int, bool]


class Index:
    """The rules of all slots under one consent, ready to be asked together.

    Make it with :func:`indexing`. By the number of a bit: ``entries``; ``rests``, what no cheap
    column holds; ``residues``, what no column holds at all; ``ready``, the decision if nothing
    else stands before it. ``slots`` says which bits are a slot's, ``allowed`` is the mask of
    those that lack no consent, ``timed`` knows those whose schedule is on, ``unfilled`` are the
    decisions for no rule. Columns over what a visitor did are ``dear``: after the others few
    rules are left, and asking some of these is cheaper.
    """

    __slots__ = (
        "allowed",
        "choices",
        "dear",
        "entries",
        "full",
        "lists",
        "ready",
        "residues",
        "rests",
        "scales",
        "slots",
        "timed",
        "unfilled",
    )

    def __init__(
        self,
        entries: Sequence[Entry],
        ready: Iterable[Decision | None],
        rests: Iterable[Deferred | None],
        residues: Iterable[Deferred | None],
        columns: Sequence[Choice | Scale | Column],
        dear: Sequence[Column],
        slots: Mapping[str, Span],
        allowed: int,
        timed: Timetable | None = None,
    ) -> None:
        self.entries = tuple(entries)
        self.full = (1 << len(self.entries)) - 1
        self.rests = tuple(rests)
        self.residues = tuple(residues)
        self.ready = tuple(ready)
        self.choices = tuple(one for one in columns if isinstance(one, Choice))
        self.scales = tuple(one for one in columns if isinstance(one, Scale))
        self.lists = tuple(one for one in columns if isinstance(one, Column))
        self.dear = tuple(dear)
        self.slots = slots
        self.allowed = allowed
        self.timed = timed
        self.unfilled = {slot: Decision(slot, "no-rule") for slot in self.slots}

    def survivors(self, facts: Facts) -> Survivors:
        """The bits of all slots that the cheap columns leave standing; kept in ``facts``.

        The answer is this index, the bits, and whether ``dear`` columns were asked as well:
        if not, survivors have to be asked their ``rest``, else their ``residue``.
        """
        alive = self.full
        if self.timed is not None:
            alive &= self.timed.open(facts.context.now)
        values = facts.values
        # The loops of these two stand here, because a call costs more than a column.
        for name, by_value, others, unknown in self.choices:
            value = values.get(name)
            alive &= unknown if value is None else by_value.get(value, others)
        for name, limits, masks, cell, unknown in self.scales:
            value = values.get(name)
            alive &= unknown if value is None else masks[cell(limits, value)]
        for touches, left in self.lists:
            if alive & touches:
                alive &= left(facts)
        found = facts.survivors = (self, alive, not self.dear)
        return found

    def narrowed(self, facts: Facts) -> int:
        """The bits of all slots that the dear columns, too, leave standing."""
        known = facts.survivors
        if known is None or known[0] is not self:
            known = self.survivors(facts)
        _, alive, done = known
        if not done:
            for touches, left in self.dear:
                if alive & touches:
                    alive &= left(facts)
            facts.survivors = (self, alive, True)
        return alive


Kind = typing.Literal["choice", "scale", "list", "counts", "leanings"]
_SCALES = ("number", "date", "time")
Place = tuple[Kind, str]
_DEAR = ("counts", "leanings")


def _place(condition: Condition) -> Place | None:
    """Kind and name of the column that holds ``condition``; None: it stays a closure."""
    match condition:
        case Counted(verb=verb, dimension=dimension):
            return "counts", f"{verb} {dimension}"
        case Leans(dimension=dimension):
            return "leanings", dimension
        case Has(attribute=attribute):
            return "list", attribute.name
        case OneOf(attribute=attribute) | Known(attribute=attribute):
            if attribute.type == "list":
                return None
            if attribute.type in _SCALES:
                return "scale", attribute.name
            return "choice", attribute.name
        case Bound(attribute=attribute) if attribute.type in _SCALES:
            return "scale", attribute.name
    return None


def indexing(
    rules: Iterable[Rule], segments: Segments, consent: frozenset[str]
) -> Steps[Index]:
    """The index of ``rules`` for visitors who gave this ``consent``, step by step.

    They come sorted by slot, then in the order in which they are asked, none off.
    """
    terms = Terms(segments)
    # Tuples of what is no part of a circle: the garbage collector lets go of them.
    placed: dict[Place, dict[int, Term]] = {}
    rests: list[Term] = []
    residues: list[Term] = []
    entries: list[Entry] = []
    ready: list[Decision | None] = []
    timed: list[tuple[Schedule, int]] = []
    firsts: dict[str, int] = {}
    ends: dict[str, int] = {}
    standing = 0  # those that lack no consent
    bought: list[int] = []
    for rule in rules:
        parts, allowed = rule.conditions, rule.purposes <= consent
        if not allowed:
            parts = tuple(part for part in parts if not needs(part, segments))
        start = len(rests)
        for term in terms.every(parts):
            number = len(rests)
            rest: list[Literal] = []
            residue: list[Literal] = []
            for literal in term:
                if allowed and _implied(literal, rule):
                    continue
                if isinstance(literal.condition, RunsOut) and literal.wanted:
                    bought.append(number)
                place = _place(literal.condition)
                if place and place[0] == "list" and wishes(literal) is None:
                    place = None
                if place is None or place[0] in _DEAR:
                    rest.append(literal)
                if place is None:
                    residue.append(literal)
                else:
                    column = placed.setdefault(place, {})
                    column[number] = (*column.get(number, ()), literal)
            rests.append(tuple(rest))
            residues.append(tuple(residue))
        end = len(rests)
        entries += [Entry(rule, allowed, end)] * (end - start)
        decision = rule.decision if allowed and rule.plain else None
        ready += [decision] * (end - start)
        firsts.setdefault(rule.slot, start)
        ends[rule.slot] = end
        own = (1 << end) - (1 << start)
        if allowed:
            standing |= own
        if rule.schedule is not None:
            timed.append((rule.schedule, own))
        yield
    for place in list(placed):
        yield
        if not _too_fine(place, placed[place]):
            continue
        for number, literals in placed.pop(place).items():
            rests[number] += literals
            residues[number] += literals
    full = (1 << len(rests)) - 1
    columns: list[Choice | Scale | Column] = []
    dear: list[Column] = []
    if bought:
        columns.append(buyers(bought, full))
    for kind, name in sorted(placed):
        column = placed.pop((kind, name))
        yield
        if kind == "choice":
            columns.append((yield from choice(name, column, full)))
        elif kind == "scale":
            columns.append((yield from scale(name, column, full)))
        elif kind == "list":
            columns += yield from listed(name, column, full)
        elif kind == "counts":
            dear += yield from counts(name, column, full)
        else:
            dear += yield from leanings(name, column, full)
    asked: list[Deferred | None] = []
    left: list[Deferred | None] = []
    for cheap, none in zip(rests, residues, strict=True):
        asked.append(_test(cheap, segments))
        # Often the same: one test then serves both.
        left.append(asked[-1] if cheap == none else _test(none, segments))
        yield
    del rests, residues  # now, rather than all at once at the end
    yield
    return Index(
        entries,
        ready,
        asked,
        left,
        columns,
        dear,
        {
            slot: Span(first, (1 << ends[slot] - first) - 1)
            for slot, first in firsts.items()
        },
        standing,
        Timetable(timed) if timed else None,
    )


def _implied(literal: Literal, rule: Rule) -> bool:
    """Whether it asks for a consent without which ``rule`` is passed over anyway."""
    condition = literal.condition
    implied = isinstance(condition, Consents) and condition.purpose in rule.purposes
    return implied and literal.wanted


def _too_fine(place: Place, column: Placed) -> bool:
    literals = (literal for one in column.values() for literal in one)
    return place[0] == "scale" and len(limits_of(literals)) > SCALE_LIMITS


def _test(term: Term, segments: Segments) -> Deferred | None:
    return Deferred(term, segments) if term else None
