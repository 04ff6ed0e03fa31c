"""Shelves: which products, in which order, and why."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shopwindow.fragments.catalog import Catalog
from shopwindow.fragments.recommendations.rank import (
    FILTERS_KEPT,
    STRATEGIES,
    Popularity,
    choose,
    rank,
)
from shopwindow.fragments.recommendations.reasons import Reason, Recommendation
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
POPULAR = Popularity(SHOP, SCORES)


def shelf(
    *strategies: str, limit: int = 8, shop: Catalog = SHOP, **facts: object
) -> str:
    found = rank(strategies, limit, catalog=shop, popularity=POPULAR, **facts)  # type: ignore[arg-type]  # given by name
    return " ".join(one.id for one in found)


def test_popularity_goes_by_score_then_by_age() -> None:
    assert POPULAR.all == ("r1", "d1", "r3", "r2", "d2", "n1")
    assert POPULAR.by_category == {"rabbit": ("r1", "r3", "r2"), "dog": ("d1", "d2")}
    assert Popularity(SHOP, {}).all == ("d2", "d1", "r3", "r2", "r1", "n1")
    assert POPULAR.shares["r1"] == 0.5


CASES = [
    (("trending",), {}, "r1 d1 r3 r2 d2 n1"),
    (("trending",), {"limit": 2}, "r1 d1"),
    (("trending",), {"bought": {"r1"}, "exclude": ["r3"]}, "d1 r2 d2 n1"),
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
    found = rank(
        ["viewed-again", "similar", "trending"],
        4,
        catalog=SHOP,
        popularity=POPULAR,
        viewed=["r2"],
    )
    assert found == [
        Recommendation("r2", 1.0, Reason("viewed-again")),
        Recommendation("r1", 0.5, Reason("similar", "r2")),
        Recommendation("r3", 0.3, Reason("similar", "r2")),
        Recommendation("d1", 0.4, Reason("trending")),
    ]


def test_what_everybody_gets_is_the_same_for_everybody() -> None:
    ids, reasons = choose(("trending",), 2, POPULAR, bought={"d2": 1}.keys())
    assert (ids, reasons) == (("r1", "d1"), (Reason("trending"),) * 2)
    again = choose(("trending",), 2, POPULAR, viewed=["r1"])
    assert again[0] is ids and again[1] is reasons
    assert list(choose(("trending",), 2, POPULAR, bought=["d1"])[0]) == ["r1", "r3"]
    assert list(choose(("trending",), 2, POPULAR, exclude=["r1"])[0]) == ["d1", "r3"]
    everything = choose(("trending",), 100, POPULAR)[0]
    assert everything == POPULAR.all
    assert choose(("trending",), 200, POPULAR)[0] is everything
    assert choose(("trending",), -1, POPULAR) == ((), ())


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
    with pytest.raises(ValueError, match="for-you"):
        shelf("for-you")


ids = st.sampled_from(["r1", "r2", "r3", "r4", "d1", "d2", "n1", "gone"])


@given(
    st.lists(st.sampled_from(sorted(STRATEGIES))),
    st.integers(0, 9),
    st.lists(ids),
    st.sets(ids),
    st.sets(ids),
)
def test_nothing_appears_twice_or_bought_or_out_of_stock(
    strategies: list[str],
    limit: int,
    viewed: list[str],
    bought: set[str],
    exclude: set[str],
) -> None:
    found = rank(
        strategies,
        limit,
        catalog=SHOP,
        popularity=POPULAR,
        viewed=viewed,
        bought=bought,
        exclude=exclude,
    )
    shown = [one.id for one in found]
    ids, reasons = choose(
        tuple(strategies),
        limit,
        POPULAR,
        viewed=viewed,
        bought=dict.fromkeys(bought).keys(),
        exclude=exclude,
    )
    assert list(ids) == shown
    assert list(reasons) == [one.reason for one in found]
    assert len(shown) == len(set(shown)) <= limit
    assert not set(shown) & (bought | exclude | {"r4", "gone"})
    assert all(0 <= one.score <= 1 for one in found)


# -- what rules ask for --------------------------------------------------------------------

PETS = catalog()
ALL = Popularity(PETS, {"hay": 3.0, "straw": 2.0, "bone": 1.0})


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
    ],
)
def test_a_filter_leaves_fewer_products_in_the_same_order(
    only: dict[str, list[str]], excluded: dict[str, list[str]], left: str
) -> None:
    fewer = ALL.among(only, excluded)
    assert " ".join(fewer.all) == left
    assert fewer is ALL.among(dict(only), dict(excluded))  # made once
    assert fewer.shares.keys() == set(fewer.all)
    for strategies in (("trending",), ("viewed-again",), ("similar", "trending")):
        ids, _ = choose(strategies, 9, fewer, viewed=["bone", "hay"])
        assert set(ids) <= set(fewer.all)


def test_no_more_filters_are_kept_than_a_shop_needs() -> None:
    shop = Popularity(PETS, {})
    for number in range(FILTERS_KEPT + 3):
        shop.among({"tag": [f"t{number}"]}, {})
    assert len(shop._among) == 3


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
    chosen, reasons = choose(("trending",), limit, ALL, bought=(), pinned=pinned)
    assert " ".join(chosen) == ids
    words = [reason.text(PETS, "en") for reason in reasons]
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
    exclude = ALL.having(unwanted)
    assert ALL.having(unwanted) == exclude
    for pinned in ((), ("straw", "bone", "hay")):
        ids, _ = choose(("trending",), 9, ALL, exclude=exclude, pinned=pinned)
        assert set(ids) == set(left.split())


def test_what_is_looked_up_for_visitors_stays_bounded() -> None:
    shop = Popularity(PETS, {})
    for number in range(FILTERS_KEPT + 3):
        assert shop.having({"tag": ["hay", f"t{number}"]}) == {"hay"}
    assert len(shop._having) < FILTERS_KEPT
