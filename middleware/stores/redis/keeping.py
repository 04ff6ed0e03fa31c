"""What the shop's people do with a Redis: give all of one person, erase, tidy up, count."""

from collections.abc import Collection, Iterator, Mapping
from itertools import islice

from ....rules.facts import Event, Profile
from .. import Due, Keeper
from ..rows import decode_profile, is_mark, mark_of, unseen
from .history import STEP, keys_like, owner_in, records
from .moving import Moves
from .records import (
    Record,
    State,
    get,
    leave,
    logins_key,
    memory,
    on,
    record_key,
    record_of,
    unlink,
)
from .rewriting import rewrite
from .writing import Writer


class RedisKeeper:
    """The :class:`Keeper` of a Redis: profiles over a connection of its own, events from ``log``."""

    def __init__(self, writer: Writer, log: Keeper, profile_seconds: int) -> None:
        self._writer = writer
        self._log = log
        self._seconds = profile_seconds

    def close(self) -> None:
        self._writer.close()
        self._log.close()

    # -- one person ------------------------------------------------------------------------

    def owner_of(self, visitor_or_customer: str) -> str | None:
        for id in (visitor_or_customer, mark_of(visitor_or_customer)):
            record = self._record(id)
            if record.state is State.ALIAS:
                return record.owner
            if record.state is State.KNOWN:
                return id
            owner = self._log.owner_of(id) or id
            if self._left(owner):
                return owner
        return None

    def _left(self, customer: str) -> bool:
        """Whether anything is kept of a customer, or of a stranger without a profile."""
        if self._record(customer).state is State.KNOWN:
            return True
        if self._writer.ask([on(logins_key(customer), b"EXISTS")])[0]:
            return True
        return next(self._log.everything(customer)[1], None) is not None

    def _record(self, owner: str) -> Record:
        return record_of(self._writer.ask([get(record_key(owner))])[0])

    def everything(self, owner: str) -> tuple[Profile | None, Iterator[Event]]:
        record = self._record(owner)
        known = record.state is State.KNOWN
        profile = decode_profile(record.data) if known else None
        return profile, self._log.everything(owner)[1]

    def erase(self, owner: str) -> int:
        erasing = _Erasing(self._log)
        gone = int(self._record(owner).state is State.KNOWN)
        moves = Moves(self._writer, erasing, self._seconds)
        moves.erase_owner(owner, mark=is_mark(owner))
        rewrite(self._writer)
        return gone + erasing.gone

    # -- the log ---------------------------------------------------------------------------

    def events(self, since: float, until: float) -> Iterator[Event]:
        return self._log.events(since, until)

    def daily(self) -> Mapping[tuple[str, int], int]:
        return self._log.daily()

    # -- what is too old -------------------------------------------------------------------

    def due(self, events_before: Mapping[str, float], profiles_before: float) -> Due:
        events = self._log.due(events_before, 0.0).events
        return Due(events, sum(1 for _ in self._unseen(profiles_before)))

    def _unseen(self, before: float) -> Iterator[tuple[str, Record]]:
        """The profiles of those who were seen last before that moment."""
        if not before:
            return
        for owner, record in records(self._writer):
            if record.state is State.KNOWN and unseen(record.data, before):
                yield owner, record

    def purge(
        self,
        events_before: Mapping[str, float],
        profiles_before: float,
        batch: int = STEP,
    ) -> Iterator[int]:
        yield from self._log.purge(events_before, 0.0, batch)
        if not profiles_before:
            return
        for found in (self._unseen(profiles_before), self._orphans()):
            while part := list(islice(found, batch)):
                # Not who came meanwhile.
                commands = [leave(owner, record) for owner, record in part]
                if gone := sum(self._writer.ask(commands)):
                    yield gone
        self._purge_logins()

    def _orphans(self) -> Iterator[tuple[str, Record]]:
        """Ids that stand for customers of whom neither profile nor event is left."""
        for mark, record in records(self._writer):
            if record.state is State.ALIAS and self._forgotten(record.owner):
                yield mark, record

    def _forgotten(self, customer: str) -> bool:
        if self._record(customer).state is State.KNOWN:
            return False
        return next(self._log.everything(customer)[1], None) is None

    def _purge_logins(self) -> None:
        for key in keys_like(self._writer, b"sw:{*}:l"):
            if self._forgotten(owner_in(key)):
                self._writer.ask([unlink(key)])

    # -- how much there is -----------------------------------------------------------------

    def sizes(self) -> Mapping[str, int]:
        states = [record.state for _, record in records(self._writer)]
        refused = (State.RETIRED, State.ERASED)
        logged = self._log.sizes()
        return {
            **logged,
            "profiles": states.count(State.KNOWN),
            "customers": sum(1 for _ in keys_like(self._writer, b"sw:{*}:l")),
            "retired": sum(state in refused for state in states),
            "bytes": logged["bytes"] + self._bytes(),
        }

    def _bytes(self) -> int:
        """What all keys take in the server's memory."""
        keys = keys_like(self._writer, b"sw:*")
        total = 0
        while part := list(islice(keys, STEP)):
            usage = self._writer.ask([memory(key) for key in part])
            total += sum(size or 0 for size in usage)
        return total


class _Erasing:
    """A log as :class:`Moves` needs it for an erasure."""

    def __init__(self, log: Keeper) -> None:
        self._log = log
        self.gone = 0

    def adopt(self, customer: str, mark: str) -> None:
        raise NotImplementedError  # nobody logs in here

    def erase(self, owner: str, marks: Collection[str]) -> None:
        for one in dict.fromkeys((owner, *sorted(marks))):
            self.gone += self._log.erase(one)
