"""A visitor as shelves know one: read from the facts of a page when a strategy asks."""

from collections.abc import Callable, Collection, Mapping, Sequence

from ..fragments.recommendations.model import article_key
from ..fragments.recommendations.replenishment import WITHIN
from ..rules.attributes import Facts
from ..rules.facts import DAY, Counter
from ..rules.history import (
    bought,
    dismissed,
    dormant_categories,
    last_order,
    recently_read,
    recently_viewed,
)
from ..rules.interests import INTEREST_DIMENSIONS, strengths

_NOTHING: Mapping[str, Counter] = {}


class KnownShopper:
    """Who looks at a page, by its ``facts``."""

    __slots__ = ("_facts", "_lately", "_viewed")

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._viewed: Sequence[str] | None = None
        self._lately: Sequence[str] = ()

    @property
    def viewed(self) -> Sequence[str]:
        if self._viewed is None:
            self._looked_at()
        return self._viewed or ()

    @property
    def lately(self) -> Sequence[str]:
        """What was looked at within a day of the last look."""
        if self._viewed is None:
            self._looked_at()
        return self._lately

    def _looked_at(self) -> None:
        profile, counts = self._facts.profile, self._facts.counts
        viewed = recently_viewed(profile)
        last = {id: counts["viewed product"][id].last for id in viewed}
        if "viewed article" in counts and (read := recently_read(profile)):
            last |= {article_key(id): counts["viewed article"][id].last for id in read}
            viewed = sorted(last, key=last.__getitem__, reverse=True)
        self._viewed = self._lately = viewed
        if viewed:
            first = last[viewed[0]] - DAY
            if last[viewed[-1]] < first:
                self._lately = [key for key in viewed if last[key] >= first]

    @property
    def cart(self) -> Sequence[str]:
        return list(self._facts.profile.cart)

    @property
    def ordered(self) -> Sequence[str]:
        return last_order(self._facts.profile)

    @property
    def bought(self) -> Collection[str]:
        return bought(self._facts.profile)

    @property
    def due(self) -> Mapping[str, float]:
        return self._facts.running_out(WITHIN)

    @property
    def dismissed(self) -> Collection[str]:
        return dismissed(self._facts.profile)

    @property
    def unwanted(self) -> Mapping[str, Collection[str]]:
        return self._facts.unwanted

    @property
    def usual(self) -> Collection[str]:
        counts = self._facts.counts
        viewed = counts.get("viewed category", _NOTHING).keys()
        bought = counts.get("bought category")
        return viewed | bought.keys() if bought else viewed

    @property
    def dormant(self) -> Sequence[str]:
        return dormant_categories(self._facts.profile, self._facts.context.now)

    @property
    def interests(self) -> Mapping[str, Mapping[str, float]]:
        profile, now = self._facts.profile, self._facts.context.now
        return {name: strengths(profile, name, now) for name in INTEREST_DIMENSIONS}

    @property
    def chance(self) -> str:
        return f"{self._facts.units.visitor} {self._facts.day}"

    @property
    def leaning(self) -> Callable[[str], float]:
        return self._facts.leanings("category").affinity
