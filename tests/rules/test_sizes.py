"""How large segments are: in, out, and what nobody can tell."""

from shopwindow.rules.sizes import Sizes
from tests.rules.shop import VOCABULARY, context, event, lived, read

RULES = read("""\
segments:
  buyer: [{orders: {at-least: 1}}]
  waited: [{days-since-order: {at-least: 2}}]
  german: [{country: DE}]
  stranger: [{logged-in: false}]
  mixed: [{any: [{segment: german}, {segment: buyer}]}]
  no-country: [{country: {known: false}}]
""")
BUYER = lived([event("Order Completed", 3, order_id="1", revenue=1)])
GERMAN = lived([event("Attributes Set", 1, country="DE")])
LOOKER = lived([event("Product Viewed", 1, product_id="p1")])


def sizes() -> Sizes:
    declared = frozenset(VOCABULARY.attributes)
    counted = Sizes(RULES, declared, frozenset({"logged-in"}))
    for profile in (BUYER, GERMAN, LOOKER):
        counted.add(profile, context())
    return counted


def test_each_visitor_is_in_out_or_unknown() -> None:
    found = {s.segment: (s.inside, s.outside, s.unknown) for s in sizes().sizes()}
    assert {name: found[name] for name in ("buyer", "waited", "german", "mixed")} == {
        "buyer": (1, 2, 0),
        "waited": (1, 0, 2),  # never ordered: neither in nor out, as on a page
        "german": (1, 0, 2),
        "mixed": (2, 0, 1),
    }
    assert found["stranger"] == (
        0,
        0,
        3,
    )  # without a request nobody is logged in or not
    assert found["no-country"] == (
        0,
        1,
        2,
    )  # not stored does not mean that there is none
    assert found["new-customer"] == (
        2,
        1,
        0,
    )  # those that every site has are there, too


def test_what_a_segment_lacks_is_named() -> None:
    counted = sizes()
    assert counted.visitors == 3
    assert counted.unrecorded("mixed") == ["country"]
    assert counted.unrecorded("stranger") == ["logged-in"]
    assert counted.unrecorded("waited") == []
