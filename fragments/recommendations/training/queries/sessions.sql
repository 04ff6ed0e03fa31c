-- log(visitor, session, article, product, verb, moment, place, basket) -> its rows, each with its
-- session: the place of the session's first row, which no other session has.
--
-- `place` is a row's own number and settles the order of rows of the same moment. Of a visitor
-- whose log names no sessions, {pause} seconds without an event begin a new one.
SELECT
    MIN(place) OVER (PARTITION BY visitor, session, part) AS session,
    MAX(moment) OVER (PARTITION BY visitor, session, part) AS ended,
    visitor, article, product, verb, moment, place, basket
FROM (
    SELECT
        visitor, session, article, product, verb, moment, place, basket,
        SUM(begins) OVER (
            PARTITION BY visitor, session ORDER BY moment, place
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS part
    FROM (
        SELECT
            visitor, session, article, product, verb, moment, place, basket,
            CASE
                WHEN session IS NULL AND moment - LAG(moment) OVER (
                    PARTITION BY visitor, session ORDER BY moment, place
                ) > {pause} THEN 1
                ELSE 0
            END AS begins
        FROM log
    ) AS begun
) AS parted
