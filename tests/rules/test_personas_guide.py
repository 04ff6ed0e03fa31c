"""The page about personas: its example has everything that there is, and works."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from shopwindow.middleware.guise import disguised
from shopwindow.middleware.settings import TYPES
from shopwindow.middleware.site import Site, check_site, read_files
from shopwindow.rules.attributes import BUILT_IN
from shopwindow.rules.facts import PURPOSES
from shopwindow.rules.happenings import DETAILS
from shopwindow.rules.personas import FILE_KEYS, Personas, read_personas
from shopwindow.rules.reading import read_rules
from shopwindow.rules.traits import DERIVED
from shopwindow.rules.vocabulary import VERBS
from tests.commands import run

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "rules" / "PERSONAS.md").read_text("utf-8")
(EXAMPLE,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
(ATTRIBUTES,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shop of the recipes with the attributes and the personas of the page."""
    folder = tmp_path_factory.mktemp("shop") / "site"
    shutil.copytree(ROOT / "examples" / "recipes", folder)
    settings = folder / "site.toml"
    text = settings.read_text("utf-8")
    start, _, rest = text.partition("[attributes]\n")
    after = rest[rest.index("\n[") :]  # the next table
    text = f"{start}[attributes]\n{ATTRIBUTES}{after}"
    settings.write_text(text, "utf-8")
    (folder / "rules/tests/example.yaml").write_text(EXAMPLE, "utf-8")
    return folder


@pytest.fixture(scope="module")
def site(folder: Path) -> Site:
    files, findings = read_files(folder)
    site, found = check_site(folder, files)
    assert [str(finding) for finding in (*findings, *found)] == []
    return site


@pytest.fixture(scope="module")
def read(site: Site) -> Personas:
    personas, findings = read_personas(
        "example.yaml", EXAMPLE, site.vocabulary, site.catalog.relatives, 0.0
    )
    assert [str(finding) for finding in findings] == []
    return personas


def test_the_example_is_free_of_errors_and_warnings(read: Personas) -> None:
    assert list(read.personas) == ["anna", "newcomer"]


@pytest.mark.parametrize(
    "field",
    [
        *(name for name in BUILT_IN if name not in DERIVED),
        *("consent", "events"),
        *re.findall(r"^([\w-]+) =", ATTRIBUTES, re.MULTILINE),
    ],
)
def test_the_example_has_every_field(field: str) -> None:
    assert re.search(rf"^    {field}: ?\S*", EXAMPLE, re.MULTILINE), field


@pytest.mark.parametrize("verb", VERBS)
def test_the_page_names_every_verb_with_what_it_is_about(verb: str) -> None:
    about = ", ".join(f"`{each}`" for each in VERBS[verb])
    assert f"| `{verb}` | {about} |" in PAGE
    assert f"- {{{verb}: {{" in EXAMPLE


def test_the_example_has_every_detail_purpose_type_and_dimension() -> None:
    for detail in DETAILS:
        assert f", {detail}: " in EXAMPLE
    for purpose in PURPOSES:
        assert purpose in EXAMPLE
    for kind in TYPES:
        assert f'type = "{kind}"' in ATTRIBUTES
    for about in {each for allowed in VERBS.values() for each in allowed}:
        assert f"{{{about}: " in EXAMPLE, about


def test_the_page_tells_of_every_key_of_a_file_and_what_cannot_be_given() -> None:
    for key in FILE_KEYS:
        assert f"| `{key}` |" in PAGE
    for name in DERIVED:
        assert f"`{name}` (from" in PAGE
    for name in BUILT_IN.keys() - DERIVED.keys():
        assert f"`{name}`" in PAGE.partition("## What is known")[2]


def test_links_within_the_page_lead_somewhere() -> None:
    headings = {
        re.sub(r"[^\w\- ]", "", line.lstrip("# ").lower()).replace(" ", "-")
        for line in PAGE.splitlines()
        if line.startswith("##")
    }
    assert set(re.findall(r"\]\(#([\w-]+)\)", PAGE)) <= headings


# What anna says of herself, as conditions see it. A rule asks for each of it, so that what the
# page promises is what a rule finds.
ASKED: dict[str, Any] = {
    "visits": 7,
    "orders": 3,
    "order-value": 180.5,
    "days-since-visit": 1,
    "days-since-first-visit": 90,
    "days-since-order": 12,
    "usual-hour": 20,
    "cart-items": 4,
    "cart-age-hours": 5,
    "entry-page": "/advice",
    "path": "/",
    "device": "mobile",
    "language": "en",
    "referrer": "search.example",
    "campaign": "spring",
    "campaign-source": "newsletter",
    "campaign-medium": "email",
    "hour": 21,
    "weekday": "sat",
    "logged-in": True,
    "first-name": "Anna",
    "customer-type": "b2b",
    "has-account": True,
    "cart-value": 39.9,
    "app-version": "2.10.1",
    "brands-liked": {"has-all": ["Greenhand", "Hellwerk"]},
    "pet-born": {"older-than": "8 months"},
    "last-call": {"within-last": "1 day"},
    "returning": True,
    "visited-today": False,
    "stage": "cart",
    "viewed": {"category": "garden", "at-least": 3, "within": "6 days"},
    "read": {"article": "first-weeks", "at-least": 1},
    "searched": {"query": "watering can"},
    "bought": {"product": "gloves"},
    "added-to-cart": {"product": "seed-mix", "within": "2 hours"},
    "shown": {"fragment": "category-hero", "at-least": 2},
    "clicked": {"fragment": "category-hero"},
    "dismissed": {"fragment": "notice", "within": "1 day"},
    "consent": "statistics",
}


@pytest.fixture(scope="module")
def holding(site: Site, read: Personas) -> dict[str, dict[str, bool]]:
    """persona -> name -> whether the rule that asks for it holds."""
    rules = "".join(
        f"  - {{id: ask-{name}, slot: home.advice, show: notice, with: {{headline: Hi}},"
        f" when: [{json.dumps({name: value})}]}}\n"
        for name, value in ASKED.items()
    )
    compiled, findings = read_rules({"ask.yaml": f"rules:\n{rules}"}, site.vocabulary)
    assert [f for f in findings if f.severity == "error"] == []
    asking = replace(site, rules=compiled)
    found = {}
    for name, persona in read.personas.items():
        guise = disguised(persona, read.now)
        known = guise.facts(asking, guise.looks(asking, "/"))
        found[name] = {
            rule.id.removeprefix("ask-"): rule.purposes <= known.consent
            and rule.holds(known)
            for rule in compiled.rules
        }
    return found


@pytest.mark.parametrize("name", ASKED)
def test_a_rule_finds_what_the_example_says(
    holding: dict[str, dict[str, bool]], name: str
) -> None:
    assert holding["anna"][name]
    everybody = name in ("path", "language")
    assert holding["newcomer"][name] is everybody


def test_the_commands_run_the_example(folder: Path) -> None:
    file = folder / "rules/tests/example.yaml"
    assert "anna on /\n" in run("decide", folder, "--personas", file).output
    said = run("explain", folder, "--personas", file, "--persona", "anna").output
    assert "shown " in said
