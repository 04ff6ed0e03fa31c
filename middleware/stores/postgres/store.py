"""A store in a PostgreSQL."""

import asyncio
import logging
import os
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from hashlib import blake2b

import asyncpg

from ....rules.facts import Event, Profile
from .. import (
    NO_DRAFTS,
    DayOf,
    Draft,
    EventLog,
    History,
    Keeper,
    Learn,
    Retired,
    StoreError,
    Weights,
)
from ..halves import history_with, keeper_with
from ..rows import decode_profile, mark_of
from .address import FAULTS, TROUBLES, address_of, connect
from .aside import Aside
from .reading import Lines
from .schema import migrate
from .sql import weights_as_columns
from .statements import LOST, Statements
from .writing import TRIES, Batch, Seen

log = logging.getLogger("shopwindow")

WRITING = (
    8.0  # seconds until a commit that is not answered is given up, and tried again
)
SEEN = 500  # profiles that were read and may soon be written

# Whoever holds a row and has stopped must not hold up all others.
BEGIN = """
BEGIN;
SET LOCAL lock_timeout = '5s';
SET LOCAL idle_in_transaction_session_timeout = '30s'
"""
_WROTE = """
INSERT INTO {schema}.writers (id, batch, at) VALUES ($1, $2, now())
ON CONFLICT (id) DO UPDATE SET batch = excluded.batch, at = excluded.at
WHERE writers.batch <> excluded.batch RETURNING 1
"""
_LEFT = "DELETE FROM {schema}.writers WHERE at < now() - interval '7 days'"
_TRAFFIC = """
INSERT INTO {schema}.traffic (dimension, key, weight)
SELECT * FROM unnest($1::text[], $2::text[], $3::float8[])
ON CONFLICT (dimension, key) DO UPDATE SET weight = traffic.weight + excluded.weight
"""
VACUUM = """
VACUUM {schema}.events, {schema}.profiles, {schema}.logins, {schema}.rollup_units,
{schema}.rollup_members
"""


class PostgresStore:
    """Profiles, events and traffic in one schema of a PostgreSQL.

    Looked up on the app's event loop, over a few connections of its own; written by one
    thread over another, in one transaction for all. Nothing is kept from one transaction to
    the next but by named statements, which are done without where a pooler loses them. Where
    events go to ``log`` instead, their ids stay here: what is kept already is known. Raises
    :class:`StoreError` if the server cannot be reached, or refuses. Where it is only looked
    into, ``make`` is false: the tables stay as they are, or missing.
    """

    def __init__(
        self, url: str, log: EventLog | None = None, make: bool = True
    ) -> None:
        self._address = address_of(url)
        self._elsewhere = log
        self._writer = os.urandom(12).hex()
        self._writing: Statements | None = None
        self._named = True
        self._vacuuming: Future[None] | None = None
        self._lines: dict[asyncio.AbstractEventLoop, Lines] = {}
        self._lock = threading.Lock()
        self._closed = False
        self._seen: dict[str, Seen] = {}
        self._seen_before: dict[str, Seen] = {}
        self._aside = Aside()
        try:
            if make:
                self._aside.run(migrate(self._address))
        except BaseException:  # raised on; only the thread is given back
            self._aside.close()
            raise

    # -- reading ---------------------------------------------------------------------------

    async def fetch(self, visitor: str) -> Profile | None:
        mark = mark_of(visitor)
        row = await self._lines_here().ask(mark)
        if row is None:
            return None
        data, customer, version, theirs, their_version = row
        owner = mark
        if customer is not None:
            owner, data, version = customer, theirs, their_version or 0
        elif data == b"":
            raise Retired(mark)
        if data is None:
            return None
        seen = self._seen.get(owner)
        if seen is not None and seen[0] == version:
            return seen[1]
        profile = decode_profile(data)
        self._remember({owner: (version, profile)})
        return profile

    def _lines_here(self) -> Lines:
        loop = asyncio.get_running_loop()
        lines = self._lines.get(loop)
        if lines is None:
            with self._lock:
                if self._closed:
                    raise StoreError("the store is closed")
                for old in [one for one in self._lines if one.is_closed()]:
                    del self._lines[old]
                lines = self._lines[loop] = Lines(self._address)
        return lines

    def _remember(self, profiles: Mapping[str, Seen]) -> None:
        if len(self._seen) >= SEEN:
            self._seen_before, self._seen = self._seen, {}
        self._seen.update(profiles)

    # -- writing ---------------------------------------------------------------------------

    def commit(
        self,
        events: Sequence[Event],
        learn: Learn,
        weights: Weights,
        drafts: Mapping[str, Draft] = NO_DRAFTS,
    ) -> None:
        try:
            self._aside.run(self._commit(events, learn, weights, drafts))
        except FAULTS:
            raise  # of one event: trying again would not help
        except TROUBLES as error:
            raise self._address.cannot("written to", error) from error

    async def _commit(
        self,
        events: Sequence[Event],
        learn: Learn,
        weights: Weights,
        drafts: Mapping[str, Draft],
    ) -> None:
        while True:
            statements = await self._statements()
            try:
                async with asyncio.timeout(WRITING):
                    batch = await self._transaction(
                        statements, events, learn, weights, drafts
                    )
                break
            except LOST:
                statements.connection.terminate()
                if not self._named:
                    raise
                self._named = False  # once more, without
            except BaseException as error:  # raised on, with nothing half done
                await self._undo(statements.connection, error)
                raise
        if batch is not None:
            self._remember(batch.fresh())
            if batch.erased:
                self._vacuum()

    async def _statements(self) -> Statements:
        if self._writing is None or self._writing.connection.is_closed():
            connection = await connect(self._address)
            self._writing = Statements(connection, self._address.schema, self._named)
            await connection.execute(self._sql(_LEFT))
        return self._writing

    async def _transaction(
        self,
        statements: Statements,
        events: Sequence[Event],
        learn: Learn,
        weights: Weights,
        drafts: Mapping[str, Draft],
    ) -> Batch | None:
        """All of it, committed; None if the try before has done it already."""
        connection, seen = statements.connection, {**self._seen_before, **self._seen}
        batch = Batch(statements, learn, seen, self._elsewhere)
        for _ in range(TRIES):
            await connection.execute(BEGIN)
            if events and await self._committed(statements, events):
                await connection.execute("ROLLBACK")
                return None
            if await batch.keep(events, drafts):
                break
            await connection.execute("ROLLBACK")
            concerned = batch.concerned
            batch = Batch(statements, learn, seen, self._elsewhere)
            batch.concerned = concerned
        else:
            raise StoreError("who is to be erased logs in again and again")
        if weights:
            # In the same order for all: many workers add to the same rows.
            columns = weights_as_columns(weights)
            await statements.execute(_TRAFFIC, *columns)
        await connection.execute("COMMIT")
        return batch

    async def _committed(self, statements: Statements, events: Iterable[Event]) -> bool:
        """Whether this very batch was committed by the try before, whose answer was lost."""
        ids = "\n".join(event.id for event in events).encode("utf-8", "replace")
        batch = blake2b(ids, digest_size=16).hexdigest()
        return not await statements.fetch(_WROTE, self._writer, batch)

    async def _undo(self, connection: asyncpg.Connection, error: BaseException) -> None:
        """After an answer of the server, or a fault of ours, the connection may go on."""
        answered = isinstance(error, asyncpg.PostgresError) or not isinstance(
            error, (*TROUBLES, asyncio.CancelledError)
        )
        if answered and not connection.is_closed():
            try:
                async with asyncio.timeout(1.0):
                    await connection.execute("ROLLBACK")
                return
            except TROUBLES:
                pass  # cut below: that undoes it as well
        connection.terminate()

    def _vacuum(self) -> None:
        """Ask for what was erased to leave the disk; nobody waits for it."""
        if self._vacuuming is None or self._vacuuming.done():
            self._vacuuming = self._aside.start(self._clean())

    async def _clean(self) -> None:
        try:
            connection = await connect(self._address)
            try:
                await connection.execute(self._sql(VACUUM))
            finally:
                connection.terminate()
        except TROUBLES as error:
            log.warning("%s", self._address.cannot("cleaned now", error))

    # -- the rest --------------------------------------------------------------------------

    def traffic(self) -> Weights:
        try:
            return self._aside.run(self._traffic())
        except TROUBLES as error:
            raise self._address.cannot("read", error) from error

    async def _traffic(self) -> Weights:
        connection = await connect(self._address)
        try:
            # In a transaction: a pooler may lend another connection for the second half.
            async with asyncio.timeout(WRITING), connection.transaction(readonly=True):
                rows = await connection.fetch(
                    self._sql("SELECT dimension, key, weight FROM {schema}.traffic")
                )
        finally:
            connection.terminate()
        return {(dimension, key): weight for dimension, key, weight in rows}

    def history(self, day: DayOf) -> History:
        from .history import PostgresHistory

        own = PostgresHistory(self._address, day)
        return history_with(self._elsewhere, own, day)

    def keeper(self, day: DayOf) -> Keeper:
        from .keeping import PostgresKeeper

        own = PostgresKeeper(self._address, day)
        return keeper_with(self._elsewhere, own, day)

    def close(self) -> None:
        with self._lock:
            self._closed = True
            lines, self._lines = self._lines, {}
        for loop, one in lines.items():
            if not loop.is_closed():
                _on(loop, one)
        writing: list[Callable[[], object]] = []
        if self._writing is not None:
            writing.append(self._writing.connection.terminate)
        self._aside.close(*writing)
        if self._elsewhere is not None:
            self._elsewhere.close()

    def _sql(self, statement: str) -> str:
        return statement.format(schema=self._address.schema)


def _on(loop: asyncio.AbstractEventLoop, lines: Lines) -> None:
    """Close ``lines`` on their own loop, which may be the one that runs here."""
    try:
        here: asyncio.AbstractEventLoop | None = asyncio.get_running_loop()
    except RuntimeError:
        here = None
    if here is loop or not loop.is_running():
        lines.close()
    else:
        loop.call_soon_threadsafe(lines.close)
