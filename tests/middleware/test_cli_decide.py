"""``shopwindow decide``: what made-up visitors see, for programs and for people."""

import json
from pathlib import Path
from typing import Any

import pytest

from shopwindow.examples.petshop.app import SITE as PETSHOP
from tests.commands import PERSONAS, change, run

Slots = dict[str, dict[str, Any]]


def decided(folder: Path, *options: str) -> dict[str, Slots]:
    """persona -> slot -> what the JSON says."""
    said = run(
        "decide", folder, "--personas", folder / PERSONAS, "--format", "json", *options
    ).output
    lines = [json.loads(line) for line in said.splitlines()]
    return {line["persona"]: line["slots"] for line in lines}


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A new site, as ``shopwindow new`` makes it."""
    folder = tmp_path / "shop"
    run("new", folder)
    return folder


def test_a_line_of_json_for_every_persona_with_every_slot() -> None:
    found = decided(PETSHOP)
    assert list(found)[:2] == ["newcomer", "rabbit-friend"] and len(found) == 7
    assert found["rabbit-friend"]["home.hero"] == {
        "rule": "rabbit-hero",
        "fragment": "category-hero",
        "with": {"category": "rabbit"},
        "variant": None,
        "reason": "shown",
    }
    assert found["says-no"]["home.hero"]["reason"] == "consent"
    assert len({tuple(slots) for slots in found.values()}) == 1


def test_people_read_the_same_in_a_line_per_slot() -> None:
    asked = ("--personas", PETSHOP / PERSONAS, "--persona", "rabbit-friend")
    said = run("decide", PETSHOP, *asked, "--path", "/?utm_source=mail").output
    assert said.startswith("rabbit-friend on /?utm_source=mail\n  site.logo: default")
    assert "  home.hero: category-hero, by rabbit-hero (rules/hero.yaml:" in said
    assert "newcomer" not in said


LIMITED = """
rules:
  - {id: one, slot: home.hero, show: notice, with: {headline: Hi}}
  - {id: two, slot: home.shelf, show: notice, with: {headline: Ho}}
"""


@pytest.mark.parametrize(
    ("limit", "hero", "shelf"),
    [
        ("", "shown", "shown"),
        ("[pages]\nat-most = 1\n", "shown", "budget"),
        ('[experiments]\nholdout = "100%"\n', "holdout", "holdout"),
        ('[pages]\nat-most = 1\n[experiments]\nholdout = "100%"\n', "holdout", "budget"),
    ],
)  # fmt: skip
def test_the_slots_share_a_page_with_its_limits(
    site: Path, limit: str, hero: str, shelf: str
) -> None:
    (site / "rules/start.yaml").write_text(LIMITED)
    change(site / "site.toml", "[slots]", limit + "[slots]")
    slots = decided(site, "--persona", "gardener")["gardener"]
    assert [slots[slot]["reason"] for slot in slots] == [hero, shelf]
    assert [slots[slot]["rule"] for slot in slots] == ["one", "two"]
    said = run("decide", site, "--personas", site / PERSONAS).output
    assert ("default content, though one" in said) is (hero != "shown")


def test_of_a_group_the_first_slot_of_the_shop_has_the_place(site: Path) -> None:
    (site / "rules/start.yaml").write_text(LIMITED)
    text = (site / "site.toml").read_text()
    head, _, rest = text.partition("[slots]")
    tail = rest[rest.index("\n[") :]
    (site / "site.toml").write_text(
        f'{head}[slots."home.shelf"]\ngroup = "g"\n[slots."home.hero"]\ngroup = "g"\n{tail}'
    )
    slots = decided(site, "--persona", "gardener")["gardener"]
    reasons = {slot: said["reason"] for slot, said in slots.items()}
    assert reasons == {"home.shelf": "shown", "home.hero": "group"}


def test_the_page_that_is_looked_at_is_a_look_at_what_it_shows(site: Path) -> None:
    """As on the shop's pages, the third look itself brings the hero."""
    change(site / PERSONAS, "times: 3", "times: 2")
    for path, rule in {"/": None, "/c/garden": "garden-hero"}.items():
        slots = decided(site, "--persona", "gardener", "--path", path)["gardener"]
        assert slots["home.hero"]["rule"] == rule, path


def test_what_was_done_moves_with_the_moment(site: Path) -> None:
    """As in rule tests: two days ago are two days before the moment that is asked for."""
    personas = site / PERSONAS
    personas.write_text("now: 2026-01-10 10:00\n" + personas.read_text())
    for options in ((), ("--now", "2026-08-01")):
        slots = decided(site, "--persona", "gardener", *options)["gardener"]
        assert slots["home.hero"]["rule"] == "garden-hero", options
    change(personas, "at: 2 days ago", "at: 2026-01-08")
    slots = decided(site, "--persona", "gardener", "--now", "2026-08-01")["gardener"]
    assert slots["home.hero"]["rule"] is None


def test_what_an_address_says_of_itself_counts(site: Path) -> None:
    (site / "rules/start.yaml").write_text(
        "rules:\n  - {id: mailed, slot: home.hero, show: notice, with: {headline: Hi},"
        " when: [{campaign: spring}, {shade: dark}]}\n"
    )
    with (site / "site.toml").open("a") as settings:
        settings.write('[attributes.shade]\ntype = "text"\nfrom = "query:shade"\n')
    asked = ("--persona", "newcomer", "--path")
    for path, rule in {
        "/?utm_campaign=spring&shade=dark": "mailed",
        "/?utm_campaign=spring&shade=light&shade=dark#top": "mailed",
        "/?utm_campaign=spring": None,
    }.items():
        slots = decided(site, *asked, path)["newcomer"]
        assert slots["home.hero"]["rule"] == rule, path


@pytest.mark.parametrize(
    ("options", "hint"),
    [
        (["--persona", "nobody"], 'no persona "nobody"; there are: gardener, newcomer'),
        (["--path", "start"], "a path starts with /"),
        (["--path", "/caf\udce9"], "write other bytes like %E9"),
        (["--path", "/?q=caf\udce9"], "write other bytes like %E9"),
        (["--now", "soon"], "write it like 2026-11-21T10:00"),
    ],
)
def test_a_wrong_question_is_answered_with_what_there_is(
    site: Path, options: list[str], hint: str
) -> None:
    result = run("decide", site, "--personas", site / PERSONAS, *options, code=2)
    assert hint in result.stderr and result.stdout == ""


DEALT = """
rules:
  - id: told
    slot: home.hero
    goal: {metric: leads}
    split:
      experiment: told
      adapt: true
      variants:
        - {name: one, level: segment, show: notice, with: {headline: Hi}}
        - {name: two, level: segment, show: notice, with: {headline: Ho}}
  - id: kept
    slot: home.shelf
    split:
      experiment: kept
      unit: customer
      variants: [{name: nothing, level: none}]
"""


def test_what_an_experiment_deals_is_said(site: Path) -> None:
    (site / "rules" / "start.yaml").write_text(DEALT)
    (site / PERSONAS).write_text(
        "now: 2026-11-21 10:00\npersonas:\n"
        "  anna: {consent: [personalization], logged-in: true}\n"
    )
    for extra in (site / "rules" / "tests").glob("*.yaml"):
        if extra != site / PERSONAS:
            extra.unlink()
    found = decided(site)["anna"]
    hero, shelf = found["home.hero"], found["home.shelf"]
    assert (hero["propensity"], hero["level"]) == (0.5, "segment")
    assert (shelf["reason"], shelf["variant"], shelf["unit"]) == (
        *("control", "nothing"),
        "customer",
    )
    said = run("decide", site, "--personas", site / PERSONAS).output
    assert ", level segment, drawn with a chance of 50%" in said
    assert (
        "home.shelf: default content, which is kept/nothing (rules/start.yaml:" in said
    )
