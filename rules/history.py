"""What a visitor looked at and bought, as plain lists of ids."""

from collections.abc import Collection, Mapping

from .facts import DAY, Counter, Profile

#: Who has not turned to a category for so long has left it, ...
LONG_AGO = 60 * DAY
#: ... and liked it, if they turned to it at least so often before.
LIKED = 3
_NOTHING: Mapping[str, Counter] = {}


def recently_viewed(profile: Profile, limit: int = 12) -> list[str]:
    """The ids of the products viewed, the latest first, at most ``limit``."""
    return _latest(profile.counts.get("viewed product", _NOTHING), limit)


def recently_read(profile: Profile, limit: int = 12) -> list[str]:
    """The same of articles."""
    return _latest(profile.counts.get("viewed article", _NOTHING), limit)


def _latest(counters: Mapping[str, Counter], limit: int) -> list[str]:
    times = [counter.last for counter in counters.values()]
    # Within a second the one noted later comes first. Most events come in their order.
    latest = list(counters)
    latest.reverse()
    if times != sorted(times):
        latest.sort(key=lambda id: counters[id].last, reverse=True)
    return latest[:limit]


def bought(profile: Profile) -> Collection[str]:
    """The ids of the products bought."""
    return profile.counts.get("bought product", _NOTHING).keys()


def last_order(profile: Profile) -> list[str]:
    """The ids of the products bought last, all at once."""
    counters = profile.counts.get("bought product", _NOTHING)
    last = max((counter.last for counter in counters.values()), default=0.0)
    return [id for id, counter in counters.items() if counter.last == last]


def dismissed(profile: Profile) -> Collection[str]:
    """The ids of the products that the visitor sent away."""
    return profile.counts.get("dismissed product", _NOTHING).keys()


def known_categories(profile: Profile) -> list[str]:
    """The ids of the categories that the visitor knows their way in."""
    counts = profile.counts
    viewed = counts.get("viewed category", _NOTHING)
    bought = counts.get("bought category", _NOTHING)
    return [*viewed, *(id for id in bought if id not in viewed)]


def dormant_categories(profile: Profile, now: float) -> list[str]:
    """The ids of the categories liked long ago, the best liked first.

    They were viewed or bought at least :data:`LIKED` times, and not once in the last
    :data:`LONG_AGO` seconds.
    """
    counts = profile.counts
    viewed = counts.get("viewed category", _NOTHING)
    bought = counts.get("bought category", _NOTHING)
    liked: dict[str, int] = {}
    for id in known_categories(profile):
        counters = [table[id] for table in (viewed, bought) if id in table]
        times = sum(counter.total for counter in counters)
        latest = max(counter.last for counter in counters)
        if times >= LIKED and latest < now - LONG_AGO:
            liked[id] = times
    return sorted(liked, key=liked.__getitem__, reverse=True)
