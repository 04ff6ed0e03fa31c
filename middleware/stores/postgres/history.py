"""What a PostgreSQL knows, read from one end to the other: for commands, beside a running shop."""

from collections.abc import Iterator
from itertools import groupby
from operator import attrgetter

from ....rules.facts import Event, Profile
from .. import DayOf, StoreError, Weights
from ..rows import decode_profile, event_of
from .address import Address
from .looking import Looking
from .schema import version_of

# Who a row belongs to: what a stranger did before a login is the customer's.
_OWNED = """
WITH known AS (
    SELECT visitor, min(customer) AS customer FROM {schema}.logins GROUP BY visitor
), owned AS (
    SELECT coalesce(customer, events.visitor) AS owner, events.*
    FROM {schema}.events LEFT JOIN known ON known.visitor = events.visitor
), concerned AS (
    SELECT DISTINCT owner FROM owned WHERE time >= $1 AND time < $2
)
"""
_VISITORS = f"{_OWNED} SELECT count(*) FROM concerned"
_EVENTS = f"""{_OWNED}
SELECT id, name, owner, time, properties FROM owned
WHERE time < $2 AND owner IN (SELECT owner FROM concerned) ORDER BY owner, time, id
"""
PROFILE = "length(data) > 0"  # neither retired nor standing for a customer


class PostgresHistory:
    """The :class:`~shopwindow.middleware.stores.History` of one schema.

    It reads what was there when the reading began, and holds nobody up. Raises
    :class:`StoreError` if there are no tables, and makes none.
    """

    def __init__(self, address: Address, day: DayOf) -> None:
        self._day = day
        self._looking = Looking(address)
        try:
            check(self._looking)
        except BaseException:  # raised on; only the connection is given back
            self._looking.close()
            raise

    def visitors(self, since: float, until: float) -> int:
        return self._looking.number(_VISITORS, since, until)

    def stories(self, since: float, until: float) -> Iterator[list[Event]]:
        rows = self._looking.rows(_EVENTS, since, until)
        events = (event_of(self._day, *row) for row in rows)
        for _, story in groupby(events, attrgetter("visitor")):
            yield list(story)

    def profile_count(self) -> int:
        return self._looking.number(
            f"SELECT count(*) FROM {{schema}}.profiles WHERE {PROFILE}"
        )

    def profiles(self) -> Iterator[Profile]:
        statement = f"SELECT data FROM {{schema}}.profiles WHERE {PROFILE}"
        for (data,) in self._looking.rows(statement):
            yield decode_profile(data)

    def traffic(self) -> Weights:
        statement = "SELECT dimension, key, weight FROM {schema}.traffic"
        rows = self._looking.rows(statement)
        return {(dimension, key): weight for dimension, key, weight in rows}

    def close(self) -> None:
        self._looking.close()


def check(looking: Looking) -> None:
    """Raises :class:`StoreError` for a database that has no tables of ours."""

    async def version() -> int:
        connection = looking.connection
        async with connection.transaction():
            return await version_of(connection, looking.address)

    if not looking.do(version()):
        raise StoreError(
            f"{looking.address.words} is no store of shopwindow: it has no tables in the "
            f"schema {looking.address.schema}"
        )
