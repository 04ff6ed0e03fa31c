-- visits, items(number, article, product) -> the newest sessions, with {most} events or a few more,
-- in the order in which they ended. Visitors and orders are known by the places in which they came
-- first; -1 is none.
SELECT
    newest.closing, items.number AS item, newest.verb, newest.moment,
    CASE WHEN newest.visitor = '' THEN -1 ELSE newest.visitor_first END AS visitor,
    CASE WHEN newest.basket = '' THEN -1 ELSE newest.basket_first END AS basket
FROM (
    SELECT
        visits.ended, visits.closing, visits.nth, visits.article, visits.product, visits.verb,
        visits.moment, visits.visitor, visits.basket,
        MIN(visits.place) OVER (PARTITION BY visits.visitor) AS visitor_first,
        MIN(visits.place) OVER (PARTITION BY visits.basket) AS basket_first
    FROM visits
    CROSS JOIN (
        SELECT MIN(ended) AS ended
        FROM (SELECT ended FROM visits ORDER BY ended DESC LIMIT {most}) AS last_ones
    ) AS edge
    WHERE visits.ended >= edge.ended
) AS newest
JOIN items ON items.article = newest.article AND items.product = newest.product
ORDER BY newest.ended, newest.closing, newest.nth
