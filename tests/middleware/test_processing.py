"""``shopwindow processing-register``: what the configuration tells, and what it cannot know."""

import json
from pathlib import Path

import pytest

from shopwindow.middleware.languages import read_words
from shopwindow.middleware.processing.words import FOLDER, LANGUAGES
from tests.commands import change, run
from tests.kept import write_site

MORE = """
keep = "200 days"
[events]
keep = "90 days"
keep-statistics = "30 days"
[attributes.rank]
type = "text"
from = "source:crm"
purpose = "personalization"
[attributes.health-note]
type = "text"
from = "source:crm"
sensitive = true
[attributes.country]
type = "text"
from = "header:CF-IPCountry"
[sources.crm]
url = "https://user:PASSWORD@crm.example/customers/{customer}?key=SECRET"
map = { rank = "$.rank", health-note = "$.note" }
[fragments.weather]
url = "https://weather.example/{city}"
parameters = ["city"]
[recommendations.engines.recs]
kind = "gorse"
url = "https://recs.example"
[recommendations.engines.own]
kind = "json"
url = "https://own.example/top?seen={items}"
feedback = "https://told.example/events"
"""
REGISTER = """
[register]
controller = "Tee | Tassen GmbH"
contact = "datenschutz@tee.example"
data-protection-officer = "extern"
representative = "keiner"
recipients = ["Hosting: Rechenzentrum"]
transfers = "keine"
measures = ["Platten sind verschlüsselt"]
[register.legal-basis]
personalization = "Einwilligung"
statistics = "Einwilligung in Statistik"
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SHOPWINDOW_ALLOWED_HOSTS", "crm.example,weather.example")
    return write_site(tmp_path / "site", MORE)


def german(folder: Path) -> Path:
    change(folder / "site.toml", 'name = "Tea & Cups"', 'name = "Tee"\nlanguage = "de"')
    return folder


def test_it_tells_what_the_configuration_says(folder: Path) -> None:
    said = json.loads(run("processing-register", folder, "--format", "json").stdout)
    personal, statistics = said["purposes"]
    assert (personal["purpose"], personal["keep"]) == ("personalization", "90 days")
    assert (statistics["purpose"], statistics["keep"]) == ("statistics", "30 days")
    assert said["profiles-keep"] == "200 days"
    assert "preferences" in personal["data"]
    assert "products" in personal["data"] and "searches" not in personal["data"]
    attributes = {one["name"]: one for one in said["attributes"]}
    assert (
        attributes["health-note"]["sensitive"] and not attributes["rank"]["sensitive"]
    )
    assert attributes["cart-value"]["stored"] and not attributes["country"]["stored"]
    assert attributes["country"]["purposes"] == []
    hosts = {one["host"]: one["learns"] for one in said["recipients"]}
    assert hosts == {
        "crm.example": ["customer"],
        "weather.example": ["city"],
        "recs.example": ["pseudonym", "looked-at", "deeds"],
        "own.example": ["looked-at"],
        "told.example": ["pseudonym", "deeds"],
    }
    cookies = {one["name"]: one["days"] for one in said["cookies"]}
    assert cookies == {"__Host-shopwindow": 395, "__Host-shopwindow-consent": 180}


def test_what_is_tracked_is_what_it_tells(folder: Path) -> None:
    with (folder / "site.toml").open("a") as file:
        file.write(
            '[[track]]\npath = "/s"\nquery = { q = "query" }\nevent = "Products Searched"\n'
        )
    assert "search terms" in run("processing-register", folder).stdout


@pytest.mark.parametrize("form", ["text", "markdown", "json"])
def test_it_holds_no_secret(folder: Path, form: str) -> None:
    said = run("processing-register", folder, "--format", form).stdout
    assert "PASSWORD" not in said and "SECRET" not in said


def test_what_it_cannot_know_is_left_blank_and_said(folder: Path) -> None:
    said = run("processing-register", folder).stdout
    for key in ("controller", "contact", "transfers", "legal-basis.statistics"):
        assert f"________ (to be filled in: [register] {key} in site.toml)" in said
    assert "What no configuration can know" in said
    assert "whether the legal basis holds" in said
    as_json = json.loads(run("processing-register", folder, "--format", "json").stdout)
    assert as_json["controller"]["name"] is None and as_json["transfers"] is None


def test_what_the_shop_fills_in_is_there_in_german(folder: Path) -> None:
    with (german(folder) / "site.toml").open("a", encoding="utf-8") as file:
        file.write(REGISTER)
    said = run("processing-register", folder).stdout
    assert "________" not in said
    for part in (
        "Verzeichnis von Verarbeitungstätigkeiten",
        "Tee | Tassen GmbH",
        "Rechtsgrundlage: Einwilligung in Statistik",
        "Hosting: Rechenzentrum",
        "Platten sind verschlüsselt",
        "90 Tage",
    ):
        assert part in said
    assert "days" not in said
    assert "Purposes" in run("processing-register", folder, "--language", "en").stdout


def test_markdown_has_a_chapter_and_a_table_for_each(folder: Path) -> None:
    with (folder / "site.toml").open("a", encoding="utf-8") as file:
        file.write(REGISTER)
    said = run("processing-register", folder, "--format", "markdown").stdout
    assert said.startswith("# Record of processing activities\n")
    assert (
        "\n## Recipients\n\n- Hosting: Rechenzentrum\n\n| host | use | learns |\n"
        in said
    )
    assert "| health-note | text | source:crm | personalization | yes | no |" in said


def test_without_other_servers_nobody_else_learns_anything(tmp_path: Path) -> None:
    said = run("processing-register", write_site(tmp_path)).stdout
    assert "nobody: everything stays on the shop's own servers" in said


def test_who_asks_for_consent_is_told(tmp_path: Path) -> None:
    folder = write_site(tmp_path)
    assert (
        "consent is asked for by: the shop's own page"
        in run("processing-register", folder).stdout
    )
    with (folder / "site.toml").open("a") as file:
        file.write('[consent]\nprovider = "cookiebot"\n')
    said = run("processing-register", folder).stdout
    assert "consent is asked for by: cookiebot" in said
    assert "CookieConsent" in said


def test_every_word_is_there_in_both_languages() -> None:
    assert LANGUAGES == ("de", "en")
    english, german = (read_words(FOLDER, language) for language in ("en", "de"))
    for section, words in english.items():
        assert [*words] == [*german[section]]
        for key, word in words.items():
            assert word and german[section][key], key
            assert word.count("{") == german[section][key].count("{"), key
