"""The statements that keep a batch of events."""

from collections.abc import Sequence
from typing import Any

from .. import Weights
from ..rows import COLUMNS, Row

KEY = 500  # characters: an index entry has room for 2,700 bytes

# Rows that are not there yet are made, so that they can be locked: in the order of the list,
# which is the same for all workers. Those that are there are locked and left as they are.
LOCK = """
INSERT INTO {schema}.profiles (id) SELECT unnest($1::text[])
ON CONFLICT (id) DO UPDATE SET version = profiles.version WHERE false
"""
READ = """
SELECT id, data, customer, version FROM {schema}.profiles WHERE id = ANY($1::text[])
"""
WRITE = """
UPDATE {schema}.profiles AS one
SET data = new.data, customer = new.customer, version = new.version
FROM unnest($1::text[], $2::bytea[], $3::text[], $4::bigint[])
AS new (id, data, customer, version) WHERE one.id = new.id
"""
UNMAKE = "DELETE FROM {schema}.profiles WHERE id = ANY($1::text[])"
LOG = f"""
INSERT INTO {{schema}}.events ({COLUMNS})
SELECT id, time, visitor, name, properties::json, decision, rule, variant, revision, purpose
FROM unnest($1::text[], $2::float8[], $3::text[], $4::text[], $5::text[], $6::text[],
$7::text[], $8::text[], $9::text[], $10::text[]) AS new ({COLUMNS})
ON CONFLICT (id) DO NOTHING RETURNING id
"""
UNLOG = "DELETE FROM {schema}.events WHERE visitor = ANY($1::text[])"
LOGIN = """
INSERT INTO {schema}.logins (customer, visitor) VALUES ($1, $2) ON CONFLICT DO NOTHING
"""
LOGINS = """
SELECT customer, visitor FROM {schema}.logins WHERE customer = ANY($1::text[])
"""
UNLOGIN = "DELETE FROM {schema}.logins WHERE customer = $1"
# Roll-ups and who erases take turns: what is erased is not written once more.
ROLLUPS = "SELECT pg_advisory_xact_lock(hashtext('shopwindow rollups {schema}'))"
UNROLL = """
WITH left_accounts AS (
    DELETE FROM {schema}.rollup_members WHERE owner = ANY($1::text[])
) DELETE FROM {schema}.rollup_units WHERE owner = ANY($1::text[])
"""


def weights_as_columns(weights: Weights) -> list[list[Any]]:
    """What is added to the traffic, in the order in which all workers lock it.

    A page's address may bring a key that PostgreSQL cannot hold: a byte of zero becomes the
    sign for what is unknown, and what is too long for an index is cut.
    """
    rows: dict[tuple[str, str], float] = {}
    for (dimension, key), weight in weights.items():
        kept = dimension, key.replace("\0", "\ufffd")[:KEY]
        rows[kept] = rows.get(kept, 0.0) + weight
    ordered = sorted((*key, weight) for key, weight in rows.items())
    return [list(column) for column in zip(*ordered, strict=True)]


def columns_of(rows: Sequence[Row]) -> list[list[Any]]:
    """The rows as :data:`LOG` takes them: in the order in which all workers lock them."""
    ordered = sorted(rows, key=lambda row: row.id)
    return [list(column) for column in zip(*ordered, strict=True)]


def changed_by(status: str) -> int:
    """How many rows a statement changed, out of what the server says about it."""
    return int(status.rpartition(" ")[2])
