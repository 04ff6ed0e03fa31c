"""Profiles in a Redis or Valkey, also a cluster: shared by all machines; the log is elsewhere."""

import logging
from collections.abc import Mapping, Sequence
from hashlib import blake2b

from ....rules.facts import Event, Profile
from .. import (
    NO_DRAFTS,
    REARRANGING,
    DayOf,
    Draft,
    EventLog,
    Keeper,
    Learn,
    Retired,
    Weights,
)
from ..rows import decode_profile, mark_of
from .address import address_of
from .batches import Batches
from .history import RedisHistory, weights_of
from .moving import Moves
from .reading import Reader
from .records import (
    EVENTS_KNOWN,
    TRAFFIC,
    Record,
    State,
    field_of,
    get,
    record_key,
    record_of,
)
from .rewriting import rewrite
from .scripts import WEIGH, call
from .seen import Aliases, Seen
from .slots import Command, Slots
from .writing import Writer

log = logging.getLogger("shopwindow")


class RedisStore:
    """Profiles at ``url``, with one round trip for a page; ``log`` keeps the events.

    ``profile_seconds``: a profile that has not changed for so long goes; 0: never. Raises
    :class:`StoreError` if the server does not answer. A commit over several owners is no
    transaction: if it fails half-way, sending it again does the rest and doubles nothing.
    The shop's traffic is counted once for each batch of the same events.
    """

    def __init__(self, url: str, log: EventLog, profile_seconds: int = 0) -> None:
        self._address = address_of(url)
        self._slots = Slots(self._address)
        self._reader = Reader(self._address, self._slots)
        self._writer = Writer(self._address, self._slots)
        self._log = log
        self._seconds = profile_seconds
        self._seen = Seen()
        self._aliases = Aliases()
        self._batches = Batches(self._writer, log, self._seen, profile_seconds)
        self._moves = Moves(self._writer, log, profile_seconds)
        try:
            self._look_at()
        except BaseException:  # raised on; only the connection is given back
            self._writer.close()
            raise

    def _look_at(self) -> None:
        """Who throws away what is in use is no store, and nobody would notice."""
        for told in self._writer.info(b"memory"):
            policy = told.get("maxmemory_policy", "noeviction")
            if policy != "noeviction":
                log.warning(
                    "%s throws away keys when its memory is full (maxmemory-policy %s): "
                    "visitors would be forgotten, and erased ones come back. Set it to "
                    "noeviction",
                    self._address.words,
                    policy,
                )
                return

    async def fetch(self, visitor: str) -> Profile | None:
        mark = mark_of(visitor)
        key = record_key(mark)
        customer = self._aliases.get(mark)
        if customer is None:
            (raw,) = await self._reader.ask((get(key),))
            record = record_of(raw)
        else:
            raw, theirs = await self._reader.ask((get(key), get(record_key(customer))))
            record = record_of(raw)
        owner = mark
        if record.state is State.ALIAS:
            owner = record.owner
            if owner != customer:
                self._aliases.add(mark, owner)
                (theirs,) = await self._reader.ask((get(record_key(owner)),))
            record = record_of(theirs)
        elif customer is not None:
            self._aliases.drop(mark)
        return self._profile(owner, record)

    def _profile(self, owner: str, record: Record) -> Profile | None:
        if record.refused:
            raise Retired(owner)
        known, profile = self._seen.profile(owner, record.token)
        if not known:
            if record.state is State.KNOWN:
                profile = decode_profile(record.data)
            self._seen.add(owner, record.token, profile)
        return profile

    def commit(
        self,
        events: Sequence[Event],
        learn: Learn,
        weights: Weights,
        drafts: Mapping[str, Draft] = NO_DRAFTS,
    ) -> None:
        if any(event.name in REARRANGING for event in events):
            drafts = NO_DRAFTS  # they may stand on what is somebody else's by then
        run: list[Event] = []
        for event in events:
            if event.name in REARRANGING:
                self._batches.keep(run, learn)
                run = []
                self._moves.rearrange(event)
            else:
                run.append(event)
        self._batches.keep(run, learn, drafts)
        if weights:
            self._weigh(events, weights)
        if self._moves.erased:
            self._moves.erased = False
            rewrite(self._writer)

    def _weigh(self, events: Sequence[Event], weights: Weights) -> None:
        keys = [TRAFFIC]
        if events:
            ids = "\n".join(event.id for event in events)
            batch = blake2b(ids.encode(), digest_size=16).hexdigest()
            keys.append(b"sw:{traffic}:%b" % batch.encode())
        values: list[bytes] = []
        for (dimension, key), weight in weights.items():
            values += [field_of(dimension, key), b"%r" % weight]
        words = call(WEIGH, tuple(keys), b"%d" % EVENTS_KNOWN, *values)
        self._writer.ask([Command(TRAFFIC, words)])

    def traffic(self) -> Weights:
        return weights_of(self._writer)

    def history(self, day: DayOf) -> RedisHistory:
        writer = Writer(self._address, Slots(self._address))
        return RedisHistory(writer, self._log.history(day))

    def keeper(self, day: DayOf) -> Keeper:
        from .keeping import RedisKeeper  # pages have no use for it

        writer = Writer(self._address, Slots(self._address))
        return RedisKeeper(writer, self._log.keeper(day), self._seconds)

    def close(self) -> None:
        self._reader.close()
        self._writer.close()
        self._log.close()
