-- visits, items(number, article, product) -> the newest sessions, with {most} events or a few more,
-- in the order in which they ended. Visitors and orders get numbers from 1; 0 is none.
SELECT
    newest.closing, items.number AS item, newest.verb, newest.moment,
    CASE WHEN newest.visitor = '' THEN 0 ELSE newest.visitor_number END AS visitor,
    CASE WHEN newest.basket = '' THEN 0 ELSE newest.basket_number END AS basket
FROM (
    SELECT
        visits.ended, visits.closing, visits.nth, visits.article, visits.product, visits.verb,
        visits.moment, visits.visitor, visits.basket,
        DENSE_RANK() OVER (ORDER BY visits.visitor) AS visitor_number,
        DENSE_RANK() OVER (ORDER BY visits.basket) AS basket_number
    FROM visits
    CROSS JOIN (
        SELECT MIN(ended) AS ended
        FROM (SELECT ended FROM visits ORDER BY ended DESC LIMIT {most}) AS last_ones
    ) AS edge
    WHERE visits.ended >= edge.ended
) AS newest
JOIN items ON items.article = newest.article AND items.product = newest.product
ORDER BY newest.ended, newest.closing, newest.nth
