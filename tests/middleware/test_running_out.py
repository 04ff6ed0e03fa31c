"""What runs out, on pages and in commands: by the catalogue, and by what was learned."""

import asyncio
import json
import time
from pathlib import Path

import pytest
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from shopwindow import Shopwindow
from shopwindow.fragments.recommendations.model import Model
from shopwindow.fragments.recommendations.replenishment import Replenishment
from shopwindow.middleware.cli.replay import side
from shopwindow.middleware.journal import new_id
from shopwindow.middleware.site import read_site
from shopwindow.middleware.stores.memory import MemoryStore
from shopwindow.middleware.stores.sqlite import SqliteStore
from shopwindow.middleware.supplies import model_of
from shopwindow.rules.facts import DAY, Event
from shopwindow.rules.interests import NO_TRAFFIC
from tests.commands import run
from tests.fragments.households import bought_on, households, learned
from tests.shop import HTML, KEYS, by_attribute, consented, mounted, page, site_folder

RULES = """
version: 1
segments:
  low: [running-out: {product: any, within: 4 weeks}]
rules:
  - id: the-same-again
    slot: home.hero
    when:
      - running-out: {product: any, within: 4 weeks}
    show: running-out
    with: {headline: "{product.title} will not last much longer."}
"""
PRODUCTS = """\
id,title,url,in-stock,repurchase-days
bread,A dark bread,/p/bread,yes,
coffee,Strong coffee,/p/coffee,yes,20
kibble,Kibble,/p/kibble,no,20
sofa,A red sofa,/p/sofa,yes,
"""
PERSONAS = """
personas:
  baker:
    consent: [personalization]
    events: [{bought: {product: bread}, at: 5 days ago}]
"""
SAID = b"A dark bread will not last much longer."


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    learned(folder, households(300))
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A site that has no model."""
    return site(tmp_path / "site", tmp_path / "nowhere")


def site(folder: Path, models: Path) -> Path:
    more = f'[recommendations]\nmodel = "{models.as_posix()}"\n'
    site_folder(folder, rules=RULES, site=more)
    (folder / "catalog/products.csv").write_text(PRODUCTS)
    (folder / "rules/tests").mkdir()
    (folder / "rules/tests/personas.yaml").write_text(PERSONAS)
    return folder


async def seen(folder: Path, product: str, *, fails: bool = False) -> bytes:
    """The start page of somebody who has just bought this."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/buy":
            lines = [{"product_id": product}]
            scope["state"]["shopwindow"].track("Order Completed", {"products": lines})
        answer = Response(page(by_attribute), media_type=HTML)
        await answer(scope, receive, send)

    window = Shopwindow(read_site(folder), store=MemoryStore(), keys=KEYS)
    async with window, consented(mounted(app, window)) as client:
        if fails:
            del window.site.catalog.lasting  # whatever is wrong with us
        await client.get("/buy")
        return (await client.get("/")).content


@pytest.mark.anyio
async def test_a_page_names_what_runs_out_by_the_catalogue(folder: Path) -> None:
    found = await seen(folder, "coffee")
    assert b"Strong coffee will not last much longer." in found
    assert b'<a class="sw-button" href="/p/coffee">Strong coffee</a>' in found
    assert b"%" not in found.partition(b"sw-running-out")[2].partition(b"</aside>")[0]


@pytest.mark.anyio
@pytest.mark.parametrize("product", ["bread", "kibble", "sofa"])
async def test_what_the_catalogue_does_not_know_does_not_run_out(
    folder: Path, product: str
) -> None:
    assert b"Default" in await seen(folder, product)


@pytest.mark.anyio
@pytest.mark.parametrize(("product", "said"), [("bread", SAID), ("sofa", b"Default")])
async def test_a_page_names_what_runs_out_by_the_model(
    tmp_path: Path, models: Path, product: str, said: bytes
) -> None:
    assert said in await seen(site(tmp_path / "site", models), product)


@pytest.mark.anyio
async def test_a_fault_of_ours_keeps_the_default_content(folder: Path) -> None:
    assert b"Default" in await seen(folder, "coffee", fails=True)


@pytest.mark.anyio
async def test_what_is_known_of_supplies_is_made_anew_with_the_site_and_the_model_alone(
    tmp_path: Path, models: Path
) -> None:
    read = read_site(site(tmp_path / "site", models))
    window = Shopwindow(read, store=MemoryStore(), keys=KEYS)
    first = window.supplies
    assert first is window.supplies and not first.learned
    async with window:
        for _ in range(200):
            if window.model is not None:
                break
            await asyncio.sleep(0.01)
        second = window.supplies
        assert second.learned and second is window.supplies
        assert second.model is window.model


# -- commands ------------------------------------------------------------------------------


def test_commands_ask_the_model_and_without_one_the_catalogue(
    folder: Path, tmp_path: Path, models: Path
) -> None:
    told = run("explain", folder, "--persona", "baker").output
    assert "wanted anything bought within 4 weeks with at least 50%" in told
    assert "bought nothing that is used up" in told
    other = site(tmp_path / "other", models)
    told = run("explain", other, "--persona", "baker").output
    assert "A dark bread runs out within 4 weeks with 9" in told
    decided = run("decide", other, "--persona", "baker", "--format", "json").output
    hero = json.loads(decided)["slots"]["home.hero"]
    assert hero["fragment"] == "running-out" and hero["with"]["product"] == "bread"


def test_rule_tests_know_the_catalogue_alone(tmp_path: Path, models: Path) -> None:
    folder = site(tmp_path / "site", models)
    (folder / "rules/tests/t.yaml").write_text(
        "now: 2026-11-21 10:00\ntests:\n"
        "  - {name: bread, given: baker, path: /, expect: {home.hero: default}}\n"
        "  - name: coffee\n    given: baker\n    path: /\n"
        "    but: {events: [{bought: {product: coffee}, at: 5 days ago}]}\n"
        "    expect: {home.hero: running-out}\n"
    )
    assert "2 tests, 0 failed" in run("test", folder).output


def test_segments_count_for_whom_something_runs_out(
    tmp_path: Path, models: Path
) -> None:
    folder, path = site(tmp_path / "site", models), tmp_path / "store.db"
    text = (folder / "site.toml").read_text()
    (folder / "site.toml").write_text(
        text.replace('"memory:"', f'"sqlite:///{path.as_posix()}"')
    )
    read, store, now = read_site(folder), SqliteStore(path), time.time()
    for who, product in (("a", "bread"), ("b", "sofa"), ("c", "sofa")):
        at = now - 5 * DAY
        bought = {"products": [{"product_id": product}]}
        event = Event(
            new_id(at), "Order Completed", who, at, read.context.day(at), bought
        )
        store.commit([event], read.learn, {})
    store.close()
    lines = run("segments", folder, "--format", "json").stdout.splitlines()
    sizes = {one["segment"]: one for one in map(json.loads, lines)}
    assert (sizes["low"]["in"], sizes["low"]["out"]) == (1, 2)


def test_a_replay_knows_one_model_on_both_sides(tmp_path: Path, models: Path) -> None:
    one = read_site(site(tmp_path / "site", models))
    model = model_of(one)
    assert model is not None
    compared = side(one, "/", NO_TRAFFIC, model).supplies
    assert isinstance(compared, Replenishment)
    assert compared.model is model and compared.title("bread") == "A dark bread"


def test_training_learns_it_from_a_file(tmp_path: Path) -> None:
    path, out = tmp_path / "events.jsonl", tmp_path / "models"
    with path.open("w") as file:
        for who, bought in enumerate(households(300)):
            for product, days in bought.items():
                for day in days:
                    event = {"visitor": who, "event": "bought", "product": product}
                    at = 1_700_000_000 + day * DAY
                    file.write(json.dumps({**event, "time": at}) + "\n")
    run("train", "--events", path, "--out", out)
    supplies = Replenishment(model=Model.current(out))
    assert supplies.learned
    day = 20_000
    found = supplies.due({"bread": bought_on(day - 7), "sofa": bought_on(day - 7)}, day)
    assert found.keys() == {"bread"} and found["bread"] > 0.4
