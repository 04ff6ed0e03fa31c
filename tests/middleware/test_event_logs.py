"""An event log apart from the profiles: once by id, and nothing of who was erased."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from shopwindow.middleware.stores import EventLog
from shopwindow.middleware.stores.opening import open_log
from shopwindow.middleware.stores.rows import mark_of
from shopwindow.rules.facts import Event
from tests.databases import PLACES
from tests.stores import ANNA, event

MARKS = {name: mark_of(name) for name in ("v1", "v2", "w1")}


@pytest.fixture(params=["sqlite", "postgresql"])
def log(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[EventLog]:
    made = open_log(PLACES[request.param](request, tmp_path).store, tmp_path)
    yield made
    made.close()


def marked(visitor: str) -> Event:
    return replace(event(visitor), visitor=MARKS[visitor])


def stories(log: EventLog) -> dict[str, list[str]]:
    with closing(log.history(lambda time: 0)) as history:
        assert history.profile_count() == 0 and history.traffic() == {}
        return {
            story[0].visitor: [one.id for one in story]
            for story in history.stories(0, 1e12)
        }


def test_an_event_is_kept_once(log: EventLog) -> None:
    one, other = marked("v1"), marked("v1")
    log.append([])
    log.append([one])
    log.append([one, other, other])
    assert stories(log) == {MARKS["v1"]: [one.id, other.id]}


def test_what_a_stranger_did_and_does_is_the_customers(log: EventLog) -> None:
    before, after = marked("v1"), marked("v1")
    log.append([before])
    for _ in range(2):
        log.adopt(ANNA, MARKS["v1"])
    log.append([after])
    assert stories(log) == {ANNA: [before.id, after.id]}


def test_of_who_was_erased_nothing_is_there_and_nothing_comes(log: EventLog) -> None:
    stays = marked("w1")
    log.append([marked("v1"), marked("v2"), stays])
    log.adopt(ANNA, MARKS["v1"])
    for _ in range(2):
        log.erase(ANNA, [MARKS["v2"]])
        assert stories(log) == {MARKS["w1"]: [stays.id]}
        log.append([marked("v1"), marked("v2")])
        log.adopt(ANNA, MARKS["v1"])
        assert stories(log) == {MARKS["w1"]: [stays.id]}
    with closing(log.keeper(lambda time: 0)) as keeper:
        assert keeper.owner_of("v1") is None
        assert keeper.sizes()["retired"] == 2


def test_an_erased_customer_may_begin_anew(log: EventLog) -> None:
    log.append([marked("v1")])
    log.adopt(ANNA, MARKS["v1"])
    log.erase(ANNA, [])
    log.adopt(ANNA, MARKS["w1"])
    new = marked("w1")
    log.append([new])
    assert stories(log) == {ANNA: [new.id]}


def test_a_stranger_is_erased_by_the_mark(log: EventLog) -> None:
    log.append([marked("v1"), marked("w1")])
    log.erase(MARKS["v1"], [MARKS["v1"]])
    log.append([marked("v1")])
    assert list(stories(log)) == [MARKS["w1"]]
