"""A history whose events are elsewhere than its profiles."""

from collections.abc import Iterator

from ...rules.facts import Event, Profile
from . import History, Weights


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
