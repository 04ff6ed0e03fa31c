"""Daily sums beside the log, so that a report reads sums and not events."""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, NamedTuple, Protocol

from ..stores import DayOf, StoreError
from ..stores.opening import POSTGRES, Address, needed, scheme_of, shown, sqlite_path

if TYPE_CHECKING:
    from ...rules.experiments import Allocations
    from ...rules.measurement.cells import Cell, Tally
    from ...rules.measurement.plan import Plan
    from .tables import Tables

Say = Callable[[str, int, int | None], None]
"""Told what is done just now, how far it is, and how much there is, if that is known."""

Count = tuple[int, str, str, str]
"""The day of an event, and of what it counts: kind, name, and which counter."""


def silent(what: str, done: int, total: int | None) -> None:
    """Nobody looks."""


class Updated(NamedTuple):
    """What an update did: of how many owners it looked at the events, how many of them count
    for something else now, and whether all was counted anew."""

    owners: int
    changed: int
    rebuilt: bool


class Rollups(Protocol):
    """The daily sums of one log, kept beside it. All of it may raise
    :class:`~shopwindow.middleware.stores.StoreError`; what was done until then stays right, and
    the next update goes on from there."""

    def update(
        self,
        plan: "Plan",
        until: float,
        say: Say = silent,
        *,
        rebuild: bool = False,
    ) -> Updated:
        """Count what was logged before ``until`` and is not counted yet.

        Owners with events since the last time, two days of late ones included, are counted
        again; all are where ``plan`` is another one than the last time, or for ``rebuild``. The
        shop goes on beside it. Of two updates at the same time, the second waits for the first.
        """

    def late(self, time: float) -> None:
        """Events that happened at ``time``, or since, were stored just now: as far as they
        happened more than two days ago, the next :meth:`update` would not look for them."""

    def owner_of(self, visitor: str) -> str:
        """Whose the events of a visitor id are, if there are any."""

    def settle(self, owner: str, plan: "Plan", now: float) -> None:
        """``owner`` is about to be erased, and refuses: what they did until ``now`` and that they
        opted out stays in the sums, without them. Doing it twice counts once."""

    def cells(
        self, since: int, until: int, kinds: Collection[str] = ()
    ) -> "Iterator[tuple[Cell, Tally]]":
        """The cells of the days from ``since`` up to, but without, ``until``, each once and in
        their order; of all kinds, or of ``kinds``."""

    def counts(self, since: int, until: int) -> Mapping[Count, int]:
        """What happened on these days."""

    def updated(self) -> float | None:
        """Up to which moment is counted; None: nothing was counted yet."""

    def purge(self, events_before: Mapping[str, float]) -> Iterator[int]:
        """Before events that are too old go: what was counted of them stays in the sums, without
        those who did it. ``events_before`` is that of
        :meth:`~shopwindow.middleware.stores.Keeper.purge`. Each step gives how many owners it
        was about."""

    def sizes(self) -> Mapping[str, int]:
        """How much there is: ``units`` (owners that something is kept of) and ``sums``."""

    def allocations(self) -> "Allocations":
        """What :meth:`allot` was told last; at first, or if that cannot be read, an empty one."""

    def allot(self, allocations: "Allocations") -> None:
        """Keep ``allocations`` for all workers, instead of those that were kept before."""

    def close(self) -> None:
        """Give back what it holds; it is not used again."""


@contextmanager
def open_rollups(at: Address, day: DayOf) -> Iterator[Rollups]:
    """The roll-ups beside the log of a site; ``day`` dates the events.

    Raises :class:`StoreError` where there is no such store, and makes none.
    """
    from .rolled import Rolled

    with closing(Rolled(tables_at(at), at, day)) as rollups:
        yield rollups


def tables_at(at: Address) -> "Tables":
    """The tables of the roll-ups beside a log. Raises :class:`StoreError`."""
    url = at.log or at.store
    scheme = scheme_of(url)
    if scheme == "sqlite":
        from .sqlite import SqliteTables

        return SqliteTables(sqlite_path(url, at.folder))
    if scheme in POSTGRES:
        with needed("postgres", url):
            from .postgres import PostgresTables
        return PostgresTables(url)
    raise StoreError(f"{shown(url)} keeps no roll-ups: it is no store that lasts")
