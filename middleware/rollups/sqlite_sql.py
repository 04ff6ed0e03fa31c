"""The statements of roll-ups in a SQLite file."""

from .tables import QUARTER

SUMS = """
SELECT day, what, rollup_sums.value FROM json_each(?1) AS wanted CROSS JOIN rollup_sums
WHERE generation = ?2 AND day = json_extract(wanted.value, '$[0]') AND what = json_extract(wanted.value, '$[1]')
"""
DAYS = """
day, what, value FROM rollup_sums WHERE day >= ? AND day < ? AND generation IN
(0, (SELECT CAST(value AS INTEGER) FROM rollup_state WHERE key = 'generation'))
"""
RECENT = f"""
INSERT INTO temp.recent
SELECT CAST(time AS INTEGER) / {QUARTER}, visitor, count(*), sum(CAST(time * 1000 AS INTEGER))
FROM events WHERE time >= ? AND time < ? GROUP BY 1, 2
"""
WANTED = """
INSERT INTO temp.wanted SELECT owner FROM temp.concerned
UNION SELECT visitor FROM logins WHERE customer IN temp.concerned
"""
JOINED = """
SELECT one.visitor, one.customer FROM temp.owners AS one
JOIN rollup_units ON rollup_units.owner = one.visitor
"""
OWNERS = """
CREATE TEMP TABLE owners (visitor PRIMARY KEY, customer) WITHOUT ROWID
"""
FILL = """
INSERT INTO temp.owners SELECT visitor, min(customer) FROM logins GROUP BY visitor
"""
OWNED = """
coalesce((SELECT customer FROM temp.owners AS one WHERE one.visitor = events.visitor), visitor)
"""
