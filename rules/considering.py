"""Since when somebody thinks about buying: from the first look on, until they buy or give up."""

from .facts import Counter, Profile
from .stages import CONSIDERING, LOOKING

PAUSE = 30  # days without a look, after which somebody begins anew


def considering_since(profile: Profile, day: int) -> int | None:
    """The day of the first look at the category that is thought about on ``day``; None: none is.

    That is a category with three looks or more in the 30 days until ``day``, none of it bought
    since the first of them; of several the one looked at last, and of a category and those
    above it, which share their looks, the narrowest. A pause of more than 30 days ends it. Days
    are counted from 1970-01-01.
    """
    best: tuple[float, int, int] | None = None
    bought = profile.counts.get("bought category", {})
    for key, counter in profile.counts.get("viewed category", {}).items():
        since = _since(counter, bought.get(key), day)
        if since is not None:
            found = (counter.last, -counter.total, since)
            best = found if best is None or found > best else best
    return None if best is None else best[2]


def _since(looks: Counter, bought: Counter | None, day: int) -> int | None:
    ended = bought.days[-2] if bought is not None else -1
    since, recent = day, 0
    days = looks.days
    for position in range(len(days) - 2, -1, -2):
        look = days[position]
        if look <= ended or since - look > PAUSE:
            break
        since = look
        if look > day - LOOKING:
            recent += days[position + 1]
    return since if recent >= CONSIDERING else None
