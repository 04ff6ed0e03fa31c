"""A dependency that fails is left alone for a while."""

from shopwindow.middleware.breaker import Breaker


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def opened(clock: Clock) -> Breaker:
    breaker = Breaker(failures=3, pause=2.0, clock=clock)
    for _ in range(3):
        assert breaker.allows()
        breaker.failed()
    return breaker


def test_it_opens_after_so_many_failures_in_a_row() -> None:
    breaker = opened(Clock())
    assert breaker.open
    assert not breaker.allows()


def test_a_success_in_between_starts_the_count_anew() -> None:
    breaker = Breaker(failures=3, clock=Clock())
    for _ in range(10):
        breaker.failed()
        breaker.failed()
        breaker.succeeded()
    assert breaker.allows() and not breaker.open


def test_after_the_pause_one_call_tries_and_the_others_wait() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now += 1.9
    assert not breaker.allows()
    clock.now += 0.1
    assert [breaker.allows() for _ in range(5)] == [True, False, False, False, False]


def test_a_failed_try_waits_for_another_pause() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now += 2
    assert breaker.allows()
    clock.now += 1
    breaker.failed()
    clock.now += 1.5
    assert not breaker.allows()
    clock.now += 0.5
    assert breaker.allows()


def test_a_try_that_succeeds_closes_it() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now += 2
    assert breaker.allows()
    breaker.succeeded()
    assert not breaker.open
    assert all(breaker.allows() for _ in range(5))


def test_a_try_that_never_reports_does_not_keep_it_open_for_ever() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now += 2
    assert breaker.allows()  # this caller was cancelled
    clock.now += 2
    assert breaker.allows()


def test_it_says_how_it_stands() -> None:
    assert repr(opened(Clock())) == "<Breaker open failures=3>"
