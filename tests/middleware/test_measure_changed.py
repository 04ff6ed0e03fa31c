"""``shopwindow measure`` in a shop whose rules are changed while visitors come."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from shopwindow.rules.facts import DAY
from tests.commands import change, run
from tests.kept import keep, noon
from tests.middleware.test_measure import RULES, kept, measured, visits
from tests.shop import site_folder


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    folder = site_folder(tmp_path / "site", rules=RULES)
    change(folder / "site.toml", "memory:", "sqlite:///shop.db")
    change(folder / "site.toml", "Europe/Berlin", noon())
    keep(folder)  # makes the store
    return folder


def set_clock(monkeypatch: pytest.MonkeyPatch, now: float) -> None:
    monkeypatch.setattr("shopwindow.middleware.cli.measure.time.time", lambda: now)


@pytest.mark.parametrize("since", [1.0, 0.0], ids=["yesterday", "today"])
def test_who_saw_an_experiment_before_it_was_rolled_out_is_compared_with_nobody(
    shop: Path, since: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All saw the variant until then; else it would wait for as many who are held."""
    keep(shop, *visits("new", {"new": (100, 5)}, since))
    keep(shop, *visits("new", {"new": (100, 5)}, 0.0))

    begun = time.time()

    def at(days: float) -> dict[str, Any]:
        set_clock(monkeypatch, begun + days * DAY)
        told: dict[str, Any] = measured(shop)["rollouts"]["new"]
        return told

    told = at(0)
    assert (told["shown"], told["held"]) == (0, 0)
    assert told["waits"] == "100 visitors of each side: there are 0"
    assert kept(shop).again == {"new"}  # nor do they go on seeing it
    keep(shop, *visits("new", {"new": (150, 15), "control": (150, 15)}, -1.0))
    told = at(1.1)
    assert (told["shown"], told["held"], told["share"]) == (150, 150, 0.5)


def test_a_roll_out_that_went_back_is_not_told_of_as_silent(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time()
    set_clock(monkeypatch, now - 9 * DAY)
    measured(shop)
    set_clock(monkeypatch, now)
    for ago in range(2, 9):
        keep(shop, *visits("new", {"new": (60, 1), "control": (60, 20)}, ago))
        keep(shop, *visits("tone", {"cosy": (30, 3), "plain": (30, 3)}, ago))
    for _ in range(2):
        ran = json.loads(run("measure", shop, "--format", "json", code=1).stdout)
        assert ran["rollouts"]["new"]["back"]
    silent = [one.partition(" has shown nothing")[0] for one in ran["alerts"]]
    # The other rule shows nothing, too, and nobody knows why.
    assert silent[:2] == ["Slot home.hero", "Rule tone"]
    assert not any(one.startswith("Rule new") for one in silent)


def test_a_report_remembers_that_an_experiment_has_adapted(shop: Path) -> None:
    """On each day its arms were alike, and on the bad one hardly anybody was dealt cosy."""
    keep(shop, *visits("tone", {"plain": (300, 60), "cosy": (300, 60)}, 4))
    keep(shop, *visits("tone", {"plain": (500, 10), "cosy": (100, 2)}, 3))
    measured(shop)
    rules = (shop / "rules/start.yaml").read_text()
    (shop / "rules/start.yaml").write_text(rules[rules.index("  - id: new") :])
    change(shop / "rules/start.yaml", "  - id: new", "version: 1\nrules:\n  - id: new")
    told = json.loads(run("report", shop, "--format", "json").stdout)
    (tone,) = (one for one in told["experiments"] if one["name"] == "tone")
    (effect,) = (one for one in tone["effects"] if one["role"] == "goal")
    assert effect["relative"] == pytest.approx(0)
