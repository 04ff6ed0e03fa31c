"""What one page exposes: in its order, under the one id that its fragments carry."""

import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ..rules.attributes import Facts
from ..rules.events import PROMOTION_VIEWED
from ..rules.exposures import Exposures, exposure, showing
from ..rules.facts import Decision, Event, Profile
from .eventids import new_id
from .journal import NO_LESSON
from .keys import pseudonym

if TYPE_CHECKING:
    from .visit import Visit

log = logging.getLogger("shopwindow")

#: What the event of a showing tells of who has not agreed to statistics.
UNCOUNTED = {"uncounted": True}
_ENDINGS = [b"%d/" % number for number in range(32)]  # of marks, for most pages
SIZE = 200  # characters of an event for each slot that it tells of


class PageExposed:
    """The decisions of one page that count: those whose fragments are on it, those that were
    held back for the sake of a comparison, and those that failed.

    ``decisions`` are in the order of the page. ``id`` is that of the page's decision, empty as
    long as no fragment carries it. ``known`` is what they were made by, where that has changed
    since. Once the page has left, it waits in the journal, and becomes the event
    that tells of them when that is written: see :class:`.journal.Pending`.
    """

    __slots__ = (
        *("decisions", "id", "known", "visitor"),
        *("_account", "_counts", "_day", "_exposures", "_now", "_shown"),
    )

    name = PROMOTION_VIEWED
    visitor: str
    _account: str
    _counts: bool
    _day: int
    _exposures: Exposures
    _now: float
    _shown: tuple[Decision, ...]  # before it left: what comes later nobody sees

    def __init__(self) -> None:
        self.decisions: list[Decision] = []
        self.id = ""
        self.known: Facts | None = None

    def next(self, now: float) -> str:
        """The id that the next decision is going to have."""
        if not self.id:
            self.id = new_id(now)
        return f"{self.id}.{len(self.decisions)}"

    def beginning(self, now: float) -> bytes:
        """What all that fragments of this page carry begins with, see :mod:`.decisionids`."""
        if not self.id:
            self.id = new_id(now)
        return f"~{self.id}.".encode()

    def mark(self, beginning: bytes) -> bytes:
        """``beginning``, and what else the links and forms of the next fragment carry."""
        number = len(self.decisions)
        ending = _ENDINGS[number] if number < len(_ENDINGS) else b"%d/" % number
        return beginning + ending

    def decided(self, visit: "Visit") -> str:
        """The id of the page's decision, empty where the visitor is not counted."""
        if not visit.counts:
            self.id = ""
        elif not self.id:
            self.id = new_id(visit.arrival.now)
        return self.id

    def left(self, visit: "Visit", profile: Profile | None) -> Profile | None:
        """The page has left, to a visitor of whom ``profile`` is known by now: what that makes
        of them.

        Nothing, unless a rule asks how often something of it was shown.
        """
        visitor, customer, site = visit.visitor, visit.lookup.customer, visit.site
        assert visitor is not None
        self.visitor = visitor.id
        self._now = visit.arrival.now
        self._shown = tuple(self.decisions)
        self._day = visit.context.day
        self._exposures = site.exposures
        self._counts = visit.counts
        if self.known is None:
            self.known = visit.display.facts
        self._account = ""
        if customer is not None:
            self._account = account_of(visit, self.decisions)
        if watched := site.watched:
            for one in self.decisions:
                if one.rule in watched or one.fragment in watched:
                    return site.learn(profile, self._event(self._tell()))
        return NO_LESSON

    def complete(self) -> Event:
        """The event that tells of the page, also who looked at it."""
        told: dict[str, Any] = {}
        try:
            told = self._tell()
            if self._counts and self.known is not None:
                told |= self._exposures.circumstances(self.known)
        except Exception:
            # Whatever it is: the event counts without it.
            log.exception("telling what a page showed failed")
        return self._event(told)

    def _tell(self) -> dict[str, Any]:
        if not self.id:
            self.id = new_id(self._now)
        revision, counts = self._exposures.revision, self._counts
        id = self.id if counts else ""
        told = showing(self._shown, revision, id, self._account)
        return told if counts else told | UNCOUNTED

    def _event(self, told: dict[str, Any]) -> Event:
        return Event(self.id, self.name, self.visitor, self._now, self._day, told)


class ExposedApart(PageExposed):
    """As :class:`PageExposed`, where each slot is reported by itself: each is a decision."""

    __slots__ = ()

    def next(self, now: float) -> str:
        if not self.id:
            self.id = new_id(now)
        return self.numbered(len(self.decisions))

    def beginning(self, now: float) -> bytes:
        return super().beginning(now)[:-1] + b"s"

    def mark(self, beginning: bytes) -> bytes:
        return b"%b%d.0/" % (beginning, len(self.decisions))

    def numbered(self, number: int) -> str:
        """The id of the decision with this number. No page's id has such a letter in it."""
        return f"{self.id}s{number}.0"

    def sealed(self, visit: "Visit") -> tuple[dict[str, Any], dict[str, Any]]:
        """What the event of each slot is to tell, and what all of them are to tell."""
        told, known = visit.site.exposures, self.known or visit.display.facts
        seen = [one for one in enumerate(self.decisions) if not one[1].failed]
        if not self.decided(visit):
            return {one.slot: exposure(one) for _, one in seen}, UNCOUNTED
        account = account_of(visit, self.decisions)
        slots = {
            one.slot: exposure(one, self.numbered(number), account)
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
