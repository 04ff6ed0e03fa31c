"""The statements of roll-ups in a PostgreSQL."""

from ...rules.measurement.rows import READS
from .tables import QUARTER

READ = ", ".join(f"'{name}'" for name in sorted(READS))
EVENTS = f"""
SELECT coalesce(customer, events.visitor) AS owner, time, name,
    CASE WHEN name IN ({READ}) THEN properties::text ELSE '{{}}' END, id
FROM {{schema}}.events LEFT JOIN (
    SELECT visitor, min(customer) AS customer FROM {{schema}}.logins GROUP BY visitor
) AS known ON known.visitor = events.visitor
"""
ORDERED = 'ORDER BY owner, time, id COLLATE "C"'
_QUARTER = f"floor(time / {QUARTER})::bigint"
SEEN = f"""
SELECT {_QUARTER}, count(*), sum(trunc(time * 1000)::bigint) FROM {{schema}}.events
WHERE time >= $1 AND time < $2 GROUP BY 1
"""
CONCERNED = f"""
SELECT DISTINCT owner FROM (
    {EVENTS} WHERE time >= $1 AND time < $2
) AS told WHERE {_QUARTER} = ANY($3::bigint[])
OR owner IN (SELECT owner FROM {{schema}}.rollup_units WHERE settled IS NOT NULL)
"""
UNITS = "owner, generation, body, first, shown, did, settled, past FROM {schema}.rollup_units"
CUSTOMER = "SELECT min(customer) FROM {schema}.logins WHERE visitor = $1"
KEEP = """
INSERT INTO {schema}.rollup_units
SELECT * FROM unnest($1::text[], $2::bigint[], $3::bytea[], $4::int[], $5::float8[],
    $6::float8[], $7::float8[], $8::bytea[])
ON CONFLICT (owner) DO UPDATE SET generation = excluded.generation, body = excluded.body,
first = excluded.first, shown = excluded.shown, did = excluded.did,
settled = excluded.settled, past = excluded.past
"""
JOINED = """
SELECT visitor, min(customer) FROM {schema}.logins
WHERE visitor IN (SELECT owner FROM {schema}.rollup_units) GROUP BY visitor
"""
SUMS = """
SELECT day, what, value FROM {schema}.rollup_sums
JOIN unnest($2::int[], $3::bigint[]) AS wanted (day, what) USING (day, what)
WHERE generation = $1
"""
PUT_SUMS = """
INSERT INTO {schema}.rollup_sums (generation, day, what, value)
SELECT $1, * FROM unnest($2::int[], $3::bigint[], $4::bytea[])
ON CONFLICT (generation, day, what) DO UPDATE SET value = excluded.value
"""
DROP_SUMS = """
DELETE FROM {schema}.rollup_sums USING unnest($2::int[], $3::bigint[]) AS gone (day, what)
WHERE generation = $1 AND rollup_sums.day = gone.day AND rollup_sums.what = gone.what
"""
# Whoever has stopped must not hold up the erasures of the shop.
STOPPED = "SET LOCAL idle_in_transaction_session_timeout = '10s'"
DAYS = """
SELECT day, what, value FROM {schema}.rollup_sums
WHERE day >= $1 AND day < $2 AND ($3::bigint[] IS NULL OR what = ANY($3))
AND generation IN (0, (
    SELECT value::bigint FROM {schema}.rollup_state WHERE key = 'generation'
)) ORDER BY day
"""
