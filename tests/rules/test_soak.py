"""A little of the long runs; ``make soak`` does all of them."""

from datetime import UTC, datetime

from tests.soak.profiles import soak_profiles
from tests.soak.rulefiles import soak_rule_files
from tests.soak.stories import soak_stories


def test_profiles_of_which_everything_is_wrong_never_raise() -> None:
    found = soak_profiles(800, seed=1)
    assert found.examples == []
    assert sum(found.figures.values()) == 1_600
    # Many of them come as far as a fragment, so their conditions were asked.
    assert found.figures["no-rule"] + found.figures["consent"] < 1_400


def test_damaged_rule_files_have_findings_or_are_read() -> None:
    found = soak_rule_files(150, seed=1)
    assert found.examples == []
    assert found.figures["findings"] > 150
    assert found.figures["rules that could be read"] > 50
    assert found.figures["files without a finding"] > 2


def test_a_week_told_again_by_the_same_rules_differs_in_nothing() -> None:
    evening = datetime(2026, 11, 25, 20, tzinfo=UTC)  # at noon fewer have come by then
    found = soak_stories(30, seed=1, now=evening.timestamp())
    assert found.examples == []
    assert found.figures["events"] > 250
    assert found.figures["looks"] > 30
