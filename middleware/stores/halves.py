"""A store whose events are elsewhere than its profiles, read and looked after as one."""

from collections.abc import Iterator, Mapping

from ...rules.facts import Event, Profile
from . import DayOf, Due, EventLog, History, Keeper, Weights


def history_with(log: EventLog | None, own: History, day: DayOf) -> History:
    """All that a store knows, from its ``own`` and from its ``log``, if that is elsewhere.

    Raises :class:`StoreError` if the log cannot be read; ``own`` is closed then.
    """
    if log is None:
        return own
    try:
        return Halves(log.history(day), own)
    except BaseException:  # raised on; only the store's own is given back
        own.close()
        raise


def keeper_with(log: EventLog | None, own: Keeper, day: DayOf) -> Keeper:
    """As :func:`history_with`, what looks after it."""
    if log is None:
        return own
    try:
        return KeeperHalves(log.keeper(day), own)
    except BaseException:  # raised on; only the store's own is given back
        own.close()
        raise


class Halves:
    """The :class:`~shopwindow.middleware.stores.History` of a store with a log of its own."""

    def __init__(self, events: History, profiles: History) -> None:
        self._events = events
        self._profiles = profiles

    def visitors(self, since: float, until: float) -> int:
        return self._events.visitors(since, until)

    def stories(self, since: float, until: float) -> Iterator[list[Event]]:
        return self._events.stories(since, until)

    def profile_count(self) -> int:
        return self._profiles.profile_count()

    def profiles(self) -> Iterator[Profile]:
        return self._profiles.profiles()

    def traffic(self) -> Weights:
        return self._profiles.traffic()

    def close(self) -> None:
        self._events.close()
        self._profiles.close()


class KeeperHalves:
    """The :class:`~shopwindow.middleware.stores.Keeper` of a store with a log of its own.

    What the store itself keeps of events, that they happened, goes when they go.
    """

    def __init__(self, events: Keeper, profiles: Keeper) -> None:
        self._events = events
        self._profiles = profiles

    def owner_of(self, visitor_or_customer: str) -> str | None:
        own = self._profiles.owner_of(visitor_or_customer)
        if own is not None:
            return own
        # The log goes on knowing whose a mark is, for what may still be written of it.
        found = self._events.owner_of(visitor_or_customer)
        if found is None or next(self._events.everything(found)[1], None) is None:
            return None
        return found

    def everything(self, owner: str) -> tuple[Profile | None, Iterator[Event]]:
        profile, _ = self._profiles.everything(owner)
        _, events = self._events.everything(owner)
        return profile, events

    def erase(self, owner: str) -> int:
        profile, _ = self._profiles.everything(owner)
        # The ids first: nothing is added to the log any more that they are refused in.
        self._profiles.erase(owner)
        return self._events.erase(owner) + (profile is not None)

    def events(self, since: float, until: float) -> Iterator[Event]:
        return self._events.events(since, until)

    def daily(self) -> Mapping[tuple[str, int], int]:
        return self._events.daily()

    def due(self, events_before: Mapping[str, float], profiles_before: float) -> Due:
        events, _ = self._events.due(events_before, 0.0)
        _, profiles = self._profiles.due({}, profiles_before)
        return Due(events, profiles)

    def purge(
        self,
        events_before: Mapping[str, float],
        profiles_before: float,
        batch: int = 1000,
    ) -> Iterator[int]:
        yield from self._events.purge(events_before, 0.0, batch)
        if events_before:
            oldest = min(events_before.values())  # no names are kept there
            for _ in self._profiles.purge({"": oldest}, 0.0, batch):
                pass
        yield from self._profiles.purge({}, profiles_before, batch)

    def sizes(self) -> Mapping[str, int]:
        own, log = self._profiles.sizes(), self._events.sizes()
        sizes = {key: value for key, value in own.items() if key not in _TIMES}
        of_log = ("events", "visitors", *_TIMES)
        sizes |= {key: log[key] for key in of_log if key in log}
        return {**sizes, "bytes": own["bytes"] + log["bytes"]}

    def close(self) -> None:
        self._events.close()
        self._profiles.close()


_TIMES = ("oldest", "newest")
