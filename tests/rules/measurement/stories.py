"""Stories of one visitor, told event by event."""

from collections.abc import Mapping
from typing import Any

import msgspec

from shopwindow.rules.facts import DAY, Event
from shopwindow.rules.measurement.contributions import (
    Contribution,
    contribution,
    contribution_of,
)
from shopwindow.rules.measurement.plan import MeasureSettings, Plan, plan_of
from shopwindow.rules.ruleset import EMPTY

BEGIN = 20_000 * float(DAY)  # the first second of a day in UTC
MINUTE, HOUR = 60.0, 3_600.0
LATER = BEGIN + 400 * DAY
PLAN = plan_of(EMPTY, MeasureSettings(customer_value=40.0, repurchase_days=30))


def at(seconds: float, name: str, **properties: Any) -> Event:
    """That ``name`` happened so many seconds after :data:`BEGIN`."""
    time = BEGIN + seconds
    said = {key.replace("_id_", "_id"): value for key, value in properties.items()}
    return Event(f"{time}{name}", name, "v", time, int(time // DAY), said)


def view(seconds: float, product: str = "p1") -> Event:
    return at(seconds, "Product Viewed", product_id=product)


def page(seconds: float) -> Event:
    return at(seconds, "Visited", path="/")


def order(seconds: float, revenue: object = 10, id: str | None = None) -> Event:
    known = {} if id is None else {"order_id": id}
    return at(seconds, "Order Completed", revenue=revenue, **known)


def shown(
    fragment: str = "hero", rule: str = "greet", slot: str = "top", **more: Any
) -> dict[str, Any]:
    return {"promotion_id": fragment, "rule": rule, "slot": slot, **more}


def held(why: str = "control", **more: Any) -> dict[str, Any]:
    return {"held": why, "rule": "greet", "slot": "top", **more}


def drawn(arm: str, experiment: str = "tone", **more: Any) -> dict[str, Any]:
    """A slot of an experiment: what is held back for ``control``, else shown."""
    said = {"experiment": experiment, "variant": arm, **more}
    return held(**said) if arm == "control" else shown(**said)


def exposed(seconds: float, *slots: Mapping[str, Any], **page: Any) -> Event:
    """A page that decided ``slots``; its decisions are E.0, E.1, ... where E is ``seconds``."""
    told = [
        {"decision": f"{seconds:g}.{number}", **slot}
        for number, slot in enumerate(slots)
    ]
    return at(seconds, "Promotion Viewed", promotions=told, revision="r", **page)


def old(event: Event) -> Event:
    """A showing as it was written before decisions had ids."""
    slots = [
        {name: value for name, value in slot.items() if name != "decision"}
        for slot in event.properties["promotions"]
    ]
    kept = {"promotions": slots, "revision": event.properties["revision"]}
    return msgspec.structs.replace(event, properties=kept)


def click(seconds: float, decision: str = "", fragment: str = "hero") -> Event:
    return at(seconds, "Promotion Clicked", **_response(decision, fragment))


def dismiss(seconds: float, decision: str = "", fragment: str = "hero") -> Event:
    return at(seconds, "Promotion Dismissed", **_response(decision, fragment))


def rate(seconds: float, rating: str, decision: str = "") -> Event:
    said = _response(decision, "hero")
    return at(seconds, "Promotion Rated", rating=rating, **said)


def _response(decision: str, fragment: str) -> dict[str, str]:
    said = {"promotion_id": fragment}
    return said | {"decision": decision} if decision else said


def written(event: Event) -> str:
    """Its properties, as they stand in the log."""
    return msgspec.json.encode(event.properties).decode()


def told(
    *story: Event,
    plan: Plan = PLAN,
    until: float = LATER,
    left: float | None = None,
) -> Contribution:
    """What a story adds; the same whether it comes as events or as rows of the log."""
    made = contribution(story, plan, until, left)
    rows = [(each.time, each.name, written(each)) for each in story]
    assert contribution_of(rows, plan, until, left) == made
    return made


def quantities(
    made: Contribution, kind: str = "site", name: str = "", context: str = ""
) -> dict[str, int] | None:
    """Those of the one cell of this name, in whatever arm and on whatever day; None: there is none."""
    found = [
        values.told()
        for cell, values in made.cells.items()
        if cell[1:4] == (kind, name, context)
    ]
    assert len(found) < 2
    return found[0] if found else None


def arms(made: Contribution, kind: str, name: str = "") -> list[str]:
    return [
        cell.arm
        for cell in made.cells
        if cell.kind == kind and cell.name == name and not cell.context
    ]


def count(made: Contribution, what: str, kind: str = "site", name: str = "") -> int:
    """How often it was counted, over all days."""
    return sum(
        number
        for (_, of, whose, counter), number in made.counts.items()
        if (of, whose, counter) == (kind, name, what)
    )
