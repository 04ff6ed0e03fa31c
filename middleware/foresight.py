"""What is known of a page's visitor, worked out while the app still works on the page.

A store that answers while the app waits for something leaves time that nobody needs. What is
made of its answer then counts only if nothing that went into it has changed by the first slot:
handlers may track, set and identify until their page leaves.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ..rules.attributes import facts
from ..rules.experiments import Units
from ..rules.facts import Event, Profile

if TYPE_CHECKING:
    from .visit import Visit


class Foresight:
    """The facts of one page, if it is asked for with all as it is now.

    ``own`` are the events that the page view itself stands for, ``lessons`` what each of them
    makes of ``base``, which is what the store and the journal know. Nothing of the visit is
    changed: handlers may be at work in another thread.
    """

    __slots__ = (
        *("base", "facts", "lessons", "own"),
        *("_context", "_given", "_purposes", "_visitor"),
    )

    def __init__(self, visit: "Visit", base: Profile | None) -> None:
        # Each of these is read once: another thread may put another one in its place.
        context, visitor, purposes = visit.context, visit.visitor, visit.purposes
        assert visitor is not None
        site, window = visit.site, visit.window
        given = site.context.given(visit.arrival, True)
        self.base = base
        self.own: list[Event] = visit.happening(context, base)
        known, learn = base, site.learn
        self.lessons = [known := learn(known, event) for event in self.own]
        self._context, self._visitor, self._purposes = context, visitor, purposes
        self._given = given
        units, traffic = Units(visitor.id), window.traffic
        self.facts = facts(site.rules, known, context, purposes, given, traffic, units)
        site.rules.index(purposes).survivors(self.facts)

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


def foresee(visit: "Visit", base: Profile | None) -> Foresight | None:
    """What will be known at the first slot, if a page is likely to have one; else None."""
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
    return Foresight(visit, base)
