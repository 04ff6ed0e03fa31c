"""What visitors viewed, put into their carts and ordered, out of the log: the query for it."""

from ....fragments.recommendations.training.values import LONGEST
from ....rules.events import (
    ARTICLE_VIEWED,
    ORDER_COMPLETED,
    PRODUCT_ADDED,
    PRODUCT_VIEWED,
)

# What PostgreSQL cannot make a text of (a zero, half a character) becomes a mark that is in no id:
# its functions that read JSON would fail at it. An id is a text or a whole number.
_HAPPENED = r"""
WITH known AS (
    SELECT visitor, min(customer) AS customer FROM {schema}.logins GROUP BY visitor
), told AS (
    SELECT
        coalesce(customer, events.visitor) AS owner, id, time, name,
        CASE
            WHEN properties::text ~* '\\u(0000|d[89a-f])'
            THEN regexp_replace(
                properties::text, '(?<!\\)((?:\\\\)*)\\u(?:0000|d[89a-f][0-9a-f]{2})',
                '\1\\ufffe', 'gi'
            )::json
            ELSE properties
        END AS properties
    FROM {schema}.events LEFT JOIN known ON known.visitor = events.visitor
    WHERE time >= {since} AND time < {until}
        AND name IN ({viewed}, {read}, {added}, {ordered})
), things AS (
    SELECT told.*, thing, ordinality
    FROM told
    CROSS JOIN LATERAL json_array_elements(
        CASE
            WHEN name = {ordered} AND json_typeof(properties -> 'products') = 'array'
            THEN properties -> 'products'
            ELSE json_build_array(properties)
        END
    ) WITH ORDINALITY AS listed (thing, ordinality)
), said AS (
    SELECT
        things.*,
        CASE name
            WHEN {read} THEN thing -> 'article_id'
            ELSE thing -> 'product_id'
        END AS product_said,
        properties -> 'order_id' AS order_said
    FROM things
), texts AS (
    SELECT
        said.*,
        CASE
            WHEN json_typeof(product_said) = 'string'
                OR product_said::text ~ '^-?[0-9]+$'
            THEN btrim(product_said #>> '{}', E' \t\n\r\f\x0b')
        END AS product,
        CASE
            WHEN json_typeof(order_said) = 'string' OR order_said::text ~ '^-?[0-9]+$'
            THEN btrim(order_said #>> '{}', E' \t\n\r\f\x0b')
        END AS basket
    FROM said
)
SELECT
    owner AS visitor, '' AS session, 0 AS named,
    CASE WHEN {unusable basket} THEN '' ELSE basket END AS basket,
    CASE name WHEN {read} THEN 1 ELSE 0 END AS article, product,
    CASE name WHEN {added} THEN 1 WHEN {ordered} THEN 2 ELSE 0 END AS verb,
    1 AS timed, time AS moment,
    row_number() OVER happened AS line, row_number() OVER happened AS place,
    NOT {unusable product} AS sound
FROM texts
WHERE product <> ''
WINDOW happened AS (ORDER BY id, ordinality)
"""


def happened(since: float, until: float) -> str:
    """The query for the table ``raw`` that is counted, of the events between two moments; what is
    not ``sound`` has an id that cannot be one.

    In it ``{schema}`` stands for the schema.
    """
    words = {
        "viewed": _quoted(PRODUCT_VIEWED),
        "read": _quoted(ARTICLE_VIEWED),
        "added": _quoted(PRODUCT_ADDED),
        "ordered": _quoted(ORDER_COMPLETED),
        "since": repr(float(since)),
        "until": repr(float(until)),
        "unusable product": _unusable("product"),
        "unusable basket": f"(basket IS NULL OR {_unusable('basket')})",
    }
    text = _HAPPENED
    for name, word in words.items():
        text = text.replace(f"{{{name}}}", word)
    return text


def _quoted(name: str) -> str:
    return f"'{name}'"


def _unusable(id: str) -> str:
    return rf"(length({id}) > {LONGEST} OR strpos({id}, U&'\fffe') > 0)"
