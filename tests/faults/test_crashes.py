"""A process is gone in the middle of writing: nothing is broken, nothing promised is lost."""

import json
import signal
from pathlib import Path
from random import Random

import pytest

from tests.databases import PLACES

from .crashes import killed

KILLS = {"sqlite": 5, "postgresql": 1, "redis": 1}


@pytest.mark.parametrize("kind", KILLS)
def test_a_killed_process_leaves_all_it_promised(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    chance = Random(kind)
    for number in range(KILLS[kind]):
        folder = tmp_path / str(number)
        folder.mkdir()
        crash, _ = killed(PLACES[kind](request, folder), folder, chance)
        assert crash.complaints == []
        assert crash.acknowledged and crash.stored > 100


def test_a_process_that_is_told_to_end_loses_nothing(tmp_path: Path) -> None:
    place = PLACES["sqlite"](None, tmp_path)  # type: ignore[arg-type]  # a file needs nothing
    crash, last = killed(place, tmp_path, Random(1), signal.SIGTERM)
    told = json.loads(last.removeprefix("c "))
    assert told["accepted"] == told["stored"] == crash.stored == crash.noted
    assert crash.seconds == 0.0 and crash.complaints == []
