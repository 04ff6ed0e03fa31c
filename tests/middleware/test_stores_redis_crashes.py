"""Whatever a Redis, its log or the process does half-way: sent again, the result is right."""

from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from shopwindow.middleware.stores import ERASED, FORGOTTEN, StoreError
from shopwindow.rules.facts import Event
from tests.databases import redis_says
from tests.middleware.redisstores import Open, Worker, workers
from tests.stores import ANNA, BERT, event, learn, login

TRAFFIC = {("product", "hay"): 1.0}


class Cut(Exception):
    """The process is gone."""


class Faults:
    """Lets the ``number``-th step of a store fail, before or after it was done.

    ``fault`` is raised then, and with whatever is tried after it.
    """

    def __init__(
        self, worker: Worker, number: int, done: bool, fault: Exception
    ) -> None:
        self.steps = 0
        self._number, self._done, self._fault = number, done, fault
        self._wrap(worker.store._writer, "ask")
        for name in ("append", "adopt", "erase"):
            self._wrap(worker.log, name)

    def _wrap(self, thing: object, name: str) -> None:
        work: Callable[..., Any] = getattr(thing, name)

        def step(*values: Any) -> Any:
            self.steps += 1
            if self.steps > self._number or (
                self.steps == self._number and not self._done
            ):
                raise self._fault
            result = work(*values)
            if self.steps == self._number:
                raise self._fault
            return result

        setattr(thing, name, step)


class Story(NamedTuple):
    """``before`` is kept; ``batch`` is what is interrupted; ``holds`` is what must be then."""

    name: str
    before: Sequence[Event]
    batch: Sequence[Event]
    holds: Callable[[Worker], bool]


def a_batch() -> Story:
    batch = [event(f"v{n % 3}") for n in range(9)]
    before = [event("v0"), event("w1"), login("w1", "w2"), event("w2")]
    batch += [event("w2"), event("w2")]

    def holds(worker: Worker) -> bool:
        seen = [worker.views(one) for one in ("v0", "v1", "v2", "w2")]
        return seen == [4, 3, 3, 4] and len(worker.logged()) == 14

    return Story("batch", before, batch, holds)


def a_login() -> Story:
    before = [event("v1"), event("v1"), event("a1"), login("a1", "a2")]

    def holds(worker: Worker) -> bool:
        return (
            worker.views("v2") == worker.views("a2") == 4
            and worker.retired("v1")
            and worker.profiles() == 1
            and {one.visitor for one in worker.events()} == {ANNA}
        )

    return Story("login", before, [login("v1", "v2"), event("v2"), event("v1")], holds)


def a_login_whose_new_id_was_met() -> Story:
    before = [event("v1"), event("v2"), event("v2")]

    def holds(worker: Worker) -> bool:
        return (
            worker.views("v2") == 3
            and worker.retired("v1")
            and worker.profiles() == 1
            and {one.visitor for one in worker.events()} == {ANNA}
        )

    return Story("login, new id met", before, [login("v1", "v2")], holds)


def two_logins() -> Story:
    before = [event("v1"), event("v1")]
    batch = [login("v1", "v2"), login("v1", "v3"), event("v3")]

    def holds(worker: Worker) -> bool:
        return worker.views("v2") == worker.views("v3") == 3 and worker.profiles() == 1

    return Story("two logins", before, batch, holds)


def another_customer() -> Story:
    before = [
        event("v1"),
        login("v1", "v2", ANNA),
        event("b1"),
        login("b1", "b2", BERT),
    ]
    batch = [login("v2", "v3", BERT), event("v3")]

    def holds(worker: Worker) -> bool:
        worker.keep(login("x1", "x2", ANNA))
        return worker.views("v3") == 2 and worker.views("x2") == 1

    return Story("another customer", before, batch, holds)


def a_logout() -> Story:
    def holds(worker: Worker) -> bool:
        return worker.retired("v1") and worker.retired("w2") and worker.profiles() == 1

    before = [event("v1"), event("w1"), login("w1", "w2")]
    return Story(
        "logout", before, [event("v1", FORGOTTEN), event("w2", FORGOTTEN)], holds
    )


def an_erasure() -> Story:
    stays = event("x1")
    before = [event("v1"), login("v1", "v2"), event("w1"), login("w1", "w2"), stays]
    before += [event("s1"), event("u1"), login("u1", "u2"), event("u2", FORGOTTEN)]

    def holds(worker: Worker) -> bool:
        gone = all(worker.retired(id) for id in ("v1", "v2", "w1", "w2", "s1", "u2"))
        left = worker.logged() == [stays.id] and worker.profiles() == 1
        worker.keep(event("w2"), event("s1"), login("v1", "y0"))
        quiet = worker.logged() == [stays.id] and worker.retired("y0")
        worker.keep(login("y1", "y2"))
        return gone and left and quiet and worker.views("y2") == 0

    batch = [event("s1", ERASED), event("v2", ERASED), event("w2")]
    return Story("erasure", before, batch, holds)


def a_login_of_an_erased_id() -> Story:
    before = [event("v1"), event("v2", ERASED)]

    def holds(worker: Worker) -> bool:
        gone = worker.retired("v1") and worker.retired("v2")
        return gone and worker.profiles() == 0 and worker.logged() == []

    return Story("login, new id erased", before, [login("v1", "v2")], holds)


STORIES = [
    a_batch,
    a_login,
    a_login_whose_new_id_was_met,
    two_logins,
    another_customer,
    a_logout,
    an_erasure,
    a_login_of_an_erased_id,
]


@pytest.fixture
def opened(redis_port: int, tmp_path: Path) -> Callable[[int], Any]:
    """The workers of a shop that begins anew, once for each number."""

    def begun(number: int) -> Any:
        redis_says(redis_port, "FLUSHALL")
        folder = tmp_path / str(number)
        folder.mkdir()
        return workers(f"redis://127.0.0.1:{redis_port}", folder)

    return begun


def interrupted(story: Story, number: int, done: bool, open: Open) -> bool:
    """Whether there is a step of that number, which failed."""
    first = open()
    first.keep(*story.before)
    fault = StoreError("no answer") if number % 2 else Cut()
    faults = Faults(first, number, done, fault)
    try:
        first.store.commit(story.batch, learn, TRAFFIC)
    except (StoreError, Cut):
        return True
    assert faults.steps < number
    return False


@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("tell", STORIES)
def test_after_any_step_the_rest_is_done_when_it_is_sent_again(
    opened: Callable[[int], Any], tell: Callable[[], Story], done: bool
) -> None:
    for number in count(1):
        story = tell()
        with opened(number) as open:
            if not interrupted(story, number, done, open):
                break
            second = open()  # the process has been started again
            second.store.commit(story.batch, learn, TRAFFIC)
            assert second.store.traffic() == TRAFFIC, number
            assert story.holds(second), number
            second.store.commit(story.batch, learn, TRAFFIC)
            assert second.store.traffic() == TRAFFIC, number
    assert number > 3


def met(
    story: Story, number: int, open: Open, others: Sequence[Event]
) -> Worker | None:
    """Who has kept ``others`` before the step of that number; None: there is no such step."""
    first, second = open(), open()
    first.keep(*story.before)
    ask, steps = first.store._writer.ask, count(1)
    came = False

    def late(commands: Any) -> Any:
        nonlocal came
        if next(steps) == number:
            came = True
            second.store.commit(others, learn, TRAFFIC)
        return ask(commands)

    first.store._writer.ask = late  # type: ignore[method-assign]
    first.store.commit(story.batch, learn, TRAFFIC)
    first.store._writer.ask = ask  # type: ignore[method-assign]
    return second if came else None


@pytest.mark.parametrize("tell", STORIES)
def test_between_any_two_steps_another_worker_may_do_the_same(
    opened: Callable[[int], Any], tell: Callable[[], Story]
) -> None:
    for number in count(1):
        story = tell()
        with opened(number) as open:
            second = met(story, number, open, story.batch)
            if second is None:
                break
            assert second.store.traffic() == TRAFFIC, number
            assert story.holds(second), number
    assert number > 3


def an_erasure_of_the_new_id(worker: Worker) -> bool:
    gone = worker.retired("v1") and worker.retired("v2")
    return gone and worker.profiles() == 0 and worker.logged() == []


def an_erasure_on_another_device(worker: Worker) -> bool:
    """Before the login or after it: nothing of before the erasure is left either way."""
    gone = worker.retired("v1") and worker.retired("a2")
    if worker.retired("v2"):
        return gone and worker.profiles() == 0 and worker.logged() == []
    mine = worker.views("v2") == 2 and worker.views("v2", "oats") == 0
    return gone and mine and worker.profiles() == 1 and len(worker.logged()) == 2


@pytest.mark.parametrize(
    ("erased", "holds"),
    [("v2", an_erasure_of_the_new_id), ("a2", an_erasure_on_another_device)],
)
@pytest.mark.parametrize("early", [False, True])
def test_an_erasure_between_any_two_steps_of_a_login_is_before_or_after_it(
    opened: Callable[[int], Any],
    erased: str,
    holds: Callable[[Worker], bool],
    early: bool,
) -> None:
    for number in count(1):
        before = [event("a1", product_id="oats"), login("a1", "a2")]
        before += [event("v1"), event("v2" if early else "v1")]
        if erased == "v2":
            del before[:2]
        story = Story("login", before, [login("v1", "v2")], holds)
        with opened(number) as open:
            second = met(story, number, open, [event(erased, ERASED)])
            if second is None:
                break
            second.keep(*story.batch)
            assert holds(second), number
            second.keep(event("v1"), event(erased))
            assert holds(second), number
    assert number > 6


@pytest.mark.parametrize("batch", ["login", "event"])
def test_of_a_customer_whose_profile_is_long_gone_an_erasure_leaves_nothing_either(
    opened: Callable[[int], Any], redis_port: int, batch: str
) -> None:
    for number in count(1):
        before = [event("a1", product_id="oats"), login("a1", "a2")]
        before += [event("v1"), event("v1")]
        batches = {"login": [login("v1", "v2")], "event": [event("a2")]}
        holds = an_erasure_on_another_device
        story = Story("", before, batches[batch], holds)
        with opened(number) as open:
            keeping = open()
            keeping.keep(*before)
            redis_says(redis_port, "DEL", f"sw:{{{ANNA}}}:p")
            nothing = story._replace(before=[])
            second = met(nothing, number, open, [event("a2", ERASED)])
            if second is None:
                break
            if batch == "login":
                assert holds(second), number
            else:
                assert second.profiles() == 1 and len(second.logged()) == 2, number
    assert number > 2


@pytest.mark.parametrize("early", [False, True])
def test_a_login_between_any_two_steps_of_an_erasure_is_before_or_after_it(
    opened: Callable[[int], Any], early: bool
) -> None:
    for number in count(1):
        before = [event("a1", product_id="oats"), login("a1", "a2")]
        before += [event("v1"), event("v2" if early else "v1")]
        holds = an_erasure_on_another_device
        story = Story("erasure", before, [event("a2", ERASED)], holds)
        with opened(number) as open:
            second = met(story, number, open, [login("v1", "v2")])
            if second is None:
                break
            assert holds(second), number
    assert number > 6
