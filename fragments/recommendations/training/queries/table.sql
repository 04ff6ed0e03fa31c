-- clicks, steps(step, ahead, back), scales(number, scale_from, scale_to) -> the table: to each item
-- i the {keep} items j that go best with it, best first, of equal ones the lower number.
--
-- Who is at most {farthest} clicks away stands in the same block of so many clicks or in the
-- next: so a session of a robot costs what its clicks cost, not the square of it. The pair of a
-- lower and a higher item is counted once, in both directions.
SELECT i, j, val, nth
FROM (
    SELECT i, j, val, ROW_NUMBER() OVER (PARTITION BY i ORDER BY val DESC, j) AS nth
    FROM (
        SELECT
            directed.i, directed.j,
            CAST(directed.weight * source.scale_from * target.scale_to AS REAL) AS val
        FROM (
            SELECT
                CASE WHEN directions.up = 1 THEN pairs.low ELSE pairs.high END AS i,
                CASE WHEN directions.up = 1 THEN pairs.high ELSE pairs.low END AS j,
                CASE WHEN directions.up = 1 THEN pairs.up ELSE pairs.down END AS weight
            FROM (
                SELECT
                    low, high, CAST(SUM(up) AS BIGINT) AS up, CAST(SUM(down) AS BIGINT) AS down
                FROM (
                    SELECT
                        LEAST(a.number, b.number) AS low,
                        GREATEST(a.number, b.number) AS high,
                        CASE
                            WHEN a.number < b.number AND a.verb = {source} AND b.verb = {target}
                            THEN a.weight * steps.ahead
                            WHEN a.number > b.number AND b.verb = {source} AND a.verb = {target}
                            THEN a.weight * steps.back
                            ELSE 0
                        END AS up,
                        CASE
                            WHEN a.number > b.number AND a.verb = {source} AND b.verb = {target}
                            THEN a.weight * steps.ahead
                            WHEN a.number < b.number AND b.verb = {source} AND a.verb = {target}
                            THEN a.weight * steps.back
                            ELSE 0
                        END AS down
                    FROM (
                        SELECT session, number, verb, nth, block, weight FROM clicks
                        UNION ALL
                        SELECT session, number, verb, nth, block + {farthest}, weight FROM clicks
                    ) AS a
                    JOIN clicks AS b
                        ON b.session = a.session AND b.block = a.block
                        AND b.nth > a.nth AND b.nth <= a.nth + {farthest}
                        AND b.number <> a.number
                    JOIN steps ON steps.step = b.nth - a.nth
                ) AS weighed
                GROUP BY low, high
            ) AS pairs
            CROSS JOIN (SELECT 1 AS up UNION ALL SELECT 0 AS up) AS directions
        ) AS directed
        JOIN scales AS source ON source.number = directed.i
        JOIN scales AS target ON target.number = directed.j
        WHERE directed.weight > 0
    ) AS scored
) AS ranked
WHERE nth <= {keep}
