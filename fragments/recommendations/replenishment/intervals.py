"""Without a model: when something is used up, by how long the catalogue says that it lasts."""

from collections.abc import Sequence

from .features import PRIOR

STEEPNESS = 5  # of the curve from "full" to "used up"
LAPSED = 3  # intervals after which somebody buys it elsewhere


def used_up(days: Sequence[int], lasts: int, day: int, within: float) -> float:
    """The chance that what was bought on ``days`` (day and count in turn) is used up within so
    many days, where the catalogue says that it ``lasts`` so long.

    Whoever bought it more often has an interval of their own, drawn to the catalogue's. The
    chance is 0.5 where that is over exactly then, and 0 once three of them have passed.
    """
    times, first, last = len(days) >> 1, days[0], days[-2]
    own = (last - first + PRIOR * lasts) / (times - 1 + PRIOR)
    elapsed = max(0, day - last)
    if own <= 0 or elapsed > LAPSED * own:
        return 0.0
    passed: float = ((elapsed + within) / own) ** STEEPNESS
    return passed / (1 + passed)
