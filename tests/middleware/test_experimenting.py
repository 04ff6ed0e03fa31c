"""[experiments] and [alerts] of site.toml."""

from pathlib import Path

import pytest

from shopwindow.middleware.experimenting import ExperimentSettings
from shopwindow.middleware.settings import read_settings
from shopwindow.rules.moments import Duration


def read(text: str, **environment: str) -> tuple[ExperimentSettings, list[str]]:
    settings, findings = read_settings(Path("shop"), text, environment)
    return settings.experiments, [str(finding) for finding in findings]


def test_what_is_not_written_has_its_default() -> None:
    settings, findings = read("")
    assert findings == []
    assert settings == ExperimentSettings(
        40.0, 60, Duration(7, "day"), None, ("Lead Generated",), ""
    )


def test_all_of_it_can_be_written() -> None:
    settings, findings = read(
        """
[experiments]
holdout = "5%"
customer-value = 12.5
repurchase-days = 90
window = "14 days"
report-segments = ["new-visitor"]
lead-events = ["Lead Generated", "Quote Requested"]
[alerts]
webhook = "https://example.com/alerts"
"""
    )
    assert findings == []
    assert settings == ExperimentSettings(
        12.5,
        90,
        Duration(14, "day"),
        ("new-visitor",),
        ("Lead Generated", "Quote Requested"),
        "https://example.com/alerts",
    )


WRONG = {
    "[experiments]\ncustomer-value = '40'": '2:1: error: "customer-value" must be a number',
    "[experiments]\ncustomer-value = true": '"customer-value" must be a number',
    "[experiments]\ncustomer-value = -1": '"customer-value" must be from 0 to 1e+09, not -1',
    "[experiments]\ncustomer-value = nan": '"customer-value" must be from 0 to 1e+09, not nan',
    "[experiments]\nrepurchase-days = 0": '"repurchase-days" must be from 1 to 400, not 0',
    "[experiments]\nwindow = 'soon'": '2:1: error: "soon" is not a duration: write for example',
    "[experiments]\nwindow = '1 year'": '"window" is at most 90 days, not 1 year',
    "[experiments]\nlead-events = ['Promotion Viewed']": (
        '"Promotion Viewed" is what shopwindow itself says of a page'
    ),
    "[alerts]\nwebhook = 'example.com'": (
        "2:1: error: this is not an address of the web: write for example"
    ),
    "[alerts]\nwebhook = 'ftp://example.com'": "this is not an address of the web",
    "[alerts]\nwebhook = 'https://[::'": "this is not an address of the web",
    "[alerts]\nwebhok = 'x'": 'unknown key "webhok" in [alerts]: did you mean "webhook"?',
}


@pytest.mark.parametrize("text", WRONG)
def test_what_is_wrong_is_found_and_has_its_default(text: str) -> None:
    settings, findings = read(text)
    assert len(findings) == 1 and WRONG[text] in findings[0], findings
    assert settings == ExperimentSettings()


def test_the_environment_goes_before_the_file() -> None:
    told = {"SHOPWINDOW_ALERTS_WEBHOOK": "https://example.com/secret"}
    settings, findings = read("[alerts]\nwebhook = 'https://example.com/file'", **told)
    assert (settings.webhook, findings) == ("https://example.com/secret", [])
