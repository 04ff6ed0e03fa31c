"""The thing that a visitor did something with most: ``category: any``, and what ``$cat`` says."""

from collections.abc import Mapping
from typing import NamedTuple, Protocol

import msgspec

from .attributes import Attribute, Facts
from .conditions import NO_ATTRIBUTES, Segments, Tests, Why
from .counting import PERSONALIZATION, Counted, Leans, how_often
from .moments import Duration

#: What may be bound: things that have a name in the catalogue.
BINDABLE = ("category", "brand", "tag", "product", "article")


class Thing(NamedTuple):
    """A name of the catalogue. ``depth`` counts the categories above a category."""

    title: str
    depth: int = 0


class Most(NamedTuple):
    """The key of the thing that something was done with most, and how often."""

    key: str
    times: int


class Binding(Protocol):
    """A condition that finds a thing of ``dimension`` for each visitor, which later conditions
    and parameters know as ``variable``."""

    @property
    def variable(self) -> str: ...
    @property
    def dimension(self) -> str: ...
    @property
    def cost(self) -> int: ...
    def key(self, facts: Facts) -> str | None:
        """What the variable stands for; None: nothing."""

    def called(self, facts: Facts, key: str) -> str:
        """A key in the catalogue's words."""


class Favourite(msgspec.Struct, frozen=True, gc=False):
    """``viewed: {category: any, at-least: 3, within: 30 days, as: cat}``.

    Of the things in ``known`` (all, where that is empty), the one that was viewed most within
    the window, but none that the visitor said they never want to see; ties go to the latest, then to the category deeper in the tree, because views
    count for the categories above as well. It holds if that was ``at_least`` so often.
    ``variable`` is the name under which the rule's later conditions and parameters know it.
    """

    verb: str
    dimension: str
    line: int
    at_least: int = 1
    within: Duration | None = None
    negated: bool = False
    variable: str = ""
    known: Mapping[str, Thing] = {}

    @property
    def name(self) -> str:
        return f"not-{self.verb}" if self.negated else self.verb

    @property
    def cost(self) -> int:
        return 40  # all keys of a table are counted

    def most(self, facts: Facts) -> Most | None:
        """The one done most, whether or not that is often enough; asked once per request."""
        memo = facts.memo
        asked = (self.verb, self.dimension, self.within)
        if asked not in memo:
            memo[asked] = self._most(facts)
        found: Most | None = memo[asked]
        return found

    def _most(self, facts: Facts) -> Most | None:
        best: tuple[int, float, int, str] | None = None
        known, unnamed = self.known, Thing("")
        unwanted = facts.unwanted.get(self.dimension, ())
        for key, counter in facts.counts.get(
            f"{self.verb} {self.dimension}", {}
        ).items():
            thing = known.get(key) if known else unnamed
            if thing is None or key in unwanted:
                continue  # no longer in the catalogue, or not for this visitor
            count = how_often(counter, self.within, facts.day, facts.context.now)
            if count:
                rank = (count, counter.last, thing.depth, key)
                best = rank if best is None or rank > best else best
        return Most(best[3], best[0]) if best else None

    def key(self, facts: Facts) -> str | None:
        """What the variable stands for; None: nothing."""
        most = self.most(facts)
        return None if most is None else most.key

    def tests(self, segments: Segments) -> Tests:
        least = self.at_least

        def enough(facts: Facts) -> bool:
            most = self.most(facts)
            return most is not None and most.times >= least

        sides = Tests(enough, lambda facts: not enough(facts))
        return Tests(sides.false, sides.true) if self.negated else sides

    def purposes(self, segments: Segments) -> frozenset[str]:
        return PERSONALIZATION

    def asked(self, segments: Segments) -> frozenset[Attribute]:
        return NO_ATTRIBUTES

    def title(self, key: str) -> str:
        """A key in the catalogue's words."""
        return self.known[key].title if key in self.known else key

    def called(self, facts: Facts, key: str) -> str:
        """As :meth:`title`."""
        return self.title(key)

    def words(self) -> str:
        return f"{'not ' if self.negated else ''}{self.verb} {self._wanted()}"

    def _wanted(self) -> str:
        window = f" in {self.within}" if self.within else ""
        times = "" if self.negated and self.at_least == 1 else f"{self.at_least} x "
        return f"{times}any {self.dimension}{window}"

    def why(self, facts: Facts, segments: Segments) -> Why:
        most = self.most(facts)
        has = f"{most.times} ({self.title(most.key)})" if most else "0"
        wanted = f"not {self._wanted()}" if self.negated else self._wanted()
        return Why(self.name, self.line, wanted, has)


class OfFavourite(msgspec.Struct, frozen=True, gc=False):
    """A condition about ``$cat``: ``asked`` of the thing that ``favourite`` binds.

    Where nothing is bound it is unknown.
    """

    favourite: Binding
    question: Counted | Leans

    @property
    def name(self) -> str:
        return self.question.name

    @property
    def line(self) -> int:
        return self.question.line

    @property
    def cost(self) -> int:
        return self.favourite.cost + self.question.cost

    def tests(self, segments: Segments) -> Tests:
        bound, asked = self.favourite.key, self.question

        def true(facts: Facts) -> bool:
            key = bound(facts)
            return key is not None and asked.fits(asked.measured(facts, key))

        def false(facts: Facts) -> bool:
            key = bound(facts)
            return key is not None and not asked.fits(asked.measured(facts, key))

        return Tests(true, false)

    def purposes(self, segments: Segments) -> frozenset[str]:
        return PERSONALIZATION

    def asked(self, segments: Segments) -> frozenset[Attribute]:
        return NO_ATTRIBUTES

    def words(self) -> str:
        return self.question.words()

    def why(self, facts: Facts, segments: Segments) -> Why:
        key = self.favourite.key(facts)
        wanted = self.question.why(facts, segments).wanted
        if key is None:
            return Why(self.name, self.line, wanted, "nothing that could be meant")
        number = self.question.measured(facts, key)
        has = f"{number:.2f}" if isinstance(self.question, Leans) else str(number)
        title = self.favourite.called(facts, key)
        return Why(self.name, self.line, wanted, f"{has} ({title})")
