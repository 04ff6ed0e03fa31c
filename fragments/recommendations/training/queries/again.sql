-- clicks (of what is viewed) -> what the views of an item weigh that follow one of the same item.
SELECT number AS i, CAST(SUM(weight) AS BIGINT) AS weight
FROM (
    SELECT
        number, weight, LAG(number) OVER (PARTITION BY session ORDER BY nth) AS previous
    FROM clicks
) AS paired
WHERE number = previous
GROUP BY number
