-- baskets(kind, whose, part, number) -> those of at most {largest} items.
SELECT baskets.kind, baskets.whose, baskets.part, baskets.number
FROM baskets
JOIN (
    SELECT kind, whose, part FROM baskets GROUP BY kind, whose, part HAVING COUNT(*) <= {largest}
) AS usual
    ON usual.kind = baskets.kind AND usual.whose = baskets.whose AND usual.part = baskets.part
