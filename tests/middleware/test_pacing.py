"""Long work gives way to others, the more so the more of them there are."""

import pytest

from shopwindow.middleware.loading import pacing
from shopwindow.middleware.loading.pacing import LONGEST, SHORTEST, SLICE, paced
from shopwindow.rules.steps import Steps


class Clock:
    """Each step takes half a slice; others keep a pause waiting for ``busy`` seconds."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = self.busy = 0.0
        self.pauses: list[float] = []
        monkeypatch.setattr(pacing, "perf_counter", lambda: self.now)
        monkeypatch.setattr(pacing, "sleep", self.sleep)

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds + self.busy

    def steps(self, count: int) -> Steps[str]:
        for _ in range(count):
            self.now += SLICE * 0.5
            yield
        return "made"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def test_what_the_steps_make_comes_back(clock: Clock) -> None:
    assert paced(clock.steps(1)) == "made"
    assert clock.pauses == []


def test_where_nobody_waits_pauses_stay_short(clock: Clock) -> None:
    paced(clock.steps(20))
    assert len(clock.pauses) >= 9 and set(clock.pauses) == {SHORTEST}


def test_where_others_are_busy_pauses_grow_to_a_limit(clock: Clock) -> None:
    clock.busy = 0.005
    paced(clock.steps(40))
    assert clock.pauses == sorted(clock.pauses)
    assert clock.pauses[0] == SHORTEST and clock.pauses[-1] == LONGEST


def test_pauses_shrink_when_the_others_are_done(clock: Clock) -> None:
    def steps() -> Steps[None]:
        clock.busy = 0.005
        yield from clock.steps(40)
        clock.busy = 0.0
        yield from clock.steps(40)

    paced(steps())
    assert max(clock.pauses) == LONGEST and clock.pauses[-1] == SHORTEST
