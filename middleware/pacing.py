"""Long work beside the pages: in small steps, with pauses in which others get their turn.

A thread that works on holds up the event loop whenever that wants to go on, for up to 5 ms
(``sys.getswitchinterval()``); one that sleeps does not.
"""

from threading import Timer
from time import perf_counter, sleep
from typing import TYPE_CHECKING

from ..rules.ruleset import RuleSet, dissolving
from ..rules.steps import Steps, T

if TYPE_CHECKING:
    from .site import Site

SLICE = 0.002  # seconds of work
PAUSE = 0.0005  # seconds in which others go first
MANY = 1_000  # rules that are worth being freed one by one
GRACE = 10.0  # seconds, for requests in flight


def paced(steps: Steps[T]) -> T:
    """What ``steps`` make, with a pause every few milliseconds."""
    pause = perf_counter() + SLICE
    while True:
        try:
            next(steps)
        except StopIteration as end:
            made: T = end.value
            return made
        if perf_counter() >= pause:
            sleep(PAUSE)
            pause = perf_counter() + SLICE


def let_go(site: "Site") -> None:
    """Free the rules of ``site`` in the background, when no request can need them any more."""
    if len(site.rules.rules) >= MANY:
        timer = Timer(GRACE, _dissolve, [[site.rules]])
        timer.daemon = True
        timer.start()


def _dissolve(holder: list[RuleSet]) -> None:
    paced(dissolving(holder))
