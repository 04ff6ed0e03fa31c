"""The shop's own traffic: new views count more, and every dimension sums to one."""

import itertools
from typing import Any

import pytest

from shopwindow.middleware.traffic import (
    EPOCH,
    HALF_LIFE,
    popularity,
    shares,
    weigh,
)
from shopwindow.rules.facts import Event

NUMBERS = itertools.count()
KNOWN = {
    ("product", "hay"): (("product", "hay"), ("category", "rabbit"), ("brand", "X")),
    ("product", "7"): (("product", "7"),),
    ("category", "rabbit"): (("category", "rabbit"), ("category", "pets")),
}


def relatives(kind: str, id: str) -> tuple[tuple[str, str], ...]:
    return KNOWN.get((kind, id), ())


def event(name: str, time: float = EPOCH, **properties: Any) -> Event:
    return Event(f"e{next(NUMBERS)}", name, "v", time, 0, properties)


def test_a_view_counts_for_everything_that_the_product_belongs_to() -> None:
    assert weigh(event("Product Viewed", product_id="hay"), relatives) == {
        ("product", "hay"): 1.0,
        ("category", "rabbit"): 1.0,
        ("brand", "X"): 1.0,
    }


@pytest.mark.parametrize(
    ("given", "weight"),
    [
        (event("Product Viewed", product_id="hay"), 1.0),
        (event("Product Added", product_id="hay"), 3.0),
        (event("Order Completed", products=[{"product_id": "hay"}]), 5.0),
        (event("Order Completed", products=[{"product_id": "hay"}] * 2), 10.0),
    ],
)
def test_buying_counts_more_than_looking(given: Event, weight: float) -> None:
    assert weigh(given, relatives)[("product", "hay")] == weight


def test_numbers_are_ids_too() -> None:
    assert weigh(event("Product Viewed", product_id=7), relatives) == {
        ("product", "7"): 1.0
    }


@pytest.mark.parametrize(
    "given",
    [
        event("Product Viewed"),
        event("Product Viewed", product_id=""),
        event("Product Viewed", product_id=None),
        event("Product Viewed", product_id=True),
        event("Product Viewed", product_id={"a": 1}),
        event("Order Completed"),
        event("Order Completed", products="hay"),
        event("Order Completed", products=["hay", None, {}]),
        event("Promotion Viewed", promotion_id="hero"),
        event("Visited", path="/"),
        event("Anything", product_id="hay"),
    ],
)
def test_what_names_nothing_weighs_nothing(given: Event) -> None:
    # As a shop without a catalogue answers: every id stands for itself.
    assert weigh(given, lambda kind, id: ((kind, id),)) == {}


def test_a_view_counts_half_after_the_half_life() -> None:
    old = weigh(event("Product Viewed", product_id="hay"), relatives)
    new = weigh(event("Product Viewed", EPOCH + HALF_LIFE, product_id="hay"), relatives)
    assert new[("product", "hay")] == 2 * old[("product", "hay")]


def test_every_dimension_sums_to_one() -> None:
    traffic = shares(
        {("product", "a"): 3.0, ("product", "b"): 1.0, ("category", "c"): 0.2}
    )
    assert traffic.shares == {
        "product": {"a": 0.75, "b": 0.25},
        "category": {"c": 1.0},
    }
    assert popularity(traffic) == {"a": 0.75, "b": 0.25}


def test_no_views_at_all_are_no_traffic() -> None:
    assert shares({}).shares == {}
    assert shares({("product", "a"): 0.0}).shares == {}
    assert popularity(shares({})) == {}


def test_ten_years_do_not_overflow() -> None:
    late = weigh(
        event("Product Viewed", EPOCH + 3_650 * 86_400, product_id="hay"), relatives
    )
    assert shares(late).shares["product"] == {"hay": 1.0}
