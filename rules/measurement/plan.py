"""How a site is measured: windows, what a lead is, and what a customer is worth."""

import hashlib
from collections.abc import Callable, Mapping
from functools import partial

import msgspec

from ..events import LEAD_GENERATED
from ..facts import DAY
from ..moments import day_of
from ..ruleset import RuleSet

DayOf = Callable[[float], int]
"""The day in the site's time zone, since 1970-01-01, of a time in seconds since 1970."""

_EDITION = 2  # goes up when the same log would be counted differently


class MeasureSettings(msgspec.Struct, frozen=True):
    """What site.toml says of measuring.

    ``customer_value`` is what one who opts out would have been worth, in the site's currency.
    ``window`` is how many seconds after the first exposure count where no goal says otherwise.
    ``lead_events`` are the names of events that make a lead.
    """

    customer_value: float = 40.0
    repurchase_days: int = 60
    window: float = 7.0 * DAY
    lead_events: tuple[str, ...] = (LEAD_GENERATED,)


class Plan(msgspec.Struct, frozen=True):
    """How the stories of a site's visitors are counted.

    ``experiments`` and ``rules`` hold the windows that differ from ``window``; ``rollouts`` are the
    experiments that are rolled out. ``repurchase`` is in seconds, ``customer`` in hundredths.
    ``campaigns`` are those that rules name. Two plans with one ``fingerprint`` count alike: what
    was counted by another one has to be counted anew.
    """

    day: DayOf
    fingerprint: str
    window: float = 7.0 * DAY
    experiments: Mapping[str, float] = {}
    rules: Mapping[str, float] = {}
    rollouts: frozenset[str] = frozenset()
    repurchase: float = 60.0 * DAY
    customer: int = 0
    leads: frozenset[str] = frozenset({LEAD_GENERATED})
    campaigns: frozenset[str] = frozenset()


def plan_of(
    ruleset: RuleSet, settings: MeasureSettings, day: DayOf | None = None
) -> Plan:
    """The plan for the rules of a site. Its days are those of the rules' time zone, unless
    ``day`` is given; without it the plan can be pickled."""
    rules: dict[str, float] = {}
    experiments: dict[str, float] = {}
    for rule in ruleset.rules:
        if rule.goal is None or not rule.goal.window:
            continue
        window = rule.goal.window
        rules[rule.id] = window
        if rule.split is not None:  # several rules may share one: the longest wins
            name = rule.split.experiment
            experiments[name] = max(window, experiments.get(name, 0.0))
    rollouts = {
        rule.split.experiment
        for rule in ruleset.rules
        if rule.split is not None and rule.split.rollout is not None
    }
    usual = settings.window
    rules = {name: window for name, window in rules.items() if window != usual}
    experiments = {
        name: window for name, window in experiments.items() if window != usual
    }
    told = (
        _EDITION,
        str(ruleset.zone),
        settings,
        sorted(rules.items()),
        sorted(experiments.items()),
        sorted(rollouts),
    )
    return Plan(
        day=day or partial(day_of, zone=ruleset.zone),
        fingerprint=hashlib.blake2b(
            msgspec.json.encode(told), digest_size=12
        ).hexdigest(),
        window=usual,
        experiments=experiments,
        rules=rules,
        rollouts=frozenset(rollouts),
        repurchase=settings.repurchase_days * float(DAY),
        customer=round(settings.customer_value * 100),
        leads=frozenset(settings.lead_events),
        campaigns=frozenset(
            said for rule in ruleset.rules if (said := rule.about.get("campaign"))
        ),
    )
