"""Shelves: which products, in which order, and why."""

from collections.abc import Collection, Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shopwindow.fragments.recommendations.assortment import FILTERS_KEPT, Assortment
from shopwindow.fragments.recommendations.reasons import Reason, Recommendation
from shopwindow.fragments.recommendations.shelf import Shelf, fill
from shopwindow.fragments.recommendations.shopper import Stranger
from shopwindow.fragments.recommendations.strategies import STRATEGIES
from shopwindow.rules.facts import Recommend
from tests.fragments.pets import catalog

ROWS = """\
id,title,url,category,in-stock,added
r1,Hay,/,rabbit,yes,2026-01-01
r2,Straw,/,rabbit,yes,2026-01-02
r3,Hutch,/,rabbit,yes,2026-01-03
r4,Bowl,/,rabbit,no,2026-01-04
d1,Bone,/,dog,yes,2026-01-05
d2,Lead,/,dog,yes,2026-01-06
n1,Voucher,/,,yes,
"""
SHOP = catalog({"catalog/products.csv": ROWS})
SCORES = {"r4": 100.0, "r1": 50.0, "d1": 40.0, "r3": 30.0, "r2": 20.0, "d2": 10.0}
POPULAR = Assortment(SHOP, SCORES)


def filled(
    wish: Recommend,
    shop: Assortment = POPULAR,
    taken: Collection[str] = (),
    **known: Any,
) -> Shelf:
    """A shelf for somebody of whom this is known: ``viewed``, ``bought``, ..."""
    shopper = Stranger()
    for name, value in {"lately": known.get("viewed", ()), **known}.items():
        setattr(shopper, name, value)
    return fill(shop.selection(wish), wish, shopper, taken=taken, slot="home.shelf")


def shelf(*strategies: str, limit: int = 8, **known: Any) -> str:
    return " ".join(filled(Recommend(strategies, limit), **known).ids)


def names(shop: Assortment, numbers: Iterable[int]) -> str:
    return " ".join(str(shop.ids[number]) for number in numbers)


def test_popularity_goes_by_score_then_by_age() -> None:
    assert names(POPULAR, POPULAR.trending) == "r1 d1 r3 r2 d2 n1"
    everything = POPULAR.selection(Recommend(()))
    assert names(POPULAR, everything.popular_in("rabbit")) == "r1 r3 r2"
    assert names(POPULAR, everything.popular_in("dog")) == "d1 d2"
    assert names(POPULAR, Assortment(SHOP, {}).trending) == "d2 d1 r3 r2 r1 n1"
    number = POPULAR.number("r1")
    assert number is not None and POPULAR.shares[number] == 0.5


CASES = [
    (("trending",), {}, "r1 d1 r3 r2 d2 n1"),
    (("trending",), {"limit": 2}, "r1 d1"),
    (("trending",), {"bought": {"r1"}, "dismissed": ["r3"]}, "d1 r2 d2 n1"),
    (("viewed-again",), {"viewed": ["r2", "d1", "r2"]}, "r2 d1"),
    (("viewed-again",), {"viewed": ["r4", "gone", "r1"], "bought": ["r1"]}, ""),
    (("viewed-again",), {"viewed": ["r1", "r2", "r3"], "limit": 2}, "r1 r2"),
    (("similar",), {"viewed": ["r2"]}, "r1 r3"),
    (("similar",), {"viewed": ["d2", "r2"]}, "d1 r1 r3"),
    (("similar",), {"viewed": ["r4"]}, "r1 r3 r2"),
    (("similar",), {"viewed": ["r1", "r2", "r3"]}, ""),
    (("similar",), {"viewed": ["n1", "gone"]}, ""),
    (("similar",), {"viewed": ["d2", "r2"], "limit": 2}, "d1 r1"),
    (("viewed-again", "similar", "trending"), {"viewed": ["r2"]}, "r2 r1 r3 d1 d2 n1"),
    (("similar", "trending"), {"viewed": ["r2"], "limit": 3}, "r1 r3 d1"),
    ((), {}, ""),
    (("trending",), {"limit": 0}, ""),
]  # fmt: skip


@pytest.mark.parametrize(("strategies", "facts", "expected"), CASES)
def test_each_strategy_fills_what_the_one_before_left_open(
    strategies: tuple[str, ...], facts: dict[str, object], expected: str
) -> None:
    assert shelf(*strategies, **facts) == expected  # type: ignore[arg-type]  # as above


def test_every_product_says_why_it_is_there() -> None:
    wish = Recommend(("viewed-again", "similar", "trending"), 4)
    assert filled(wish, viewed=["r2"]).recommendations == [
        Recommendation("r2", 1.0, Reason("viewed-again")),
        Recommendation("r1", 0.5, Reason("similar", "r2")),
        Recommendation("r3", 0.3, Reason("similar", "r2")),
        Recommendation("d1", 0.4, Reason("trending")),
    ]


def test_what_everybody_gets_is_the_same_for_everybody() -> None:
    wish = Recommend(("trending",), 2)
    first = filled(wish, bought={"d2": 1}.keys())
    assert (first.ids, first.reasons) == (("r1", "d1"), (Reason("trending"),) * 2)
    again = filled(wish, viewed=["r1"], taken=["r2"])
    assert again.ids is first.ids and again.reasons is first.reasons
    for known in ({"bought": ["d1"]}, {"taken": ["d1"]}, {"dismissed": ["d1"]}):
        assert list(filled(wish, **known).ids) == ["r1", "r3"]  # type: ignore[arg-type]  # given by name
    everything = filled(Recommend(("trending",), 100)).ids
    assert " ".join(everything) == names(POPULAR, POPULAR.trending)
    assert filled(Recommend(("trending",), 200)).ids is everything
    assert filled(Recommend(("trending",), -1)).ids == ()


def test_products_bought_push_nobody_else_off_the_shelf() -> None:
    bought = ["r1", "d1", "r2", "gone"]
    assert shelf("trending", limit=2, bought=bought) == "r3 d2"
    assert shelf("viewed-again", "trending", viewed=["d2"], bought=bought) == "d2 r3 n1"


WORDS = [
    (Reason("similar", "hay"), "de", "Weil Sie Häu 1 kg angesehen haben"),
    (Reason("similar", "hay"), "en-GB", "Because you viewed Hay 1 kg"),
    (Reason("similar", "gone"), "en", ""),
    (Reason("viewed-again"), "de", "Zuletzt angesehen"),
    (Reason("viewed-again"), "fr", "You looked at this recently"),
    (Reason("trending"), "en", "Popular in this shop"),
    (Reason("unknown"), "en", ""),
]


@pytest.mark.parametrize(("reason", "language", "expected"), WORDS)
def test_reasons_are_told_in_the_language_of_the_page(
    reason: Reason, language: str, expected: str
) -> None:
    language_of_records = language.partition("-")[0]
    shop = catalog()
    if language_of_records != language:
        assert reason.text(shop, language_of_records) == expected
    else:
        assert reason.text(shop, language) == expected


def test_an_unknown_strategy_is_an_error() -> None:
    with pytest.raises(ValueError, match="for-everybody"):
        shelf("for-everybody")


ids = st.sampled_from(["r1", "r2", "r3", "r4", "d1", "d2", "n1", "gone"])


@given(
    st.lists(st.sampled_from(sorted(STRATEGIES))),
    st.integers(0, 9),
    st.lists(ids),
    st.sets(ids),
    st.sets(ids),
    st.sampled_from([0.0, 0.2, 1.0]),
)
def test_nothing_appears_twice_or_bought_or_out_of_stock(
    strategies: list[str],
    limit: int,
    viewed: list[str],
    bought: set[str],
    taken: set[str],
    discovery: float,
) -> None:
    wish = Recommend(tuple(strategies), limit, discovery=discovery)
    found = filled(wish, viewed=viewed, bought=bought, taken=taken, cart=["r1"])
    assert len(found.ids) == len(set(found.ids)) <= limit
    assert len(found.ids) == len(found.reasons) == len(found.scores)
    assert not set(found.ids) & (bought | taken | {"r4", "gone"})
    assert all(0 <= one.score <= 1 for one in found.recommendations)
    assert found.discovered.keys() <= set(found.ids)


# -- what rules ask for --------------------------------------------------------------------

PETS = catalog()
ALL = Assortment(PETS, {"hay": 3.0, "straw": 2.0, "bone": 1.0})


@pytest.mark.parametrize(
    ("only", "excluded", "left"),
    [
        ({}, {}, "hay straw bone"),
        ({"category": ["rabbit"]}, {}, "hay straw"),
        ({"category": ["pets"]}, {}, "hay straw bone"),  # their parent
        ({"category": ["rabbit", "dog"], "tag": ["hay"]}, {}, "hay"),
        ({}, {"tag": ["hay"]}, "straw bone"),
        ({"brand": ["Wiese"]}, {"tag": ["hay"]}, "straw"),
        ({"category": ["gone"]}, {}, ""),
        ({"price": [("at-most", 12.9)]}, {}, "hay straw"),
        ({"price": [("more-than", 5), ("less-than", 100)]}, {}, "hay"),
        ({}, {"price": [("at-least", 1000)]}, "hay straw"),
        ({"kind": ["article"]}, {}, "\x00article\x00care"),
        (
            {"kind": ["article", "product"]},
            {"tag": ["dry"]},
            "bone \x00article\x00care",
        ),
    ],
)
def test_a_filter_leaves_fewer_products_in_the_same_order(
    only: dict[str, Any], excluded: dict[str, Any], left: str
) -> None:
    wish = Recommend(("trending",), 9, only=only, excluded=excluded)
    assert " ".join(filled(wish, ALL).ids) == left
    again = Recommend(("trending",), 9, only=dict(only), excluded=dict(excluded))
    assert ALL.selection(wish) is ALL.selection(again)  # made once
    for strategies in (("viewed-again",), ("similar", "trending"), ("for-you",)):
        wish = Recommend(strategies, 9, only=only, excluded=excluded)
        assert set(filled(wish, ALL, viewed=["bone", "hay"]).ids) <= set(left.split())


def test_no_more_filters_are_kept_than_a_shop_needs() -> None:
    shop = Assortment(PETS, {})
    for number in range(FILTERS_KEPT + 3):
        shop.selection(Recommend(("trending",), only={"tag": (f"t{number}",)}))
    assert len(shop._selections) == 3


@pytest.mark.parametrize(
    ("pinned", "limit", "ids"),
    [
        (["bone"], 3, "bone hay straw"),
        (["bone", "bone", "straw"], 3, "bone straw hay"),
        (["straw", "bone"], 1, "straw"),
    ],
)
def test_what_is_pinned_stands_first_and_once(
    pinned: list[str], limit: int, ids: str
) -> None:
    wish = Recommend(("trending",), limit, pinned=tuple(pinned))
    found = filled(wish, ALL)
    assert " ".join(found.ids) == ids
    words = [reason.text(PETS, "en") for reason in found.reasons]
    first = len(dict.fromkeys(pinned[:limit]))
    assert words[:first] == [""] * first and all(words[first:])


@pytest.mark.parametrize(
    ("unwanted", "left"),
    [
        ({}, "hay straw bone"),
        ({"product": ["straw"]}, "hay bone"),
        ({"category": ["dog"]}, "hay straw"),
        ({"category": ["pets"]}, ""),  # with its children's
        ({"tag": ["hay"], "product": ["gone"]}, "straw bone"),
    ],
)
def test_what_a_visitor_never_wants_to_see_is_on_no_shelf(
    unwanted: dict[str, list[str]], left: str
) -> None:
    for pinned in ((), ("straw", "bone", "hay")):
        wish = Recommend(("trending",), 9, pinned=pinned)
        assert set(filled(wish, ALL, unwanted=unwanted).ids) == set(left.split())


def test_what_is_looked_up_for_visitors_stays_bounded() -> None:
    shop = Assortment(PETS, {})
    for number in range(FILTERS_KEPT + 3):
        assert shop.having({"tag": ["hay", f"t{number}"]}) == {"hay"}
    assert len(shop._having) < FILTERS_KEPT
