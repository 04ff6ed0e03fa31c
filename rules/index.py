"""All rules of a site as columns of bits: what a visitor may see is one ``and`` over all slots.

Each alternative of each rule is a bit, the first rule's the lowest. A column (one attribute,
one table of counters, ...) turns what is known into the mask of those it leaves standing. The
answer is exact: what cannot be a column is asked of the survivors, in their order.
(Bitmap indices over Boolean expressions: Sadoghi and Jacobsen, BE-Tree, TODS 2013.)
"""

import typing
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from .attributes import Facts
from .columns import (
    Choice,
    Column,
    Placed,
    Scale,
    choice,
    limits_of,
    listed,
    scale,
    wishes,
)
from .comparisons import Bound, Has, Known, OneOf
from .conditions import Condition, Segments, Test
from .counting import Counted, Leans
from .facts import CONSENTS, PURPOSES, Decision
from .recorded import counts, leanings
from .rule import Rule, needs
from .steps import Steps, finished
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


Survivors = tuple[object, int, bool]


class Index:
    """The rules of all slots, ready to be asked together. Make it with :func:`index`.

    By the number of a bit: ``entries``; ``rests``, what no cheap column holds; ``residues``,
    what no column holds at all; ``ready``, the decision if nothing else stands before it.
    ``slots`` and ``consents`` are masks: the bits of a slot, and those that count under a
    consent; ``timed`` knows those whose schedule is on. ``unfilled`` are the decisions for no rule. Columns over what a visitor did are
    ``dear``: after the others few rules are left, and asking some of these is cheaper.
    """

    __slots__ = (
        "choices",
        "consents",
        "dear",
        "entries",
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
        ready: Sequence[Decision | None],
        rests: Iterable[Test | None],
        residues: Iterable[Test | None],
        columns: Sequence[Choice | Scale | Column],
        dear: Sequence[Column],
        slots: Mapping[str, int],
        consents: Mapping[frozenset[str], int],
        timed: Timetable | None = None,
    ) -> None:
        self.entries = tuple(entries)
        self.rests = tuple(rests)
        self.residues = tuple(residues)
        self.ready = tuple(ready)
        self.choices = tuple(one for one in columns if isinstance(one, Choice))
        self.scales = tuple(one for one in columns if isinstance(one, Scale))
        self.lists = tuple(one for one in columns if isinstance(one, Column))
        self.dear = tuple(dear)
        self.slots = slots
        self.consents = consents
        self.timed = timed
        self.unfilled = {slot: Decision(slot, "no-rule") for slot in slots}

    def survivors(self, facts: Facts) -> Survivors:
        """The bits of all slots that the cheap columns leave standing; kept in ``facts``.

        The answer is this index, the bits, and whether ``dear`` columns were asked as well:
        if not, survivors have to be asked their ``rest``, else their ``residue``.
        """
        alive = self.consents.get(facts.consent)
        if alive is None:  # an unknown purpose among them
            alive = self.consents[facts.consent.intersection(PURPOSES)]
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


def index(rules: Iterable[Rule], segments: Segments) -> Index:
    """The index of ``rules``, which come in the order in which they are asked, none off."""
    return finished(indexing(rules, segments))


def indexing(rules: Iterable[Rule], segments: Segments) -> Steps[Index]:
    """:func:`index`, step by step."""
    terms = Terms(segments)
    # Tuples of what is no part of a circle: the garbage collector lets go of them.
    placed: dict[Place, dict[int, Term]] = {}
    rests: list[Term] = []
    residues: list[Term] = []
    variants: list[tuple[Rule, bool, int, int]] = []  # and where its bits start and end
    for rule in rules:
        conditions = [(True, rule.conditions)]
        if rule.purposes:
            free = tuple(c for c in rule.conditions if not needs(c, segments))
            conditions.append((False, free))
        for allowed, parts in conditions:
            start = len(rests)
            for term in terms.every(parts):
                number = len(rests)
                rest: list[Literal] = []
                residue: list[Literal] = []
                for literal in term:
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
            variants.append((rule, allowed, start, len(rests)))
        yield
    for place in list(placed):
        yield
        if not _too_fine(place, placed[place]):
            continue
        for number, literals in placed.pop(place).items():
            rests[number] += literals
            residues[number] += literals
    full = (1 << len(rests)) - 1
    entries: list[Entry] = []
    ready: list[Decision | None] = []
    slots: dict[str, int] = {}
    consents: dict[frozenset[str], int] = dict.fromkeys(CONSENTS, 0)
    for rule, allowed, start, end in variants:
        entries += [Entry(rule, allowed, end)] * (end - start)
        decision = rule.decision if allowed and rule.plain else None
        ready += [decision] * (end - start)
        bits = (1 << end) - (1 << start)
        slots[rule.slot] = slots.get(rule.slot, 0) | bits
        for consent in CONSENTS:
            if (rule.purposes <= consent) is allowed:
                consents[consent] |= bits
        yield
    timed = Timetable(
        (rule.schedule, (1 << end) - (1 << start))
        for rule, _, start, end in variants
        if rule.schedule is not None
    )
    del variants
    yield
    columns: list[Choice | Scale | Column] = []
    dear: list[Column] = []
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
    asked: list[Test | None] = []
    left: list[Test | None] = []
    for cheap, none in zip(rests, residues, strict=True):
        asked.append(_test(cheap, segments))
        # Often the same: one test then serves both.
        left.append(asked[-1] if cheap == none else _test(none, segments))
        yield
    del rests, residues  # now, rather than all at once at the end
    yield
    return Index(
        entries, ready, asked, left, columns, dear, slots, consents, timed or None
    )


def _too_fine(place: Place, column: Placed) -> bool:
    literals = (literal for one in column.values() for literal in one)
    return place[0] == "scale" and len(limits_of(literals)) > SCALE_LIMITS


def _test(term: Term, segments: Segments) -> Test | None:
    return Deferred(term, segments) if term else None
