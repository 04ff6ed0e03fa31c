"""A PostgreSQL as rows that every other store can hold, too."""

import random
from collections.abc import Iterator, Sequence
from typing import Any

from ..copying import Kind
from ..rows import COLUMNS
from .address import address_of
from .history import PROFILE, check
from .looking import Looking
from .schema import migrate
from .sql import LOG
from .writing import ERASURE

_READ = {
    "profiles": f"id, data FROM {{schema}}.profiles WHERE {PROFILE}",
    "identities": f"""
        id, CASE WHEN customer IS NOT NULL THEN 'customer' WHEN version = {ERASURE}
        THEN 'erased' ELSE 'retired' END, coalesce(customer, '')
        FROM {{schema}}.profiles WHERE customer IS NOT NULL OR data = ''::bytea
    """,
    "logins": "customer, visitor FROM {schema}.logins",
    "traffic": "dimension, key, weight FROM {schema}.traffic",
    "events": f"{COLUMNS} FROM {{schema}}.events",
    "allocations": "key, value FROM {schema}.rollup_state WHERE key = 'allocations'",
}
_PROFILES = """
INSERT INTO {{schema}}.profiles (id, data, customer, version)
SELECT {what} ON CONFLICT (id) DO UPDATE
SET data = excluded.data, customer = excluded.customer, version = excluded.version
"""
_AGAIN = ", ".join(f"{name} = excluded.{name}" for name in COLUMNS.split(", ")[1:])
_LOAD = {
    "profiles": _PROFILES.format(
        what="id, data, NULL, {version} FROM unnest($1::text[], $2::bytea[]) AS new (id, data)"
    ),
    "identities": _PROFILES.format(
        what=f"""
        id, CASE state WHEN 'customer' THEN NULL ELSE ''::bytea END, nullif(customer, ''),
        CASE state WHEN 'erased' THEN {ERASURE} ELSE {{version}} END
        FROM unnest($1::text[], $2::text[], $3::text[]) AS new (id, state, customer)
        """
    ),
    "logins": """
        INSERT INTO {schema}.logins (customer, visitor)
        SELECT * FROM unnest($1::text[], $2::text[]) ON CONFLICT DO NOTHING
    """,
    "traffic": """
        INSERT INTO {schema}.traffic (dimension, key, weight)
        SELECT * FROM unnest($1::text[], $2::text[], $3::float8[])
        ON CONFLICT (dimension, key) DO UPDATE SET weight = excluded.weight
    """,
    "allocations": """
        INSERT INTO {schema}.rollup_state (key, value)
        SELECT * FROM unnest($1::text[], $2::text[])
        ON CONFLICT (key) DO UPDATE SET value = excluded.value
    """,
    "events": LOG.replace("DO NOTHING RETURNING id", f"DO UPDATE SET {_AGAIN}"),
}


class PostgresCopied:
    """The :class:`~shopwindow.middleware.stores.copying.Copied` of one schema.

    To copy from, its tables have to be there; to copy to (``make``), they are made. Raises
    :class:`StoreError` if the server cannot be reached, or refuses.
    """

    def __init__(self, url: str, make: bool) -> None:
        address = address_of(url)
        self._looking = Looking(address)
        try:
            if make:
                self._looking.do(migrate(address))
            check(self._looking)
        except BaseException:  # raised on; only the connection is given back
            self._looking.close()
            raise

    def count(self, kind: Kind) -> int:
        if self._lacks(kind):
            return 0
        return self._looking.number(
            f"SELECT count(*) FROM (SELECT {_READ[kind]}) AS all_"
        )

    def _lacks(self, kind: Kind) -> bool:
        """A store of an older shopwindow, that is only read, has no such rows."""
        if kind != "allocations":
            return False
        table = f"{self._looking.address.schema}.rollup_state"
        (there,) = self._looking.first("SELECT to_regclass($1) IS NOT NULL", table)
        return not there

    def rows(self, kind: Kind) -> Iterator[tuple[Any, ...]]:
        if self._lacks(kind):
            return iter(())
        return map(tuple, self._looking.rows(f"SELECT {_READ[kind]}"))

    def load(self, kind: Kind, rows: Sequence[tuple[Any, ...]]) -> None:
        if rows:
            columns = [
                list(column) for column in zip(*sorted(rows, key=_key), strict=True)
            ]
            version = str(random.getrandbits(62) + 1)
            statement = _LOAD[kind].replace("{version}", version)
            self._looking.do(self._load(self._looking.sql(statement), columns))

    async def _load(self, statement: str, columns: list[list[Any]]) -> None:
        connection = self._looking.connection
        async with connection.transaction():
            await connection.execute(statement, *columns)

    def close(self) -> None:
        self._looking.close()


def _key(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """By what all who write lock rows in the same order."""
    return row[:2]
