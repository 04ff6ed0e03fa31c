"""Shelves with a model: each strategy by its name, and what editors push, hide and leave to luck."""

from collections import Counter as Tally
from pathlib import Path
from typing import Any

import pytest

from shopwindow.fragments.recommendations.assortment import Assortment
from shopwindow.fragments.recommendations.caps import CategoryCap
from shopwindow.fragments.recommendations.model import Model, article_key
from shopwindow.fragments.recommendations.shelf import Shelf, fill
from shopwindow.fragments.recommendations.shopper import Stranger
from shopwindow.rules.facts import Recommend
from tests.fragments.models import small
from tests.fragments.pets import catalog

PRODUCTS = """\
id,title,url,price,category,brand,in-stock,added,pick
hinge,Scharnier 40,/p/hinge,3,wood,Spax,120,2026-01-01,
screw,Holzverbinder 8x120,/p/screw,9,wood,Spax,2,2026-02-01,
plug,Dübel,/p/plug,5,wood,Fix,yes,,2
saw,Säge,/p/saw,60,tools,Fix,yes,2026-03-01,yes
drill,Bohrer,/p/drill,90,tools,Spax,no,2026-04-01,1
lamp,Lampe,/p/lamp,30,light,,7,2026-05-01,1
bulb,Birne,/p/bulb,4,light,,yes,,no
"""
FILES = {
    "catalog/products.csv": PRODUCTS,
    "catalog/categories.csv": "id,title,title.en\nwood,Holz,Wood\ntools,Werkzeug,Tools\nlight,Licht,Light\n",
    "catalog/articles.csv": "id,title,url\nhow,Dübeln,/how\n",
}
SHOP = catalog(FILES)
HOW = article_key("how")
ORDER = ("bulb", "plug", "saw", "screw", "hinge", "lamp")


@pytest.fixture
def shop(tmp_path: Path) -> Assortment:
    rows = {
        "screw": [("drill", 0.9), ("plug", 0.8), ("hinge", 0.5), (HOW, 0.3), ("gone", 0.2)],
        "hinge": [("saw", 0.5), ("screw", 0.4)],
        "lamp": [("bulb", 0.7)],
    }  # fmt: skip
    together = {"saw": [("plug", 0.6), ("lamp", 0.1)], "hinge": [("screw", 0.5)]}
    bought = {"lamp": [("bulb", 0.9), ("screw", 0.2)]}
    model = Model.open(
        small(tmp_path, rows, together=together, bought=bought, order=ORDER)
    )
    return Assortment(SHOP, {}, model)


def filled(shop: Assortment, wish: Recommend, slot: str = "s", **known: Any) -> Shelf:
    shopper = Stranger()
    for name, value in {"lately": known.get("viewed", ()), **known}.items():
        setattr(shopper, name, value)
    return fill(shop.selection(wish), wish, shopper, slot=slot)


def words(shop: Assortment, shelf: Shelf, language: str = "en") -> list[str]:
    reasons = (reason.text(shop.catalog, language) for reason in shelf.reasons)
    return [f"{id}: {text}" for id, text in zip(shelf.ids, reasons, strict=True)]


VIEWED = "Because you viewed Holzverbinder 8x120"
CASES: list[tuple[str, dict[str, Any], list[str]]] = [
    ("for-you", {"viewed": ["screw"]}, [f"plug: {VIEWED}", f"hinge: {VIEWED}"]),
    (
        "because-you-viewed",
        {"viewed": ["bulb", "screw", "lamp"]},
        [f"plug: {VIEWED}", f"hinge: {VIEWED}"],
    ),
    (
        "bought-together",
        {"cart": ["saw"], "ordered": ["hinge"]},
        ["plug: Goes with Säge in your basket", "lamp: Goes with Säge in your basket"],
    ),
    (
        "bought-together",
        {"ordered": ["hinge"], "bought": ["hinge"]},
        ["screw: Goes with Scharnier 40, which you bought"],
    ),
    (
        "bought-together",
        {"viewed": ["lamp"]},
        ["bulb: Bought by others who viewed Lampe", "screw: Bought by others who viewed Lampe"],
    ),
    (
        "buy-again",
        {"bought": ["plug", "bulb", "saw"], "due": {"plug": 0.5, "bulb": 0.9, "saw": 0.4}},
        ["bulb: You may need this again soon", "plug: You may need this again soon"],
    ),
    ("new", {}, [f"{id}: New in this shop" for id in ("lamp", "saw", "screw", "hinge")]),
    (
        "editors-pick",
        {},
        [f"{id}: Our recommendation" for id in ("lamp", "plug", "saw")],
    ),
    (
        "dormant",
        {"dormant": ["light", "tools"]},
        ["bulb: You used to like Light", "saw: You used to like Tools", "lamp: You used to like Light"],
    ),
    ("similar", {"viewed": ["lamp"]}, ["bulb: Because you viewed Lampe"]),
]  # fmt: skip


@pytest.mark.parametrize(("strategy", "known", "expected"), CASES)
def test_each_strategy_says_what_and_why(
    shop: Assortment, strategy: str, known: dict[str, Any], expected: list[str]
) -> None:
    chain = (strategy, "engine:none")  # for-you at the end would be filled up
    shelf = filled(shop, Recommend(chain, 4), **known)
    assert words(shop, shelf)[: len(expected)] == expected
    assert all(0 <= score <= 1 for score in shelf.scores)


def test_reasons_are_german_on_german_pages(shop: Assortment) -> None:
    shelf = filled(shop, Recommend(("for-you",), 1), viewed=["screw"])
    assert words(shop, shelf, "de") == [
        "plug: Weil Sie Holzverbinder 8x120 angesehen haben"
    ]


@pytest.mark.parametrize("strategy", ["for-you", "trending"])
def test_for_you_is_a_full_shelf_for_strangers_too(
    shop: Assortment, strategy: str
) -> None:
    for one in (shop, Assortment(SHOP, {})):
        assert len(filled(one, Recommend((strategy,), 6)).ids) == 6


def test_without_a_model_strategies_go_by_the_catalogue_and_the_traffic() -> None:
    bare = Assortment(SHOP, {"hinge": 3.0, "bulb": 2.0})
    shelf = filled(bare, Recommend(("for-you",), 6), viewed=["screw"])
    assert list(shelf.ids)[:4] == ["hinge", "plug", "bulb", "lamp"]
    assert shelf.reasons[0].kind == "similar" and shelf.reasons[3].kind == "trending"
    for chain in (("bought-together",), ("buy-again",), ("because-you-viewed",)):
        assert filled(bare, Recommend(chain, 6)).ids == ()


def test_articles_are_there_for_rules_that_ask_for_them(shop: Assortment) -> None:
    chain = ("for-you", "engine:none")
    for kinds, there in ((("article",), True), (("product", "article"), True), ((), False)):  # fmt: skip
        only = {"kind": kinds} if kinds else {}
        shelf = filled(shop, Recommend(chain, 9, only=only), viewed=["screw"])
        assert (HOW in shelf.ids) is there
    assert shelf.ids[0] == "plug"


def test_a_least_score_leaves_a_shorter_shelf_or_none(shop: Assortment) -> None:
    for least, ids in ((0.0, ["plug", "hinge"]), (0.4, ["plug"]), (0.9, [])):
        wish = Recommend(("for-you", "engine:none"), 2, minimum_score=least)
        assert list(filled(shop, wish, viewed=["screw"]).ids) == ids


def test_boost_and_bury_move_what_they_name(shop: Assortment) -> None:
    for boosted, buried, first in (
        ({}, {}, "plug"),
        ({"brand": ("Spax",)}, {"brand": ("Fix",)}, "hinge"),
        ({"price": (("at-most", 4),)}, {"tag": ("x",)}, "hinge"),
    ):
        wish = Recommend(("for-you",), 2, boosted=boosted, buried={**buried})
        shelf = filled(shop, wish, viewed=["screw"])
        assert shelf.ids[0] == first
    trending = Recommend(("trending",), 1, buried={"category": ("light",)})
    assert filled(shop, trending).ids[0] == "plug"


@pytest.mark.parametrize(
    ("bounds", "left"),
    [
        ((("at-least", 3),), {"hinge", "plug", "saw", "lamp", "bulb"}),
        ((("less-than", 8),), {"screw", "lamp"}),
    ],
)
def test_stock_is_compared_where_the_catalogue_counts(
    shop: Assortment, bounds: tuple[tuple[str, float], ...], left: set[str]
) -> None:
    wish = Recommend(("trending",), 9, only={"stock": bounds})
    assert set(filled(shop, wish).ids) == left


# -- the cap -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cap", "limit", "most"),
    [
        (CategoryCap(1, strict=True), 6, 1),
        (CategoryCap(share=0.4, strict=True), 6, 2),
        (CategoryCap(share=0.1, strict=True), 6, 1),
        (CategoryCap(), 4, 2),
    ],
)
@pytest.mark.parametrize(
    "chain", [("trending",), ("new", "trending"), ("for-you",), ("editors-pick", "for-you")]
)  # fmt: skip
def test_no_category_takes_more_than_its_cap(
    shop: Assortment, cap: CategoryCap, limit: int, most: int, chain: tuple[str, ...]
) -> None:
    capped = Assortment(SHOP, {}, shop.model, cap)
    shelf = filled(capped, Recommend(chain, limit), viewed=["lamp"])
    counts = Tally(SHOP.products[id].category for id in shelf.ids)
    kinds = {reason.kind for reason in shelf.reasons}
    assert max(counts.values()) <= most or (not cap.strict and "similar" in kinds)
    assert len(shelf.ids) >= 3  # one of each category at least


def test_a_rule_that_names_categories_gets_a_shelf_of_them(shop: Assortment) -> None:
    capped = Assortment(SHOP, {}, shop.model, CategoryCap(1, strict=True))
    wish = Recommend(("trending",), 6, only={"category": ("wood",)})
    assert set(filled(capped, wish).ids) == {"plug", "screw", "hinge"}


def test_a_shop_of_few_categories_has_no_cap_of_its_own_accord() -> None:
    two = catalog({"catalog/products.csv": "id,title,url,category\n" + "".join(
        f"p{n},P,/p,{'ab'[n % 2]}\n" for n in range(12))})  # fmt: skip
    shelf = filled(Assortment(two, {}), Recommend(("trending",), 12))
    assert len(shelf.ids) == 12


# -- luck ----------------------------------------------------------------------------------


def test_luck_is_the_same_for_the_same_visitor_day_and_slot(shop: Assortment) -> None:
    wish = Recommend(("trending",), 4, discovery=0.5)

    def drawn(chance: str, slot: str = "s") -> Shelf:
        return filled(shop, wish, slot, chance=chance, usual=["wood"], viewed=["screw"])

    assert drawn("anna 1") == drawn("anna 1")
    others = {tuple(drawn(f"anna {day}").ids) for day in range(20)}
    assert len(others) > 3
    assert len({tuple(drawn("anna 1", slot).ids) for slot in "abcdefgh"}) > 1


def test_what_luck_brings_is_unknown_to_the_visitor_and_tells_its_odds(
    shop: Assortment,
) -> None:
    wish = Recommend(("for-you", "engine:none"), 4, discovery=0.25)  # two, and luck
    times: Tally[str] = Tally()
    places = odds = 0.0
    for day in range(4_000):
        shelf = filled(
            shop, wish, chance=f"v {day}", usual=["wood"], viewed=["screw"], bought=["bulb"]
        )  # fmt: skip
        places += len(shelf.ids)
        times.update(shelf.discovered.keys())
        assert {r.kind for r in shelf.reasons if r.kind == "discovery"} <= {"discovery"}
        for id, propensity in shelf.discovered.items():
            assert SHOP.products[id].category in ("tools", "light") and id != "bulb"
            odds = propensity
    assert sum(times.values()) / places == pytest.approx(0.25, abs=0.01)
    assert set(times) == {"saw", "lamp"}  # all there is: nothing sold out, nor bought
    for often in times.values():
        assert often / 4_000 == pytest.approx(odds, abs=0.03)


def test_a_shelf_of_luck_alone_is_none(shop: Assortment) -> None:
    wish = Recommend(("buy-again",), 4, discovery=0.5)
    assert filled(shop, wish).ids == ()
