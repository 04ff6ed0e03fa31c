import math
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from shopwindow.fragments.recommendations.model import Model
from shopwindow.fragments.recommendations.scoring import Parameters, scores
from shopwindow.fragments.recommendations.training.again import again
from shopwindow.fragments.recommendations.training.evaluation import (
    Questions,
    Rows,
    gain,
    recall,
    reciprocal,
)
from shopwindow.fragments.recommendations.training.events import ADDED, BOUGHT, views_of
from shopwindow.fragments.recommendations.training.part import arrays_of
from shopwindow.fragments.recommendations.training.tuning import (
    learned,
    refusal,
    tune,
)
from shopwindow.fragments.recommendations.writing import write

from .clicks import events, walks

NOON = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)


def test_offline_and_on_a_page_the_same_places(tmp_path: Path) -> None:
    """The sum for thousands of questions gives what the sum for one visitor gives."""
    parameters = Parameters(reminder=0.4, again=1.3, clicks=3)
    views = events(walks(400, returns=0.2, looks=0.2))
    table, own = learned(views, parameters), again(views, parameters)
    arrays = {**arrays_of("viewed-viewed", table), "again": own}
    write(tmp_path, views.keys, arrays, {}, NOON)
    model = Model.current(tmp_path)
    questions = Questions.of(events(walks(60, 0.2, 0.2, seed=8)), 200)

    ranks = Rows(questions, table, own, parameters.clicks).ranks(parameters)

    assert len(ranks) > 100
    for clicks, answer, rank in zip(
        questions.clicks.tolist(), questions.answers.tolist(), ranks, strict=True
    ):
        seen = [item for item in reversed(clicks) if item >= 0]
        found, _ = scores(model, seen, parameters)
        order = sorted(found, key=lambda item: (-found[item], item))
        assert rank == (order.index(answer) + 1 if answer in order else 0)


def test_questions_are_the_clicks_before_each_click() -> None:
    questions = Questions.of(events([[1, 2, 3], [4, 5]]), 100)

    assert questions.answers.tolist() == [2, 3, 5]
    assert questions.lengths.tolist() == [1, 2, 1]
    assert questions.clicks[:, :2].tolist() == [[1, -1], [2, 1], [4, -1]]


def test_measures_of_places() -> None:
    ranks = np.array([1, 2, 20, 21, 0])

    assert recall(ranks) == pytest.approx(3 / 5)
    assert reciprocal(ranks) == pytest.approx((1 + 1 / 2 + 1 / 20) / 5)
    assert gain(ranks) == pytest.approx((1 + 1 / np.log2(3)) / 5)


def test_a_shop_whose_visitors_return_reminds_them_more() -> None:
    returning, _ = tune(events(walks(3_000, returns=0.7)))
    going_on, _ = tune(events(walks(3_000)))

    def earlier(parameters: Parameters) -> float:
        """What the click before the last has of the best score."""
        return parameters.reminder * math.exp(-1 / parameters.reminder_decay)

    assert earlier(returning) > earlier(going_on) + 0.2


def test_a_model_is_measured_by_sessions_it_does_not_know() -> None:
    _, metrics = tune(events(walks(3_000)))

    # The next three places of a kind are where visitors go.
    assert metrics["R@20"] > 0.95
    assert metrics["MRR@20"] > 0.5
    assert metrics["popularity R@20"] < 0.3
    assert metrics["first click R@20"] > 0.9
    assert 0 < metrics["coverage"] <= 1


def test_clicks_by_chance_are_hardly_found() -> None:
    chance = np.random.default_rng(3)
    sessions = [chance.integers(0, 180, 4).tolist() for _ in range(3_000)]

    assert tune(events(sessions)).metrics["R@20"] < 0.3


def test_too_few_sessions_tell_nothing() -> None:
    parameters, metrics = tune(events(walks(20)))

    assert parameters == Parameters()
    assert "left out" in metrics
    assert "R@20" not in metrics


def test_without_any_view_what_was_done_counts() -> None:
    views = events(walks(10))
    sold = views._replace(verb=np.full(len(views.verb), BOUGHT, np.int8))
    mixed = views._replace(verb=np.where(views.item % 2, ADDED, views.verb))

    assert len(views_of(sold).item) == len(views.item)
    assert (views_of(mixed).item % 2 == 0).all()


def test_a_tuning_tells_how_far_it_is() -> None:
    heard: list[tuple[str, int, int]] = []

    tune(events(walks(3_000)), lambda *step: heard.append(step))

    assert heard[-1][1] == heard[-1][2]
    assert heard == sorted(heard, key=lambda step: step[1])


@pytest.mark.parametrize(
    ("before", "after", "refused"),
    [
        ({"R@20": 0.5}, {"R@20": 0.46}, False),
        ({"R@20": 0.5}, {"R@20": 0.44}, True),
        ({"R@20": 0.5}, {"R@20": 0.9}, False),
        (None, {"R@20": 0.1}, False),
        ({"R@20": 0.5}, {"left out": "too few"}, False),
        ({"R@20": 0.0}, {"R@20": 0.0}, False),
    ],
)
def test_a_model_that_finds_much_less_is_refused(
    before: dict[str, float] | None, after: dict[str, object], refused: bool
) -> None:
    assert bool(refusal(before, after)) is refused


def test_a_refusal_tells_what_to_do() -> None:
    said = refusal({"R@20": 0.5}, {"R@20": 0.25})

    assert "0.5000" in said and "0.2500" in said and "50%" in said
    assert "--force" in said
