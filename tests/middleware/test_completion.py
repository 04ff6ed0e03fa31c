"""The schemas in an editor: what yaml-language-server offers, says and finds with them."""

import shutil
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import NamedTuple

import pytest
from click.testing import CliRunner

from shopwindow.middleware.cli import main
from tests.lsp import Editor, editing
from tests.servers import absent

ROOT = Path(__file__).parents[2]
SERVER = ROOT / ".venv/node/node_modules/.bin/yaml-language-server"
SETTINGS = {
    "yaml": {
        **dict.fromkeys(("validate", "completion", "hover"), True),
        "schemaStore": {"enable": False},  # else it asks the network
    }
}
RULE = """\
# yaml-language-server: $schema=../.schema/rules.schema.json
rules:
  - id: mine
    slot: home.hero
    show: category-hero
    with:
      category: garden
    when:
"""
TESTS = "# yaml-language-server: $schema=../../.schema/tests.schema.json\n"


class Desk(NamedTuple):
    """An editor with a new site; the place of a ``|`` in a text is where the cursor is."""

    editor: Editor
    site: Path
    numbers: Iterator[int]

    def path(self, folder: str = "rules") -> Path:
        """A new file, which the editor has not seen yet."""
        return self.site / folder / f"typed-{next(self.numbers)}.yaml"

    def offers(self, typed: str, folder: str = "rules") -> list[str]:
        path, (text, line, column) = self.path(folder), cursor(typed)
        self.editor.open(path, text)
        offered = self.editor.completions(path, line, column)
        return [item["label"] for item in offered]

    def help(self, typed: str) -> str:
        path, (text, line, column) = self.path(), cursor(typed)
        self.editor.open(path, text)
        return self.editor.hover(path, line, column)

    def findings(self, text: str, folder: str = "rules") -> list[tuple[int, int, str]]:
        path = self.path(folder)
        self.editor.open(path, text)
        return self.editor.findings(path)


def cursor(typed: str) -> tuple[str, int, int]:
    before, _, after = typed.partition("|")
    return before + after, before.count("\n") + 1, len(before) - before.rfind("\n")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    server = str(SERVER) if SERVER.exists() else shutil.which("yaml-language-server")
    if server is None or shutil.which("node") is None:
        absent(
            "yaml-language-server", "`make language-server` installs it, with Node.js"
        )
    site = tmp_path_factory.mktemp("desk") / "shop"
    assert CliRunner().invoke(main, ["new", str(site)]).exit_code == 0
    with editing([server, "--stdio"], site, SETTINGS) as editor:
        yield Desk(editor, site, count())


def test_slots_are_completed(desk: Desk) -> None:
    typed = RULE.replace("slot: home.hero", "slot: |")
    assert desk.offers(typed) == ["home.hero", "home.shelf"]


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("      - |", {"viewed", "not-bought", "visits", "cart-value", "any"}),
        ("      - any:\n          - |", {"viewed", "device", "segment", "none"}),
        ("      - visits:\n          |", {"is", "at-least", "less-than", "known"}),
        ("      - device: |", {"mobile", "tablet", "desktop"}),
        ("      - device:\n          is-not: |", {"mobile", "tablet", "desktop"}),
        ("      - viewed:\n          |", {"category", "product", "at-least", "within"}),
        ("      - viewed: {at|}", {"at-least", "at-most"}),
        ("      - viewed:\n          category: |", {"garden", "kitchen", "any"}),
        (
            "      - viewed:\n          category: garden\n          within: |",
            {"30 days", "2 hours"},
        ),
        ("      - consent: |", {"personalization", "statistics"}),
    ],
)
def test_conditions_operators_and_values_are_completed(
    desk: Desk, typed: str, offered: set[str]
) -> None:
    assert offered <= set(desk.offers(RULE + typed))


def test_a_condition_offers_conditions_and_nothing_else(desk: Desk) -> None:
    offered = desk.offers(RULE + "      - |")
    assert len(offered) == len(set(offered))
    assert not [label for label in offered if "object" in label]


@pytest.mark.parametrize(
    ("key", "offered"),
    [
        ("|", {"when", "unless", "cap", "schedule", "split", "recommend", "off"}),
        ("show: |", {"category-hero", "product-shelf"}),
        ("cap:\n      |", {"times", "per", "cooldown", "until", "adaptive"}),
        ("cap:\n      - |", {"times", "per", "cooldown", "until", "adaptive"}),
        ("schedule:\n      days: [|]", {"mon", "sun"}),
        ("show: category-hero\n    with:\n      |", {"category", "headline", "image"}),
        ("split:\n      variants:\n        - show: |", {"category-hero"}),
        ("split:\n      |", {"experiment", "control", "variants"}),
        ("recommend:\n      strategy: |", {"similar", "trending", "viewed-again"}),
    ],
)
def test_keys_of_a_rule_are_completed(desk: Desk, key: str, offered: set[str]) -> None:
    head, _, _ = RULE.partition("    show:")
    assert offered <= set(desk.offers(f"{head}    {key}"))


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("personas:\n  a:\n    |", {"visits", "device", "consent", "events"}),
        (
            "personas:\n  a:\n    events:\n      - |",
            {"viewed", "bought", "at", "times"},
        ),
        ("tests:\n  - |", {"name", "given", "expect", "because", "sequence"}),
        ("tests:\n  - expect:\n      |", {"home.hero", "home.shelf"}),
        ("tests:\n  - expect:\n      home.hero: |", {"category-hero", "default"}),
        ("tests:\n  - because: |", {"garden-hero", "shelf"}),
    ],
)
def test_personas_and_tests_are_completed(
    desk: Desk, typed: str, offered: set[str]
) -> None:
    assert offered <= set(desk.offers(TESTS + typed, "rules/tests"))


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        (RULE.replace("slot:", "sl|ot:"), "The large picture at the top"),
        (RULE + "      - vis|its: 3", "Needs consent: personalization"),
        (RULE + "      - visits: {at-l|east: 3}", "This or more."),
        (RULE + "      - cart-va|lue: 3", "set by the shop's code"),
    ],
)
def test_hovering_says_what_a_word_means(desk: Desk, typed: str, says: str) -> None:
    assert says in desk.help(typed)


def test_every_mistake_is_found_where_it_is(desk: Desk) -> None:
    text = """\
# yaml-language-server: $schema=../.schema/rules.schema.json
version: 1
rules:
  - id: mine
    slot: home.herro
    priorty: 5
    show: category-hero
    with: {category: garden}
    when:
      - contry: DE
      - visits: {at-leest: 2}
      - viewed: {category: garden, within: 30 tage}
      - device: mobile
        visits: 3
"""
    assert [finding[:2] for finding in desk.findings(text)] == [
        (5, 11),  # the slot
        (6, 5),  # the key
        (10, 9),  # the condition
        (11, 18),  # the operator
        (12, 44),  # the duration
        (13, 9),  # two conditions in one
    ]


def test_mistakes_in_personas_and_tests_are_found(desk: Desk) -> None:
    text = TESTS + (
        "personas:\n  a:\n    visitts: 3\n"
        "tests:\n  - name: x\n    given: a\n    expect: {home.hro: default}\n"
    )
    found = desk.findings(text, "rules/tests")
    assert [finding[:2] for finding in found] == [(4, 5), (8, 14)]


def test_a_new_site_has_nothing_to_complain_about(desk: Desk) -> None:
    for path in desk.site.rglob("rules/**/*.yaml"):
        desk.editor.open(path, path.read_text())
        assert desk.editor.findings(path) == [], path
