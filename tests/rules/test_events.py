"""Which event stands for which words of conditions."""

import pytest

from shopwindow.rules.events import OF_PAGES, SAYS, event_that_says
from shopwindow.rules.vocabulary import VERBS


@pytest.mark.parametrize(
    ("verb", "kind", "name"),
    [
        ("viewed", "product", "Product Viewed"),
        ("viewed", "category", "Product List Viewed"),
        ("viewed", "article", "Article Viewed"),
        ("viewed", "brand", "Product Viewed"),
        ("read", "article", "Article Viewed"),
        ("read", "tag", "Article Viewed"),
        ("searched", "query", "Products Searched"),
        ("added-to-cart", "category", "Product Added"),
        ("bought", "product", "Order Completed"),
        ("shown", "fragment", "Promotion Viewed"),
        ("clicked", "fragment", "Promotion Clicked"),
        ("dismissed", "fragment", "Promotion Dismissed"),
    ],
)
def test_every_verb_has_an_event(verb: str, kind: str, name: str) -> None:
    assert event_that_says(verb, kind) == name


def test_events_say_what_conditions_ask() -> None:
    assert {verb for says in SAYS.values() for verb in says.verbs} == VERBS.keys()
    for says in SAYS.values():
        for verb in says.verbs:
            assert says.kind in VERBS[verb]


def test_a_page_says_one_thing() -> None:
    assert not any(SAYS[name].listed for name in OF_PAGES)
