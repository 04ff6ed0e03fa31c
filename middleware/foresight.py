"""What is known of a page's visitor, worked out while the app still works on the page.

A store that answers while the app waits for something leaves time that nobody needs. What is
made of its answer then counts only if nothing that went into it has changed by the first slot:
handlers may track, set and identify until their page leaves.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ..fragments.views import FragmentError
from ..rules.attributes import facts
from ..rules.decide import decide
from ..rules.experiments import Units
from ..rules.facts import Decision, Event, Profile
from .engines.proposals import asks
from .shelves import Shelves

if TYPE_CHECKING:
    from .visit import Visit

CHARSET = "utf-8"  # of nearly all pages


class Foresight:
    """The facts of one page, and what follows for its slots, as long as all is as it is now.

    ``decisions`` are those of the slots that the page had last time, before its limits.
    ``own`` are the events that the page view itself stands for, ``lessons`` what each of them
    makes of ``base``, which is what the store and the journal know. Nothing of the visit is
    changed: handlers may be at work in another thread.
    """

    __slots__ = (
        *("base", "decisions", "facts", "lessons", "own", "shelves"),
        *("_contents", "_context", "_given", "_purposes", "_visitor"),
    )

    def __init__(self, visit: "Visit", base: Profile | None) -> None:
        # Each of these is read once: another thread may put another one in its place.
        context, visitor, purposes = visit.context, visit.visitor, visit.purposes
        assert visitor is not None
        site, window = visit.site, visit.window
        given = site.context.given(visit.arrival, True)
        self.base = base
        self.own: list[Event] = visit.view.happening(context, base)
        known, learn = base, site.learn
        self.lessons = [known := learn(known, event) for event in self.own]
        self._context, self._visitor, self._purposes = context, visitor, purposes
        self._given = given
        units, traffic = Units(visitor.id), window.traffic
        self.facts = facts(
            *(site.rules, known, context, purposes, given, traffic, units),
            supplies=window.supplies,
            allocations=window.allocations,
        )
        self.decisions: dict[str, Decision] = {}
        self.shelves = Shelves()  # those of the contents
        self._contents: dict[str, bytes] = {}
        for slot in window.routes.slots(visit.arrival.path):
            self._decide(visit, slot)

    def _decide(self, visit: "Visit", slot: str) -> None:
        """Decide a slot that the page had last time, and render what it is to show."""
        site = visit.site
        decision = self.decisions[slot] = decide(site.rules, self.facts, slot)
        name = decision.fragment
        if name is None or name in site.remotes or name in site.reorders:
            return
        if site.engines and asks(decision):
            return  # its products are on their way
        try:
            content = visit.display.rendered(
                decision, self.facts, CHARSET, self.shelves, ahead=True
            )
        except FragmentError:
            return  # if the slot comes, this is said then
        if content is not None:
            self._contents[slot] = content

    def content(self, decision: Decision, charset: str) -> bytes | None:
        """What ``decision`` looks like; None: that has to be worked out."""
        if charset != CHARSET or self.decisions.get(decision.slot) is not decision:
            return None  # as where the page's limits let it show nothing
        return self._contents.get(decision.slot)

    def true(self, visit: "Visit", given: Mapping[str, object]) -> bool:
        """Whether all is still so, with the values that the request and others have ``given``."""
        lookup = visit.lookup
        return (
            visit.remembers
            and lookup.fetched
            and lookup.profile is self.base
            and lookup.customer is None
            and visit.context is self._context
            and visit.visitor is self._visitor
            and visit.purposes == self._purposes
            and given == self._given
        )


def foresee(visit: "Visit", answered: Profile | None) -> Foresight | None:
    """What the store's answer means for a page, if that is likely to have a slot; else None."""
    arrival, window = visit.arrival, visit.window
    if (
        not visit.remembers
        or visit.left  # whoever has waited for it is about to ask
        or visit.aside
        or visit.lookup.given
        or not arrival.navigation
        or not window.routes.has_slots(arrival.path, visit.site)
    ):
        return None
    return Foresight(visit, visit.lookup.over(answered))
