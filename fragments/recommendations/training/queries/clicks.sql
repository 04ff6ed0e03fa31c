-- visits, items(number, article, product), recency(bucket, weight) -> the rows of two verbs, in
-- numbers: which session, which place in it, and what the session weighs by its age.
SELECT
    clicks.session, clicks.number, clicks.verb, clicks.nth,
    clicks.nth - clicks.nth % {farthest} AS block, recency.weight
FROM (
    SELECT
        visits.session, items.number, {verb} AS verb,
        ROW_NUMBER() OVER (PARTITION BY visits.session ORDER BY visits.nth) AS nth,
        CASE
            WHEN span.newest > span.oldest
            THEN CAST(LEAST(
                FLOOR((visits.ended - span.oldest) / (span.newest - span.oldest) * {buckets}),
                {buckets} - 1
            ) AS INTEGER)
            ELSE {buckets} - 1
        END AS bucket
    FROM visits
    CROSS JOIN (SELECT MIN(moment) AS oldest, MAX(moment) AS newest FROM visits) AS span
    JOIN items ON items.article = visits.article AND items.product = visits.product
    WHERE {verb} IN ({source}, {target})
) AS clicks
JOIN recency ON recency.bucket = clicks.bucket
