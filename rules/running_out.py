"""``running-out``: something that the visitor bought is probably used up soon."""

import msgspec

from .attributes import Attribute, Facts
from .conditions import NO_ATTRIBUTES, Segments, Tests, Why
from .counting import PERSONALIZATION
from .facts import DAY
from .moments import Duration
from .numerals import percent

#: By what it can be asked: as products are bought.
RUNNING_OUT = ("product", "category", "brand", "tag")
WITHIN = Duration(7, "day")
AT_LEAST = 0.5
#: The name of what runs out, where ``as:`` gives it none.
NAME = "product"


class Supply(msgspec.Struct, frozen=True, gc=False):
    """A product that the visitor bought, and the chance that it runs out in time."""

    product: str
    chance: float


class RunsOut(msgspec.Struct, frozen=True, gc=False):
    """``running-out: {category: dogfood, within: 7 days, at-least: 0.5}``.

    Of the bought products that have ``thing`` as their ``of`` (all, where it is None) the one
    most likely to run out within the time counts, but none that the visitor never wants to see
    and none that the shop does not sell now. It holds if the chance is ``at_least`` so high.
    It is never unknown: where nothing was bought, nothing runs out. ``variable`` is the name
    under which the rule's later conditions and parameters know the product; empty: none.
    """

    of: str
    thing: str | None
    line: int
    within: Duration = WITHIN
    at_least: float = AT_LEAST
    variable: str = ""
    title: str = ""
    name: str = "running-out"

    @property
    def cost(self) -> int:
        return 200  # all that was bought is looked at: after everything else

    @property
    def dimension(self) -> str:
        """Of what it binds."""
        return "product"

    def supply(self, facts: Facts) -> Supply | None:
        """The product most likely to run out; worked out once per request, only for buyers."""
        if not facts.counts.get("bought product"):
            return None
        memo, asked = facts.memo, ("running-out", self.of, self.thing, self.within)
        if asked not in memo:
            memo[asked] = self._supply(facts)
        found: Supply | None = memo[asked]
        return found

    def _supply(self, facts: Facts) -> Supply | None:
        best: tuple[float, str] | None = None
        belongs, wanted = facts.supplies.belongs, (self.of, self.thing)
        unwanted = facts.unwanted.get("product", ())
        for product, chance in facts.running_out(self.within.seconds // DAY).items():
            rank = (chance, product)
            if (best is None or rank > best) and product not in unwanted:
                relatives = belongs(product)
                if relatives and (self.thing is None or wanted in relatives):
                    best = rank
        return None if best is None else Supply(best[1], best[0])

    def key(self, facts: Facts) -> str | None:
        """The product that the variable stands for; None: nothing."""
        found = self.supply(facts)
        return None if found is None else found.product

    def called(self, facts: Facts, key: str) -> str:
        """A product in the catalogue's words."""
        return facts.supplies.title(key)

    def tests(self, segments: Segments) -> Tests:
        supply, least = self.supply, self.at_least

        def true(facts: Facts) -> bool:
            found = supply(facts)
            return found is not None and found.chance >= least

        return Tests(true, lambda facts: not true(facts))

    def purposes(self, segments: Segments) -> frozenset[str]:
        return PERSONALIZATION

    def asked(self, segments: Segments) -> frozenset[Attribute]:
        return NO_ATTRIBUTES

    def words(self) -> str:
        return f"{self._thing()} runs out {self._wanted()}"

    def told(self, facts: Facts) -> str:
        """What runs out, and how likely: ``Kibble 15 kg runs out within 7 days with 62%``."""
        found = self.supply(facts)
        if found is None:
            return self.words()
        return f"{self.called(facts, found.product)} runs out within {self.within} with {_shown(found)}"

    def _thing(self) -> str:
        return "anything bought" if self.thing is None else self.title or self.thing

    def _wanted(self) -> str:
        return f"within {self.within} with at least {percent(self.at_least)}"

    def why(self, facts: Facts, segments: Segments) -> Why:
        found = self.supply(facts)
        has = "bought nothing that is used up"
        if found is not None:
            has = f"{self.called(facts, found.product)} with {_shown(found)}"
        return Why(self.name, self.line, f"{self._thing()} {self._wanted()}", has)


def _shown(found: Supply) -> str:
    return percent(min(0.99, round(found.chance, 2)))  # nobody knows it for certain
