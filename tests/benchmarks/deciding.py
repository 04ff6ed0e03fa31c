"""What it costs to decide the five slots of a page, for shopwindow and for other engines."""

import gc
import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from shopwindow.rules.attributes import facts
from shopwindow.rules.decide import decide
from shopwindow.rules.ruleset import RuleSet
from tests.rules.oracle import Oracle

from .engines import Decide, Page, available
from .pagerules import KINDS, SLOTS, SPREADS, Written, write_rules
from .rounds import Seconds, turns
from .shoppers import Visitor, make_visitors

VISITORS = 40  # decided for in one batch
ROUNDS = 7
QUICK = 40  # batches of whoever takes microseconds, to one of the others
OWN = "shopwindow"
NOTHING = "nothing"

Step = Callable[[], None]


class Size(NamedTuple):
    """How many rules, over which of SPREADS, and which share of the visitors has agreed.

    Who has not is asked every rule in vain by whoever asks rules one by one.
    """

    rules: int
    spread: str
    agreeing: float = 0.9

    def __str__(self) -> str:
        more = ", all agree" if self.agreeing == 1 else ""
        return f"{self.rules:,} {self.spread} rules{more}"


SIZES = (
    Size(10, "mixed"),
    Size(500, "mixed"),
    Size(10_000, "mixed"),
    Size(10_000, "narrow"),
    Size(10_000, "mixed", 1),
)


class Decisions(NamedTuple):
    """``sizes``: CPU seconds per page, one number per batch. ``missing`` could not be run."""

    sizes: Mapping[Size, Seconds]
    missing: Sequence[str]


def measure(steps: Callable[[str, int], Step]) -> Decisions:
    """Lets all engines decide for the same visitors in turn; a wrong answer ends everything."""
    engines, missing = available()
    return Decisions(
        {
            size: _race(
                size, engines, steps(str(size), (ROUNDS + 1) * (len(engines) + 2))
            )
            for size in SIZES
        },
        missing,
    )


def _race(
    size: Size, engines: Mapping[str, Callable[[Written], Decide]], step: Step
) -> Seconds:
    spread = SPREADS[size.spread]
    written = write_rules(size.rules, spread)
    visitors = make_visitors(VISITORS, spread, size.agreeing)
    competing = {OWN: own(written.read())}
    competing |= {name: make(written) for name, make in engines.items()}
    _compare(size, written, visitors, competing)
    # How much of the time is the loop itself, and how restless the machine.
    competing[NOTHING] = lambda visitor: NO_PAGE
    seconds = Seconds()
    gc.collect()
    gc.freeze()  # as a shop's process does with its rules
    for order in turns(sorted(competing), ROUNDS):
        for name in order:
            for _ in range(QUICK if name in (OWN, NOTHING) else 1):
                seconds.add(name, _batch(competing[name], visitors))
            step()
    gc.unfreeze()
    return seconds


NO_PAGE: Page = []


def own(rules: RuleSet) -> Decide:
    """shopwindow: the typed facts of one visitor, then every slot."""

    def page(visitor: Visitor) -> Page:
        profile, context, given, person, _ = visitor
        told = facts(rules, profile, context, person.consent, given)
        return [decide(rules, told, slot).rule for slot in SLOTS]

    return page


def _batch(page: Decide, visitors: Sequence[Visitor]) -> float:
    before = time.process_time()
    for visitor in visitors:
        page(visitor)
    return (time.process_time() - before) / len(visitors)


def _compare(
    size: Size,
    written: Written,
    visitors: Sequence[Visitor],
    competing: Mapping[str, Decide],
) -> None:
    """Everybody must decide as the reference does that reads the rules as data."""
    site = {"segments": written.segments, "rules": written.rules}
    reference = Oracle(site, KINDS, "UTC")
    for number, visitor in enumerate(visitors):
        expected = [reference.decide(slot, visitor.person).rule for slot in SLOTS]
        for name, page in competing.items():
            if (found := page(visitor)) != expected:
                raise SystemExit(
                    f"{size}, {name}: visitor {number} gets {found}, not {expected}"
                )
