"""The log in the words of others: Segment, Google Analytics 4, CloudEvents.

Event names and properties of the log are those of Segment's specification of e-commerce events
(https://segment.com/docs/connections/spec/ecommerce/v2/), so that mapping only has to rename
them where GA4 has other words
(https://developers.google.com/analytics/devguides/collection/ga4/reference/events), or to put
them into an envelope (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md).
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from .exported import Line
from .ga4 import ga4_name, ga4_parameters


class Names(NamedTuple):
    """One way to name things. ``columns`` and ``row`` are for tables, ``message`` for JSON.

    A value of a row is text, or a map that a table holds as JSON.
    """

    columns: tuple[str, ...]
    row: Callable[[Line], tuple[str | Mapping[str, Any], ...]]
    message: Callable[[Line], dict[str, Any]]


# -- Segment: the columns of its warehouses, the messages of its HTTP API --------------------

_SEGMENT = (
    "id", "timestamp", "anonymous_id", "user_id", "event",
    "decision", "rule", "variant", "revision", "properties",
)  # fmt: skip


def _segment_row(line: Line) -> tuple[str | Mapping[str, Any], ...]:
    anonymous, user = ("", line.visitor) if line.customer else (line.visitor, "")
    return (
        line.id, line.timestamp, anonymous, user, line.name,
        line.decision, line.rule, line.variant, line.revision, line.properties,
    )  # fmt: skip


def _segment_message(line: Line) -> dict[str, Any]:
    properties = dict(line.properties)
    if line.decision:
        properties["decision"] = line.decision
    return {
        "type": "track",
        "messageId": line.id,
        "timestamp": line.timestamp,
        "userId" if line.customer else "anonymousId": line.visitor,
        "event": line.name,
        "properties": properties,
    }


# -- Google Analytics 4: the messages of its Measurement Protocol ----------------------------

_GA4_COLUMNS = ("timestamp_micros", "client_id", "user_id", "name", "params")


def _ga4(currency: str) -> Names:
    def row(line: Line) -> tuple[str | Mapping[str, Any], ...]:
        client, user = ("", line.visitor) if line.customer else (line.visitor, "")
        return (
            str(round(line.time * 1_000_000)), client, user,
            ga4_name(line), ga4_parameters(line, currency),
        )  # fmt: skip

    def message(line: Line) -> dict[str, Any]:
        told: dict[str, Any] = {"client_id": line.visitor}
        if line.customer:
            told["user_id"] = line.visitor
        told["timestamp_micros"] = round(line.time * 1_000_000)
        params = ga4_parameters(line, currency)
        told["events"] = [{"name": ga4_name(line), "params": params}]
        return told

    return Names(_GA4_COLUMNS, row, message)


# -- CloudEvents 1.0: the JSON format of one event -------------------------------------------

_CLOUD_COLUMNS = (
    "specversion", "id", "source", "type", "subject", "time", "datacontenttype", "data",
)  # fmt: skip


def cloud_type(name: str) -> str:
    """``Product Viewed`` -> ``shopwindow.product-viewed``."""
    return "shopwindow." + re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def _cloudevents(source: str) -> Names:
    def message(line: Line) -> dict[str, Any]:
        data = dict(line.properties)
        if line.decision:
            data["decision"] = line.decision
        return {
            "specversion": "1.0",
            "id": line.id,
            "source": source,
            "type": cloud_type(line.name),
            "subject": line.visitor,
            "time": line.timestamp,
            "datacontenttype": "application/json",
            "data": data,
        }

    def row(line: Line) -> tuple[str | Mapping[str, Any], ...]:
        return tuple(message(line).values())

    return Names(_CLOUD_COLUMNS, row, message)


NAMES = ("segment", "ga4", "cloudevents")


def names(kind: str, currency: str, source: str) -> Names:
    """The one of :data:`NAMES` that is called ``kind``.

    ``currency`` is the shop's, ``source`` the URI reference that CloudEvents name it by.
    """
    if kind == "ga4":
        return _ga4(currency)
    if kind == "cloudevents":
        return _cloudevents(source)
    return Names(_SEGMENT, _segment_row, _segment_message)
