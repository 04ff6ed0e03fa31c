"""``shopwindow measure``: what visitors did moves weights and roll-outs, and workers follow."""

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from shopwindow.middleware.rollups import open_rollups
from shopwindow.middleware.settings import address
from shopwindow.middleware.site import read_site
from shopwindow.middleware.visitor import VisitorCookie, new_visitor
from shopwindow.rules.experiments import Allocations
from shopwindow.rules.facts import DAY, PURPOSES
from tests.asgi import BROWSER
from tests.commands import change, run
from tests.databases import PLACES
from tests.kept import Happened, keep, noon
from tests.servers import free_port, serving
from tests.shop import KEYS, site_folder

ROOT = Path(__file__).parents[2]
RULES = """
version: 1
rules:
  - id: tone
    slot: home.hero
    split:
      experiment: tone
      adapt: {metric: conversion-rate, delay: 1 minute}
      variants:
        - {name: cosy, show: banner, with: {text: Cosy}}
        - {name: plain, show: banner, with: {text: Plain}}
  - id: new
    slot: home.teaser
    guardrails: [{metric: conversion-rate, at-least: -5%}]
    split:
      experiment: new
      rollout: {steps: [20%, 50%, 100%], every: 1 hour}
      variants: [{name: new, show: banner, with: {text: New}}]
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    folder = site_folder(tmp_path / "site", rules=RULES)
    change(folder / "site.toml", "memory:", "sqlite:///shop.db")
    change(folder / "site.toml", "Europe/Berlin", noon())
    keep(folder)  # makes the store
    return folder


def visits(
    experiment: str, arms: Mapping[str, tuple[int, int]], ago: float = 0.02
) -> Iterator[Happened]:
    """For each arm so many visitors who are shown it first ``ago`` days ago, of whom so many
    order."""
    for arm, (n, orders) in arms.items():
        what = {"held": "control"} if arm == "control" else {"promotion_id": "banner"}
        shown = {"slot": "home.hero", "rule": experiment, **what}
        shown |= {"experiment": experiment, "variant": arm}
        for number in range(n):
            who = f"{experiment}-{arm}-{number}-{ago}".ljust(22, "x")
            promotions = {"promotions": [shown], "revision": "1"}
            yield who, "Promotion Viewed", promotions, ago
            if number < orders:
                order = {"order_id": f"o-{who}", "revenue": 20.0}
                yield who, "Order Completed", order, ago / 2


def measured(folder: Path, code: int = 0) -> dict[str, Any]:
    ran = run("measure", folder, "--format", "json", code=code)
    told: dict[str, Any] = json.loads(ran.stdout)
    return told


def kept(folder: Path) -> Allocations:
    site = read_site(folder)
    with open_rollups(address(site.settings), site.context.day) as rollups:
        return rollups.allocations()


def test_a_shop_that_nobody_has_visited_stays_as_it_is_written(shop: Path) -> None:
    told = measured(shop)
    assert told["visitors"] == 0
    assert told["weights"]["tone"][""] == {"cosy": 0.5, "plain": 0.5}
    assert told["rollouts"]["new"]["share"] == 0.2
    assert told["rollouts"]["new"]["waits"].startswith("100 visitors of each side")


def test_the_better_variant_gets_more_visitors(shop: Path) -> None:
    keep(shop, *visits("tone", {"cosy": (200, 40), "plain": (200, 8)}))
    told = measured(shop)
    assert told["visitors"] == 400
    assert told["weights"]["tone"][""]["cosy"] > 0.9
    assert kept(shop).weights == told["weights"]
    # And people can read it.
    text = run("measure", shop).stdout
    assert "everybody" in text
    assert "cosy 95%, plain 5%" in text


def test_a_roll_out_goes_a_step_further_when_all_is_well(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured(shop)
    keep(shop, *visits("new", {"new": (150, 15), "control": (150, 15)}))
    told = measured(shop)["rollouts"]["new"]
    assert (told["shown"], told["held"]) == (150, 150)
    assert told["waits"] == "1 hour more at this step"
    now = time.time() + 3_700
    monkeypatch.setattr("shopwindow.middleware.cli.measure.time.time", lambda: now)
    assert measured(shop)["rollouts"]["new"]["share"] == 0.5
    assert kept(shop).shares == {"new": 0.5}


def test_when_nobody_is_held_any_more_new_visitors_are_beside_nobody(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def at(days: float) -> dict[str, Any]:
        now = begun + days * DAY
        monkeypatch.setattr("shopwindow.middleware.cli.measure.time.time", lambda: now)
        told: dict[str, Any] = measured(shop)["rollouts"]["new"]
        return told

    begun = time.time()
    at(0)
    keep(shop, *visits("new", {"new": (150, 15), "control": (150, 15)}, 0.0))
    assert (at(1)["share"], at(2)["share"]) == (0.5, 1.0)
    # All of them, and none of them order: beside those of before that would be a harm.
    monkeypatch.undo()
    keep(shop, *visits("new", {"new": (900, 0)}, -3.0))
    told = at(4)
    assert (told["share"], told["shown"], told["held"]) == (1.0, 150, 150)


def test_a_roll_out_goes_back_when_its_guardrail_breaks_until_the_rule_is_changed(
    shop: Path,
) -> None:
    keep(shop, *visits("new", {"new": (400, 4), "control": (400, 60)}))
    ran = run("measure", shop, code=1)
    assert "went back: conversion-rate fell by" in " ".join(ran.stdout.split())
    told = measured(shop, code=1)["rollouts"]["new"]  # it is an alert until then
    assert told["share"] == 0
    assert told["back"].endswith("but may fall by 5% at most")
    change(shop / "rules/start.yaml", "text: New", "text: Newer")
    assert measured(shop)["rollouts"]["new"]["share"] == 0.2


def test_an_experiment_that_is_away_for_a_while_is_not_forgotten(shop: Path) -> None:
    keep(shop, *visits("new", {"new": (400, 4), "control": (400, 60)}))
    run("measure", shop, code=1)
    rules = (shop / "rules/start.yaml").read_text()
    (shop / "rules/start.yaml").write_text(rules[: rules.index("  - id: new")])
    assert measured(shop)["rollouts"] == {}
    (shop / "rules/start.yaml").write_text(rules)
    assert measured(shop, code=1)["rollouts"]["new"]["share"] == 0


def test_a_site_without_such_experiments_is_only_counted(tmp_path: Path) -> None:
    folder = site_folder(tmp_path / "site")
    change(folder / "site.toml", "memory:", "sqlite:///shop.db")
    keep(folder)
    assert "no experiment adapts or is rolled out" in run("measure", folder).stdout


@pytest.mark.parametrize("name", ["postgresql", "redis", "redis, log in postgresql"])
def test_it_is_the_same_beside_other_stores(
    tmp_path: Path, name: str, request: pytest.FixtureRequest
) -> None:
    place = PLACES[name](request, tmp_path)
    folder = site_folder(tmp_path / "site", rules=RULES)
    events = f'\n[events]\nurl = "{place.events}"' if place.events else ""
    text = (folder / "site.toml").read_text()
    text = text.replace("memory:", place.store).replace("Europe/Berlin", noon())
    (folder / "site.toml").write_text(text + events)
    keep(folder, *visits("tone", {"cosy": (200, 40), "plain": (200, 8)}))
    told = measured(folder)
    assert told["weights"]["tone"][""]["cosy"] > 0.9
    assert kept(folder).weights == told["weights"]


def test_a_second_process_says_that_it_is_the_second(shop: Path) -> None:
    with (shop / "site.toml").open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        ran = run("measure", shop, code=1)
    assert "another process measures" in ran.stderr
    run("measure", shop)


def test_a_store_that_is_not_there_is_said(tmp_path: Path) -> None:
    folder = site_folder(tmp_path / "site")
    change(folder / "site.toml", "memory:", "sqlite:///shop.db")
    ran = run("measure", folder, code=1)
    assert "no store" in ran.stderr
    assert not (folder / "shop.db").exists()


def test_wrong_usage_ends_with_two(shop: Path) -> None:
    ran = run("measure", shop, "--every", "often", code=2)
    assert "write it like 30m, 12h or 1d" in ran.stderr


# -- beside a running shop -----------------------------------------------------------------


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "shopwindow", *map(str, arguments)]


@pytest.fixture
def port(shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    port, log = free_port(), tmp_path / "log"
    server = [sys.executable, "-m", "uvicorn", "tests.serve:app", "--http", "h11"]
    server += ["--app-dir", str(ROOT), "--port", str(port), "--no-access-log"]
    monkeypatch.setenv("SHOP_SITE", str(shop))
    monkeypatch.setenv("SHOPWINDOW_SECRET_KEYS", KEYS[0].decode())
    with serving(server, port, log):
        yield port
    assert "Traceback" not in log.read_text()


def shown(port: int, visitors: int) -> Counter[str]:
    """What so many new visitors see in both slots."""
    found: Counter[str] = Counter()
    cookie = VisitorCookie(KEYS)
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    for _ in range(visitors):
        value = cookie.value(new_visitor(frozenset(PURPOSES), time.time())).decode()
        headers = {
            "User-Agent": BROWSER.decode(),
            "Accept": "text/html",
            "Cookie": f"shopwindow={value}",
        }
        connection.request("GET", "/", headers=headers)
        page = connection.getresponse().read().decode()
        for text in ("Cosy", "Plain", "New"):
            found[text] += f">{text}<" in page
    connection.close()
    return found


def until(
    port: int, wanted: Callable[[Counter[str]], bool]
) -> tuple[Counter[str], float]:
    """What 60 new visitors see as soon as it is as ``wanted``, and after how many seconds."""
    begun = time.monotonic()
    while True:
        found = shown(port, 60)
        took = time.monotonic() - begun
        if wanted(found) or took > 20:
            return found, took


def test_a_running_shop_follows_within_seconds(shop: Path, port: int) -> None:
    before = shown(port, 60)
    assert min(before["Cosy"], before["Plain"]) > 15
    assert 2 < before["New"] < 28
    keep(shop, *visits("tone", {"cosy": (300, 60), "plain": (300, 12)}))
    keep(shop, *visits("new", {"new": (400, 4), "control": (400, 60)}))
    ran = subprocess.run(command("measure", shop), capture_output=True, text=True)
    assert ran.returncode == 1, ran.stderr  # a roll-out went back
    found, took = until(port, lambda seen: seen["New"] == 0 and seen["Cosy"] > 45)
    assert found["New"] == 0
    assert found["Cosy"] > 45
    assert took < 15


def test_as_a_service_it_ends_when_it_is_told_to(shop: Path, tmp_path: Path) -> None:
    with (tmp_path / "out").open("wb") as out:
        process = subprocess.Popen(
            command("measure", shop, "--every", "1 second", "--format", "json"),
            stdout=out,
            stderr=subprocess.STDOUT,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
        )
        try:
            end = time.monotonic() + 30
            while (tmp_path / "out").read_text().count('"visitors"') < 2:
                assert time.monotonic() < end
                assert process.poll() is None
                time.sleep(0.05)
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) == 0
        finally:
            process.kill()
            process.wait()
    assert (tmp_path / "out").read_text().rstrip().endswith("stopped")
