"""``shopwindow replay`` and ``shopwindow segments``: what editors ask of last week's visitors."""

import json
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from shopwindow.examples.petshop.app import SITE
from shopwindow.examples.petshop.seed import events as walk
from shopwindow.examples.petshop.shop import Catalogue
from shopwindow.middleware.cli.records import watched
from shopwindow.middleware.journal import new_id
from shopwindow.middleware.site import Site, read_site
from shopwindow.middleware.stores import ATTRIBUTES, VISITED
from shopwindow.middleware.stores.sqlite import SqliteStore
from shopwindow.rules.facts import Event
from tests.commands import change, run
from tests.repositories import git

HOUR = 3_600.0
RABBITS = "viewed: {category: rabbit, at-least: 3, within: 30 days}"
FEWER = "viewed: {category: rabbit, at-least: 2, within: 30 days}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The pet shop's site, committed; its store has a name that no URL likes."""
    made = tmp_path / "Läden" / "Tiere & mehr"
    shutil.copytree(SITE, made)
    with (made / "site.toml").open("a", encoding="utf-8") as file:
        file.write('\n[store]\nurl = "sqlite:///wer war da? #1.db"\n')
    (tmp_path / ".gitignore").write_text("*.db*\n")
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "-m", "as it was")
    return made


def store_of(folder: Path) -> Path:
    return folder / "wer war da? #1.db"


def keep(folder: Path, *happened: tuple[str, str, Mapping[str, Any], float]) -> Site:
    """Each is a visitor, a name, properties and how many hours ago it was."""
    site, now = read_site(folder), time.time()
    store = SqliteStore(store_of(folder))
    events = []
    for visitor, name, properties, ago in happened:
        at = now - ago * HOUR
        day = site.context.day(at)
        events.append(Event(new_id(at), name, visitor, at, day, dict(properties)))
    store.commit(events, site.learn, {})
    store.close()
    return site


@pytest.fixture
def seeded(folder: Path) -> Path:
    now = time.time()
    walked = walk(Catalogue(SITE / "catalog"), now, visitors=60)
    keep(folder, *((v, name, p, (now - at) / HOUR) for v, name, p, at in walked))
    return folder


def replay(folder: Path, *options: str | Path) -> dict[str, Any]:
    said = json.loads(run("replay", folder, "--format", "json", *options).stdout)
    assert isinstance(said, dict)
    return said


def rabbit(visitor: str, looks: int, ago: float = 5) -> list[Any]:
    seen = {"category": "rabbit"}
    return [(visitor, "Product List Viewed", seen, ago - n / 100) for n in range(looks)]


def shown(visitor: str, ago: float, **more: Any) -> Any:
    promotion = {
        "slot": "home.hero",
        "rule": "dog-hero",
        "promotion_id": "category-hero",
    }
    properties = {"promotions": [promotion | more], "revision": "before"}
    return visitor, "Promotion Viewed", properties, ago


# -- against a revision --------------------------------------------------------------------


def test_nobody_sees_anything_else_by_the_same_revision(seeded: Path) -> None:
    said = replay(seeded, "--against", "HEAD", "--since", "8d")
    assert said["visitors"] > 50 and said["looks"] > said["visitors"]
    assert (said["share"], said["likely"], said["uncertain"]) == (0.0, 0, 0)
    assert (said["rows"], said["examples"], said["unknown"]) == ([], [], {})


def test_a_changed_rule_shows_exactly_the_visitors_it_is_about(folder: Path) -> None:
    keep(folder, *rabbit("one", 1), *rabbit("two", 2), *rabbit("three", 3))
    change(folder / "rules" / "segments.yaml", RABBITS, FEWER)
    said = replay(folder, "--against", "HEAD")
    assert (said["visitors"], said["changed"]) == (3, 1)
    assert [(row["slot"], row["new_rule"], row["visitors"], row["unless"]) for row in said["rows"]] == [
        ("home.advice", "rabbit-advice", 1, []),
        # The campaign rule before it is on both sides, but the log has no campaigns.
        ("home.hero", "rabbit-hero", 1, ["rabbit-week"]),
    ]  # fmt: skip
    advice = next(one for one in said["examples"] if one["slot"] == "home.advice")
    assert advice["did"] == "1st visit; looked at Rabbits 2 x"
    assert advice["old"] == "default content"
    assert advice["why"].startswith("in segment rabbit-friend")
    assert len(advice["visitor"]) == 8


def test_the_text_says_the_same_in_words(folder: Path) -> None:
    keep(folder, *rabbit("one", 1), *rabbit("two", 2))
    change(folder / "rules" / "segments.yaml", RABBITS, FEWER)
    said = run("replay", folder, "--against", "HEAD").stdout
    for words in (
        "1 of 2 visitors (50.0%) would see something else than HEAD says.",
        "2 looks of 2 visitors.",
        "home.advice\n  default content -> article-teaser (by rabbit-advice): 1 of 2",
        "-> category-hero (by rabbit-hero): 1 of 2 visitors (50.0%), unless rabbit-week won",
        "1st visit; looked at Rabbits 2 x",
    ):
        assert words in said
    assert "For example" not in run("replay", folder, "--against", "HEAD", "--limit", "0").stdout  # fmt: skip


def test_another_folder_will_do(folder: Path, tmp_path: Path) -> None:
    keep(folder, *rabbit("two", 2))
    other = tmp_path / "draft"
    shutil.copytree(folder, other)
    change(other / "rules" / "segments.yaml", RABBITS, FEWER)
    assert replay(folder, "--against", other)["changed"] == 1
    assert replay(folder, "--against", folder)["changed"] == 0


def test_the_window_is_a_length_of_time_or_two_moments(folder: Path) -> None:
    keep(folder, *rabbit("old", 1, ago=100), *rabbit("new", 1, ago=5))
    for options, visitors in (
        ((), 2),
        (("--since", "12h"), 1),
        (("--since", "2 days"), 1),
        (("--since", "1w", "--until", "1d"), 1),
        (("--since", "2020-01-01", "--until", "2020-01-02T12:00"), 0),
    ):
        assert replay(folder, "--against", "HEAD", *options)["visitors"] == visitors


# -- against the log -----------------------------------------------------------------------


def test_the_log_is_compared_with_what_the_folder_decides_now(folder: Path) -> None:
    advice = {
        "slot": "home.advice",
        "rule": "rabbit-advice",
        "promotion_id": "article-teaser",
    }
    keep(
        folder,
        *rabbit("r", 3, ago=6),
        shown("r", 5, **advice),
        shown("dog", 5, **advice),
    )
    said = replay(folder)
    assert (said["against"], said["visitors"], said["changed"]) == ("the log", 2, 1)
    (row,) = said["rows"]
    assert (row["old_rule"], row["old_fragment"], row["new_fragment"]) == (
        "rabbit-advice",
        "article-teaser",
        None,
    )
    (example,) = said["examples"]
    assert example["why"].startswith("not rabbit-advice: segment (line")


def test_what_cannot_be_known_is_said(folder: Path) -> None:
    keep(folder, shown("dog", 5))
    said = run("replay", folder).stdout
    assert "0 of 1 visitor (0.0%) would see something else than the log says." in said
    assert "It cannot be known for 1 of 1 visitor (100.0%) more." in said
    assert "  home.hero: cannot be known for 1 visitor" in said


def test_the_page_of_a_showing_is_not_in_the_log(folder: Path) -> None:
    rule = """
  - id: at-home
    slot: home.hero
    priority: 950
    when:
      - path: /
    show: category-hero
    with: {category: dog}
"""
    with (folder / "rules" / "hero.yaml").open("a", encoding="utf-8") as file:
        file.write(rule)
    keep(folder, shown("dog", 5, promotion_id="own-first"))
    assert replay(folder)["unknown"] == {"home.hero": 1}
    assert replay(folder, "--path", "/")["changed"] == 1


def test_an_empty_log_has_nothing_to_compare(folder: Path) -> None:
    keep(folder)
    assert "nothing to compare" in run("replay", folder).stdout
    assert replay(folder, "--against", "HEAD")["share"] is None


# -- what goes wrong -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--against", "HEAD~9"], 'git knows no revision "HEAD~9"'),
        (["--against", "rules"], "rules is no folder with a site.toml"),
        (["--since", "yesterday"], "write it like 7d"),
        (["--since", "1d", "--until", "2d"], "it is not before --until"),
        (["--path", "home"], "a path starts with /"),
        (["--store", "memory:"], "memory: cannot be looked into"),
        (["--store", "mysql://me:pw@db"], "mysql://db cannot be looked into"),
    ],
)
def test_wrong_usage_is_told(folder: Path, options: list[str], words: str) -> None:
    keep(folder)
    said = " ".join(run("replay", folder, *options, code=2).output.split())
    assert words in said


@pytest.mark.parametrize("command", ["replay", "segments"])
@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--store", "gone.db"],
        ["--store", "sqlite:///gone.db"],
        ["--store", "C:\\shop\\gone.db"],
        ["--store", "sqlite:///C:\\shop\\gone.db"],
    ],
)
def test_a_store_that_is_not_there_is_not_made(
    folder: Path, command: str, options: list[str]
) -> None:
    before = sorted(folder.rglob("*"))
    assert "there is no store at" in run(command, folder, *options, code=1).output
    assert sorted(folder.rglob("*")) == before


def test_a_store_elsewhere_is_read(folder: Path, tmp_path: Path) -> None:
    keep(folder, *rabbit("one", 1))
    store_of(folder).rename(elsewhere := tmp_path / "größer.db")
    for url in (elsewhere, f"sqlite:///{elsewhere}", "sqlite:///../../größer.db"):
        assert replay(folder, "--against", "HEAD", "--store", url)["visitors"] == 1


def test_an_old_revision_with_errors_is_named(folder: Path, tmp_path: Path) -> None:
    keep(folder)
    rules = folder / "rules" / "hero.yaml"
    good = rules.read_text()
    rules.write_text(good.replace("show: category-hero", "show: categry-hero"))
    git(tmp_path, "commit", "--quiet", "-a", "-m", "a slip")
    rules.write_text(good)
    said = run("replay", folder, "--against", "HEAD", code=1).output
    slips = good.count("show: category-hero")
    assert "rules/hero.yaml" in said
    assert f"Tiere & mehr at HEAD: {slips} errors" in said


# -- segments ------------------------------------------------------------------------------


def test_segments_are_counted_with_those_that_every_site_has(folder: Path) -> None:
    keep(
        folder,
        ("one", VISITED, {"path": "/"}, 4.0),
        *rabbit("one", 1, ago=4),
        ("three", VISITED, {"path": "/"}, 30.0),
        ("three", VISITED, {"path": "/"}, 4.0),
        *rabbit("three", 3, ago=4),
    )
    lines = run("segments", folder, "--format", "json").stdout.splitlines()
    found = {said["segment"]: said for said in map(json.loads, lines)}
    friend = found["rabbit-friend"]
    assert (friend["in"], friend["out"], friend["unknown"]) == (1, 1, 0)
    assert (friend["share"], friend["visitors"]) == (0.5, 2)
    assert found["returning-visitor"]["in"] == 1
    text = run("segments", folder).stdout
    assert text.startswith("2 visitors\n")
    assert "rabbit-friend" in text and "1 (50.0%)" in text
    assert "three" not in text and "one" not in text  # counts, and nobody's id


def test_what_is_not_stored_is_unknown_and_named(folder: Path) -> None:
    with (folder / "rules" / "segments.yaml").open("a", encoding="utf-8") as file:
        file.write("  big-cart:\n    - cart-value: {at-least: 20}\n")
    keep(
        folder,
        *rabbit("one", 1),
        *rabbit("two", 1),
        ("two", ATTRIBUTES, {"cart-value": 30}, 3.0),
    )
    said = run("segments", folder).stdout
    (line,) = [line for line in said.splitlines() if "big-cart" in line]
    assert line.split("  ")[-1] == "not always stored: cart-value"
    assert line.split()[1:7] == ["1", "(50.0%)", "0", "(0.0%)", "1", "(50.0%)"]


def test_an_empty_store_has_no_shares(folder: Path) -> None:
    keep(folder)
    assert run("segments", folder).stdout.startswith("0 visitors\n")
    (first, *_) = run("segments", folder, "--format", "json").stdout.splitlines()
    assert json.loads(first)["share"] is None


def test_a_bar_shows_only_where_somebody_looks(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert list(watched(range(3), 3, "Reading")) == [0, 1, 2]
    assert capsys.readouterr() == ("", "")
