-- visits, items(number, article, product), recency(bucket, weight) -> the rows of two verbs, in
-- numbers: which session, which place in it, and what the session weighs by its age: that of its
-- last row, among those that count for it.
SELECT
    clicks.session, clicks.number, clicks.verb, clicks.nth,
    clicks.nth - clicks.nth % {farthest} AS block, recency.weight
FROM (
    SELECT
        dated.session, items.number, dated.verb,
        ROW_NUMBER() OVER (PARTITION BY dated.session ORDER BY dated.nth) AS nth,
        CASE
            WHEN span.newest > span.oldest
            THEN CAST(LEAST(
                FLOOR((dated.ended - span.oldest) / (span.newest - span.oldest) * {buckets}),
                {buckets} - 1
            ) AS INTEGER)
            ELSE {buckets} - 1
        END AS bucket
    FROM (
        SELECT
            session, article, product, nth, {verb} AS verb,
            MAX(moment) OVER (PARTITION BY session) AS ended
        FROM visits
        WHERE {dating}
    ) AS dated
    CROSS JOIN (
        SELECT MIN(moment) AS oldest, MAX(moment) AS newest FROM visits WHERE {dating}
    ) AS span
    JOIN items ON items.article = dated.article AND items.product = dated.product
    WHERE dated.verb IN ({source}, {target})
) AS clicks
JOIN recency ON recency.bucket = clicks.bucket
