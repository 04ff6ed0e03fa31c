"""A store that cannot be opened yet: nobody is known, and nothing is kept in its place."""

from collections.abc import Mapping, Sequence
from typing import NoReturn

from ...rules.facts import Event
from . import NO_DRAFTS, DayOf, Draft, Learn, StoreError, Weights


class Unopened:
    """Stands where a store will be: whatever it is asked, it raises :class:`StoreError`."""

    def __init__(self, reason: str = "the store is not open yet") -> None:
        self.reason = reason

    def fetch(self, visitor: str) -> NoReturn:
        raise StoreError(self.reason)

    def commit(
        self,
        events: Sequence[Event],
        learn: Learn,
        weights: Weights,
        drafts: Mapping[str, Draft] = NO_DRAFTS,
    ) -> NoReturn:
        raise StoreError(self.reason)

    def traffic(self) -> NoReturn:
        raise StoreError(self.reason)

    def history(self, day: DayOf) -> NoReturn:
        raise StoreError(self.reason)

    def keeper(self, day: DayOf) -> NoReturn:
        raise StoreError(self.reason)

    def close(self) -> None:
        pass
