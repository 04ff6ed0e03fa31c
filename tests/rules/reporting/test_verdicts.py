import msgspec
import pytest

from shopwindow.rules.allocating.rollout import Standing
from shopwindow.rules.experiments import Adapting, Rollout
from shopwindow.rules.goals import Goal, Guardrail
from shopwindow.rules.measurement.cells import Cell
from shopwindow.rules.reporting.judgements import Verdict
from shopwindow.rules.reporting.report import Effect, Report, Subject
from shopwindow.rules.reporting.verdicts import judged
from shopwindow.rules.reporting.writing import Writing
from tests.rules.reporting.madeup import NOW, TODAY, Book, experiment, rule, split

GAP = "\N{NO-BREAK SPACE}"


def effect(relative: float, low: float, high: float, **more: object) -> Effect:
    known = {
        "metric": "conversion-rate",
        "arm": "cosy",
        "base": "control",
        "role": "goal",
        "better": "more",
        "measure": "",
        "p": 0.01,
        "adjusted": 0.01,
        **{name: 0.1 for name in ("absolute", "absolute_low", "absolute_high")},
        **{name: 0.1 for name in ("control", "treated")},
    }
    return Effect(relative=relative, low=low, high=high, **{**known, **more})  # type: ignore[arg-type]  # made of a dict


def verdict(one: Effect) -> Verdict:
    found = judged(one, (), Writing(), one.arm)
    return Verdict(found.judgement, found.words.replace(GAP, " "))


def of(report: Report, name: str = "tone") -> Subject:
    return next(one for one in report.experiments if one.name == name)


def test_the_verdict_is_a_plain_sentence() -> None:
    better = effect(0.041, 0.009, 0.074)
    worse = effect(-0.041, -0.074, -0.009)

    assert verdict(better) == Verdict(
        "keep",
        "Visitors who saw cosy ordered 4.1 % more often (0.9 to 7.4 %). Keep it.",
    )
    assert verdict(worse) == Verdict(
        "stop",
        "Visitors who saw cosy ordered 4.1 % less often (0.9 to 7.4 %). Stop it.",
    )


def test_less_may_be_what_is_wanted() -> None:
    fewer = effect(-0.1, -0.15, -0.05, metric="bounce-rate", better="less")

    assert verdict(fewer).judgement == "keep"
    assert verdict(fewer).words.endswith("less often (5.0 to 15.0 %). Keep it.")


def test_another_variant_is_named_where_there_is_no_control() -> None:
    found = verdict(effect(0.041, 0.009, 0.074, base="plain"))

    assert found.words == (
        "Visitors who saw cosy ordered 4.1 % more often than with plain (0.9 to 7.4 %). "
        "Keep it."
    )


def open_effect(**more: object) -> Effect:
    return effect(0.02, -0.01, 0.05, **{"adjusted": 0.4, "detectable": 0.04, **more})


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (652.0, "more than a year "),
        (1_200.0, "more than 3 years "),
        (None, "a lifetime"),
    ],
)
def test_what_is_out_of_reach_is_not_waited_for(days: float | None, words: str) -> None:
    far = open_effect(days=days, reach="far")
    told = judged(far, (), Writing(), "cosy", several=True)
    alone = judged(far, (), Writing(), "cosy")

    assert "days to go" not in told.words and words in told.words
    assert (told.days, told.reach) == (days, "far")
    assert told.words.endswith(
        "Try a larger change, show it where more visitors come, or compare fewer variants."
    )
    assert alone.words.endswith("change, or show it where more visitors come.")


def test_against_a_small_holdout_more_may_be_held_back() -> None:
    told = verdict(open_effect(days=652.0, reach="far", base="holdout"))

    assert "or hold back more of them." in told.words


def test_the_days_of_years_are_kept_for_programs_as_the_schema_says() -> None:
    book = Book()
    experiment(
        book, arms={"control": (400, 0.1), "plain": (400, 0.101), "cosy": (400, 0.1)}
    )
    even = split(control=1 / 3)
    goal = Goal("conversion-rate", 0.01)
    report = book.report(rule("hero", split=even, goal=goal))
    found = of(report)
    one = next(one for one in found.effects if one.role == "goal")

    assert one.days is not None and one.days > 365 and one.reach == "far"
    assert found.verdict.days is not None and found.verdict.reach == "far"
    assert "Waiting is no use: at the traffic of these days" in found.verdict.words
    schema = msgspec.json.schema(Report)["$defs"]
    for name in ("Effect", "Verdict"):
        assert "years" in schema[name]["description"]
        assert "far" in schema[name]["properties"]["reach"]["enum"]
    again = msgspec.json.decode(msgspec.json.encode(report))
    told = again["experiments"][0]["verdict"]
    assert told["days"] == found.verdict.days


def test_few_visitors_are_no_matter_of_waiting_either_where_hardly_any_come() -> None:
    book = Book()
    experiment(
        book,
        arms={"control": (1, 0.5), "plain": (1, 0.5)},
        days=range(TODAY - 27, TODAY, 13),
    )
    told = rule("hero", split=split("tone", "plain", control=0.5))
    found = of(book.report(told)).verdict

    assert (found.judgement, found.reach) == ("too-few", "far")
    assert found.days is not None and found.days > 365
    assert "takes more than " in found.words and "days to go" not in found.words


def test_where_nobody_new_comes_there_is_no_pace() -> None:
    for number in (300, 3):
        book = Book()
        experiment(
            book,
            arms={"control": (number, 0.1), "plain": (number, 0.1)},
            days=range(TODAY - 20, TODAY - 10),
        )
        told = rule("hero", split=split("tone", "plain", control=0.5))
        found = of(book.report(told)).verdict
        then = of(book.report(told, until=TODAY - 10)).verdict

        assert (found.days, found.reach) == (None, "stalled")
        assert "nobody new has come for a week" in found.words.lower()
        assert then.reach in ("near", "far")


def test_what_nobody_has_done_yet_has_no_day() -> None:
    book = Book()
    experiment(book, arms={"control": (30, 0.0), "plain": (30, 0.0)})
    found = of(book.report(rule("hero", split=split("tone", "plain", control=0.5))))

    assert found.verdict.reach == "unknown"
    assert "nobody can say from these days" in found.verdict.words


def test_what_is_open_says_how_long_it_takes() -> None:
    found = verdict(open_effect(days=12.3, reach="near"))

    assert found == Verdict(
        "open",
        "No difference yet in how many visitors order between visitors who saw cosy and those "
        "who did not (−1.0 to +5.0 %); a difference of 4.0 % would show by now. Let it run: "
        "about 12 days to go.",
    )


def test_among_many_one_that_stands_out_may_be_luck() -> None:
    found = verdict(effect(0.04, 0.001, 0.08, p=0.045, adjusted=0.5))

    assert found.judgement == "open"
    assert "among all that is compared here it may be luck" in found.words


def test_numbers_are_written_as_the_shop_writes_them() -> None:
    german = judged(effect(0.041, 0.009, 0.074), (), Writing(comma=True), "cosy")

    assert "4,1" in german.words and "(0,9 to 7,4" in german.words


def test_no_p_is_nothing() -> None:
    write = Writing()

    assert (write.chance(1e-9), write.chance(0.0314)) == ("< 0.001", "0.031")


@pytest.mark.parametrize("name", ["click-rate", "revenue-per-visitor", "approval"])
def test_every_metric_has_words_of_its_own(name: str) -> None:
    words = verdict(effect(0.041, 0.009, 0.074, metric=name)).words

    assert "cosy" in words and "{" not in words and name not in words


def test_a_large_effect_is_kept_and_its_goal_and_hypothesis_are_judged() -> None:
    book = Book()
    experiment(
        book, arms={"control": (300, 0.1), "plain": (300, 0.1), "cosy": (300, 0.2)}
    )
    goal = Goal("conversion-rate", 0.25)
    about = {"hypothesis": "Who is at ease buys."}
    found = of(
        book.report(rule("hero", split=split(control=1 / 3), goal=goal, about=about))
    )

    assert found.verdict.judgement == "keep"
    assert found.verdict.words.startswith("Visitors who saw cosy ordered ")
    assert found.goal is not None and found.goal.reached == "yes"
    assert found.hypothesis is not None and found.hypothesis.confirmed == "yes"
    assert [arm.name for arm in found.arms] == ["control", "plain", "cosy"]
    plain = found.arms[1].verdict
    assert plain is not None and plain.judgement == "open"


def test_a_target_that_is_surely_missed_is_not_reached() -> None:
    book = Book()
    experiment(book, arms={"control": (900, 0.1), "plain": (900, 0.1)})
    goal = Goal("conversion-rate", 1.0)
    about = {"hypothesis": "It doubles."}
    found = of(
        book.report(
            rule(
                "hero",
                split=split("tone", "plain", control=0.5),
                goal=goal,
                about=about,
            )
        )
    )

    assert found.goal is not None and found.goal.reached == "no"
    assert found.hypothesis is not None and found.hypothesis.confirmed == "no"


def test_few_visitors_bring_no_verdict_whatever_they_do() -> None:
    book = Book()
    experiment(book, arms={"control": (5, 0.0), "plain": (5, 1.0)})
    found = of(book.report(rule("hero", split=split("tone", "plain", control=0.5))))

    assert found.verdict.judgement == "too-few"
    assert found.verdict.words.startswith(
        "Too few visitors to say anything: 50 saw plain"
    )


def test_a_control_group_that_is_still_empty_is_what_is_waited_for() -> None:
    book = Book()
    experiment(book, arms={"plain": (1, 0.1), "cosy": (1, 0.1)})
    book.units(Cell(TODAY, "rule", "hero", "", "shown"), 20)
    report = book.report(rule("hero", split=split()))
    found = of(report)
    whole = next(one for one in report.rules if one.name == "hero")

    assert found.base == "control"
    assert "10 saw plain and 0 did not" in found.verdict.words
    assert whole.verdict.words.startswith("There is nobody yet to compare")


def test_a_roll_out_that_nobody_met_is_not_asked_for_a_control_group() -> None:
    book = Book()
    book.units(Cell(TODAY, "site", "", "", "shown"), 20)
    one = rule("hero", split=split("tone", "plain", control=0.0, rollout=Rollout()))
    found = of(book.report(one))

    assert found.verdict.words == "No visitor has met tone on these days."


@pytest.mark.parametrize(
    "step, words", [(0, "nobody yet"), (4, "give the site a holdout")]
)
def test_a_roll_out_waits_for_its_control_group_until_it_is_for_all(
    step: int, words: str
) -> None:
    book = Book()
    book.units(Cell(TODAY, "rule", "hero", "", "shown"), 20)
    one = rule("hero", split=split("tone", "plain", control=0.0, rollout=Rollout()))
    found = book.report(one, standings={"tone": Standing("", NOW, NOW, step)}).rules[0]

    assert words in found.verdict.words


def test_many_visitors_who_hardly_do_anything_are_too_few_who_did() -> None:
    book = Book()
    experiment(book, arms={"control": (30, 0.01), "plain": (30, 0.01)})
    found = of(book.report(rule("hero", split=split("tone", "plain", control=0.5))))

    assert found.verdict.judgement == "too-few"
    assert found.verdict.words.startswith("Too few did what counts to say anything")
    assert "and it takes 25 of each" in found.verdict.words


def test_a_variant_that_nobody_buys_with_is_stopped() -> None:
    book = Book()
    experiment(book, arms={"control": (100, 0.1), "plain": (100, 0.0)})
    found = of(book.report(rule("hero", split=split("tone", "plain", control=0.5))))

    assert found.verdict.judgement == "stop"
    assert found.verdict.words.startswith("Visitors who saw plain ordered 99.")


def test_days_to_the_first_verdict_are_told() -> None:
    book = Book()
    experiment(
        book,
        arms={"control": (20, 0.05), "plain": (20, 0.05)},
        days=range(TODAY - 3, TODAY + 1),
    )
    found = of(book.report(rule("hero", split=split("tone", "plain", control=0.5))))

    assert found.verdict.judgement == "too-few"
    assert "days to go" in found.verdict.words or "1 day to go" in found.verdict.words


def test_arms_of_the_wrong_size_are_not_to_be_read() -> None:
    book = Book()
    experiment(
        book, arms={"control": (100, 0.1), "plain": (200, 0.1), "cosy": (200, 0.5)}
    )
    report = book.report(rule("hero", split=split(control=1 / 3)))
    found = of(report)

    assert found.ratio is not None and found.ratio.broken
    assert found.verdict.judgement == "sample-ratio"
    assert found.verdict.words.startswith("Do not read this: ")
    assert all(arm.verdict is None for arm in found.arms)
    assert [one.code for one in report.alerts] == ["sample-ratio"]


def test_what_stands_on_wrong_arms_is_not_to_be_read_either() -> None:
    book = Book()
    for arm, number in (("control", 100), ("plain", 200), ("cosy", 200)):
        for context in ("", "segment:cat"):
            cell = Cell(TODAY, "experiment", "tone", context, arm)
            book.units(cell, number, ordered=0.2)
    book.units(Cell(TODAY, "rule", "hero", "", "shown"), 400, ordered=0.5)
    book.units(Cell(TODAY, "rule", "hero", "", "held"), 100, ordered=0.1)
    report = book.report(rule("hero", split=split(control=1 / 3)))

    for subject in (of(report), of(report).parts[0], report.rules[0]):
        assert subject.verdict.judgement == "sample-ratio"


def test_a_holdout_of_the_wrong_size_is_not_compared_with() -> None:
    book = Book()
    for name, kind in (("", "site"), ("hero", "slot")):
        book.units(Cell(TODAY, kind, name, "", "shown"), 900, ordered=0.2)
        book.units(Cell(TODAY, kind, name, "", "holdout"), 300, ordered=0.1)
    report = book.report(rule("hero"), holdout=0.05)

    assert report.earned is None
    assert report.total is not None and report.total.verdict.judgement == "sample-ratio"
    assert report.slots[0].verdict.judgement == "sample-ratio"
    assert [one.code for one in report.alerts] == ["sample-ratio"]


def test_a_broken_guardrail_outweighs_the_goal() -> None:
    book = Book()
    for day in range(TODAY - 5, TODAY):
        for arm, ordered, added in (("control", 0.1, 0.5), ("cosy", 0.3, 0.2)):
            cell = Cell(day, "experiment", "tone", "", arm)
            book.units(cell, 500, ordered=ordered, added=added)
    guardrails = (Guardrail("add-to-cart", at_least=-0.03),)
    told = rule("hero", split=split("tone", "cosy", control=0.5), guardrails=guardrails)
    report = book.report(told)
    found = of(report)

    assert found.guards[0].broken == "yes"
    assert found.verdict.judgement == "guardrail"
    assert found.verdict.words.endswith("Take it back.")
    assert [one.code for one in report.alerts] == ["guardrail"]


def test_levels_stand_from_the_least_personal_on() -> None:
    book = Book()
    arms = {"warm": (100, 0.1), "nobody": (100, 0.1), "group": (100, 0.1)}
    experiment(book, "level", arms)
    levels = {"nobody": "none", "group": "segment"}
    told = split("level", "warm", "group", "nobody", control=0, levels=levels)
    found = of(book.report(rule("hero", split=told)), "level")

    assert [arm.level for arm in found.arms] == ["none", "segment", "individual"]
    assert found.base == "nobody" and found.mode == "level"


def test_adaptive_arms_are_compared_day_by_day() -> None:
    """The better day has more visitors of one arm: pooled, it looks better than it is."""
    book = Book(3)
    for day, ordered, sizes in ((1, 0.1, (900, 100)), (0, 0.4, (100, 900))):
        for arm, number in zip(("plain", "cosy"), sizes, strict=True):
            cell = Cell(TODAY - day, "experiment", "tone", "", arm)
            book.units(cell, number, ordered=ordered)
    even = split("tone", "plain", "cosy", control=0)
    adaptive = split("tone", "plain", "cosy", control=0, adapt=Adapting())
    goal = Goal("conversion-rate")
    pooled = of(book.report(rule("hero", split=even, goal=goal)))
    daily = of(book.report(rule("hero", split=adaptive, goal=goal)))

    def uplift(found: Subject) -> float:
        return next(one.relative for one in found.effects if one.role == "goal")

    assert uplift(pooled) > 1.0
    assert abs(uplift(daily)) < 0.25
    assert daily.ratio is None and pooled.ratio is not None


def test_a_roll_out_that_went_back_is_an_alert() -> None:
    book = Book()
    experiment(book, arms={"control": (100, 0.1), "plain": (100, 0.1)})
    told = split("tone", "plain", control=0, rollout=Rollout())
    standing = Standing("x", NOW, NOW, first_day=TODAY - 5, back="bounces rose by 9 %")
    report = book.report(rule("hero", split=told), standings={"tone": standing})
    found = of(report)

    assert found.rolling is not None and found.rolling.share == 0
    assert [one.code for one in report.alerts] == ["guardrail"]
    assert "went back to nobody: bounces rose by 9 %" in report.alerts[0].words
    # Days of the version before count no more.
    assert {arm.funnel.exposed for arm in found.arms} == {500}


def test_click_rates_are_not_compared_with_who_saw_nothing() -> None:
    book = Book()
    experiment(book, arms={"control": (300, 0.1), "plain": (300, 0.1)})
    goal = Goal("click-rate")
    told = rule("hero", split=split("tone", "plain", control=0.5), goal=goal)
    found = of(book.report(told))

    assert found.verdict.judgement == "alone"
    assert "give it a second variant" in found.verdict.words


def test_without_anybody_to_compare_with_nothing_is_claimed() -> None:
    book = Book()
    book.units(Cell(TODAY, "rule", "hero", "", "shown"), 500, ordered=0.5)
    report = book.report(rule("hero"))

    assert report.rules[0].verdict.judgement == "alone"
    assert report.rules[0].effects == ()
    assert any("no holdout" in note for note in report.notes)


def test_where_weights_go_by_segments_arms_are_compared_within_them() -> None:
    """Cat people order more, and most of them are dealt cosy: pooled, it looks better."""
    book = Book(4)
    for day in range(3):
        for context, ordered, sizes in (
            ("", 0.1, (900, 100)),
            ("segment:cat", 0.4, (100, 900)),
        ):
            for arm, number in zip(("plain", "cosy"), sizes, strict=True):
                cell = Cell(TODAY - day, "experiment", "tone", "", arm)
                if context:
                    book.units(cell._replace(context=context), number, ordered=ordered)
                    book.cells[cell].add(book.cells[cell._replace(context=context)])
                else:
                    book.units(cell, number, ordered=ordered)
    goal = Goal("conversion-rate")

    def uplift(adapt: Adapting) -> float:
        told = split("tone", "plain", "cosy", control=0, adapt=adapt)
        found = of(book.report(rule("hero", split=told, goal=goal)))
        return next(one.relative for one in found.effects if one.role == "goal")

    assert uplift(Adapting()) > 1.0
    assert abs(uplift(Adapting(by=("cat",)))) < 0.2


def test_an_experiment_keeps_to_the_guardrails_of_all_its_rules() -> None:
    """As the roll-outs do: or report and roll-out would not say the same."""
    book = Book()
    experiment(book, arms={"control": (200, 0.1), "plain": (200, 0.1)})
    told = split("tone", "plain", control=0.5)
    report = book.report(
        rule("one", split=told, guardrails=(Guardrail("bounce-rate", at_most=0.02),)),
        rule(
            "two",
            split=told,
            goal=Goal("conversion-rate"),
            guardrails=(Guardrail("add-to-cart", at_least=-0.03),),
        ),
    )
    assert {guard.metric for guard in of(report).guards} == {
        "bounce-rate",
        "add-to-cart",
    }


def test_visitors_who_were_drawn_by_their_account_are_no_units() -> None:
    book = Book()
    for arm, ordered in (("shown", 0.5), ("held", 0.1)):
        book.units(Cell(TODAY, "rule", "hero", "", arm), 400, ordered=ordered)
    for unit, judgement in (("visitor", "keep"), ("account", "alone")):
        told = rule("hero", split=split("tone", "cosy", control=0.5, unit=unit))
        (found,) = book.report(told).rules
        assert found.verdict.judgement == judgement
    assert "see the experiment tone" in found.verdict.words
