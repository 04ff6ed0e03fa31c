import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from msgspec.structs import replace

from shopwindow.fragments.catalog import Catalog
from shopwindow.fragments.items import Item
from shopwindow.fragments.recommendations.scoring import Parameters
from shopwindow.fragments.recommendations.training.charts import bars, columns, line
from shopwindow.fragments.recommendations.training.curve import closer, tenths
from shopwindow.fragments.recommendations.training.reading import Read
from shopwindow.fragments.recommendations.training.report import html, write
from shopwindow.fragments.recommendations.training.train import train

from .clicks import KINDS, PER_KIND, events, walks

SVG = re.compile(r"<svg.*?</svg>", re.DOTALL)
BAD = 'Futternäpfe <b>& "Co"</b>'


def read_of(sessions: int = 1_200) -> Read:
    return Read(events(walks(sessions, returns=0.2)), 0, [])


def catalog() -> Catalog:
    categories = {
        f"kind-{kind}": Item("category", f"kind-{kind}", f"Größe {kind}", "/")
        for kind in range(KINDS)
    }
    products = {
        f"{number:04}": Item(
            "product",
            f"{number:04}",
            BAD if number % 5 == 0 else f"Fräser {number}",
            "/",
            category=f"kind-{number // PER_KIND}",
        )
        for number in range(KINDS * PER_KIND)
    }
    return Catalog(categories, products)


@pytest.fixture(scope="module")
def page() -> str:
    read = read_of()
    return html(train(read, catalog()), read, catalog())


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_the_page_needs_nothing_but_itself(page: str) -> None:
    tags = Tags()
    tags.feed(page)

    names = {tag for tag, _ in tags.found}
    assert not names & {"script", "link", "img", "iframe", "b"}
    assert not any({"src", "href", "onclick"} & set(attrs) for _, attrs in tags.found)
    assert "url(" not in page
    assert "prefers-color-scheme: dark" in page


def test_each_chart_is_told_in_words_and_as_a_table(page: str) -> None:
    charts = [ElementTree.fromstring(svg) for svg in SVG.findall(page)]

    assert len(charts) == 3
    for chart in charts:
        assert chart.get("role") == "img"
        title, text = chart.find("title"), chart.find("desc")
        assert title is not None and title.text
        assert text is not None and text.text and "%" in text.text
        assert chart.get("aria-labelledby") == f"{title.get('id')} {text.get('id')}"
    assert page.count("<table>") >= len(charts)


def test_titles_are_escaped_and_umlauts_are_kept(page: str) -> None:
    assert "Futternäpfe &lt;b&gt;&amp;" in page
    assert "Größe 3" in page
    assert "Who looked at <strong>" in page


def test_measures_are_told_in_plain_words(page: str) -> None:
    for words in ("R@20", "MRR@20", "NDCG@10", "Coverage", "Popularity bias"):
        assert f'<th scope="row">{words}</th>' in page
    assert "among the 20 recommended ones" in page
    drawn = f"20 drawn by lot would hold it in {20 / (KINDS * PER_KIND):.1%}"
    assert drawn.replace("%", " %") in page


def test_examples_are_what_a_shelf_shows_and_nothing_twice() -> None:
    read, shop = read_of(60), catalog()
    gone = {id: replace(item, in_stock=False) for id, item in shop.products.items()}
    above = Item("category", "above", "All of Größe 0", "/")
    below = replace(shop.categories["kind-0"], parent="above")
    nested = Catalog(
        {**shop.categories, "above": above, "kind-0": below}, shop.products
    )

    sold_out = Catalog(shop.categories, gone)
    assert "Examples" not in html(train(read, sold_out), read, sold_out)
    page = html(train(read, nested), read, nested)
    assert ("<h3>All of Größe 0" in page) != ("<h3>Größe 0" in page)


def test_without_a_catalogue_ids_stand_for_titles(tmp_path: Path) -> None:
    read = read_of()
    target = tmp_path / "out.html"

    write(target, train(read), read)

    assert re.search(
        r"<strong>0\d\d\d</strong> sees 0\d\d\d", target.read_text("utf-8")
    )


def test_too_few_sessions_are_said_to_be() -> None:
    read = read_of(10)

    page = html(train(read), read)

    assert "too few sessions to measure by: it takes 200 clicks" in page
    assert "were chosen for this shop" not in page
    assert "<svg" not in page


def test_the_curve_rises_with_the_history() -> None:
    views = events(walks(1_500))
    look = closer(views, Parameters())

    assert look is not None
    assert look.points[-1].share == 1.0
    assert look.points[0].views < look.points[-1].views
    assert look.points[0].recall < look.points[-1].recall


def test_tenths_of_items_share_views_and_recommendations() -> None:
    counts = np.array([0, *range(100, 0, -1)])

    parts = tenths(counts, np.array([1, 1, 1, 100]))

    assert len(parts) == 10
    assert sum(part.views for part in parts) == pytest.approx(1)
    assert [part.named for part in parts] == [0.75, *[0] * 8, 0.25]
    assert parts[0].views > parts[9].views


def test_marks_of_charts_stand_within_their_frame() -> None:
    longest = bars([("a", 1.0), ("b", 0.0)]).bars[0]
    assert longest.length < 640 - 190
    for column in columns([(0.78, 0.5)] * 10).columns:
        assert 0 <= column.y and column.x < 640
    marks = line([(0.1, 0.2), (1.0, 0.7)]).marks
    assert marks[0][1] > marks[1][1] >= 0
