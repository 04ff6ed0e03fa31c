"""Shelves on whole pages: nothing twice, nothing the page is about, and luck is told of."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from shopwindow import Shopwindow
from shopwindow.middleware.stores.memory import MemoryStore
from tests.commands import run
from tests.shop import (
    KEYS,
    by_attribute,
    consented,
    mounted,
    page,
    site_folder,
    whole,
)

pytestmark = pytest.mark.anyio
RULES = """
version: 1
rules:
  - id: first
    slot: home.hero
    show: product-shelf
    with: {headline: First}
    recommend: {strategy: [viewed-again, trending], limit: 3, discovery: 34%}
  - id: second
    slot: home.teaser
    show: product-shelf
    with: {headline: Second}
    recommend: {strategy: trending, limit: 3}
"""
ROWS = "id,title,url,category\n" + "".join(
    f"p{number},Product {number},/p/p{number},c{number % 5}\n" for number in range(15)
)
CAP = """
[recommendations]
category-cap = 2
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = site_folder(tmp_path / "site", rules=RULES, site=CAP)
    (folder / "catalog" / "products.csv").write_text(ROWS)
    return folder


@pytest.fixture
async def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
async def client(folder: Path, store: MemoryStore) -> AsyncIterator[httpx.AsyncClient]:
    async with Shopwindow(folder, keys=KEYS, store=store) as window:
        async with consented(mounted(whole(lambda: page(by_attribute)), window)) as one:
            yield one
            assert window.journal.wait_until_written()


def on(body: str) -> list[str]:
    """The products on a page, in its order."""
    return [part.partition("<")[0] for part in body.split('sw-card-title">')[1:]]


async def test_two_shelves_of_a_page_show_nothing_twice(
    client: httpx.AsyncClient,
) -> None:
    for path in ("/", "/p/p14", "/", "/p/p3", "/p/p3"):
        titles = on((await client.get(path)).text)
        assert len(titles) == len(set(titles)) == 6, path
        assert f"Product {path[4:]}" not in titles


async def test_the_same_page_has_the_same_luck_and_tells_of_it(
    client: httpx.AsyncClient, store: MemoryStore
) -> None:
    await client.get("/")
    pages = [on((await client.get("/")).text) for _ in range(3)]
    assert pages[0] == pages[1] == pages[2]
    for _ in range(100):
        if len([e for e in store.events.values() if e.name == "Promotion Viewed"]) >= 3:
            break
        await client.get("/nothing")
    shown = [e for e in store.events.values() if e.name == "Promotion Viewed"][-1]
    first, second = shown.properties["promotions"]
    ((id, propensity),) = first["discovered"].items()
    assert f"Product {id[1:]}" in pages[0][:3] and 0 < propensity <= 1
    assert "discovered" not in second


async def test_discovered_articles_are_told_by_their_ids(
    folder: Path, store: MemoryStore
) -> None:
    rules = folder / "rules" / "start.yaml"
    kind = "recommend: {only: {kind: article}, "
    rules.write_text(rules.read_text().replace("recommend: {", kind))
    articles = "".join(f"a{n},Article {n},/a/a{n}\n" for n in range(9))
    (folder / "catalog" / "articles.csv").write_text(f"id,title,url\n{articles}")
    async with Shopwindow(folder, keys=KEYS, store=store) as window:
        async with consented(mounted(whole(lambda: page(by_attribute)), window)) as one:
            titles = on((await one.get("/")).text)
            assert len(set(titles)) == 6 and titles[0].startswith("Article")
        assert window.journal.wait_until_written()
    shown = [e for e in store.events.values() if e.name == "Promotion Viewed"][-1]
    ((id, _),) = shown.properties["promotions"][0]["discovered"].items()
    assert f"Article {id[1:]}" in titles[:3]


async def test_the_decide_api_shares_out_shelves_in_the_same_way(
    client: httpx.AsyncClient, store: MemoryStore
) -> None:
    answer = await client.get("/-/shopwindow/decide?path=/p/p4&html=1")
    said = answer.json()
    titles = [t for slot in said["slots"].values() for t in on(slot["html"])]
    assert len(titles) == len(set(titles)) == 6 and "Product 4" not in titles
    data = {"decision": said["decision"], "shown": "home.hero"}
    assert (await client.post("/-/shopwindow/decide", data=data)).status_code == 204
    shown = [e for e in store.events.values() if e.name == "Promotion Viewed"]
    assert shown and len(shown[-1].properties["promotions"][0]["discovered"]) == 1


PERSONAS = """
personas:
  looker:
    consent: [personalization]
    events:
      - {viewed: {product: p7}, at: 1 hour ago}
"""


def test_the_command_lists_what_stands_where_and_why(folder: Path) -> None:
    people = folder / "people.yaml"
    people.write_text(PERSONAS)
    said = run("recommend", folder, "--personas", people).output
    assert "home.hero: product-shelf, by first (rules/start.yaml:4)" in said
    assert "  1 1.000  Product 7" in said
    assert "You looked at this recently [viewed-again]" in said
    assert "Something different [discovery, propensity 0." in said
    only = run("recommend", folder, "--personas", people, "--slot", "home.teaser")
    assert "home.hero" not in only.output and "Popular in this shop" in only.output
    json = run("recommend", folder, "--personas", people, "--format", "json").output
    assert '"strategy":"viewed-again"' in json and '"propensity":' in json
    wrong = run("recommend", folder, "--slot", "home.her", code=2).output
    assert 'unknown slot "home.her"; there are: home.hero, home.teaser' in wrong


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (
            "strategy: dormant",
            "dormant found nothing for this visitor; trending at the end of `strategy`",
        ),
        (
            "strategy: trending, minimum-score: 1",
            "trending found nothing for this visitor with a score of 1 or more",
        ),
        (
            "strategy: trending, except: {category: [c0, c1, c2, c3, c4]}",
            "the catalogue has no products that `only` and `except` ask for",
        ),
        (
            "strategy: trending, except: {category: [c0, c1, c3, c4]}",
            "of 3 products that may stand here 3 were bought\n",
        ),
        ("strategy: trending, only: {kind: article}", "the catalogue has no articles"),
    ],
)
def test_an_empty_shelf_says_why(folder: Path, asked: str, words: str) -> None:
    people = folder / "people.yaml"
    bought = ", ".join(
        f"{{bought: {{product: p{number}}}, at: 1 day ago}}" for number in (2, 7, 12)
    )
    people.write_text(
        f"personas: {{one: {{consent: [personalization], events: [{bought}]}}}}"
    )
    rules = folder / "rules" / "start.yaml"
    rules.write_text(
        RULES.partition("  - id: second")[0].partition("recommend")[0]
        + f"recommend: {{{asked}}}\n"
    )
    said = run("recommend", folder, "--personas", people).output
    assert f"nothing, so the slot keeps its default content:\n    {words}" in said
    json = run("recommend", folder, "--personas", people, "--format", "json").output
    assert f'"items":[],"empty":"{words.strip()}' in json


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("1\ncategory_cap = 1", 'did you mean "category-cap"?'),
        ("0", '"category-cap" must be from 1 to 100, not 0'),
        ('"a third"', '"category-cap" is a number of places, or a share of them'),
        ("1.5", '"category-cap" must be a whole number'),
    ],
)
def test_a_cap_that_is_none_is_told(folder: Path, written: str, words: str) -> None:
    settings = folder / "site.toml"
    text = settings.read_text().replace("category-cap = 2", f"category-cap = {written}")
    settings.write_text(text)
    assert words in run("check", folder, code=1).output


@pytest.mark.parametrize(
    ("asked", "doubted"),
    [
        ("only: {kind: article}", True),
        ("only: {price: {at-least: 500}}", True),  # nothing has a price here
        ("except: {category: [c0, c1, c2, c3, c4]}", True),
        ("except: {category: [c0, c1, c2, c3, c4]}, pin: p1", False),
        ("except: {category: [c0, c1, c2, c3]}", False),
        ("only: {stock: {at-most: 0}}", False),  # there may be less tomorrow
        ("limit: 3", False),
    ],
)
def test_a_shelf_that_nothing_fits_is_doubted(
    folder: Path, asked: str, doubted: bool
) -> None:
    (folder / "rules" / "start.yaml").write_text(
        RULES.partition("  - id: second")[0].partition("recommend")[0]
        + f"recommend: {{strategy: trending, {asked}}}\n"
    )
    said = run("check", folder).output
    words = 'rules/start.yaml:4:5: warning: nothing in the catalogue fits the shelf of rule "first"'
    assert (words in said) is doubted
