"""What one page exposes: in its order, under the one id that its fragments carry."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ..rules import exposures
from ..rules.attributes import Facts
from ..rules.facts import Decision
from .journal import new_id
from .keys import pseudonym

if TYPE_CHECKING:
    from .visit import Visit

#: What the event of a showing tells of who has not agreed to statistics.
UNCOUNTED = {"uncounted": True}


class PageExposed:
    """The decisions of one page that count: those whose fragments are on it, those that were
    held back for the sake of a comparison, and those that failed.

    ``id`` is that of the page's decision, empty as long as no fragment carries it.
    """

    __slots__ = ("decisions", "id", "known")

    def __init__(self) -> None:
        self.decisions: list[Decision] = []
        self.id = ""
        self.known: Facts | None = None

    def add(self, decision: Decision, known: Facts | None) -> None:
        """``decision`` comes next on the page; it was made by what is ``known``."""
        if self.known is None:
            self.known = known
        self.decisions.append(decision)

    def next(self, now: float) -> str:
        """The id that the next decision is going to have."""
        if not self.id:
            self.id = new_id(now)
        return f"{self.id}.{len(self.decisions)}"

    def decided(self, visit: "Visit") -> str:
        """The id of the page's decision, empty where the visitor is not counted."""
        if not visit.counts:
            self.id = ""
        elif not self.id:
            self.id = new_id(visit.arrival.now)
        return self.id

    def told(self, visit: "Visit") -> dict[str, Any]:
        """The properties of the event that counts all of it."""
        told = visit.site.exposures
        id = self.decided(visit)
        if not id:  # only for the rules' own sake, as for their caps
            alone = told.showing(exposures.Exposed(self.decisions, None))
            return alone | UNCOUNTED
        account = account_of(visit, self.decisions)
        return told.showing(exposures.Exposed(self.decisions, self.known, id, account))


class ExposedApart(PageExposed):
    """As :class:`PageExposed`, where each slot is reported by itself: each is a decision."""

    __slots__ = ()

    def next(self, now: float) -> str:
        if not self.id:
            self.id = new_id(now)
        return self.name(len(self.decisions))

    def name(self, number: int) -> str:
        """The id of the decision with this number. No page's id has such a letter in it."""
        return f"{self.id}s{number}.0"

    def sealed(self, visit: "Visit") -> tuple[dict[str, Any], dict[str, Any]]:
        """What the event of each slot is to tell, and what all of them are to tell."""
        told, known = visit.site.exposures, self.known
        seen = [one for one in enumerate(self.decisions) if not one[1].failed]
        if not self.decided(visit):
            return {one.slot: exposures.exposure(one) for _, one in seen}, UNCOUNTED
        account = account_of(visit, self.decisions)
        slots = {
            one.slot: exposures.exposure(one, self.name(number), account)
            for number, one in seen
        }
        return slots, {} if known is None else told.circumstances(known)


def account_of(visit: "Visit", decisions: Iterable[Decision]) -> str:
    """The pseudonym of the account that the visitor buys for, if one of ``decisions`` goes by
    accounts; else empty."""
    customer = visit.lookup.customer
    if customer is None or not customer.account:
        return ""
    if not any(decision.unit == "account" for decision in decisions):
        return ""
    return pseudonym(visit.window.keys, customer.account, "account")
