"""Roll-outs of what changes nothing, and of what does harm, looked at every hour."""

import random
from collections.abc import Callable, Mapping
from math import log, sqrt
from typing import NamedTuple

from shopwindow.rules.allocating.guarding import looked
from shopwindow.rules.allocating.rollout import advanced, begun
from shopwindow.rules.experiments import Rollout
from shopwindow.rules.facts import DAY
from shopwindow.rules.goals import Guardrail
from shopwindow.rules.measurement.cells import Cell, Tally

from .soaked import Soaked

ALLOWED = 0.05  # of those that change nothing go back
HARM = 0.4
_ROLLOUT = Rollout()
_HOURS = 24
_FIRST_DAY = 20_000


class Shop(NamedTuple):
    """``visitors`` a day, of whom ``rate`` order and ``bounces`` leave after one page; ``effect``
    is what the roll-out does to the orders."""

    visitors: int = 10_000
    rate: float = 0.05
    bounces: float = 0.4
    effect: float = 0.0
    #: The strictest there can be: what changes nothing has the best chance to break them.
    guardrails: tuple[Guardrail, ...] = (
        Guardrail("conversion-rate", at_least=0.0),
        Guardrail("bounce-rate", at_most=0.0),
    )


class Rolled(NamedTuple):
    """Why it went ``back``, empty if it did not, and the share that it had reached."""

    back: str
    furthest: float


def roll(shop: Shop, seed: int) -> Rolled:
    """One roll-out, from its first hour to a day behind its last step."""
    dice = random.Random(seed)
    standing = begun("v1", _FIRST_DAY * float(DAY), _FIRST_DAY, None)
    sides: dict[tuple[int, str], Tally] = {}
    furthest = 0.0
    hour = 0
    last = len(_ROLLOUT.steps) - 1
    while hour < 100 * _HOURS:
        share = standing.share(_ROLLOUT)
        furthest = max(furthest, share)
        day = _FIRST_DAY + hour // _HOURS
        for arm, part in (("new", share), ("control", min(share, 1 - share))):
            effect = shop.effect if arm == "new" else 0.0
            n = _drawn(dice, shop.visitors // _HOURS, part)
            ordered = _drawn(dice, n, shop.rate * (1 + effect))
            bounced = _drawn(dice, n, shop.bounces)
            tally = sides.setdefault((day, arm), Tally())
            tally.add(_tally(n, ordered, bounced))
        hour += 1
        now = _FIRST_DAY * DAY + hour * 3_600.0
        until = day + 1 if standing.last_day is None else standing.last_day
        cells = [
            (Cell(day, "experiment", "new", "", arm), tally)
            for (day, arm), tally in sides.items()
        ]
        found = looked(cells, shop.guardrails, standing.first_day, until)
        standing = advanced(standing, _ROLLOUT, found, now, day)
        done = standing.step == last and now - standing.since >= DAY
        if standing.back or done:
            break
    return Rolled(standing.back, furthest)


def _tally(n: int, ordered: int, bounced: int) -> Tally:
    """What ``n`` visitors of one visit each have done."""
    moments = {}
    if ordered:
        moments["conversion-rate"] = [ordered, ordered, 0, 0, 0, 0, 0, 0]
    if n:
        moments["bounce-rate"] = [bounced, bounced, n, n, bounced, 0, 0, 0]
    return Tally(n, moments)


def _drawn(dice: random.Random, n: int, chance: float) -> int:
    """How many of ``n`` do what has this ``chance``."""
    if chance <= 0 or n == 0:
        return 0
    if chance >= 1:
        return n
    if n * min(chance, 1 - chance) > 200:
        found = round(dice.gauss(n * chance, sqrt(n * chance * (1 - chance))))
        return min(max(found, 0), n)
    count, place = 0, 0
    while True:  # from one who does it to the next
        place += int(log(1 - dice.random()) / log(1 - chance)) + 1
        if place > n:
            return count
        count += 1


SHOPS: Mapping[str, Shop] = {
    "small": Shop(visitors=1_000),
    "large": Shop(visitors=50_000),
    "few orders": Shop(visitors=20_000, rate=0.01),
}


def soak_rollouts(count: int, seed: int, step: Callable[[], None]) -> Soaked:
    """``count`` roll-outs of nothing in each of the shops, and as many of harm in the largest."""
    back = dict.fromkeys(SHOPS, 0)
    harmful = SHOPS["large"]._replace(effect=-HARM)
    found = late = 0
    for number in range(count):
        for name, shop in SHOPS.items():
            back[name] += bool(roll(shop, seed * 100_000 + number).back)
        harmed = roll(harmful, seed * 100_000 + number)
        found += bool(harmed.back)
        late += harmed.furthest > 0.25
        step()
    figures = {f"went back for nothing, {name}": n for name, n in back.items()}
    figures[f"found a harm of {HARM:.0%}"] = found
    figures["found it when more than a quarter saw it"] = late
    # As many as chance may bring if the share is what it should be at most.
    limit = count * ALLOWED + 3 * sqrt(count * ALLOWED * (1 - ALLOWED))
    faults = [
        f"{name}: {n} of {count} went back although nothing was broken"
        for name, n in back.items()
        if n > limit
    ]
    if found < count * 0.98:
        faults.append(f"a harm of {HARM:.0%} was found {found} times of {count}")
    return Soaked("roll-outs", count, len(faults), figures, faults)
