"""Shelves of articles: by what was clicked together, and by what visitors lean to."""

import json

import pytest

from shopwindow.fragments.recommendations import Model
from shopwindow.fragments.recommendations.assortment import Assortment
from shopwindow.fragments.recommendations.model import article_key
from shopwindow.fragments.recommendations.shelf import Shelf, fill
from shopwindow.fragments.recommendations.shopper import Stranger
from shopwindow.fragments.recommendations.training.reading import read
from shopwindow.fragments.recommendations.training.train import train
from shopwindow.fragments.recommendations.writing import write
from shopwindow.rules.facts import Recommend
from tests.fragments.models import NOON
from tests.fragments.pets import catalog

SHOP = catalog(
    {
        "catalog/categories.csv": "id,title\nrabbit,Rabbits\ndog,Dogs\n",
        "catalog/products.csv": """\
id,title,url,category,tags
hay,Hay,/,rabbit,food
hutch,Hutch,/,rabbit,home
lead,Lead,/,dog,walk
""",
        "catalog/articles.csv": """\
id,title,url,category,tags
teeth,Teeth of rabbits,/,rabbit,food
walks,Walks in winter,/,dog,walk
moving,Moving house,/,,home
""",
    }
)
TEETH, WALKS, MOVING = map(article_key, ("teeth", "walks", "moving"))


def shelf(shop: Assortment, wish: Recommend, **known: object) -> Shelf:
    shopper = Stranger()
    for name, value in known.items():
        setattr(shopper, name, value)
    shopper.lately = shopper.viewed
    return fill(shop.selection(wish), wish, shopper)


ARTICLES = Recommend(("for-you",), 2, only={"kind": ("article",)})


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Assortment:
    """Whoever looks at leads reads about moving: the catalogue does not know why."""
    folder = tmp_path_factory.mktemp("model")
    path = folder / "events.jsonl"
    with path.open("w") as file:
        for session in range(40):
            for key in ("lead", MOVING) if session % 2 else ("hay", "hutch", TEETH):
                line = {"session": session, "event": "view", "product": key}
                file.write(json.dumps(line) + "\n")
    trained = train(read(path), SHOP)
    out = write(folder, trained.keys, trained.arrays, trained.meta, NOON)
    return Assortment(SHOP, {}, Model.open(out))


def test_articles_are_found_by_what_was_clicked_together(shop: Assortment) -> None:
    found = shelf(shop, ARTICLES, viewed=["lead"])
    assert found.ids[0] == MOVING
    assert found.reasons[0].text(SHOP, "en") == "Because you viewed Lead"
    assert shelf(shop, ARTICLES, viewed=["hay"]).ids[0] == TEETH


def test_products_are_found_by_the_article_that_was_read(shop: Assortment) -> None:
    wish = Recommend(("for-you",), 1)
    found = shelf(shop, wish, viewed=[MOVING])
    assert found.ids == ["lead"]
    assert found.reasons[0].text(SHOP, "en") in (
        "Because you viewed Moving house",
        "Because you read Moving house",
    )
    both = Recommend(("for-you",), 2, only={"kind": ("article", "product")})
    assert set(shelf(shop, both, viewed=["hay"]).ids) == {"hutch", TEETH}


def test_articles_fit_what_a_visitor_leans_to_without_any_model() -> None:
    shop = Assortment(SHOP, {})
    leans = {"tag": {"walk": 3.0}, "category": {"dog": 1.0}}
    found = shelf(shop, ARTICLES, interests=leans)
    assert found.ids[0] == WALKS
    assert found.reasons[0].text(SHOP, "en") == "Fits what you look at"
    assert 0 < found.scores[0] <= 1
    # What was read is not new.
    read = shelf(shop, ARTICLES, interests=leans, viewed=[WALKS])
    assert {reason.kind for reason in read.reasons} == {"trending"}
    # Products do not go by it.
    products = shelf(shop, Recommend(("for-you",), 3), interests=leans)
    assert {reason.kind for reason in products.reasons} <= {"trending"}


def test_everything_has_its_place_in_the_table_of_what_is_alike(
    shop: Assortment,
) -> None:
    model = shop.model
    assert model is not None
    table = model.table("content")
    assert table is not None
    number = model.number("lead")
    assert number is not None
    alike = table.idx[table.ptr[number] : table.ptr[number + 1]].tolist()
    assert [model.key(other) for other in alike] == [WALKS]
