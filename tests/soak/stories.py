"""A shop's week, told again by the rules that it was: nothing may differ, and it takes seconds."""

import time
from collections.abc import Callable

from shopwindow.examples.petshop.app import SITE
from shopwindow.examples.petshop.seed import events as walk
from shopwindow.examples.petshop.shop import Catalogue
from shopwindow.middleware.cli.replay import side
from shopwindow.middleware.site import read_site
from shopwindow.middleware.stores.memory import MemoryStore
from shopwindow.rules.facts import Event
from shopwindow.rules.interests import NO_TRAFFIC
from shopwindow.rules.replaying import replayed

from .soaked import Soaked


def soak_stories(
    visitors: int,
    seed: int,
    advance: Callable[[], None] = lambda: None,
    now: float | None = None,
) -> Soaked:
    """Replay a week of as many ``visitors``, until ``now`` if that is given. Two thirds of the time go into making it up: of
    100,000 events, about 5 seconds are the replay's."""
    site, now = read_site(SITE), now or time.time()
    store = MemoryStore()
    walked = walk(Catalogue(SITE / "catalog"), now, visitors=visitors, seed=seed)
    events = [
        Event(f"{number:09}", name, visitor, at, site.context.day(at), properties)
        for number, (visitor, name, properties, at) in enumerate(walked)
        if name != "Visited"
    ]
    store.events = {event.id: event for event in events}
    one, other = (side(site, "/", NO_TRAFFIC) for _ in range(2))
    figures = {"events": len(events), "looks": 0}
    faults: list[str] = []
    for story in store.history(site.context.day).stories(0, now):
        again = replayed(story, one, other, (0, now))
        figures["looks"] += again.looks
        if again.differences or again.unknown:
            faults.append(f"{again.visitor}: {again.differences} {again.unknown}")
        advance()
    return Soaked("stories", visitors, len(faults), figures, faults[:5])
