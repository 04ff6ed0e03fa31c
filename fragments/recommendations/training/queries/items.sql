-- visits -> how often each item was viewed, added to a cart and bought.
SELECT
    article, product,
    SUM(CASE WHEN verb = 0 THEN 1 ELSE 0 END) AS viewed,
    SUM(CASE WHEN verb = 1 THEN 1 ELSE 0 END) AS added,
    SUM(CASE WHEN verb = 2 THEN 1 ELSE 0 END) AS bought
FROM visits
GROUP BY article, product
