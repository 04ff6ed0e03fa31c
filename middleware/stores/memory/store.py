"""A store that forgets when the process ends: for tests and for a first try."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import msgspec

from ....rules.facts import Event, Profile
from .. import (
    ERASED,
    FORGOTTEN,
    IDENTIFIED,
    INTERNAL,
    NO_DRAFTS,
    DayOf,
    Draft,
    Keeper,
    Learn,
    Retired,
    Weights,
    united,
)


class MemoryStore:
    """Profiles, events and traffic in dictionaries of this process."""

    def __init__(self) -> None:
        self.profiles: dict[str, Profile] = {}
        self.events: dict[str, Event] = {}  # by their id; their visitor is the owner
        self.identities: dict[str, str] = {}  # visitor -> customer, "" for a retired id
        self.logins: dict[str, str] = {}  # visitor -> customer, also for a retired id
        self.erased: set[str] = set()  # of the retired ids
        self._traffic: dict[tuple[str, str], float] = {}
        self._lock = threading.Lock()

    def fetch(self, visitor: str) -> Profile | None:
        owner = self.identities.get(visitor, visitor)
        if not owner:
            raise Retired(visitor)
        return self.profiles.get(owner)

    def commit(
        self,
        events: Sequence[Event],
        learn: Learn,
        weights: Weights,
        drafts: Mapping[str, Draft] = NO_DRAFTS,
    ) -> None:
        with self._lock:
            profiles, identities = dict(self.profiles), dict(self.identities)
            logins, erased = dict(self.logins), set(self.erased)
            log = dict(self.events)
            for event in events:
                owner = identities.get(event.visitor, event.visitor)
                if event.id in log or not (owner or event.name == IDENTIFIED):
                    continue
                name = event.name
                visitor = event.visitor
                new = str(event.properties.get("visitor", ""))
                if name == IDENTIFIED and visitor in erased:
                    # The login was noted before: who it made of the visitor is erased as well.
                    visitor, owner, name = new, identities.get(new, new), ERASED
                    if not owner:
                        continue
                elif name == IDENTIFIED and identities.get(new) == "":
                    # Given up before this was written, or since then: nothing comes back.
                    name = ERASED if owner == event.visitor else FORGOTTEN
                if name == IDENTIFIED:
                    customer = str(event.properties["customer"])
                    one = profiles.get(customer)
                    # Somebody may have met the new id before this was written.
                    strangers = {new, owner} & {new, event.visitor}
                    for stranger in sorted(strangers):
                        one = united(profiles.pop(stranger, None), one, customer)
                    assert one is not None
                    profiles[customer] = one
                    for id, kept in log.items():
                        if kept.visitor in strangers:
                            log[id] = _of(customer, kept)
                    if owner == event.visitor:
                        logins[owner] = customer
                    identities[event.visitor] = ""
                    identities[new] = logins[new] = customer
                elif name == FORGOTTEN:
                    identities[event.visitor] = ""
                    if owner == event.visitor:
                        profiles.pop(owner, None)
                elif name == ERASED:
                    profiles.pop(owner, None)
                    log = {key: e for key, e in log.items() if e.visitor != owner}
                    everyone = [v for v, c in logins.items() if c == owner] + [visitor]
                    for id in everyone:
                        logins.pop(id, None)
                    identities.update(dict.fromkeys(everyone, ""))
                    erased.update(everyone)
                else:
                    learned = learn(profiles.get(owner), event)
                    if learned is not None:
                        profiles[owner] = learned
                    if event.name not in INTERNAL:
                        log[event.id] = _of(owner, event)
            self.profiles, self.identities, self.events = profiles, identities, log
            self.logins, self.erased = logins, erased
            for key, weight in weights.items():
                self._traffic[key] = self._traffic.get(key, 0.0) + weight

    def traffic(self) -> Weights:
        return dict(self._traffic)

    def history(self, day: DayOf) -> "MemoryHistory":
        return MemoryHistory(self)

    def keeper(self, day: DayOf) -> Keeper:
        from .keeping import MemoryKeeper  # it knows this file; pages need none

        return MemoryKeeper(self)

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Nobody else changes anything meanwhile. Replace what is kept: readers hold on to it."""
        with self._lock:
            yield

    def close(self) -> None:
        pass


class MemoryHistory:
    """The :class:`History` of what a store holds at this moment: it replaces, never changes."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self._events = store.events
        self._profiles = store.profiles

    def _concerned(self, since: float, until: float) -> list[str]:
        found = {e.visitor for e in self._events.values() if since <= e.time < until}
        return sorted(found)

    def visitors(self, since: float, until: float) -> int:
        return len(self._concerned(since, until))

    def stories(self, since: float, until: float) -> Iterator[list[Event]]:
        stories: dict[str, list[Event]] = {}
        for event in self._events.values():
            if event.time < until:
                stories.setdefault(event.visitor, []).append(event)
        for visitor in self._concerned(since, until):
            yield sorted(stories[visitor], key=lambda event: (event.time, event.id))

    def profile_count(self) -> int:
        return len(self._profiles)

    def profiles(self) -> Iterator[Profile]:
        yield from self._profiles.values()

    def traffic(self) -> Weights:
        return self._store.traffic()

    def close(self) -> None:
        pass


def _of(owner: str, event: Event) -> Event:
    """As it is logged: under its owner, so that it can be found again when they leave."""
    return msgspec.structs.replace(event, visitor=owner)
