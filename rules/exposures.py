"""What a page showed, as the event that counts it."""

from collections.abc import Iterable
from datetime import UTC
from typing import Any

from .attributes import Facts, Wanted, complete
from .built_in import READERS
from .conditions import Segment, Test
from .facts import HELD, Decision
from .ruleset import RuleSet
from .segments import BUILT_IN

SEGMENTS_TOLD = 16  # of one exposure, where weights do not go by more
LONGEST = 100  # characters of a campaign: any address may name one


class Exposures:
    """What exposures tell beside the decisions themselves, for the rules of one site.

    ``reported`` are the segments that they name; None: all of the site, those of its own first,
    as many as are told. Those that weights go by are told in any case: else nothing could be
    learned for them. One that asks for something sensitive is never told.
    """

    def __init__(self, rules: RuleSet, reported: Iterable[str] | None = None) -> None:
        self.revision = rules.revision
        self.segments = tuple(_reported(rules, reported))
        self._by_consent: dict[frozenset[str], tuple[tuple[str, Test], ...]] = {}
        asked = frozenset().union(*(segment.asked for segment in self.segments))
        # What no rule asks for has not been read when a page is decided.
        lacking = {one for one in asked if one.name not in rules.attributes}
        self._lacking = Wanted(lacking, rules.zone) if lacking else None

    def circumstances(self, known: Facts) -> dict[str, Any]:
        """Stage, campaign and segments of who looks at the page, as far as they are known."""
        if self._lacking is not None:
            complete(known, self._lacking)
        tests = self._by_consent.get(known.consent)
        if tests is None:
            tests = self._allowed(known.consent)
        told: dict[str, Any] = {}
        for name in ("stage", "campaign"):
            said = known.values.get(name) or _read_now(name, known)
            if isinstance(said, str):
                told[name] = said[:LONGEST]
        if segments := [name for name, holds in tests if holds(known)]:
            told["segments"] = segments
        return told

    def _allowed(self, consent: frozenset[str]) -> tuple[tuple[str, Test], ...]:
        """The segments that may be looked at with this consent, of which there are few."""
        tests = tuple(
            (one.name, one.tests.true)
            for one in self.segments
            if one.purposes <= consent
        )
        self._by_consent[consent] = tests
        return tests


def showing(
    decisions: Iterable[Decision], revision: str, id: str = "", account: str = ""
) -> dict[str, Any]:
    """The properties of the one "Promotion Viewed" for all that a page exposed, in its order.

    One event for all: it is counted together or not at all. ``revision`` is that of the rules.
    ``id`` is that of the page's decision: the event's own, and with the place in the list the
    one that each fragment carries; it is empty where nobody is counted. ``account`` is the
    pseudonym of the account that the visitor buys for, empty for none.
    """
    number = 0
    told = []
    for decision in decisions:
        told.append(exposure(decision, f"{id}.{number}" if id else "", account))
        number += 1
    return {"promotions": told, "revision": revision}


def exposure(decision: Decision, id: str = "", account: str = "") -> dict[str, Any]:
    """One slot of a page, as the event of its showing tells it; ``id`` is the decision's own,
    ``account`` as in :func:`showing`.

    What was held back has no ``promotion_id``: it counts for the rule, as for those who saw it,
    but was not shown. Nor has what could not be shown. What luck has brought onto a shelf is told
    with its propensity, as a variant is whose weight follows what visitors do, for whoever weighs
    what came of it.
    """
    told: dict[str, Any] = {"promotion_id": decision.fragment}
    if decision.reason in HELD:
        told = {"held": decision.reason}
    elif decision.fragment is None:
        told = {"failed": decision.reason}
    if id:
        told["decision"] = id
    told["slot"] = decision.slot
    told["rule"] = decision.rule
    if decision.experiment is not None:
        told["experiment"] = decision.experiment
        told["variant"] = decision.variant
        if decision.propensity is not None:
            told["propensity"] = decision.propensity
        if decision.unit:
            told["unit"] = decision.unit
            if decision.unit == "account":
                told["of"] = account
    if decision.discovered:
        told["discovered"] = dict(decision.discovered)
    return told


def _read_now(name: str, known: Facts) -> object:
    """A built-in attribute that no rule asks for."""
    return READERS[name](known.profile, known.context, known.consent, UTC)


def _reported(rules: RuleSet, reported: Iterable[str] | None) -> list[Segment]:
    segments = rules.segments
    if reported is None:
        reported = sorted(segments, key=lambda name: segments[name].file == BUILT_IN)
    needed = [
        name
        for rule in rules.rules
        if rule.split is not None and rule.split.adapt is not None
        for name in rule.split.adapt.by
    ]
    wanted = {name: segments[name] for name in (*needed, *reported) if name in segments}
    found = [one for one in wanted.values() if not is_sensitive(one)]
    return found[: max(SEGMENTS_TOLD, len(set(needed)))]


def is_sensitive(segment: Segment) -> bool:
    """Whether it asks for something sensitive."""
    return any(each.sensitive for each in segment.asked)
