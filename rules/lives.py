"""A persona's life: what it is said to have done, told to the same lessons as a visitor's."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any

from msgspec.structs import replace

from .events import VISITED
from .facts import DAY, Event, Profile
from .habits import VISITS_NEEDED
from .happenings import TIMES_LIMIT, Happened, World
from .learning import VISIT_PAUSE, Relatives, learn
from .moments import clock, day_of, moment
from .traits import Traits


def live(
    traits: Traits, world: World, path: str = "/"
) -> tuple[tuple[Event, ...], Profile]:
    """All events until the visit of now begins on ``path``, and the profile after them.

    What the traits say outright wins over what follows from their events.
    """
    visits = int(traits.values.get("visits", 1))
    events, profile = _lived(traits.happened or (), visits, world, path)
    return events, _override(profile, traits.values, world)


def _lived(
    happened: Sequence[Happened], visits: int, world: World, path: str
) -> tuple[tuple[Event, ...], Profile]:
    """Of the ``visits``, those that nothing happened in were on the days before all else."""
    events: list[Event] = []
    profile = Profile()

    def happens(
        name: str, time: float, properties: dict[str, Any], known: Relatives
    ) -> None:
        nonlocal profile
        day, id = day_of(time, world.zone), f"persona-{len(events) + 1}"
        events.append(Event(id, name, "", time, day, properties))
        profile = learn(profile, events[-1], known)

    def arrives(time: float, path: str = "/") -> None:
        happens(VISITED, time, {"path": path}, world.relatives)

    times = [*(each.time for each in happened), world.now]
    accounted = 1 + sum(b - a > VISIT_PAUSE for a, b in pairwise(times))
    for days in range(min(visits - accounted, TIMES_LIMIT), 0, -1):
        arrives(times[0] - days * DAY)
    for each in happened:
        arrives(each.time)
        for _ in range(each.times):
            happens(each.name, each.time, each.properties, each.relatives)
    arrives(world.now, path)
    return tuple(events), profile


def _override(profile: Profile, values: Mapping[str, Any], world: World) -> Profile:
    changes: dict[str, Any] = {}
    for name in ("visits", "orders"):
        if name in values:
            changes[name] = int(values[name])
    if "order-value" in values:
        changes["order_value"] = float(values["order-value"])
    for name, field in (
        ("days-since-visit", "previous_visit"),
        ("days-since-first-visit", "first_seen"),
        ("days-since-order", "last_order"),
    ):
        if name in values:
            changes[field] = world.now - values[name] * DAY
    if "usual-hour" in values:
        changes["visit_starts"] = _at(int(values["usual-hour"]), world)
    if "cart-items" in values:
        items = int(values["cart-items"])
        changes["cart"] = {"something": items} if items > 0 else {}
        changes["cart_since"] = world.now if items > 0 else 0.0
    if "cart-age-hours" in values:
        changes["cart_since"] = world.now - values["cart-age-hours"] * 3600
        if not changes.get("cart", profile.cart):
            changes["cart"] = {"something": 1}
    if "entry-page" in values:
        changes["visit"] = {**profile.visit, "entry-page": values["entry-page"]}
    return replace(profile, **changes) if changes else profile


def _at(hour: int, world: World) -> tuple[int, ...]:
    """The beginnings of as many visits as a habit needs, one on each day before."""
    today = clock(world.now, world.zone).replace(hour=hour % 24)
    days = [today - timedelta(days=back) for back in range(VISITS_NEEDED, 0, -1)]
    return tuple(int(moment(day, world.zone)) for day in days)
