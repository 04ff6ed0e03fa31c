"""A roll-out goes on when all is well, and back when something is not."""

import os
import random
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from shopwindow.middleware.site import read_site
from shopwindow.rules.allocating.guarding import change, looked
from shopwindow.rules.allocating.rollout import (
    ENOUGH,
    Compared,
    Looked,
    Standing,
    begun,
    confidence,
    fingerprint,
    uneven,
)
from shopwindow.rules.allocating.rollout import advanced as advanced_on
from shopwindow.rules.experiments import (
    Allocations,
    Rollout,
    Split,
    Units,
    Variant,
    allocate,
)
from shopwindow.rules.facts import DAY
from shopwindow.rules.goals import Guardrail
from shopwindow.rules.measurement.cells import Cell, Tally
from shopwindow.rules.statistics.samples import Mean, Share
from tests.shop import site_folder
from tests.soak.rollouts import Shop, roll

ROLLOUT = Rollout()
FELL = Guardrail("conversion-rate", at_least=-0.03)
ROSE = Guardrail("bounce-rate", at_most=0.02)
START = begun("v1", 1_000.0, 5, None)


def advanced(
    standing: Standing, rollout: Rollout, looked: Looked, now: float
) -> Standing:
    return advanced_on(standing, rollout, looked, now, int(now // DAY))


def look(n: int = 1_000, *compared: Compared, held: int | None = None) -> Looked:
    return Looked(n, n if held is None else held, compared)


def test_it_begins_at_the_first_step() -> None:
    assert START.share(ROLLOUT) == 0.01
    assert (START.first_day, START.back) == (5, "")


def test_all_is_well_each_step_takes_its_time() -> None:
    standing, shares = START, []
    for hour in range(24 * 5):
        standing = advanced(standing, ROLLOUT, look(), 1_000.0 + hour * 3_600)
        shares.append(standing.share(ROLLOUT))
    assert sorted(set(shares)) == [0.01, 0.05, 0.25, 0.5, 1.0]
    assert [shares.index(share) for share in (0.05, 0.25, 0.5, 1.0)] == [24, 48, 72, 96]
    assert standing.waits == ""
    assert standing.last_day == (1_000 + 96 * 3_600) // DAY  # since then nobody is held


def test_it_waits_for_visitors_and_says_so() -> None:
    later = 1_000.0 + 9 * DAY
    standing = advanced(START, ROLLOUT, look(ENOUGH - 1), later)
    assert standing.step == 0
    assert standing.waits == "100 visitors of each side: there are 99"
    assert advanced(standing, ROLLOUT, look(ENOUGH), later).step == 1


def test_it_waits_for_its_time_and_says_so() -> None:
    standing = advanced(START, ROLLOUT, look(), 1_000.0 + 20.5 * 3_600)
    assert standing.waits == "4 hours more at this step"
    standing = advanced(START, ROLLOUT, look(), 1_000.0 + DAY - 90)
    assert standing.waits == "2 minutes more at this step"


def test_sides_of_unequal_size_hold_it_up() -> None:
    later = 1_000.0 + 2 * DAY
    standing = advanced(START, ROLLOUT, look(1_000, held=700), later)
    assert standing.step == 0
    assert "1,000 visitors were shown it and 700 held" in standing.waits
    assert not standing.back


@pytest.mark.parametrize(
    ("guardrail", "between", "why"),
    [
        (ROSE, (0.031, 0.094), "bounce-rate rose by 3.1% to 9.4%, but may rise by 2% at most"),
        (FELL, (-0.2, -0.035), "conversion-rate fell by 3.5% to 20%, but may fall by 3% at most"),
        (Guardrail("leads", at_least=0.0), (-0.2, -0.1), "leads fell by 10% to 20%, but may not fall"),
        (Guardrail("leads", at_least=0.1), (-0.05, 0.05), "leads changed by -5.0 to +5.0 %, but had to rise by 10% at least"),
        (Guardrail("opt-outs", at_most=-0.1), (-0.05, 0.05), "opt-outs changed by -5.0 to +5.0 %, but had to fall by 10% at least"),
    ],
)  # fmt: skip
def test_a_broken_guardrail_takes_it_back_and_says_why(
    guardrail: Guardrail, between: tuple[float, float], why: str
) -> None:
    here = replace(START, step=2)
    back = advanced(here, ROLLOUT, look(1_000, Compared(guardrail, between)), 9e9)
    assert back.share(ROLLOUT) == 0
    assert back.back == why
    # And it stays so, however well everything else goes.
    assert advanced(back, ROLLOUT, look(), 9e9 + 99 * DAY) == back
    anew = begun("v2", 9e9, 77, back)
    assert (anew.share(ROLLOUT), anew.first_day) == (0.01, 78)


@pytest.mark.parametrize(
    ("guardrail", "between"),
    [
        (ROSE, (0.019, 0.094)),
        (ROSE, (-0.2, -0.1)),
        (FELL, (-0.2, -0.029)),
        (FELL, None),
    ],
)
def test_what_is_not_surely_broken_goes_on(
    guardrail: Guardrail, between: tuple[float, float] | None
) -> None:
    found = look(1_000, Compared(guardrail, between))
    assert advanced(START, ROLLOUT, found, 9e9).step == 1


def test_few_visitors_break_nothing() -> None:
    found = look(ENOUGH - 1, Compared(FELL, (-0.9, -0.5)))
    assert not advanced(START, ROLLOUT, found, 9e9).back


def test_at_the_end_it_may_still_go_back() -> None:
    end = replace(START, step=4)
    assert advanced(end, ROLLOUT, look(), 9e9).share(ROLLOUT) == 1
    # A shorter way since: it is at its end.
    assert (
        advanced(end, Rollout((0.1, 0.5)), look(), 9e9).share(Rollout((0.1, 0.5)))
        == 0.5
    )
    broken = look(1_000, Compared(FELL, (-0.2, -0.1)))
    assert advanced(end, ROLLOUT, broken, 9e9).share(ROLLOUT) == 0


def test_a_standing_survives_json() -> None:
    text = msgspec.json.encode(replace(START, back="leads fell"))
    assert msgspec.json.decode(text, type=Standing).back == "leads fell"


def test_the_risk_is_shared_by_all_bounds() -> None:
    assert confidence([]) == confidence([FELL]) == pytest.approx(0.95)
    assert confidence([FELL, ROSE]) == pytest.approx(0.95)
    both = Guardrail("leads", at_least=-0.1, at_most=0.1)
    assert confidence([FELL, ROSE, both]) == pytest.approx(0.975)


# -- comparing -----------------------------------------------------------------------------


def test_sizes_by_chance_are_rarely_suspected_however_often_one_looks() -> None:
    dice = random.Random(7)
    suspected = 0
    for _ in range(200):
        shown = held = 0
        for _ in range(100):
            more = sum(dice.random() < 0.5 for _ in range(50))
            shown, held = shown + more, held + 50 - more
            if uneven(shown, held):
                suspected += 1
                break
    assert suspected <= 2
    assert uneven(10_500, 9_500)
    assert not uneven(10_100, 9_900)
    assert not uneven(0, 0)


def test_the_change_is_that_of_the_means() -> None:
    low, high = change(Share(40_000, 2_000), Share(40_000, 2_400), 0.95) or (0, 0)
    assert low < 0.2 < high
    assert (low + high) / 2 == pytest.approx(0.2, abs=0.02)
    assert low > 0
    more = change(Mean(400_000, 2e7, 4e9), Mean(400_000, 2.4e7, 5e9), 0.95) or (0, 0)
    assert more[1] - more[0] < (high - low) / 2


@pytest.mark.parametrize(
    ("control", "treated"),
    [
        (Share(0, 0), Share(10, 1)),
        (Share(100, 0), Share(100, 4)),
        (Share(100, 3), Share(100, 0)),
        (Mean(100, -300, 9_000), Mean(100, 300, 9_000)),
        (Share(100, 100), Share(100, 100)),
    ],
)
def test_of_nearly_nothing_nothing_is_said(
    control: Share | Mean, treated: Share | Mean
) -> None:
    assert change(control, treated, 0.95) is None


def cell(day: int, arm: str, n: int, y: int, context: str = "") -> tuple[Cell, Tally]:
    tally = Tally()
    tally.count({"ordered": 1}, y)
    tally.count({}, n - y)
    return Cell(day, "experiment", "new", context, arm), tally


def test_all_variants_together_are_beside_the_control_group_on_the_days_that_count() -> (
    None
):
    cells = [
        *(cell(4, "a", 900, 9), cell(5, "a", 300, 30), cell(6, "b", 200, 20)),
        *(cell(5, "control", 250, 20), cell(6, "control", 260, 30)),
        *(cell(7, "a", 999, 9), cell(5, "a", 77, 7, "segment:dogs")),
    ]
    found = looked(cells, (FELL, ROSE), 5, 7)
    assert (found.shown, found.held) == (500, 510)
    assert [each.guardrail for each in found.guardrails] == [FELL, ROSE]
    assert found.guardrails[1].between is None


# -- who is compared with whom ---------------------------------------------------------------


def arms(split: Split, share: float) -> list[str]:
    known = Allocations(shares={split.experiment: share})
    found = []
    for number in range(4_000):
        one = allocate(split, Units(f"v{number}"), allocations=known)
        found.append(one.variant.name if one.variant else one.outcome)
    return found


def test_nobody_changes_sides_on_the_way_up_to_a_half() -> None:
    split = Split(
        "new", (Variant("a", 1, "hero"), Variant("b", 1, "hero")), rollout=ROLLOUT
    )
    before: Sequence[str] = ["traffic"] * 4_000
    for share in (0.01, 0.05, 0.25, 0.5):
        now = arms(split, share)
        for was, is_ in zip(before, now, strict=True):
            assert was in ("traffic", is_)
        shown = sum(arm in "ab" for arm in now)
        assert shown == pytest.approx(4_000 * share, rel=0.35)
        assert now.count("control") == pytest.approx(4_000 * share, rel=0.35)
        before = now
    assert "control" not in arms(split, 1.0)
    assert set(arms(split, 0.0)) == {"traffic"}


# -- over a whole roll-out -------------------------------------------------------------------


def test_rolling_out_what_changes_nothing_rarely_goes_back() -> None:
    ran = [roll(Shop(visitors=4_000), seed) for seed in range(40)]
    assert sum(bool(each.back) for each in ran) <= 4  # of which 2 are allowed by design


def test_real_harm_is_found_before_everybody_sees_it() -> None:
    harmful = Shop(visitors=8_000, effect=-0.4)
    ran = [roll(harmful, seed) for seed in range(12)]
    assert sum(bool(each.back) for each in ran) >= 11
    assert all(each.furthest <= 0.5 for each in ran if each.back)


# -- versions --------------------------------------------------------------------------------

SPLIT = """
version: 1
rules:
  - id: new
    slot: home.hero
    when: [{consent: personalization}, {consent: statistics}, {segment: buyers}]
    guardrails: [{metric: bounce-rate, at-most: +2%}]
    split: {experiment: new, rollout: true, variants: [{name: a, show: banner, with: {text: A}}]}
segments:
  buyers: [{orders: {at-least: 1}}]
"""

_PRINT = (
    "import sys; from pathlib import Path;"
    "from shopwindow.middleware.site import read_site;"
    "from shopwindow.rules.allocating.rollout import fingerprint;"
    "site = read_site(Path(sys.argv[1]));"
    "print(fingerprint(site.rules.rules, site.rules.segments))"
)


def printed(folder: Path, seed: str) -> str:
    ran = subprocess.run(
        [sys.executable, "-c", _PRINT, str(folder)],
        env=os.environ | {"PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        check=True,
    )
    return ran.stdout


def version(folder: Path, rules: str) -> str:
    (folder / "rules/start.yaml").write_text(rules)
    site = read_site(folder)
    return fingerprint(site.rules.rules, site.rules.segments)


def test_a_version_is_the_same_in_every_process(tmp_path: Path) -> None:
    folder = site_folder(tmp_path)
    (folder / "rules/start.yaml").write_text(SPLIT)
    # Sets are in another order with another seed.
    assert len({printed(folder, seed) for seed in "12"}) == 1


def test_a_version_is_another_one_when_the_rule_is(tmp_path: Path) -> None:
    folder = site_folder(tmp_path)
    before = version(folder, SPLIT)
    for edit in (("text: A", "text: B"), ("+2%", "+3%"), ("least: 1", "least: 2")):
        assert version(folder, SPLIT.replace(*edit)) != before, edit
    # Nor where it stands, nor how fast it goes, makes another one.
    assert version(folder, "# note\n" + SPLIT) == before
    faster = SPLIT.replace(
        "rollout: true", "rollout: {steps: [10%, 100%], every: 1 hour}"
    )
    assert version(folder, faster) == before


@pytest.mark.parametrize(
    "wrong", ['"step": -9', '"since": 1e308', '"began": -1.0', '"since": -1e308']
)
def test_a_standing_that_nothing_can_come_to_is_not_read(wrong: str) -> None:
    text = '{"fingerprint": "x", "began": 0.0, "since": 0.0, ' + wrong + "}"
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(text, type=Standing)
