-- visits, items(number, article, product), ages(verb, day, weight) -> what is done with each item,
-- by its age: `day` counts from the newest event.
SELECT items.number AS i, CAST(SUM(ages.weight) AS BIGINT) AS weight
FROM visits
CROSS JOIN (SELECT MIN(moment) AS oldest, MAX(moment) AS newest FROM visits) AS span
JOIN items ON items.article = visits.article AND items.product = visits.product
JOIN ages ON ages.verb = visits.verb AND ages.day = CAST(FLOOR({day}) AS INTEGER)
GROUP BY items.number
