from array import array
from pathlib import Path

import msgspec
import pytest

from shopwindow.fragments.recommendations.model import Model
from shopwindow.fragments.recommendations.scoring import Parameters, scores
from shopwindow.fragments.recommendations.writing import write

from .models import NOON, small, table

PLAIN = Parameters(
    clicks=2, click_decay=1.0, joint=0.0, reminder=1.0, reminder_decay=1.0
)


@pytest.fixture
def model(tmp_path: Path) -> Model:
    rows = {"a": [("b", 3.0), ("c", 1.0)], "b": [("c", 2.0)], "d": [("c", 9.0)]}
    small(tmp_path, rows)
    return Model.current(tmp_path)


def numbers(model: Model, keys: str) -> list[int]:
    return [number for key in keys if (number := model.number(key)) is not None]


def named(model: Model, found: dict[int, float]) -> dict[str, float]:
    return {model.key(number): round(score, 3) for number, score in found.items()}


def test_the_rows_of_the_last_clicks_are_added_up(model: Model) -> None:
    found, why = scores(model, numbers(model, "dab"), PLAIN, remind=False)

    # d is too long ago; a was one click before b.
    assert named(model, found) == {"c": 2 + round(0.3679, 3), "b": round(3 * 0.3679, 3)}
    assert named(model, {k: float(v) for k, v in why.items()}) == {
        "b": float(numbers(model, "a")[0]),
        "c": float(numbers(model, "b")[0]),
    }


def test_why_is_the_click_that_gave_most(model: Model) -> None:
    _, why = scores(model, numbers(model, "da"), PLAIN, remind=False)

    assert why[numbers(model, "c")[0]] == numbers(model, "d")[0]


def test_what_was_seen_is_reminded_of_by_its_latest_click(model: Model) -> None:
    found, why = scores(model, numbers(model, "ada"), PLAIN)

    best = 1.0 + 9.0 * 0.3679  # c, by a and d
    a, d = numbers(model, "ad")
    assert found[a] == pytest.approx(best, abs=1e-3)
    assert found[d] == pytest.approx(best * 0.3679, abs=1e-3)
    assert why[a] == a


def test_nothing_seen_or_an_unknown_table_gives_nothing(model: Model) -> None:
    assert scores(model, [], PLAIN) == ({}, {})
    assert scores(model, numbers(model, "a"), PLAIN, "other") == ({}, {})


def test_a_click_without_a_row_is_still_reminded_of(model: Model) -> None:
    (c,) = numbers(model, "c")

    assert scores(model, [c], PLAIN)[0] == {c: 1.0}


def test_what_several_clicks_lead_to_grows(model: Model) -> None:
    twice = msgspec.structs.replace(PLAIN, joint=0.5)

    found, _ = scores(model, numbers(model, "ab"), twice, remind=False)

    b, c = numbers(model, "bc")
    assert found[c] == pytest.approx((2 + 0.3679) * 1.5, abs=1e-3)
    assert found[b] == pytest.approx(3 * 0.3679, abs=1e-3)


def test_the_same_item_twice_counts_once(model: Model) -> None:
    assert scores(model, numbers(model, "abab"), PLAIN) == scores(
        model, numbers(model, "ab"), PLAIN
    )


@pytest.mark.parametrize("reminder", [0.0, 0.3])
def test_whatever_has_a_score_has_a_reason(tmp_path: Path, reminder: float) -> None:
    keys = ["a", "b", "c"]
    rows = {"a": [("b", 1.0)]}
    arrays = table(keys, rows, "viewed-viewed") | {"again": array("f", [2.0, 0.0, 1.0])}
    write(tmp_path, keys, arrays, {}, NOON)
    own = Model.current(tmp_path)
    parameters = Parameters(reminder=reminder, last=0.0, again=1.0)

    found, why = scores(own, [2, 0], parameters)

    assert found.keys() == why.keys()
    assert found[0] == 2.0  # by its second looks alone, being clicked last
