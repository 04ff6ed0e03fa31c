"""What roll-ups ask of the database that holds the log."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

from .sums import Key
from .unit import Unit

PART_OF = "0123456789abcdef"
"""What the names of owners end with: hexadecimal digits, whose places (from 1 on; 0 for all
others), divided by the number of parts, leave the number of the part."""

StoryRow = tuple[str, float, str, str]
"""Of an event the owner, the time, the name, and the properties as JSON."""

QUARTER = 900
"""Seconds. Quarters of an hour are counted since 1970."""
Seen = dict[int, tuple[int, int]]
"""Of quarters of an hour how many events there are, and the sum of their milliseconds."""


class Member(NamedTuple):
    """What an owner adds to an account; of no owner: what those did who are gone."""

    account: str
    owner: str
    body: bytes


class Concerned(NamedTuple):
    """How many owners were kept; and the marks that have a unit of their own, by the customers
    that they turned out to be."""

    owners: int
    joined: Mapping[str, Sequence[str]]


class Tables(Protocol):
    """The tables of roll-ups, and the log beside them. All of it may raise
    :class:`~shopwindow.middleware.stores.StoreError`."""

    def changing(self) -> AbstractContextManager[None]:
        """All that is changed in it is kept or nothing is; no other roll-ups change anything
        meanwhile, nor does anybody erase. It has to be over after a few milliseconds."""

    # -- what is known about the roll-ups --------------------------------------------------

    def value(self, key: str) -> str | None: ...

    def put(self, key: str, value: str | None) -> None:
        """None: there is none any more."""

    def numbers(self, texts: Sequence[str]) -> Mapping[str, int]:
        """The numbers of names; those that have none get one."""

    def names(self) -> Iterator[tuple[int, str]]: ...

    # -- the log ---------------------------------------------------------------------------

    def part(self, number: int, parts: int, until: float) -> Iterator[StoryRow]:
        """The events before ``until`` of the owners of one of so many parts: by owner, oldest
        first. Each part reads the whole log once."""

    def length(self) -> int:
        """How many events there are."""

    def seen(self, since: float, until: float) -> Seen:
        """Note whose events are of this time. Returns what tells, of each :data:`QUARTER` of
        it, whether it still has the same events."""

    def concerned(self, quarters: Collection[int]) -> "Concerned":
        """Of those that :meth:`seen` noted keep the owners of events in ``quarters``, and who
        was settled; and to whom marks with a unit belong by now."""

    def stories(self, until: float) -> Iterator[StoryRow]:
        """As :meth:`part`, of the owners that were kept."""

    def story(self, owner: str, until: float) -> Iterator[StoryRow]:
        """As :meth:`part`, of one owner."""

    def refused(self, owners: Collection[str]) -> set[str]:
        """Those of ``owners`` who were erased: nothing may be kept of them."""

    def customer_of(self, mark: str) -> str | None:
        """Who a mark turned out to be."""

    def marks(self, owner: str) -> list[str]:
        """The marks that turned out to be ``owner``."""

    # -- units -----------------------------------------------------------------------------

    def units(self, owners: Collection[str]) -> list[Unit]: ...

    def keep(self, units: Sequence[Unit]) -> None:
        """In the place of what was kept of the same owners."""

    def drop(self, owners: Collection[str]) -> None: ...

    def outdated(self, generation: int, limit: int) -> list[str]:
        """Owners whose units are neither of the gone nor of this generation."""

    def aged(
        self, day: int, shown: float, did: float, after: str, limit: int
    ) -> list[Unit]:
        """In the order of their owners those ``after`` one who have something of a day up to
        ``day`` and are not settled, or were shown something and did something last before
        these moments."""

    # -- accounts --------------------------------------------------------------------------

    def accounts(self, owners: Collection[str]) -> set[str]:
        """The accounts that ``owners`` add to."""

    def members(self, accounts: Collection[str]) -> list[Member]: ...

    def every_member(self) -> Iterator[Member]:
        """All of them, by account."""

    def join(self, members: Iterable[Member]) -> None:
        """Keep them; those with an empty body leave."""

    # -- sums ------------------------------------------------------------------------------

    def sums(self, generation: int, keys: Sequence[Key]) -> dict[Key, bytes]: ...

    def put_sums(
        self, generation: int, rows: Sequence[tuple[Key, bytes | None]]
    ) -> None:
        """None: it is gone."""

    def outdated_sums(self, generation: int, limit: int) -> list[tuple[int, int, int]]:
        """Generation, day and name of sums of neither the gone nor ``generation``."""

    def days(
        self, since: int, until: int, what: Collection[int] | None
    ) -> Iterator[tuple[int, int, bytes]]:
        """The sums of these days, and of these names, of the gone and of the generation that
        counts: day, name and value; day by day."""

    def sizes(self) -> Mapping[str, int]:
        """How many ``units`` and ``sums`` there are."""

    def rest(self) -> None:
        """A long reading is over: do now what was put off for it, so that nobody of the shop
        has to."""

    def close(self) -> None: ...
