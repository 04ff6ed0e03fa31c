"""Where profiles and events are kept: one protocol, a file per store."""

from collections.abc import (
    Awaitable,
    Callable,
    Collection,
    Iterator,
    Mapping,
    Sequence,
)
from typing import NamedTuple, Protocol, runtime_checkable

import msgspec

from ...rules.events import ATTRIBUTES_SET
from ...rules.events import VISITED as VISITED
from ...rules.facts import Event, Profile
from ...rules.merging import merge

Learn = Callable[[Profile | None, Event], Profile | None]
Weights = Mapping[tuple[str, str], float]
DayOf = Callable[[float], int]
"""The day, since 1970-01-01 in the site's time zone, of a moment in seconds since 1970."""

ATTRIBUTES = ATTRIBUTES_SET
IDENTIFIED = "Identified"
FORGOTTEN = "Forgotten"
ERASED = "Erased"
REARRANGING = frozenset((IDENTIFIED, FORGOTTEN, ERASED))
INTERNAL = REARRANGING | {VISITED, ATTRIBUTES}
"""Events that only change what is kept and are not part of the log."""


class Retired(Exception):
    """A visitor id that was given up at login, logout or merge: its cookie counts as none."""


class StoreError(Exception):
    """A store that cannot answer or keep something now; trying again later may help."""


def united(stranger: Profile | None, known: Profile | None, customer: str) -> Profile:
    """The profile of ``customer``, who was ``stranger`` before the login; None: there is none."""
    one = known or stranger or Profile()
    if known is not None and stranger is not None:
        one = merge(known, stranger)
    return msgspec.structs.replace(one, customer=customer)


class Draft(NamedTuple):
    """What a batch of events makes of ``base``, the profile that the store gave for a visitor."""

    base: Profile | None
    profile: Profile


NO_DRAFTS: Mapping[str, Draft] = {}


LogRow = tuple[str, str, str, float, str | None]
"""Of an event its id, name, owner, time, and properties as they are kept: JSON."""


class Due(NamedTuple):
    """How many rows are older than they may get."""

    events: int
    profiles: int


TRACES_GONE = 60.0  # seconds after an erasure in which nothing of it is left


@runtime_checkable
class Told(Protocol):
    """A keeper that tells its log without making events of it, which takes longer."""

    def rows(
        self, since: float, until: float, names: Collection[str]
    ) -> Iterator[Sequence[LogRow]]:
        """As :meth:`Keeper.events`, some at a time; of events with other ``names`` no properties."""

    def length(self) -> int:
        """How many events there are."""


class History(Protocol):
    """The read side of a store: everything that is kept, for commands.

    It reads beside a running shop and does not disturb it. All of it may raise
    :class:`StoreError`.
    """

    def visitors(self, since: float, until: float) -> int:
        """How many visitors there are events of from ``since`` up to, but without, ``until``."""

    def stories(self, since: float, until: float) -> Iterator[list[Event]]:
        """For each of these visitors all their logged events before ``until``, oldest first.

        An event's ``visitor`` is its owner's pseudonym: a stranger's mark, or the customer who
        that stranger turned out to be.
        """

    def profile_count(self) -> int:
        """How many profiles there are."""

    def profiles(self) -> Iterator[Profile]:
        """All of them, in no order."""

    def traffic(self) -> Weights:
        """As :meth:`Store.traffic`."""

    def close(self) -> None:
        """Give back what it holds; it is not used again."""


class Keeper(Protocol):
    """What the shop's people do with a store: give a person all of it, erase, tidy up, count.

    It works beside a running shop, whose pages do not wait for it: what is long is done in
    steps. An *owner* is who rows belong to: a stranger's mark, or a customer's pseudonym. All
    of it may raise :class:`StoreError`; what was done until then stays done, and doing it again
    goes on from there.
    """

    def owner_of(self, visitor_or_customer: str) -> str | None:
        """Whose the rows are of a visitor id, a mark or a customer's pseudonym.

        An id that turned out to be a customer leads to the customer, also when it was given up
        since. None: nothing is kept of them.
        """

    def everything(self, owner: str) -> tuple[Profile | None, Iterator[Event]]:
        """The profile of ``owner``, and all their logged events, oldest first."""

    def erase(self, owner: str) -> int:
        """Delete all there is of ``owner``; returns how many rows of profile and log are gone.

        An ``owner`` of whom nothing is kept may be named, too. Every id of theirs is retired:
        what workers have not written yet of it, a login included, changes nothing. The store
        itself then holds no trace of what was deleted; raises :class:`StoreError` if that
        took longer than :data:`TRACES_GONE` seconds.
        """

    def events(self, since: float, until: float) -> Iterator[Event]:
        """The log from ``since`` up to, but without, ``until``, about in order of time.

        An event's ``visitor`` is its owner. It is read in steps: what is written meanwhile may
        or may not be among it.
        """

    def daily(self) -> Mapping[tuple[str, int], int]:
        """How many events there are of each name on each day."""

    def due(self, events_before: Mapping[str, float], profiles_before: float) -> Due:
        """What :meth:`purge` would delete, without doing so."""

    def purge(
        self,
        events_before: Mapping[str, float],
        profiles_before: float,
        batch: int = 1000,
    ) -> Iterator[int]:
        """Delete what is older; each step gives the number of rows that it deleted.

        ``events_before`` maps an event's name to the moment before which it goes; "" stands
        for every name that is not there. ``profiles_before``: profiles last seen before it
        go, and with the last event of a customer the links from ids to them; 0.0 leaves all.
        Between two steps nothing is held. Stopped in between, it can be called again.
        """

    def sizes(self) -> Mapping[str, int]:
        """How much there is: ``profiles``, ``customers`` (of these), ``events``, ``visitors``
        (whose events there are), ``retired`` (ids), ``bytes``, and ``oldest`` and ``newest``
        of the events, in seconds since 1970, where there are some."""

    def close(self) -> None:
        """Give back what it holds; it is not used again."""


class Store(Protocol):
    """What every store can do.

    ``fetch`` is called on the event loop: it answers at once where that takes microseconds,
    else it returns an awaitable. ``commit`` is called from the writer thread only.
    """

    def fetch(self, visitor: str) -> Profile | None | Awaitable[Profile | None]:
        """The profile of a visitor id, None for a stranger; raises :class:`Retired`."""

    def commit(
        self,
        events: Sequence[Event],
        learn: Learn,
        weights: Weights,
        drafts: Mapping[str, Draft] = NO_DRAFTS,
    ) -> None:
        """Keep ``events`` (oldest first) and what ``learn`` makes of them, all or nothing.

        ``weights`` adds to the shop's own traffic: (dimension, key) -> weight. ``drafts``
        spare learning again, by visitor; they hold only where ``base`` is still what is
        stored. An event whose id is kept already changes nothing. ``Identified`` {customer, visitor} merges a
        stranger's profile into the customer's (another customer's stays as it is) and lets
        the new id ``visitor`` stand for it; the old id is retired. ``Forgotten`` retires an
        id, ``Erased`` deletes all there is about its owner. What comes later for a retired id
        changes nothing; only of two logins at the same time with one id, the second lets its
        new id stand for the customer, too. Raises :class:`StoreError` when nothing was kept.
        """

    def traffic(self) -> Weights:
        """The sum of all weights so far, (dimension, key) -> weight."""

    def history(self, day: DayOf) -> History:
        """All that is kept, to read from one end to the other; ``day`` dates the events."""

    def keeper(self, day: DayOf) -> Keeper:
        """What looks after all that is kept; ``day`` dates the events."""

    def close(self) -> None:
        """Give back what the store holds; it is not used again."""


class EventLog(Protocol):
    """What happened, once by id, where it is kept apart from the profiles.

    A store that has its log elsewhere appends to it first and changes profiles then: both
    know an event by its id, so a batch that is sent again after a crash between the two loses
    and doubles nothing. Called from the writer thread only, but for ``history``. Visitors are
    known by their marks (:func:`~shopwindow.middleware.stores.rows.mark_of`): where a method
    takes events, their ``visitor`` is a mark already. All of it may raise
    :class:`StoreError`; nothing was changed then.
    """

    def append(self, events: Sequence[Event]) -> None:
        """Keep those of ``events`` that are not kept yet and are none of an erased mark."""

    def adopt(self, customer: str, mark: str) -> None:
        """What ``mark`` did and does is ``customer``'s; doing it twice changes nothing, nor does
        it for an erased mark."""

    def erase(self, owner: str, marks: Collection[str]) -> None:
        """Delete all events of ``owner``, a customer or a mark, and of ``marks``; the marks
        and those adopted by ``owner`` are refused from here on."""

    def history(self, day: DayOf) -> History:
        """The events' half: it tells of no profiles and no traffic."""

    def keeper(self, day: DayOf) -> Keeper:
        """The events' half, over a connection of its own."""

    def close(self) -> None:
        """Give back what the log holds; it is not used again."""
