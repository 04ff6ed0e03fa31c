"""What is claimed of the best of several arms, where the truth is known.

Whoever looks at four arms every day must not find more than whoever looks at one, once.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from scipy import stats

from shopwindow.rules.experiments import Split, Variant
from shopwindow.rules.goals import Goal, Guardrail
from shopwindow.rules.measurement.cells import Cell
from shopwindow.rules.reporting.effects import ALWAYS
from shopwindow.rules.reporting.report import Subject
from shopwindow.rules.statistics.samples import Share
from shopwindow.rules.statistics.uplift import uplift
from tests.rules.reporting.madeup import TODAY, Book, experiment, rule, split
from tests.sizes import runs

EXPERIMENTS, ORDERED = runs(300, 120), 0.2
#: Of each arm on each day: more and more come, so that a few looks are as far apart as many.
VISITORS = [200 * 2**day for day in range(9)]
HIGH = stats.binom.ppf(0.995, EXPERIMENTS, 0.05)
FOUR = ("one", "two", "three", "four")


def looks(
    seed: int, uplifts: Mapping[str, float], goal: Goal
) -> Iterator[list[Subject]]:
    """Of each experiment its report on each of its days; ``uplifts`` are the true ones."""
    chance = np.random.default_rng(seed)
    arms = {"control": 0.0, **uplifts}
    told = rule("hero", split=split("tone", *uplifts, control=1 / len(arms)), goal=goal)
    for _ in range(EXPERIMENTS):
        book, days = Book(), []
        for day, visitors in enumerate(VISITORS, TODAY - len(VISITORS)):
            for arm, more in arms.items():
                tally = book.tally(Cell(day, "experiment", "tone", "", arm))
                ordered = int(chance.binomial(visitors, ORDERED * (1 + more)))
                tally.count({"ordered": 1, "orders": 1}, ordered)
                tally.count({}, visitors - ordered)
            days.append(book.report(told).experiments[0])
        yield days


def claims(seed: int, uplifts: Mapping[str, float], goal: Goal) -> Counter[str]:
    """In how many experiments something was claimed on any day, of any arm."""
    found: Counter[str] = Counter()
    for days in looks(seed, uplifts, goal):
        told = {f"goal {one.goal.reached}" for one in days if one.goal is not None}
        for one in days:
            told |= {arm.verdict.judgement for arm in one.arms if arm.verdict}
            for effect in one.effects:
                truth = uplifts[effect.arm]
                if effect.role == "goal" and not effect.low <= truth <= effect.high:
                    told.add("missed")
        found.update(told)
        found["any"] += not told <= {"goal open", "open", "too-few"}
    return found


def test_four_arms_that_do_nothing_are_not_kept_more_often_than_one_would_be() -> None:
    found = claims(1, dict.fromkeys(FOUR, 0.0), Goal("conversion-rate"))

    assert found["open"] == found["goal open"] == EXPERIMENTS  # it did speak
    assert found["any"] <= HIGH


def test_of_twelve_arms_just_at_the_target_none_is_said_to_have_reached_it() -> None:
    """The best of them looks better than any is: with an interval of its own for each arm, the truth
    lay outside in one of ten such experiments."""
    uplifts = dict.fromkeys("abcdefghijkl", 0.2)
    found = claims(2, uplifts, Goal("conversion-rate", 0.2))

    assert found["keep"] == EXPERIMENTS  # they do work
    assert found["goal yes"] + found["goal no"] <= found["missed"] <= HIGH


def tone(arms: Mapping[str, tuple[int, float]], goal: Goal, **more: Any) -> Subject:
    """An experiment of one day, whose arms hold what they were meant to."""
    book = Book()
    experiment(book, arms=arms, days=range(TODAY - 1, TODAY))
    told = Split(
        "tone",
        tuple(
            Variant(name, float(number), "hero")
            for name, (number, _) in arms.items()
            if name != "control"
        ),
        control=arms["control"][0] / sum(number for number, _ in arms.values()),
    )
    return book.report(rule("hero", split=told, goal=goal, **more)).experiments[0]


def test_intervals_hold_for_all_arms_and_guardrails_for_each() -> None:
    arms = {name: (500, 0.1) for name in ("control", *FOUR)}
    rails = (Guardrail("add-to-cart", at_least=-0.1),)
    found = tone(arms, Goal("conversion-rate"), guardrails=rails)

    for one in found.effects:
        if one.metric not in ("conversion-rate", "add-to-cart", "opt-outs"):
            continue
        pair = [
            Share(arm.funnel.exposed, getattr(arm.funnel, step))
            for arm in found.arms
            if arm.name in ("control", one.arm)
            for step in [{"conversion-rate": "ordered"}.get(one.metric, "added")]
        ]
        if one.role == "guardrail":
            alone = uplift(*pair, sequential=ALWAYS)
            assert alone is not None and (one.low, one.high) == (alone.low, alone.high)
            assert one.adjusted == one.p
        elif one.role == "goal":
            among = uplift(*pair, sequential=ALWAYS, confidence=1 - 0.05 / 4)
            assert among is not None and (one.low, one.high) == (among.low, among.high)
            assert one.adjusted >= min(1, 4 * one.p)


def test_an_arm_that_nobody_met_yet_widens_nothing() -> None:
    two = tone({"control": (500, 0.1), "one": (500, 0.1)}, Goal("conversion-rate"))
    three = tone(
        {"control": (500, 0.1), "one": (500, 0.1), "two": (0, 0.1)},
        Goal("conversion-rate"),
    )

    assert two.effects[0].low == three.effects[0].low


def test_a_goal_is_missed_only_where_every_arm_misses_it() -> None:
    goal = Goal("conversion-rate", 1.0)
    poor = {"control": (4_000, 0.1), "one": (4_000, 0.1)}
    surely = tone({**poor, "two": (4_000, 0.1)}, goal)
    perhaps = tone({**poor, "two": (90, 0.1)}, goal)

    assert surely.goal is not None and surely.goal.reached == "no"
    assert perhaps.goal is not None and perhaps.goal.reached == "open"


def test_a_goal_is_reached_by_an_arm_that_surely_does_and_not_by_a_better_looking_one() -> (
    None
):
    arms = {"control": (4_000, 0.3), "sure": (4_000, 0.6), "few": (90, 0.95)}
    goal = tone(arms, Goal("conversion-rate", 0.5)).goal

    assert goal is not None and (goal.reached, goal.arm) == ("yes", "sure")


def test_what_is_not_to_be_read_reaches_nothing() -> None:
    book = Book()
    experiment(book, arms={"control": (200, 0.1), "plain": (500, 0.5)})
    even = split("tone", "plain", control=0.5)
    told = rule("hero", split=even, goal=Goal("conversion-rate"))
    found = book.report(told).experiments[0]

    assert found.verdict.judgement == "sample-ratio"
    assert found.goal is not None and found.goal.reached == "open"
