"""The :class:`Keeper` of a store that forgets when the process ends."""

from collections import Counter as Tally
from collections.abc import Iterator, Mapping

from ....rules.facts import Event, Profile
from .. import Due
from ..rows import mark_of
from .store import MemoryStore


class MemoryKeeper:
    """Owners are as :class:`MemoryStore` names them: visitor ids and customers."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    def owner_of(self, visitor_or_customer: str) -> str | None:
        store = self._store
        logged = {event.visitor for event in store.events.values()}
        known = {*store.profiles, *store.identities, *store.logins, *logged}
        ids = {mark_of(id): id for id in known}
        id = ids.get(visitor_or_customer, visitor_or_customer)
        owner = store.identities.get(id) or store.logins.get(id) or id
        return (
            owner
            if self._marks(owner) or owner in store.profiles.keys() | logged
            else None
        )

    def _marks(self, owner: str) -> list[str]:
        return [id for id, customer in self._store.logins.items() if customer == owner]

    def everything(self, owner: str) -> tuple[Profile | None, Iterator[Event]]:
        events = [one for one in self._store.events.values() if one.visitor == owner]
        profile = self._store.profiles.get(owner)
        return profile, iter(sorted(events, key=_time))

    def erase(self, owner: str) -> int:
        store = self._store
        with store.changing():
            customers = {*store.logins.values()}
            marks = self._marks(owner)
            if not marks and owner not in customers:
                profile = store.profiles.get(owner)
                if profile is None or profile.customer != owner:
                    marks.append(owner)  # customers come back with their next login
            profiles = {id: one for id, one in store.profiles.items() if id != owner}
            events = {
                id: one for id, one in store.events.items() if one.visitor != owner
            }
            gone = len(store.profiles) + len(store.events) - len(profiles) - len(events)
            store.profiles, store.events = profiles, events
            store.identities = store.identities | dict.fromkeys(marks, "")
            store.logins = {id: c for id, c in store.logins.items() if c != owner}
            store.erased = store.erased | {*marks}
        return gone

    def events(self, since: float, until: float) -> Iterator[Event]:
        found = [
            one for one in self._store.events.values() if since <= one.time < until
        ]
        return iter(sorted(found, key=_time))

    def daily(self) -> Mapping[tuple[str, int], int]:
        return Tally((one.name, one.day) for one in self._store.events.values())

    def due(self, events_before: Mapping[str, float], profiles_before: float) -> Due:
        events, profiles = self._old(events_before, profiles_before)
        return Due(len(events), len(profiles))

    def _old(
        self, events_before: Mapping[str, float], profiles_before: float
    ) -> tuple[list[str], list[str]]:
        other = events_before.get("", 0.0)
        events = [
            id
            for id, one in self._store.events.items()
            if one.time < events_before.get(one.name, other)
        ]
        profiles = [
            id
            for id, one in self._store.profiles.items()
            if 0.0 < one.last_seen < profiles_before
        ]
        return events, profiles

    def purge(
        self,
        events_before: Mapping[str, float],
        profiles_before: float,
        batch: int = 1000,
    ) -> Iterator[int]:
        store = self._store
        while True:
            with store.changing():
                events, profiles = self._old(events_before, profiles_before)
                old = {*events[:batch]} or {*profiles[:batch]}
                store.events = {
                    k: one for k, one in store.events.items() if k not in old
                }
                store.profiles = {
                    k: one for k, one in store.profiles.items() if k not in old
                }
            if not old:
                break
            yield len(old)
        if profiles_before:
            self._unlink()

    def _unlink(self) -> None:
        """Links from ids to customers of whom nothing else is left."""
        store = self._store
        with store.changing():
            kept = {*store.profiles} | {one.visitor for one in store.events.values()}
            store.logins = {id: c for id, c in store.logins.items() if c in kept}
            store.identities = {
                id: c for id, c in store.identities.items() if not c or c in kept
            }

    def sizes(self) -> Mapping[str, int]:
        store = self._store
        events = store.events.values()
        sizes = {
            "profiles": len(store.profiles),
            "customers": len({*store.logins.values()}),
            "events": len(events),
            "visitors": len({one.visitor for one in events}),
            "retired": sum(not customer for customer in store.identities.values()),
            "bytes": 0,
        }
        if events:
            times = [one.time for one in events]
            sizes |= {"oldest": int(min(times)), "newest": int(max(times))}
        return sizes

    def close(self) -> None:
        pass


def _time(event: Event) -> tuple[float, str]:
    return event.time, event.id
