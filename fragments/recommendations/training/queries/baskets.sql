-- visits, items(number, article, product) -> each item of each basket, once. An order is a basket;
-- what is in none goes by visitor and day, or by session.
SELECT DISTINCT parted.kind, parted.whose, parted.part, items.number
FROM (
    SELECT
        article, product,
        CASE WHEN basket <> '' THEN 0 WHEN {by_day} THEN 1 ELSE 2 END AS kind,
        CASE WHEN basket <> '' THEN basket WHEN {by_day} THEN visitor ELSE '' END AS whose,
        CASE
            WHEN basket <> '' THEN 0
            WHEN {by_day} THEN CAST(FLOOR(moment / 86400) AS BIGINT)
            ELSE session
        END AS part
    FROM visits
    WHERE {chosen}
) AS parted
JOIN items ON items.article = parted.article AND items.product = parted.product
