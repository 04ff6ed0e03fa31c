"""Rules that editors change, rename, move and delete in a shop of two workers that visitors walk
through meanwhile: every number of the report is what was seen on the pages."""

import json
import os
import random
import re
import sys
import threading
import time
from collections import Counter, defaultdict
from pathlib import Path

import httpx
import pytest

from tests.asgi import BROWSER
from tests.commands import run
from tests.databases import PLACES
from tests.servers import free_port, serving
from tests.shop import KEYS, site_folder

ROOT = Path(__file__).parents[2]
HERO, TEASER = "home.hero", "home.teaser"
FRAGMENT = """{# parameters: text #}<p class="say">{{ text }}</p>\
<a href="{{ click('/about') }}">More</a>"""
SEEN = re.compile(r'shopwindow="([^"]+)"><p class="say">([^<]*)</p><a href="([^"]+)"')
ADAPT, CONTROL = "adapt: {metric: click-rate, delay: 1 minute}", "control: 20%"


def rule(id: str, slot: str, experiment: str, how: str, *names: str) -> str:
    variants = "".join(
        f"        - {{name: {name}, show: say, with: {{text: {id}/{experiment}/{name}}}}}\n"
        for name in names
    )
    return (
        f"  - id: {id}\n    slot: {slot}\n    split:\n      experiment: {experiment}\n"
        f"      {how}\n      variants:\n{variants}"
    )


def rules(*texts: str) -> str:
    return "version: 1\nrules:\n" + "".join(texts)


SIDE = rule("side", TEASER, "side", CONTROL, "one", "two")
DAYS = [
    rules(rule("tone", HERO, "tone", ADAPT, "cosy", "plain", "wild"), SIDE),
    # A variant is gone, and there is another one.
    rules(rule("tone", HERO, "tone", ADAPT, "mild", "cosy", "plain"), SIDE),
    # The rule has another name, and another slot, and the experiment goes on.
    rules(
        rule("sound", TEASER, "tone", ADAPT, "cosy", "plain"),
        rule("side", HERO, "side", CONTROL, "one", "two"),
    ),
    # The experiment has another name.
    rules(rule("sound", HERO, "sound", ADAPT, "cosy", "plain"), SIDE),
    # It is gone.
    rules(SIDE),
]


class Street:
    """Visitors who come and go, and what they saw."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.rules: Counter[str] = Counter()
        self.slots: Counter[str] = Counter()
        self.clicks: Counter[str] = Counter()
        self.arms: dict[tuple[str, str], set[str]] = defaultdict(set)
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._errors: list[object] = []
        self._walkers = [
            threading.Thread(target=self._walk, args=(n,)) for n in range(4)
        ]
        for walker in self._walkers:
            walker.start()

    def close(self) -> None:
        self._closing.set()
        for walker in self._walkers:
            walker.join(20)
        assert not self._errors

    def _walk(self, seed: int) -> None:
        chance, number = random.Random(seed), 0
        try:
            while not self._closing.is_set():
                number += 1
                self._visit(f"{seed}-{number}", chance)
        except Exception as error:  # told by close(), on the thread of the test
            self._errors.append(error)

    def _visit(self, who: str, chance: random.Random) -> None:
        headers = {"user-agent": BROWSER.decode(), "accept": "text/html"}
        with httpx.Client(
            base_url=self.url, headers=headers, trust_env=False, timeout=20
        ) as client:
            client.post("/-/shopwindow/consent", data={"choice": "granted"})
            for _ in range(chance.choice([2, 5, 30])):
                if self._closing.is_set():
                    return
                page = client.get("/").raise_for_status()
                for slot, said, link in SEEN.findall(page.text):
                    name, experiment, variant = said.split("/")
                    with self._lock:
                        self.rules[name] += 1
                        self.slots[slot] += 1
                        self.arms[experiment, who].add(variant)
                    if chance.random() < 0.2:
                        assert client.get(link).status_code == 303
                        with self._lock:
                            self.clicks[name] += 1

    def exposed(self, experiment: str) -> Counter[str]:
        """Whoever saw one variant, by variant."""
        return Counter(
            next(iter(arms))
            for (name, _), arms in self.arms.items()
            if name == experiment and len(arms) == 1
        )


@pytest.mark.parametrize("name", ["sqlite", "redis, log in postgresql"])
def test_every_number_is_what_was_seen(
    tmp_path: Path,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    place = PLACES[name](request, tmp_path)
    site, log = site_folder(tmp_path / "site", rules=DAYS[0]), tmp_path / "log"
    (site / "fragments/say.html").write_text(FRAGMENT)
    for key, value in {
        "SHOP_SITE": str(site),
        "SHOPWINDOW_STORE": place.store,
        "SHOPWINDOW_EVENTS": place.events,
        "SHOPWINDOW_SECRET_KEYS": KEYS[0].decode(),
        "SHOPWINDOW_RELOAD": "on",
    }.items():
        monkeypatch.setenv(key, value)
    if not place.events:
        monkeypatch.delenv("SHOPWINDOW_EVENTS")
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "tests.serve:app", "--workers", "2"]
    command += ["--app-dir", str(ROOT), "--port", str(port), "--no-access-log"]
    with serving(command, port, log):
        street = Street(f"http://127.0.0.1:{port}")
        try:
            for text in DAYS[1:]:
                time.sleep(0.8)
                run("measure", site)
                fresh = site / "rules/.start.new"
                fresh.write_text(text)
                os.replace(fresh, site / "rules/start.yaml")
            time.sleep(1.2)
        finally:
            street.close()
    assert "Traceback" not in log.read_text()
    told = json.loads(run("report", site, "--format", "json").stdout)
    for kind, seen in (("rules", street.rules), ("slots", street.slots)):
        responses = {one["name"]: one["response"] for one in told[kind]}
        shown = {one: response["impressions"] for one, response in responses.items()}
        assert shown == seen
        if kind == "rules":
            clicked = {one: response["clicks"] for one, response in responses.items()}
            assert clicked == street.clicks
    assert {"tone", "sound", "side"} == set(street.rules)
    for one in told["experiments"]:
        exposed = street.exposed(one["name"])
        arms = {arm["name"]: arm["funnel"]["exposed"] for arm in one["arms"]}
        # Of a control group nothing is on the page.
        arms.pop("control", None)
        assert arms == exposed, one["name"]
        crossed = [
            arms
            for (name, _), arms in street.arms.items()
            if name == one["name"] and len(arms) > 1
        ]
        assert one["crossed"] == len(crossed)
        assert all({"wild", "mild"} & arms for arms in crossed), "only who lost theirs"
