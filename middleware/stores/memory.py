"""A store that forgets when the process ends: for tests and for a first try."""

import threading
from collections.abc import Mapping, Sequence

import msgspec

from ...rules.facts import Event, Profile
from . import (
    ERASED,
    FORGOTTEN,
    IDENTIFIED,
    INTERNAL,
    NO_DRAFTS,
    Draft,
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
            log = dict(self.events)
            for event in events:
                owner = identities.get(event.visitor, event.visitor)
                if event.id in log or not (owner or event.name == IDENTIFIED):
                    continue
                name = event.name
                new = str(event.properties.get("visitor", ""))
                if name == IDENTIFIED and identities.get(new) == "":
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
                    identities[event.visitor] = ""
                    identities[new] = customer
                elif name == FORGOTTEN:
                    identities[event.visitor] = ""
                    if owner == event.visitor:
                        profiles.pop(owner, None)
                elif name == ERASED:
                    profiles.pop(owner, None)
                    log = {key: e for key, e in log.items() if e.visitor != owner}
                    everyone = [v for v, c in identities.items() if c == owner]
                    identities.update(dict.fromkeys([*everyone, event.visitor], ""))
                else:
                    learned = learn(profiles.get(owner), event)
                    if learned is not None:
                        profiles[owner] = learned
                    if event.name not in INTERNAL:
                        log[event.id] = _of(owner, event)
            self.profiles, self.identities, self.events = profiles, identities, log
            for key, weight in weights.items():
                self._traffic[key] = self._traffic.get(key, 0.0) + weight

    def traffic(self) -> Weights:
        return dict(self._traffic)

    def close(self) -> None:
        pass


def _of(owner: str, event: Event) -> Event:
    """As it is logged: under its owner, so that it can be found again when they leave."""
    return msgspec.structs.replace(event, visitor=owner)
