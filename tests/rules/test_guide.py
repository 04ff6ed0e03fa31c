"""The editors' guide: what it shows is what the shop of recipes holds, and that works."""

import re
from pathlib import Path

import pytest

from shopwindow.middleware.settings import read_settings
from shopwindow.middleware.site import check_site, read_files
from shopwindow.rules.attributes import BUILT_IN, Attribute
from shopwindow.rules.facts import DAY, RULE_REASONS, SLOT_REASONS
from shopwindow.rules.measurement.metrics import METRICS, Metric
from shopwindow.rules.segments import BUILT_IN_SEGMENTS
from shopwindow.rules.splits import SPLIT_KEYS

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "rules" / "GUIDE.md").read_text("utf-8")
RECIPES = ROOT / "examples" / "recipes"
SHOWN = dict(
    re.findall(
        r"`examples/recipes/(rules/[\w-]+\.yaml)`\n\n```yaml\n(.*?)```",
        GUIDE,
        re.DOTALL,
    )
)


def test_the_guide_has_thirteen_recipes() -> None:
    assert len(SHOWN) == 13


@pytest.mark.parametrize("name", SHOWN)
def test_a_recipe_stands_in_the_guide_as_in_its_file(name: str) -> None:
    assert SHOWN[name] == (RECIPES / name).read_text("utf-8")


def test_every_file_of_recipes_stands_in_the_guide() -> None:
    files = {
        path.relative_to(RECIPES).as_posix() for path in RECIPES.glob("rules/*.yaml")
    }
    assert files == SHOWN.keys()


def test_the_recipes_are_free_of_errors_and_warnings() -> None:
    files, findings = read_files(RECIPES)
    _, found = check_site(RECIPES, files)
    assert [str(finding) for finding in (*findings, *found)] == []


@pytest.mark.parametrize("attribute", BUILT_IN.values(), ids=lambda one: one.name)
def test_the_guide_tells_what_a_built_in_attribute_is(attribute: Attribute) -> None:
    kept = " ·" if attribute.purpose else ""
    assert (
        f"| `{attribute.name}`{kept} | {attribute.type} | {attribute.meaning}" in GUIDE
    )


def test_the_guide_shows_the_built_in_segments() -> None:
    assert f"```yaml\n{BUILT_IN_SEGMENTS}```" in GUIDE


@pytest.mark.parametrize(
    ("reason", "meaning"), (*SLOT_REASONS.items(), *RULE_REASONS.items())
)
def test_the_guide_tells_what_a_reason_means(reason: str, meaning: str) -> None:
    assert f"| `{reason}` | {meaning} |" in GUIDE


@pytest.mark.parametrize("metric", METRICS.values(), ids=lambda one: one.name)
def test_the_guide_tells_what_a_metric_is(metric: Metric) -> None:
    assert f"| `{metric.name}` | {metric.better} | {metric.words} |" in GUIDE


def test_the_goals_of_the_guide_can_be_read() -> None:
    (lines,) = re.findall(r"```yaml\n(    goal: .*?)```", GUIDE, re.DOTALL)
    text = (RECIPES / "rules/09-experiment.yaml").read_text("utf-8")
    start, end = text.index("    goal:"), text.index("    owner:")
    files, _ = read_files(RECIPES)
    files["rules/09-experiment.yaml"] = text[:start] + lines + text[end:]
    site, findings = check_site(RECIPES, files)
    assert [str(finding) for finding in findings] == []
    (rule,) = [one for one in site.rules.rules if one.id == "lamp-hero-test"]
    assert str(rule.goal) == "conversion-rate +25% within 7 days"
    assert len(rule.guardrails) == 2


def test_the_settings_of_the_guide_can_be_read() -> None:
    (text,) = re.findall(r"```toml\n(\[experiments\].*?)```", GUIDE, re.DOTALL)
    settings, findings = read_settings(RECIPES, text, {})
    assert [str(finding) for finding in findings] == []
    assert settings.limits.holdout == 0.02
    assert settings.experiments.window.seconds == 7 * DAY
    assert settings.experiments.webhook == "https://alerts.example/shopwindow"


def test_the_keys_of_a_split_stand_in_the_guide() -> None:
    table = GUIDE[GUIDE.index("| key of `split` |") :].partition("\n\n")[0]
    named = {name for name in SPLIT_KEYS if f"`{name}`" in table}
    assert named == set(SPLIT_KEYS)
