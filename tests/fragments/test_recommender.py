"""The stable door: a folder in, products out, whatever is asked."""

import subprocess
import sys
from pathlib import Path

import pytest

from shopwindow.fragments.recommendations import ModelError, Recommender
from shopwindow.fragments.recommendations.model import article_key
from tests.fragments.models import small

ROWS = {
    "screw": [("drill", 3.0), ("anchor", 2.0), (article_key("guide"), 1.5)],
    "drill": [("bit", 2.0), ("screw", 1.0)],
}
TOGETHER = {"screw": [("anchor", 1.0)], "anchor": [("screw", 1.0), ("bit", 0.4)]}
ORDER = ["glue", "screw", article_key("news"), "drill", "ladder"]


@pytest.fixture
def shop(tmp_path: Path) -> Recommender:
    parameters = {"reminder": 2.0}
    small(tmp_path, ROWS, together=TOGETHER, order=ORDER, parameters=parameters)
    return Recommender.open(tmp_path)


def ids(shop: Recommender, *arguments: object, **named: object) -> list[str]:
    return [one.id for one in shop.recommend(*arguments, **named)]  # type: ignore[arg-type]  # what callers may give wrongly, too


def test_for_you_goes_by_what_was_seen_and_says_why(shop: Recommender) -> None:
    found = shop.recommend(seen=["drill", "screw"], limit=4)
    assert {one.id for one in found} == {"screw", "drill", "anchor", "bit"}
    why = {one.id: one.reason.product for one in found}
    assert (why["anchor"], why["bit"]) == ("screw", "drill")
    assert all(one.reason.kind == "for-you" for one in found)
    scores = [one.score for one in found]
    assert scores == sorted(scores, reverse=True)


def test_what_is_excluded_stays_away_and_nothing_comes_twice(shop: Recommender) -> None:
    found = ids(
        shop, ["screw", "screw"], 20, exclude=("screw", "anchor", "glue", "unknown")
    )
    assert found[:2] == ["drill", "ladder"]  # then what is popular
    assert not {"screw", "anchor", "glue"} & set(found)
    assert len(found) == len(set(found))


def test_articles_are_no_products(shop: Recommender) -> None:
    assert not {article_key("guide"), article_key("news"), "guide", "news"} & set(
        ids(shop, ["screw"], 20)
    )
    assert ids(shop, limit=20, strategy="trending")[:3] == ["glue", "screw", "drill"]


def test_who_is_unknown_gets_what_is_popular(shop: Recommender) -> None:
    for seen in ([], ["unknown", "\x00", "ä" * 1000, "\ud800"]):
        found = shop.recommend(seen=seen, limit=2)
        assert [(one.id, one.score, one.reason.kind) for one in found] == [
            ("glue", 0.0, "popular"),
            ("screw", 0.0, "popular"),
        ]
    assert shop.recommend(strategy="popular", limit=1)[0].score == 1.0


def test_bought_together_goes_by_the_basket(shop: Recommender) -> None:
    found = ids(shop, basket=["screw", "anchor"], strategy="bought-together", limit=1)
    assert found == ["bit"]  # not what is in the basket
    assert ids(shop, ["anchor"], 1, "bought-together") == ["screw"]
    assert ids(shop, ["drill"], 1, "bought-together", basket=["anchor"]) == ["screw"]


def test_limits_are_kept(shop: Recommender) -> None:
    assert ids(shop, ["screw"], 0) == ids(shop, ["screw"], -1) == []
    assert len(ids(shop, ["screw"], 3)) == 3


def test_a_strategy_that_is_none_is_told(shop: Recommender) -> None:
    with pytest.raises(ValueError, match="for-you"):
        shop.recommend(strategy="foryou")


def test_one_id_in_the_place_of_several_is_told(shop: Recommender) -> None:
    with pytest.raises(TypeError, match="lists of ids"):
        shop.recommend(seen="tea")
    with pytest.raises(TypeError, match="lists of ids"):
        shop.recommend(basket="tea")


def test_a_model_of_nothing_recommends_nothing(tmp_path: Path) -> None:
    small(tmp_path, {})
    assert ids(Recommender.open(tmp_path), ["a"], 5) == []


def test_no_model_and_strange_parameters_are_told(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="train one"):
        Recommender.open(tmp_path)
    small(tmp_path, ROWS, parameters={"reminder": "much"})
    with pytest.raises(ModelError, match=r"meta\.json: parameters: .*reminder"):
        Recommender.open(tmp_path)


def test_numpy_is_never_imported(tmp_path: Path) -> None:
    small(tmp_path, ROWS, order=ORDER)
    script = (
        "import sys\n"
        "from shopwindow.fragments.recommendations import Recommender\n"
        f"assert Recommender.open({str(tmp_path)!r}).recommend(seen=['screw'])\n"
        "print(sorted({'numpy', 'scipy', 'asyncio'} & sys.modules.keys()))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )
    assert ran.stdout == "[]\n"
