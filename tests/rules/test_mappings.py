"""The log in the words of others, as their specifications have them."""

import re
from typing import Any

import jsonschema
import pytest

from shopwindow.rules.events import SAYS
from shopwindow.rules.exported import Line, lines
from shopwindow.rules.exposures import showing
from shopwindow.rules.facts import Decision, Event
from shopwindow.rules.ga4 import GA4_NAMES, ga4_name, ga4_parameters
from shopwindow.rules.mappings import NAMES, names

MARK, ANNA = "0" * 32, f"c.{'a' * 32}"
TIME = 1_795_700_000.25  # 2026-11-26T13:33:20.250Z


def event(name: str, /, visitor: str = MARK, **properties: Any) -> Event:
    return Event("01a2b3", name, visitor, TIME, 20_783, properties)


def line(name: str, /, **properties: Any) -> Line:
    (one,) = lines(event(name, **properties))
    return one


def shown(*decisions: Decision) -> Event:
    return event("Promotion Viewed", **showing(decisions, "r42"))


HERO = Decision(
    "home.hero", "shown", "carpenters", "big-hero", experiment="advent", variant="cosy"
)
HELD = Decision(
    "home.advice", "control", "advice", "tips", experiment="x", variant="control"
)


def test_what_a_page_showed_is_a_line_for_each_slot() -> None:
    first, second = lines(shown(HERO, HELD))
    assert (first.id, second.id) == ("01a2b3.0", "01a2b3.1")
    assert {first.decision, second.decision} == {"01a2b3"}
    assert (first.rule, first.variant, first.revision) == ("carpenters", "cosy", "r42")
    assert first.properties["promotion_id"] == "big-hero"
    assert first.properties["slot"] == "home.hero"
    assert (second.rule, second.properties["held"]) == ("advice", "control")
    assert "promotion_id" not in second.properties
    assert "promotions" not in first.properties


def test_everything_else_is_one_line() -> None:
    one = line("Product Viewed", product_id="hay", category=None)
    assert (one.id, one.name, one.decision, one.rule) == (
        "01a2b3",
        "Product Viewed",
        "",
        "",
    )
    assert one.properties == {"product_id": "hay"}
    odd = line("Promotion Viewed", promotions="none", promotion_id="x")
    assert odd.properties["promotion_id"] == "x"


# -- Segment ---------------------------------------------------------------------------


def test_segment_has_our_names() -> None:
    segment = names("segment", "EUR", "/x")
    one = line("Products Searched", query="Heu für Böcke")
    assert segment.message(one) == {
        "type": "track",
        "messageId": "01a2b3",
        "timestamp": "2026-11-26T13:33:20.250Z",
        "anonymousId": MARK,
        "event": "Products Searched",
        "properties": {"query": "Heu für Böcke"},
    }
    row = dict(zip(segment.columns, segment.row(one), strict=True))
    assert row["anonymous_id"] == MARK and row["user_id"] == ""
    assert row["properties"] == {"query": "Heu für Böcke"}


def test_who_logged_in_is_a_user() -> None:
    segment = names("segment", "EUR", "/x")
    (one,) = lines(event("Product Viewed", ANNA, product_id="hay"))
    message = segment.message(one)
    assert message["userId"] == ANNA and "anonymousId" not in message
    assert dict(zip(segment.columns, segment.row(one), strict=True))["user_id"] == ANNA


# -- Google Analytics 4 ----------------------------------------------------------------

HAY = {
    "product_id": "hay",
    "name": "Heu",
    "price": 4.5,
    "quantity": 2,
    "brand": "Wiese",
}
HAY_ITEM = {
    "item_id": "hay", "item_name": "Heu", "price": 4.5, "quantity": 2, "item_brand": "Wiese",
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "properties", "called", "parameters"),
    [
        ("Product Viewed", HAY, "view_item",
         {"currency": "EUR", "value": 9.0, "items": [HAY_ITEM]}),
        ("Product Viewed", {"product_id": "hay"}, "view_item", {"items": [{"item_id": "hay"}]}),
        ("Product List Viewed", {"category": "rabbits", "list_id": "7"}, "view_item_list",
         {"item_list_id": "7", "item_list_name": "rabbits", "items": []}),
        ("Products Searched", {"query": "hay"}, "search", {"search_term": "hay"}),
        ("Product Added", HAY | {"currency": "CHF"}, "add_to_cart",
         {"currency": "CHF", "value": 9.0, "items": [HAY_ITEM]}),
        ("Product Removed", {"product_id": "hay", "quantity": 1}, "remove_from_cart",
         {"items": [{"item_id": "hay", "quantity": 1}]}),
        ("Order Completed",
         {"order_id": "A1", "revenue": 9.0, "tax": 1.7, "shipping": 4.9, "coupon": "X",
          "total": 15.6, "products": [HAY, {"price": 1}]},
         "purchase",
         {"transaction_id": "A1", "value": 9.0, "currency": "EUR", "tax": 1.7,
          "shipping": 4.9, "coupon": "X", "items": [HAY_ITEM]}),
        ("Article Viewed", {"article_id": "teeth"}, "select_content",
         {"content_type": "article", "content_id": "teeth"}),
        ("Promotion Clicked", {"promotion_id": "big-hero", "slot": "home.hero"},
         "select_promotion", {"promotion_id": "big-hero", "creative_slot": "home.hero"}),
        ("Promotion Dismissed", {"promotion_id": "big-hero"}, "dismiss_promotion",
         {"promotion_id": "big-hero"}),
        ("Newsletter – abonniert!", {"list": "weekly", "tags": ["a"]}, "newsletter_abonniert",
         {"list": "weekly"}),
        ("404", {}, "event_404", {}),
    ],
)  # fmt: skip
def test_ga4_has_its_own_names(
    name: str, properties: dict[str, Any], called: str, parameters: dict[str, Any]
) -> None:
    one = line(name, **properties)
    assert ga4_name(one) == called
    assert ga4_parameters(one, "EUR") == parameters


def test_ga4_names_a_promotion_with_its_decision() -> None:
    first, second = lines(shown(HERO, HELD))
    assert ga4_name(first) == "view_promotion"
    assert ga4_parameters(first, "EUR") == {
        "promotion_id": "big-hero",
        "creative_slot": "home.hero",
        "experiment": "advent",
        "items": [],
        "decision": "01a2b3",
        "rule": "carpenters",
        "variant": "cosy",
        "revision": "r42",
    }
    assert ga4_name(second) == "withhold_promotion"  # nobody saw it


def test_ga4_takes_every_name() -> None:
    for name in (*SAYS, "Product Removed", "x" * 80, "Ünlü Şey", "2 for 1", "---"):
        spelt = ga4_name(line(name))
        assert re.fullmatch(r"[a-z][a-z0-9_]{0,39}", spelt), spelt
    assert GA4_NAMES.keys() >= SAYS.keys()


def test_a_message_of_ga4_is_one_of_its_measurement_protocol() -> None:
    ga4 = names("ga4", "EUR", "/x")
    (one,) = lines(event("Products Searched", ANNA, query="hay"))
    assert ga4.message(one) == {
        "client_id": ANNA,
        "user_id": ANNA,
        "timestamp_micros": 1_795_700_000_250_000,
        "events": [{"name": "search", "params": {"search_term": "hay"}}],
    }
    row = dict(zip(ga4.columns, ga4.row(one), strict=True))
    assert row["timestamp_micros"] == "1795700000250000"
    assert (row["client_id"], row["user_id"]) == ("", ANNA)


# -- CloudEvents -----------------------------------------------------------------------

# What the specification asks of the attributes of an event, version 1.0.2: the four that are
# required are texts with something in them, those that may be missing are so where they are
# there, and names have only small letters and digits.
TEXT = {"type": "string", "minLength": 1}
CLOUD_EVENT = {
    "type": "object",
    "required": ["id", "source", "specversion", "type"],
    "properties": {
        "id": TEXT,
        "source": TEXT | {"format": "uri-reference", "pattern": r"^[!-~]+$"},
        "specversion": {"const": "1.0"},
        "type": TEXT,
        "subject": TEXT,
        "datacontenttype": TEXT | {"pattern": r"^[\w.+-]+/[\w.+-]+$"},
        "dataschema": TEXT | {"format": "uri"},
        "time": TEXT
        | {"pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$"},
        "data": True,
        "data_base64": TEXT,
    },
    "propertyNames": {"anyOf": [{"pattern": "^[a-z0-9]+$"}, {"const": "data_base64"}]},
}


@pytest.mark.parametrize("name", [*SAYS, "Product Removed", "Ünlü Şey"])
def test_a_cloud_event_is_one(name: str) -> None:
    cloud = names("cloudevents", "EUR", "https://shop.example/")
    message = cloud.message(line(name, product_id="hay"))
    jsonschema.validate(message, CLOUD_EVENT)
    assert message["source"] == "https://shop.example/"
    assert message["data"]["product_id"] == "hay"
    assert tuple(message) == cloud.columns
    assert cloud.row(line(name, product_id="hay")) == tuple(message.values())


def test_cloud_events_of_one_page_have_ids_of_their_own() -> None:
    cloud = names("cloudevents", "EUR", "/shopwindow/shop")
    first, second = (cloud.message(one) for one in lines(shown(HERO, HELD)))
    jsonschema.validate(first, CLOUD_EVENT)
    assert first["id"] != second["id"]
    assert first["type"] == "shopwindow.promotion-viewed"
    assert first["data"]["decision"] == "01a2b3"


@pytest.mark.parametrize("kind", NAMES)
def test_every_row_has_a_value_for_each_column(kind: str) -> None:
    named = names(kind, "EUR", "/x")
    for one in (*lines(shown(HERO, HELD)), line("Product Viewed", product_id="hay")):
        assert len(named.row(one)) == len(named.columns)
