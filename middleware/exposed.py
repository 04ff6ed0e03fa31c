"""What one page exposes: in its order, under the one id that its fragments carry."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ..rules.attributes import Facts
from ..rules.events import PROMOTION_VIEWED
from ..rules.exposures import Exposures, exposure, showing
from ..rules.facts import Decision, Event, Profile
from .eventids import new_id
from .journal import NO_LESSON, Note
from .keys import pseudonym

if TYPE_CHECKING:
    from .visit import Visit

#: What the event of a showing tells of who has not agreed to statistics.
UNCOUNTED = {"uncounted": True}
_SIZE = 200  # characters of an event for each slot that it tells of


class PageExposed:
    """The decisions of one page that count: those whose fragments are on it, those that were
    held back for the sake of a comparison, and those that failed.

    ``id`` is that of the page's decision, empty as long as no fragment carries it. ``known`` is
    what they were made by.
    """

    __slots__ = (
        *("decisions", "id", "known"),
        *("_account", "_properties", "_exposures"),
    )

    _account: str
    _properties: dict[str, Any]  # of the event, from its beginning on
    _exposures: Exposures

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

    def mark(self, now: float) -> bytes:
        """What the links and forms of the next fragment carry: its id, see :mod:`.decisionids`."""
        if not self.id:
            self.id = new_id(now)
        return f"~{self.id}.{len(self.decisions)}/".encode()

    def decided(self, visit: "Visit") -> str:
        """The id of the page's decision, empty where the visitor is not counted."""
        if not visit.counts:
            self.id = ""
        elif not self.id:
            self.id = new_id(visit.arrival.now)
        return self.id

    def note(self, visit: "Visit", profile: Profile | None) -> Note:
        """What is to be noted of it, for a visitor of whom ``profile`` is known by now.

        No page waits for what its event tells: the writer works that out, unless a rule asks how
        often something of it was shown.
        """
        site, now, decisions = visit.site, visit.arrival.now, self.decisions
        visitor = visit.visitor
        assert visitor is not None
        if not visit.counts:
            self.id = ""
        elif not self.id:
            self.id = new_id(now)
        id = self.id or new_id(now)
        self._exposures = site.exposures
        customer = visit.lookup.customer
        self._account = "" if customer is None else account_of(visit, decisions)
        properties: dict[str, Any] = {}
        self._properties = properties
        day = visit.context.day
        event = Event(id, PROMOTION_VIEWED, visitor.id, now, day, properties)
        lesson: Profile | None = NO_LESSON
        watched = site.watched
        if watched and any(
            one.rule in watched or one.fragment in watched for one in decisions
        ):
            self._tell()
            lesson = site.learn(profile, event)
        return event, lesson, _SIZE * len(decisions), self, None

    def _tell(self) -> None:
        told = showing(self.decisions, self._exposures.revision, self.id, self._account)
        self._properties.update(told if self.id else told | UNCOUNTED)

    def complete(self) -> None:
        """All that the event is to tell, also who looked at the page."""
        if not self._properties:
            self._tell()
        known, self.known = self.known, None  # it need not wait with the event
        if self.id and known is not None:
            self._properties.update(self._exposures.circumstances(known))


class ExposedApart(PageExposed):
    """As :class:`PageExposed`, where each slot is reported by itself: each is a decision."""

    __slots__ = ()

    def next(self, now: float) -> str:
        if not self.id:
            self.id = new_id(now)
        return self.name(len(self.decisions))

    def mark(self, now: float) -> bytes:
        return f"~{self.next(now)}/".encode()

    def name(self, number: int) -> str:
        """The id of the decision with this number. No page's id has such a letter in it."""
        return f"{self.id}s{number}.0"

    def sealed(self, visit: "Visit") -> tuple[dict[str, Any], dict[str, Any]]:
        """What the event of each slot is to tell, and what all of them are to tell."""
        told, known = visit.site.exposures, self.known
        seen = [one for one in enumerate(self.decisions) if not one[1].failed]
        if not self.decided(visit):
            return {one.slot: exposure(one) for _, one in seen}, UNCOUNTED
        account = account_of(visit, self.decisions)
        slots = {
            one.slot: exposure(one, self.name(number), account) for number, one in seen
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
