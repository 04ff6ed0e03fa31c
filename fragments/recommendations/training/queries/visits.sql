-- log -> its rows in sessions. A session is known by the place of its first row, which no other
-- session has; `nth` is a row's place in it, and the row of moment `ended`, place `closing` is its
-- last.
--
-- Of a visitor whose log names no sessions, {pause} seconds without an event begin a new one. Only
-- the first {longest} events of a session count: who does more is no shopper.
SELECT
    session, nth, visitor, basket, article, product, verb, moment, place,
    LAST_VALUE(moment) OVER (
        PARTITION BY session ORDER BY nth ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
    ) AS ended,
    LAST_VALUE(place) OVER (
        PARTITION BY session ORDER BY nth ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
    ) AS closing
FROM (
    SELECT
        visitor, basket, article, product, verb, moment, place,
        FIRST_VALUE(place) OVER (
            PARTITION BY visitor, session, named, part ORDER BY moment, place
            ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
        ) AS session,
        ROW_NUMBER() OVER (
            PARTITION BY visitor, session, named, part ORDER BY moment, place
        ) AS nth
    FROM (
        SELECT
            visitor, session, named, basket, article, product, verb, moment, place,
            SUM(begins) OVER (
                PARTITION BY visitor, session, named ORDER BY moment, place
                ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
            ) AS part
        FROM (
            SELECT
                visitor, session, named, basket, article, product, verb, moment, place,
                CASE
                    WHEN named = 0 AND moment - LAG(moment) OVER (
                        PARTITION BY visitor, session, named ORDER BY moment, place
                    ) > {pause} THEN 1
                    ELSE 0
                END AS begins
            FROM log
        ) AS begun
    ) AS parted
) AS numbered
WHERE nth <= {longest}
