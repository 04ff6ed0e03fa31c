"""The shop's own traffic: new views count more, and every dimension sums to one."""

import itertools
import math
import time
from typing import Any

import pytest

from shopwindow.fragments.catalog import read_catalog
from shopwindow.middleware.traffic import (
    AHEAD,
    EPOCH,
    HALF_LIFE,
    popularity,
    shares,
    weigh,
    weigh_all,
)
from shopwindow.rules.facts import Event

NUMBERS = itertools.count()
NOW = EPOCH + 300 * 86_400.0
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
    assert weigh(event("Product Viewed", product_id="hay"), relatives, NOW) == {
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
    assert weigh(given, relatives, NOW)[("product", "hay")] == weight


def test_numbers_are_ids_too() -> None:
    assert weigh(event("Product Viewed", product_id=7), relatives, NOW) == {
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
    # Every id stands for itself, except none.
    assert weigh(given, lambda kind, id: ((kind, id),) if id else (), NOW) == {}


def test_a_view_counts_half_after_the_half_life() -> None:
    old = weigh(event("Product Viewed", product_id="hay"), relatives, NOW)
    new = weigh(
        event("Product Viewed", EPOCH + HALF_LIFE, product_id="hay"), relatives, NOW
    )
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
    then = EPOCH + 3_650 * 86_400
    late = weigh(event("Product Viewed", then, product_id="hay"), relatives, then)
    assert shares(late).shares["product"] == {"hay": 1.0}


HAY = ("product", "hay")


@pytest.mark.parametrize("years", [2, 20, 200])
def test_an_event_from_a_clock_that_jumped_weighs_as_one_of_tomorrow(
    years: int,
) -> None:
    far = event("Product Viewed", NOW + years * 365 * 86_400, product_id="hay")
    tomorrow = event("Product Viewed", NOW + AHEAD, product_id="hay")
    assert weigh(far, relatives, NOW) == weigh(tomorrow, relatives, NOW)
    assert weigh_all([far], relatives, NOW) == weigh(far, relatives, NOW)
    now = event("Product Viewed", time.time(), product_id="hay")
    ratio = weigh_all([far], relatives)[HAY] / weigh_all([now], relatives)[HAY]
    assert ratio == pytest.approx(2 ** (1 / 14), rel=1e-3)


@pytest.mark.parametrize("now", [0.0, NOW, 1e12, math.inf])
@pytest.mark.parametrize("at", [-math.inf, -1e300, 0.0, 1e300, math.inf, math.nan])
def test_no_clock_can_make_weighing_fail(at: float, now: float) -> None:
    many = [event("Product Viewed", at, product_id="hay")] * 1_000
    weight = weigh_all(many, relatives, now)[HAY]
    assert 0 <= weight < math.inf


def test_a_sum_without_end_is_no_traffic() -> None:
    weights = {HAY: math.inf, ("category", "rabbit"): 1.0}
    assert shares(weights).shares == {"category": {"rabbit": 1.0}}


def test_only_what_the_catalogue_knows_is_counted() -> None:
    products = "id,title,url,image,price,category\nhay,Hay,/p/hay,/i.jpg,5,rabbit\n"
    catalog, findings = read_catalog({"catalog/products.csv": products})
    assert findings == []
    views = [
        event("Product List Viewed", category=f"made-up-{n}") for n in range(1_000)
    ]
    views += [event("Article Viewed", article_id="made-up")]
    views += [event("Product Viewed", product_id="made-up")]
    assert weigh_all(views, catalog.relatives) == {}
    known = weigh_all([event("Product Viewed", product_id="hay")], catalog.relatives)
    assert set(known) == {HAY, ("category", "rabbit")}
