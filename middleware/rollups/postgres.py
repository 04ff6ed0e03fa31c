"""Roll-ups in the PostgreSQL schema of the log."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from ..stores import StoreError
from ..stores.postgres.address import address_of
from ..stores.postgres.history import check
from ..stores.postgres.looking import Looking
from ..stores.postgres.schema import VERSION, version_of
from ..stores.postgres.sql import ROLLUPS, changed_by
from ..stores.postgres.writing import ERASURE
from ..stores.rows import is_mark
from . import postgres_sql as sql
from .sums import Key
from .tables import PART_OF, Concerned, Member, Seen, StoryRow
from .unit import Unit


class PostgresTables:
    """The :class:`~.tables.Tables` of one schema. Raises :class:`StoreError` if there are no
    tables, and makes none."""

    def __init__(self, url: str) -> None:
        self._looking = Looking(address_of(url))
        self._inside = False
        self._owners: list[str] = []
        self._recent = 0.0, 0.0
        try:
            check(self._looking)
            self._check_version()
        except BaseException:  # raised on; only the connection is given back
            self._looking.close()
            raise

    def _check_version(self) -> None:
        address = self._looking.address
        if self._looking.do(version_of(self._looking.connection, address)) < VERSION:
            raise StoreError(
                f"{address.words} was written by an older shopwindow: start the shop once "
                "with this one, which brings its tables up to date"
            )

    def rest(self) -> None:
        """The server sees to it."""

    def close(self) -> None:
        self._looking.close()

    @contextmanager
    def changing(self) -> Iterator[None]:
        looking = self._looking
        transaction = looking.begin()
        self._inside = True
        try:
            self._ask(sql.STOPPED)
            self._ask(ROLLUPS)
            yield
            looking.do(transaction.commit())
        except BaseException:  # raised on; only what was begun is undone
            if not looking.connection.is_closed() and (
                looking.connection.is_in_transaction()
            ):
                looking.do(transaction.rollback())
            raise
        finally:
            self._inside = False

    def _ask(self, statement: str, *values: Any) -> list[Any]:
        found: list[Any] = self._looking.do(self._fetched(statement, values))
        return found

    async def _fetched(self, statement: str, values: tuple[Any, ...]) -> list[Any]:
        connection = self._looking.connection
        text = self._looking.sql(statement)
        if self._inside:
            return list(await connection.fetch(text, *values))
        # A pooler may lend another connection for the second half of it.
        async with connection.transaction():
            return list(await connection.fetch(text, *values))

    def _change(self, statement: str, *values: Any) -> int:
        """Within :meth:`changing`; how many rows were changed."""
        text = self._looking.sql(statement)
        return changed_by(
            self._looking.do(self._looking.connection.execute(text, *values))
        )

    # -- what is known about the roll-ups --------------------------------------------------

    def value(self, key: str) -> str | None:
        rows = self._ask("SELECT value FROM {schema}.rollup_state WHERE key = $1", key)
        return str(rows[0][0]) if rows else None

    def put(self, key: str, value: str | None) -> None:
        if value is None:
            self._change("DELETE FROM {schema}.rollup_state WHERE key = $1", key)
        else:
            self._change(
                "INSERT INTO {schema}.rollup_state VALUES ($1, $2) "
                "ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                key,
                value,
            )

    def numbers(self, texts: Sequence[str]) -> Mapping[str, int]:
        wanted = list(texts)
        known = (
            "SELECT text, id FROM {schema}.rollup_names WHERE text = ANY($1::text[])"
        )
        found = dict(map(tuple, self._ask(known, wanted)))
        if len(found) < len(wanted):
            self._ask(
                "INSERT INTO {schema}.rollup_names (text) SELECT unnest($1::text[]) "
                "ON CONFLICT DO NOTHING",
                wanted,
            )
            found = dict(map(tuple, self._ask(known, wanted)))
        return found

    def names(self) -> Iterator[tuple[int, str]]:
        rows = self._ask("SELECT id, text FROM {schema}.rollup_names")
        return ((int(id), str(text)) for id, text in rows)

    # -- the log ---------------------------------------------------------------------------

    def _told(self, condition: str, *values: Any) -> Iterator[StoryRow]:
        statement = f"{sql.EVENTS} WHERE {condition} {sql.ORDERED}"
        for owner, time, name, text, _ in self._looking.rows(statement, *values):
            yield owner, time, name, text

    def part(self, number: int, parts: int, until: float) -> Iterator[StoryRow]:
        last = "right(coalesce(customer, events.visitor), 1)"
        of_part = f"position({last} IN '{PART_OF}') % $2::int = $3"
        return self._told(f"time < $1 AND {of_part}", until, parts, number)

    def length(self) -> int:
        return self._looking.number("SELECT count(*) FROM {schema}.events")

    def seen(self, since: float, until: float) -> Seen:
        self._recent = since, until
        rows = self._ask(sql.SEEN, since, until)
        return {int(quarter): (int(n), int(total)) for quarter, n, total in rows}

    def concerned(self, quarters: Collection[int]) -> Concerned:
        rows = self._ask(sql.CONCERNED, *self._recent, [*quarters])
        owners = {owner: None for (owner,) in rows}
        joined: dict[str, list[str]] = {}
        for mark, customer in self._ask(sql.JOINED):
            joined.setdefault(customer, []).append(mark)
        self._owners = list(owners | dict.fromkeys(joined))
        return Concerned(len(self._owners), joined)

    def stories(self, until: float) -> Iterator[StoryRow]:
        return self._stories(self._owners, until)

    def _stories(self, owners: list[str], until: float) -> Iterator[StoryRow]:
        theirs = """
            events.visitor IN (
                SELECT unnest($2::text[]) UNION
                SELECT visitor FROM {schema}.logins WHERE customer = ANY($2::text[])
            ) AND coalesce(customer, events.visitor) = ANY($2::text[])
        """
        return self._told(f"time < $1 AND {theirs}", until, owners)

    def story(self, owner: str, until: float) -> Iterator[StoryRow]:
        return self._stories([owner], until)

    def refused(self, owners: Collection[str]) -> set[str]:
        marks = [owner for owner in owners if is_mark(owner)]
        customers = [owner for owner in owners if not is_mark(owner)]
        statement = f"""
            SELECT id FROM {{schema}}.profiles WHERE id = ANY($1::text[])
            AND data = ''::bytea AND version = {ERASURE}
            UNION ALL SELECT * FROM unnest($2::text[]) AS one (id) WHERE NOT EXISTS
            (SELECT 1 FROM {{schema}}.logins WHERE customer = one.id)
        """
        return {owner for (owner,) in self._ask(statement, marks, customers)}

    def customer_of(self, mark: str) -> str | None:
        ((customer,),) = self._ask(sql.CUSTOMER, mark)
        return None if customer is None else str(customer)

    def marks(self, owner: str) -> list[str]:
        statement = "SELECT visitor FROM {schema}.logins WHERE customer = $1"
        return [mark for (mark,) in self._ask(statement, owner)]

    # -- units -----------------------------------------------------------------------------

    def units(self, owners: Collection[str]) -> list[Unit]:
        rows = self._ask(f"SELECT {sql.UNITS} WHERE owner = ANY($1::text[])", [*owners])
        return [Unit(*row) for row in rows]

    def keep(self, units: Sequence[Unit]) -> None:
        if units:
            columns = zip(*sorted(units), strict=True)
            self._change(sql.KEEP, *map(list, columns))

    def drop(self, owners: Collection[str]) -> None:
        for table in ("rollup_units", "rollup_members"):
            statement = f"DELETE FROM {{schema}}.{table} WHERE owner = ANY($1::text[])"
            self._change(statement, [*owners])

    def outdated(self, generation: int, limit: int) -> list[str]:
        statement = """
            SELECT owner FROM {schema}.rollup_units WHERE generation NOT IN (0, $1)
        """
        rows = self._ask(f"{statement} LIMIT $2", generation, limit)
        return [owner for (owner,) in rows]

    def aged(
        self, day: int, shown: float, did: float, after: str, limit: int
    ) -> list[Unit]:
        statement = f"""
            SELECT {sql.UNITS} WHERE owner > $1 AND
            (settled IS NULL AND first <= $2 OR shown < $3 AND did < $4)
            ORDER BY owner LIMIT $5
        """
        rows = self._ask(statement, after, day, shown, did, limit)
        return [Unit(*row) for row in rows]

    # -- accounts --------------------------------------------------------------------------

    def accounts(self, owners: Collection[str]) -> set[str]:
        statement = (
            "SELECT account FROM {schema}.rollup_members WHERE owner = ANY($1::text[])"
        )
        return {account for (account,) in self._ask(statement, [*owners])}

    def members(self, accounts: Collection[str]) -> list[Member]:
        statement = (
            "SELECT * FROM {schema}.rollup_members WHERE account = ANY($1::text[])"
        )
        return [Member(*row) for row in self._ask(statement, [*accounts])]

    def every_member(self) -> Iterator[Member]:
        statement = "SELECT * FROM {schema}.rollup_members ORDER BY account"
        for row in self._looking.rows(statement):
            yield Member(*row)

    def join(self, members: Iterable[Member]) -> None:
        kept = sorted(one for one in members if one.body)
        gone = [one for one in members if not one.body]
        if kept:
            self._change(
                "INSERT INTO {schema}.rollup_members "
                "SELECT * FROM unnest($1::text[], $2::text[], $3::bytea[]) "
                "ON CONFLICT (account, owner) DO UPDATE SET body = excluded.body",
                *map(list, zip(*kept, strict=True)),
            )
        for account, owner, _ in gone:
            self._change(
                "DELETE FROM {schema}.rollup_members WHERE account = $1 AND owner = $2",
                account,
                owner,
            )

    # -- sums ------------------------------------------------------------------------------

    def sums(self, generation: int, keys: Sequence[Key]) -> dict[Key, bytes]:
        rows = self._ask(sql.SUMS, generation, *_columns(keys))
        return {(day, what): value for day, what, value in rows}

    def put_sums(
        self, generation: int, rows: Sequence[tuple[Key, bytes | None]]
    ) -> None:
        kept = sorted((key, value) for key, value in rows if value is not None)
        gone = [key for key, value in rows if value is None]
        if kept:
            keys, values = zip(*kept, strict=True)
            self._change(sql.PUT_SUMS, generation, *_columns(keys), list(values))
        if gone:
            self._change(sql.DROP_SUMS, generation, *_columns(gone))

    def outdated_sums(self, generation: int, limit: int) -> list[tuple[int, int, int]]:
        statement = """
            SELECT generation, day, what FROM {schema}.rollup_sums
            WHERE generation NOT IN (0, $1) LIMIT $2
        """
        return [tuple(row) for row in self._ask(statement, generation, limit)]

    def days(
        self, since: int, until: int, what: Collection[int] | None
    ) -> Iterator[tuple[int, int, bytes]]:
        names = None if what is None else list(what)
        return self._looking.rows(sql.DAYS, since, until, names)

    def sizes(self) -> Mapping[str, int]:
        ((units, sums),) = self._ask(
            "SELECT (SELECT count(*) FROM {schema}.rollup_units), "
            "(SELECT count(*) FROM {schema}.rollup_sums)"
        )
        return {"units": units, "sums": sums}


def _columns(keys: Sequence[Key]) -> tuple[list[int], list[int]]:
    return [day for day, _ in keys], [what for _, what in keys]
