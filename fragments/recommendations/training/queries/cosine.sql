-- goods(kind, whose, part, number), shares(number, scale) -> the table of what is bought together,
-- by the cosine of baskets: to each item i the {keep} items j that go best with it.
SELECT i, j, val, nth
FROM (
    SELECT i, j, val, ROW_NUMBER() OVER (PARTITION BY i ORDER BY val DESC, j) AS nth
    FROM (
        SELECT
            directed.i, directed.j,
            CAST(directed.common * one.scale * other.scale AS REAL) AS val
        FROM (
            SELECT
                CASE WHEN directions.up = 1 THEN pairs.low ELSE pairs.high END AS i,
                CASE WHEN directions.up = 1 THEN pairs.high ELSE pairs.low END AS j,
                pairs.common
            FROM (
                SELECT a.number AS low, b.number AS high, COUNT(*) AS common
                FROM goods AS a
                JOIN goods AS b
                    ON b.kind = a.kind AND b.whose = a.whose AND b.part = a.part
                    AND b.number > a.number
                GROUP BY a.number, b.number
            ) AS pairs
            CROSS JOIN (SELECT 1 AS up UNION ALL SELECT 0 AS up) AS directions
        ) AS directed
        JOIN shares AS one ON one.number = directed.i
        JOIN shares AS other ON other.number = directed.j
    ) AS scored
) AS ranked
WHERE nth <= {keep}
