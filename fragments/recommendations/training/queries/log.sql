-- raw, bounds(low, high) -> its rows that count, each with the moment that it counts from: its
-- time, or its line where the log is one without times.
SELECT
    visitor, session, named, basket, article, product, verb, raw.place, {moment} AS moment
FROM raw
CROSS JOIN bounds
WHERE {timed} = 0 OR (timed = 1 AND raw.moment >= bounds.low AND raw.moment <= bounds.high)
