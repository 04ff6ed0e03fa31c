-- visits -> how many visitors and sessions there are.
SELECT
    COUNT(DISTINCT CASE WHEN visitor <> '' THEN visitor END) AS visitors,
    COUNT(DISTINCT session) AS sessions
FROM visits
