"""What comes out of measuring a site: new weights of its experiments, and steps of its roll-outs."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from ..rules.allocating.adapting import learned
from ..rules.allocating.guarding import guardrails_of, looked
from ..rules.allocating.rollout import (
    Looked,
    Standing,
    advanced,
    begun,
    fingerprint,
    uneven,
)
from ..rules.experiments import Allocations, Split
from ..rules.facts import DAY
from ..rules.measurement.cells import Cell, Tally
from ..rules.rule import Rule
from .rollups import Rollups
from .rollups.planning import plan_for as plan_for
from .site import Site

_HALVES = 10  # half-lives after which a day counts a thousandth

Cells = list[tuple[Cell, Tally]]


class Step(NamedTuple):
    """A roll-out before and after a look. ``share`` is that of the visitors who see it now."""

    experiment: str
    before: Standing | None
    standing: Standing
    share: float
    looked: Looked

    @property
    def went_back(self) -> bool:
        """Whether it went back by this look."""
        return bool(self.standing.back) and not (self.before and self.before.back)


class Adapted(NamedTuple):
    """An adaptive experiment before and after: context -> variant -> share of the visitors."""

    experiment: str
    before: Mapping[str, Mapping[str, float]]
    weights: Mapping[str, Mapping[str, float]]


class Moved(NamedTuple):
    """What a look has changed: ``allocations`` are to be kept for the workers."""

    allocations: Allocations
    adapted: list[Adapted]
    steps: list[Step]


def moved(site: Site, rollups: Rollups, now: float) -> Moved:
    """Look at what is known at ``now`` (seconds since 1970), and go on from where experiments
    are. Raises :class:`~shopwindow.middleware.stores.StoreError`; keeps nothing by itself.

    Experiments that the site does not have just now keep what was said of them: who takes a
    rule away and brings it back has not changed it.
    """
    known = rollups.allocations()
    experiments = _experiments(site)
    day = site.context.day(now)
    cells = _cells(rollups, experiments, day)
    weights, shares = dict(known.weights), dict(known.shares)
    states, again = dict(known.states), set(known.again)
    adapted, steps = [], []
    for name, rules in experiments.items():
        split = rules[0].split
        assert split is not None  # it is what they were found by
        if split.adapt is not None:
            before = known.weights.get(name, {})
            weights[name] = learned(split, cells.get(name, ()), _moment(site, now))
            adapted.append(Adapted(name, before, weights[name]))
        if split.rollout is not None:
            step = _stepped(site, rules, cells.get(name, []), states.get(name), now)
            shares[name] = step.share
            states[name] = step.standing.state
            if step.standing.first_day > day:  # there was another version until now
                again.add(name)
            steps.append(step)
    allocations = Allocations(weights, shares, states, frozenset(again))
    return Moved(allocations, adapted, steps)


def _experiments(site: Site) -> dict[str, list[Rule]]:
    """The rules of each experiment that moves; those of one experiment have one split."""
    found: dict[str, list[Rule]] = {}
    for rule in site.rules.rules:
        if not rule.off and rule.split and (rule.split.adapt or rule.split.rollout):
            found.setdefault(rule.split.experiment, []).append(rule)
    return found


def _cells(
    rollups: Rollups, experiments: Mapping[str, list[Rule]], day: int
) -> dict[str, Cells]:
    """The cells of each experiment, no older than they matter."""
    if not experiments:
        return {}
    since = 0
    halves = [_half(rules[0].split) for rules in experiments.values()]
    if all(halves):
        since = day - _HALVES * max(halves)
    found: dict[str, Cells] = {}
    for cell, tally in rollups.cells(since, day + 1, ("experiment",)):
        if cell.name in experiments:
            found.setdefault(cell.name, []).append((cell, tally))
    return found


def _half(split: Split | None) -> int:
    """The half-life in whole days; 0: all days matter."""
    if split is None or split.adapt is None or split.rollout is not None:
        return 0
    return int(-(-split.adapt.half_life // DAY))


def _stepped(
    site: Site, rules: list[Rule], cells: Cells, state: str | None, now: float
) -> Step:
    split = rules[0].split
    assert split is not None and split.rollout is not None
    rollout, day = split.rollout, site.context.day(now)
    before = Standing.of(state)
    version = fingerprint(rules, site.rules.segments)
    if before is None or before.fingerprint != version:
        standing = begun(version, now, day, before, other=_was_another(cells, day))
    else:
        standing = before
    until = day + 1 if standing.last_day is None else standing.last_day
    found = looked(cells, guardrails_of(rules), standing.first_day, until)
    after = advanced(standing, rollout, found, now, day)
    return Step(split.experiment, before, after, after.share(rollout), found)


def _was_another(cells: Cells, day: int) -> bool:
    """Whether an experiment that begins to be rolled out on ``day`` was another one until then:
    it had visitors before, or today not as many on both sides."""
    today = looked(cells, (), day, day + 1)
    return any(cell.day < day for cell, _ in cells) or uneven(today.shown, today.held)


def _moment(site: Site, now: float) -> float:
    """``now`` in days since 1970 of the site's time zone, with the part of the day that is over."""
    clock = datetime.fromtimestamp(now, site.settings.zone)
    seconds = clock.hour * 3_600 + clock.minute * 60 + clock.second
    return site.context.day(now) + min(seconds / DAY, 1.0)
