"""Large rule sets are checked in a child process: the same rules, no secret, no stall."""

import asyncio
import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from shopwindow import Shopwindow
from shopwindow.middleware.loading import apart
from shopwindow.middleware.loading.apart import Unread, read_rules_apart
from shopwindow.middleware.loading.checker import GREETING, check
from shopwindow.middleware.loading.frames import Shared, receive, send
from shopwindow.middleware.site import check_site, read_files
from shopwindow.rules.attributes import BUILT_IN, Attribute, facts
from shopwindow.rules.conditions import All
from shopwindow.rules.decide import decide
from shopwindow.rules.facts import PURPOSES, Context, Profile
from shopwindow.rules.favourites import Favourite
from shopwindow.rules.reading import read_rules
from shopwindow.rules.ruleset import RuleSet
from shopwindow.rules.vocabulary import Vocabulary
from tests.benchmarks.manyrules import SLOTS, write_many
from tests.rules.shop import VOCABULARY
from tests.shop import KEYS
from tests.soak.profiles import RICH

pytestmark = pytest.mark.anyio

COUNT = 400
SEGMENTS = """\
version: 1
segments:
  dog-owner:
    - any: [{number-01: {at-least: 3}}, {segment: rich}]
  rich:
    - order-value: {more-than: 1000}
rules:
  - id: dogs
    slot: home.hero
    priority: 5000
    when: [{segment: dog-owner}]
    unless: [{text-01: word-1}]
    cap: {times: 2, per: 3 days}
    show: banner
    with: {headline: Dogs}
    note: for dogs
"""
GROUPS = """\
version: 1
timezone: America/New_York
rules:
  - id: first
    slot: home.hero
    schedule: {until: 2030-01-01 08:00}
    cap: {times: 2}
    cap-group: heroes
    show: hero
  - id: second
    slot: home.prompt
    cap: {cooldown: 2 days}
    cap-group: heroes
    show: plain
"""


class Shop:
    def __init__(self, folder: Path) -> None:
        self.folder = write_many(folder, COUNT)
        (folder / "rules/segments.yaml").write_text(SEGMENTS)
        files = read_files(folder)[0]
        self.files = {n: text for n, text in files.items() if n.startswith("rules/")}
        self.vocabulary = check_site(folder, files)[0].vocabulary


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return Shop(tmp_path_factory.mktemp("shop"))


@pytest.fixture
def children(monkeypatch: pytest.MonkeyPatch) -> list["subprocess.Popen[bytes]"]:
    """Every set counts as large; the children that were started."""
    monkeypatch.setattr(apart, "LARGE", 0)
    started: list[subprocess.Popen[bytes]] = []
    usual = apart._start

    def start() -> "subprocess.Popen[bytes]":
        started.append(usual())
        return started[-1]

    monkeypatch.setattr(apart, "_start", start)
    return started


COMPILED = {"holds", "possible", "filled", "contexts"}


def same(one: RuleSet, other: RuleSet) -> bool:
    def plain(rules: RuleSet) -> list[Any]:
        return [
            {
                name: value
                for name, value in msgspec.structs.asdict(rule).items()
                if name not in COMPILED
            }
            for rule in rules.rules
        ]

    return plain(one) == plain(other) and (
        one.revision,
        one.zone,
        one.attributes,
        list(one.segments),
    ) == (other.revision, other.zone, other.attributes, list(other.segments))


def test_a_child_reads_the_same_rules(
    shop: Shop, children: list["subprocess.Popen[bytes]"]
) -> None:
    expected, _ = read_rules(shop.files, shop.vocabulary)
    rules, findings = read_rules_apart(shop.files, shop.vocabulary)
    assert len(rules.rules) == COUNT + 1 and findings == []
    assert same(rules, expected)
    (child,) = children
    assert child.returncode is not None  # it does not stay behind
    moment = Context(1.8e9, 20_833)
    for value in range(0, 500, 50):
        given: Mapping[str, object] = {
            "number-01": value,
            "text-02": "word-7",
            "switch-03": True,
        }
        known = [
            facts(one, Profile(), moment, frozenset(PURPOSES), given)
            for one in (rules, expected)
        ]
        for slot in SLOTS:
            assert decide(rules, known[0], slot) == decide(expected, known[1], slot)


def test_everything_that_a_rule_can_say_comes_back(
    children: list["subprocess.Popen[bytes]"],
) -> None:
    files = {"rules/rich.yaml": RICH, "rules/groups.yaml": GROUPS}
    expected, found = read_rules(files, VOCABULARY)
    rules, findings = read_rules_apart(files, VOCABULARY)
    assert findings == found and len(children) == 1
    assert same(rules, expected)
    by_id = {rule.id: rule for rule in rules.rules}
    assert by_id["tested"].split and by_id["tested"].variants.keys() == {"one", "other"}
    assert by_id["aside"].schedule and by_id["aside"].explore == 0.5
    cap = by_id["first"].cap
    assert cap and cap.rules == ("first", "second")
    adapting, levels = by_id["adapting"], by_id["levels"]
    assert [one.name for one in adapting.contexts] == ["dog-owner", "close"]
    assert adapting.goal and len(adapting.guardrails) == 2
    assert adapting.split and adapting.split.adapt and adapting.split.adapt.floor == 0.1
    assert levels.split and levels.variants["all"].level == "segment"
    favourite = by_id["favourite"]
    assert favourite.filled
    assert favourite.filled(None, ("wood",)).parameters["category"] == "wood"
    # The catalogue does not travel with each rule that asks for its favourite.
    (binding,) = favourite.bindings
    assert isinstance(binding, Favourite)
    assert binding.known is VOCABULARY.things("category")


def test_what_is_wrong_is_found_there_too(
    shop: Shop, children: list["subprocess.Popen[bytes]"]
) -> None:
    files = {**shop.files, "rules/x.yaml": SEGMENTS.replace("home.hero", "home.herro")}
    _, expected = read_rules(files, shop.vocabulary)
    rules, findings = read_rules_apart(files, shop.vocabulary)
    assert findings == expected and len(children) == 1
    assert not rules.rules


def test_a_small_set_needs_no_child(
    shop: Shop,
    children: list["subprocess.Popen[bytes]"],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(apart, "LARGE", 10_000)
    small = {"rules/segments.yaml": SEGMENTS}
    rules, _ = read_rules_apart(small, shop.vocabulary)
    assert len(rules.rules) == 1 and not children


def test_attributes_are_the_ones_that_are_here(
    shop: Shop, children: list["subprocess.Popen[bytes]"]
) -> None:
    rules, _ = read_rules_apart(shop.files, shop.vocabulary)
    known = {id(a) for a in (*shop.vocabulary.attributes.values(), *BUILT_IN.values())}
    asked: list[Attribute] = []
    for rule in rules.rules:
        asked += All(rule.conditions, 0).asked(rules.segments)
    assert asked and {id(attribute) for attribute in asked} <= known


def test_an_attribute_by_another_name_travels_whole() -> None:
    stranger = Attribute("mood", "text", "app")
    for known in ({}, {"mood": stranger}):
        shared = Shared(Vocabulary(frozenset(), known))
        pipe = io.BytesIO()
        send(pipe, [stranger], shared)
        pipe.seek(0)
        (found,) = receive(pipe, shared)
        assert found == stranger and (found is stranger) == bool(known)


def test_the_child_knows_no_secret(
    shop: Shop,
    children: list["subprocess.Popen[bytes]"],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SHOPWINDOW_SECRET_KEYS", "not for children at all")
    given: list[Mapping[str, str]] = []
    usual: Any = subprocess.Popen

    def popen(*arguments: Any, env: Mapping[str, str], **options: Any) -> Any:
        given.append(env)
        return usual(*arguments, env=env, **options)

    monkeypatch.setattr(subprocess, "Popen", popen)
    read_rules_apart(shop.files, shop.vocabulary)
    (environment,) = given
    assert not [name for name in environment if name.startswith("SHOPWINDOW")]
    assert "not for children at all" not in environment.values()


def test_a_child_that_does_not_end_is_ended(
    shop: Shop,
    children: list["subprocess.Popen[bytes]"],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(apart, "LONGEST", 0.5)
    hang = "import sys, time; sys.stdout.buffer.flush(); time.sleep(60)"
    monkeypatch.setattr(apart, "_COMMAND", ("-c", hang))
    before = time.monotonic()
    with pytest.raises(Unread, match="ended with code"):
        read_rules_apart(shop.files, shop.vocabulary)
    assert time.monotonic() - before < 10
    assert children[0].returncode is not None


@pytest.mark.parametrize("says", ["nothing", "something else"])
def test_where_no_child_can_be_had_a_thread_has_to_do(
    shop: Shop,
    children: list["subprocess.Popen[bytes]"],
    monkeypatch: pytest.MonkeyPatch,
    says: str,
) -> None:
    program = "print('Usage: httpd')" if says == "something else" else ""
    monkeypatch.setattr(apart, "_COMMAND", ("-c", program))
    rules, findings = read_rules_apart(shop.files, shop.vocabulary)
    assert len(rules.rules) == COUNT + 1 and findings == [] and len(children) == 1


@pytest.mark.parametrize("program", ["", "/no/such/python"])
def test_a_program_without_a_python_of_its_own(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    monkeypatch.setattr(apart, "LARGE", 0)
    monkeypatch.setattr(sys, "executable", program)
    rules, _ = read_rules_apart(shop.files, shop.vocabulary)
    assert len(rules.rules) == COUNT + 1


def test_a_frozen_program_is_not_started_again(
    shop: Shop,
    children: list["subprocess.Popen[bytes]"],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    rules, _ = read_rules_apart(shop.files, shop.vocabulary)
    assert len(rules.rules) == COUNT + 1 and not children


def test_the_answer_of_the_checker(shop: Shop) -> None:
    question, answer = io.BytesIO(), io.BytesIO()
    for part in (shop.vocabulary, *shop.files.items(), None):
        send(question, part)
    question.seek(0)
    check(question, answer)
    answer.seek(0)
    shared = Shared(shop.vocabulary)
    assert answer.readline() == GREETING
    bare, findings = receive(answer, shared)
    assert bare.drafts == () and findings == []
    ids = []
    while (batch := receive(answer, shared)) is not None:
        ids += [draft.id for draft in batch]
    assert len(ids) == COUNT + 1 and len(set(ids)) == len(ids)
    with pytest.raises(EOFError):
        receive(answer)


def test_a_vocabulary_survives_the_way(shop: Shop) -> None:
    pipe = io.BytesIO()
    send(pipe, shop.vocabulary)
    pipe.seek(0)
    found = receive(pipe)
    assert isinstance(found, Vocabulary) and found == shop.vocabulary


@pytest.mark.skipif(sys.platform == "win32", reason="there is no kill -9")
async def test_a_killed_child_leaves_the_old_site_and_the_next_save_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_many(tmp_path, COUNT)
    monkeypatch.setattr(apart, "LARGE", 0)
    usual, killed = apart._start, 0

    def start() -> "subprocess.Popen[bytes]":
        nonlocal killed
        child = usual()
        if not killed:
            os.kill(child.pid, signal.SIGKILL)
        killed += 1
        return child

    async with Shopwindow(folder, keys=KEYS) as window:
        before = window.site
        monkeypatch.setattr(apart, "_start", start)
        path = folder / "rules/part-00.yaml"
        text = path.read_text()
        path.write_text(text.replace("Number", "First"))
        await _until(lambda: window.counters["reload failed"] == 1)
        assert window.site is before
        path.write_text(text.replace("Number", "Second"))
        await _until(lambda: window.site is not before)
        await _until(lambda: window.counters["reload"] == 1)
        assert "Second" in str(window.site.rules.rules[0].decision.parameters)


async def _until(true: Any) -> None:
    end = time.monotonic() + 20
    while not true():
        assert time.monotonic() < end, "it did not come true"
        await asyncio.sleep(0.01)
