"""Visitors in words."""

import pytest

from shopwindow.rules.facts import Event, Profile
from shopwindow.rules.portrait import ordinal, portrait
from tests.rules.shop import event, lived


@pytest.mark.parametrize(
    ("events", "words"),
    [
        ([event("Product Viewed", 1, product_id="p9")], "1st visit"),  # not in the catalogue
        ([event("Product Viewed", 1, product_id="p3")] * 2, "1st visit"),
        (
            [event("Visited", 3), event("Visited", 1), *[event("Product Viewed", 1, product_id="p2")] * 2, event("Product Viewed", 1, product_id="p1")],
            "2nd visit; looked at WOOD 3 x, SCREWS 2 x",
        ),
        ([event("Products Searched", 1, query="my name")], "1st visit; searched 1 x"),
        (
            [
                event("Order Completed", 3, order_id="a"),
                event("Product Added", 1, product_id="p1", quantity=2),
            ],
            "1st visit; ordered 1 x; 2 in the cart",
        ),
    ],
)  # fmt: skip
def test_a_visitor_is_what_they_did(events: list[Event], words: str) -> None:
    assert portrait(lived(events), str.upper) == words


def test_who_did_nothing_is_here_for_the_first_time() -> None:
    assert portrait(Profile(), str) == "1st visit"


@pytest.mark.parametrize(
    ("number", "word"),
    [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (12, "12th"), (21, "21st"), (111, "111th")],
)  # fmt: skip
def test_ordinals(number: int, word: str) -> None:
    assert ordinal(number) == word
