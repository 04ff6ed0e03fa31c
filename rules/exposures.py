"""What a page showed, as the event that counts it."""

from collections.abc import Iterable
from typing import Any

from .facts import Decision


def showing(decisions: Iterable[Decision], revision: str) -> dict[str, Any]:
    """The properties of the one "Promotion Viewed" for all that a page showed or held back.

    One event for all: it is counted together or not at all. ``revision`` is that of the rules.
    """
    return {"promotions": [exposure(one) for one in decisions], "revision": revision}


def exposure(decision: Decision) -> dict[str, Any]:
    """One slot of a page, as the event of its showing tells it. What was held back has no
    ``promotion_id``: it counts for the rule, as for those who saw it, but was not shown. What luck
    has brought onto a shelf is told with its propensity, for whoever weighs what came of it."""
    told: dict[str, Any] = {"promotion_id": decision.fragment}
    if decision.held:
        told = {"held": decision.reason}
    told |= {"slot": decision.slot, "rule": decision.rule}
    if decision.experiment is not None:
        told |= {"experiment": decision.experiment, "variant": decision.variant}
    if decision.discovered:
        told["discovered"] = dict(decision.discovered)
    return told
