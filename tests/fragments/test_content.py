"""What is like what by the catalogue, and what fits somebody's interests."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from shopwindow.fragments.catalog import Catalog
from shopwindow.fragments.items import Item, Price
from shopwindow.fragments.recommendations import Model, Recommender
from shopwindow.fragments.recommendations.content import Overlap, add_unknown
from shopwindow.fragments.recommendations.model import article_key
from shopwindow.fragments.recommendations.scoring import Parameters
from shopwindow.fragments.recommendations.training import content
from shopwindow.fragments.recommendations.training.part import arrays_of
from shopwindow.fragments.recommendations.training.table import Table, empty
from shopwindow.fragments.recommendations.training.words import pieces, words
from shopwindow.fragments.recommendations.writing import write
from tests.fragments.models import NOON, popular
from tests.fragments.models import table as rows_of
from tests.fragments.pets import catalog

SHOP = catalog(
    {
        "catalog/categories.csv": """\
id,title,parent
timber,Timber,
beams,Beams,timber
screws,Screws,
""",
        "catalog/products.csv": """\
id,title,url,price,category,brand,tags
bracket,Winkelverbinder verzinkt,/,3.90,beams,Fest,outdoor
bracket-large,Winkel 90 verzinkt,/,5.90,beams,Fest,outdoor
bracket-gold,Winkelverbinder verzinkt,/,590,beams,Fest,outdoor
hanger,Balkenschuh,/,8.90,beams,Trag,indoor
board,Brett,/,9.90,timber,,
screw,Holzschraube 5x60,/,7.90,screws,Fest,indoor
screw-long,Holzschraube 8x120,/,9.90,screws,Eisen,outdoor
dowel,Dübel,/,4.90,,Dorn,wall
""",
        "catalog/articles.csv": """\
id,title,url,category,tags
brackets,Winkelverbinder richtig setzen,/,beams,outdoor
walls,Welche Dubel für welche Wand,/,,wall
""",
    }
)
KEYS = sorted([*SHOP.products, *map(article_key, SHOP.articles)])


def alike(table: Table, key: str, keys: Sequence[str] = KEYS) -> dict[str, float]:
    number = keys.index(key)
    part = slice(table.ptr[number], table.ptr[number + 1])
    names = [keys[other] for other in table.idx[part].tolist()]
    return dict(zip(names, table.val[part].tolist(), strict=True))


def test_what_shares_more_is_more_alike() -> None:
    found = alike(content.similar(SHOP, KEYS), "bracket")
    order = list(found)
    assert order[:2] == ["bracket-large", "bracket-gold"] or order[:2] == [
        "bracket-gold",
        "bracket-large",
    ]
    assert order[2] == article_key("brackets")
    assert found["hanger"] > found["board"]  # the same category, and the one above it
    assert "dowel" not in found


def test_prices_of_one_order_are_nearer() -> None:
    def twin(id: str, price: float) -> Item:
        return Item("product", id, "Bowl", category="c", price=Price(price))

    items = [twin("a", 10), twin("b", 12), twin("c", 900), Item("product", "d", "Lead")]
    shop = Catalog({"c": Item("category", "c")}, {item.id: item for item in items})
    found = alike(content.similar(shop, list("abcd")), "a", list("abcd"))
    assert list(found) == ["b", "c"] and found["c"] < 0.95 * found["b"]


def test_umlauts_and_compounds_are_found() -> None:
    assert list(words("DÜBEL, Größe 8×120")) == ["dubel", "grosse", "8", "120"]
    assert set(pieces("winkelverbinder")) & set(pieces("winkel90")) == {
        "winke",
        "inkel",
    }
    assert list(pieces("winkel")) == []
    found = alike(content.similar(SHOP, KEYS), "dowel")
    assert list(found) == [article_key("walls")]  # by a tag and a word


def test_only_what_the_catalogue_knows_has_a_row() -> None:
    keys = sorted([*KEYS, "gone", "bracket-old"])
    table = content.similar(SHOP, keys)
    assert len(table.ptr) == len(keys) + 1
    assert alike(table, "gone", keys) == {} == alike(table, "bracket-old", keys)
    assert alike(table, "bracket", keys) == alike(
        content.similar(SHOP, KEYS), "bracket"
    )
    assert content.similar(Catalog(), ["a", "b"]) is not None
    assert content.similar(Catalog(), ["a", "b"]).ptr.tolist() == [0, 0, 0]


def test_what_many_have_still_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = alike(content.similar(SHOP, KEYS), "bracket")
    monkeypatch.setattr(content, "PAIRS_EACH", 10)  # finds by what at most a few have
    found = alike(content.similar(SHOP, KEYS), "bracket")
    assert 0 < len(found) < len(usual)
    for key, value in found.items():
        assert value == pytest.approx(usual[key], rel=1e-5)


TITLES = st.lists(st.sampled_from(["hay", "bale", "winkelverbinder", "8x120", ""]))
ITEMS = st.builds(
    lambda title, category, brand, tags, price: Item(
        "product",
        "any",
        title=" ".join(title),
        category=category,
        brand=brand,
        tags=tuple(tags),
        price=Price(price) if price is not None else None,
    ),
    TITLES,
    st.sampled_from(["", "a", "b"]),
    st.sampled_from(["", "x", "y"]),
    st.lists(st.sampled_from("pqr"), max_size=3, unique=True),
    st.none() | st.floats(0, 1e9),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(ITEMS, max_size=12), st.integers(1, 5))
def test_rows_are_sorted_finite_and_without_themselves(
    items: list[Item], keep: int
) -> None:
    products = {
        f"{number:02}": structs.replace(item, id=f"{number:02}")
        for number, item in enumerate(items)
    }
    categories = {
        "a": Item("category", "a"),
        "b": Item("category", "b", parent="a"),
    }
    table = content.similar(Catalog(categories, products), list(products), keep=keep)
    assert len(table.ptr) == len(items) + 1 and table.ptr[-1] == len(table.idx)
    assert np.isfinite(table.val).all() and (table.val > 0).all()
    assert (table.val <= 1.001).all()
    for item in range(len(items)):
        part = slice(table.ptr[item], table.ptr[item + 1])
        others, values = table.idx[part].tolist(), table.val[part].tolist()
        assert item not in others and len(others) == len(set(others)) <= keep
        order = sorted(zip(values, others, strict=True), key=lambda p: (-p[0], p[1]))
        assert [other for _, other in order] == others


def test_the_fewer_views_the_more_the_catalogue_is_worth() -> None:
    learned = Table(
        np.array([0, 1, 2, 2, 3]),
        np.array([1, 0, 0], np.int32),
        np.array([0.5, 0.5, 0.5], np.float32),
    )
    found = content.worth(np.array([5, 0, 3, 1000]), learned).tolist()
    assert found == pytest.approx([0.25, 0.5, 0.5, 0.0])
    assert content.worth(np.zeros(2, np.int64), empty(2)).tolist() == [1.0, 1.0]


@pytest.fixture
def model(tmp_path: Path) -> Model:
    """Everybody looks at screws; nobody has looked at a bracket yet."""
    clicks = {"screw": [("screw-long", 1.0)], "screw-long": [("screw", 1.0)]}
    learned = rows_of(KEYS, clicks, "viewed-viewed")
    views = np.array([100 if key.startswith("screw") else 0 for key in KEYS])
    table = Table(*(np.asarray(learned[f"viewed-viewed.{p}"]) for p in Table._fields))
    arrays = {
        **learned,
        **popular(KEYS, ["board"], "popular"),
        **arrays_of("content", content.similar(SHOP, KEYS)),
        "content-weight": content.worth(views, table),
    }
    return Model.open(write(tmp_path, KEYS, arrays, {}, NOON))


def test_what_nobody_has_seen_is_recommended_for_what_it_is(model: Model) -> None:
    recommender = Recommender(model)
    found = recommender.recommend(["bracket"], limit=3)
    assert "bracket-large" in [one.id for one in found]
    assert {one.reason.kind for one in found} == {"for-you"}
    # What many have clicked goes by their clicks alone.
    known = recommender.recommend(["screw"], limit=2)
    assert [one.id for one in known if one.score] == ["screw-long", "screw"][
        : len(known)
    ]
    like = recommender.recommend(["bracket"], limit=2, strategy="similar")
    assert {one.id for one in like} == {"bracket-large", "bracket-gold"}


def test_later_clicks_weigh_more(model: Model) -> None:
    number = {key: place for place, key in enumerate(KEYS)}
    found: dict[int, float] = {}
    why: dict[int, int] = {}
    add_unknown(model, [number["dowel"], number["bracket"]], Parameters(), found, why)
    walls, large = number[article_key("walls")], number["bracket-large"]
    assert found[large] > found[walls]
    assert why[large] == number["bracket"] and why[walls] == number["dowel"]


def test_articles_fit_interests_by_what_few_have() -> None:
    overlap = Overlap(SHOP)
    found = overlap.fits({"tag": {"wall": 1.0, "outdoor": 0.1}})
    assert found["walls"].score > found["brackets"].score > 0
    assert found["walls"][1:] == ("tag", "wall")
    beams = overlap.fits({"category": {"beams": 2.0}, "brand": {"Fest": 1.0}})
    assert list(beams) == ["brackets"] and beams["brackets"].dimension == "category"
    # Whoever likes beams likes timber, too.
    assert list(overlap.fits({"category": {"timber": 1.0}})) == ["brackets"]
    assert overlap.fits({}) == {} == overlap.fits({"tag": {"unknown": 1.0}})
    assert overlap.fits({"tag": {"wall": math.nan}}) == {}
