-- raw -> how many rows there are, how many have a time, and what the usual times are.
SELECT
    COUNT(*) AS number, SUM(timed) AS timed,
    PERCENTILE_CONT(0.01) WITHIN GROUP (ORDER BY CASE WHEN timed = 1 THEN moment END) AS low,
    PERCENTILE_CONT(0.99) WITHIN GROUP (ORDER BY CASE WHEN timed = 1 THEN moment END) AS high
FROM raw
