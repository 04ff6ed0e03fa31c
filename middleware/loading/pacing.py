"""Long work beside the pages: in small steps, with pauses in which others get their turn.

A thread that works on holds up the event loop whenever that wants to go on, for up to 5 ms
(``sys.getswitchinterval()``); one that sleeps does not.
"""

from threading import Timer
from time import perf_counter, sleep
from typing import TYPE_CHECKING

from ...rules.ruleset import RuleSet, dissolving
from ...rules.steps import Steps, T

if TYPE_CHECKING:
    from ..site import Site

SLICE = 0.002  # seconds of work
SHORTEST, LONGEST = 0.0001, 0.002  # seconds of a pause in which others go first
LATE = 0.0005  # seconds after a pause: somebody made use of it
MANY = 1_000  # rules that are worth being freed one by one
GRACE = 10.0  # seconds, for requests in flight


def paced(steps: Steps[T]) -> T:
    """What ``steps`` make, with a pause every few milliseconds.

    Who comes back late from a pause has met others: while that goes on, pauses grow longer, so
    that a busy server stays quick, and an idle one is soon done.
    """
    pause, end = SHORTEST, perf_counter() + SLICE
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            made: T = stop.value
            return made
        if (now := perf_counter()) >= end:
            sleep(pause)
            back = perf_counter()
            late = back - now - pause > LATE
            pause = min(2 * pause, LONGEST) if late else max(pause / 2, SHORTEST)
            end = back + SLICE


def let_go(site: "Site") -> None:
    """Free the rules of ``site`` in the background, when no request can need them any more."""
    if len(site.rules.rules) >= MANY:
        timer = Timer(GRACE, _dissolve, [[site.rules]])
        timer.daemon = True
        timer.start()


def _dissolve(holder: list[RuleSet]) -> None:
    paced(dissolving(holder))
