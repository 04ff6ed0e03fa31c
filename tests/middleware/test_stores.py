"""Every store keeps what it says: one suite for all of them, on real servers."""

import itertools
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from shopwindow.middleware.stores import (
    ATTRIBUTES,
    ERASED,
    FORGOTTEN,
    IDENTIFIED,
    VISITED,
    Store,
)
from shopwindow.middleware.stores.memory import MemoryStore
from shopwindow.middleware.stores.sqlite import SqliteStore
from shopwindow.rules.facts import Event, Profile
from tests.databases import PLACES
from tests.stores import (
    ANNA,
    BERT,
    event,
    fetched,
    keep,
    learn,
    logged,
    login,
    open_at,
    retired,
    views,
)


@pytest.fixture(params=PLACES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    made = open_at(PLACES[request.param](request, tmp_path), tmp_path)
    yield made
    made.close()


def test_a_stranger_has_no_profile(store: Store) -> None:
    assert fetched(store, "v1") is None
    assert store.traffic() == {}


def test_what_is_kept_is_what_was_learned(store: Store) -> None:
    events = [
        event("v1", VISITED, path="/"),
        event("v1"),
        event("v2", product_id="grass"),
        event("v1", "Order Completed", order_id="A1", revenue=9.5),
    ]
    keep(store, *events)
    profile = None
    for one in (events[0], events[1], events[3]):
        profile = learn(profile, one)
    assert fetched(store, "v1") == profile
    assert views(store, "v2", "grass") == 1
    assert logged(store) == [one.id for one in events[1:]]


def test_a_profile_grows_from_commit_to_commit(store: Store) -> None:
    for number in range(1, 6):
        keep(store, event("v1"), event("v1"))
        assert views(store, "v1") == 2 * number


def test_the_same_event_counts_once_in_one_batch(store: Store) -> None:
    one, other = event("v1"), event("v1")
    keep(store, one, other, one, one)
    assert views(store, "v1") == 2
    assert logged(store) == [one.id, other.id]


def test_the_same_event_counts_once_over_batches(store: Store) -> None:
    one, other = event("v1"), event("v1")
    keep(store, one)
    keep(store, other, one)
    keep(store, one)
    assert views(store, "v1") == 2
    assert logged(store) == [one.id, other.id]


def test_a_batch_that_fails_leaves_nothing_behind(store: Store) -> None:
    def fail(profile: Profile | None, given: Event) -> Profile:
        if given.name == "Bad":
            raise ZeroDivisionError
        return learn(profile, given)

    good = event("v1")
    with pytest.raises(ZeroDivisionError):
        store.commit([good, event("v1", "Bad")], fail, {("product", "hay"): 1.0})
    assert fetched(store, "v1") is None
    assert logged(store) == []
    assert store.traffic() == {}
    keep(store, good)
    assert views(store, "v1") == 1


def test_at_login_the_stranger_becomes_the_customer(store: Store) -> None:
    keep(store, event("v1"), login("v1", "v2"), event("v2"))
    assert retired(store, "v1")
    assert views(store, "v2") == 2
    profile = fetched(store, "v2")
    assert profile is not None and profile.customer == ANNA


def test_two_devices_of_one_customer_share_a_profile(store: Store) -> None:
    keep(store, event("v1"), event("w1"))
    keep(store, login("v1", "v2"))
    keep(store, login("w1", "w2"))
    assert views(store, "v2") == views(store, "w2") == 2
    keep(store, event("v2"), event("w2"))
    assert views(store, "v2") == views(store, "w2") == 4
    assert fetched(store, "v2") == fetched(store, "w2")


def test_a_login_right_after_a_view_takes_it_along(store: Store) -> None:
    keep(store, event("v1"), login("v1", "v2"), event("v2"), login("v2", "v3"))
    assert views(store, "v3") == 2
    assert retired(store, "v1") and retired(store, "v2")


def test_a_login_without_a_history_makes_a_profile(store: Store) -> None:
    keep(store, login("v1", "v2"))
    assert fetched(store, "v2") == Profile(customer=ANNA)


def test_another_customer_on_the_same_device_is_somebody_else(store: Store) -> None:
    keep(store, event("v1"), login("v1", "v2", ANNA), event("v2"))
    keep(store, login("v2", "v3", BERT), event("v3"))
    assert views(store, "v3") == 1  # not Anna's
    keep(store, login("w1", "w2", ANNA))
    assert views(store, "w2") == 2  # and Anna has lost nothing


def test_what_comes_late_for_a_retired_id_changes_nothing(store: Store) -> None:
    keep(store, event("v1"), login("v1", "v2"), event("w1"), event("w1", FORGOTTEN))
    before = logged(store)
    keep(store, event("v1"), event("w1"), event("w1", ERASED))
    assert views(store, "v2") == 1
    assert logged(store) == before
    assert retired(store, "v1") and retired(store, "w1")


@pytest.mark.parametrize("together", [True, False])
def test_of_two_logins_at_the_same_time_both_lead_to_the_customer(
    store: Store, together: bool
) -> None:
    first = [event("v1"), event("v1"), login("v1", "v2")]
    second = [login("v1", "v3"), event("v3")]
    for batch in [first + second] if together else [first, second]:
        keep(store, *batch)
    assert views(store, "v2") == views(store, "v3") == 3  # merged once
    assert fetched(store, "v2") == fetched(store, "v3")
    keep(store, event("v3", ERASED))
    assert retired(store, "v2") and retired(store, "v3")
    assert logged(store) == []


def test_a_login_that_is_sent_twice_brings_back_nobody(store: Store) -> None:
    once = [event("v1"), login("v1", "v2"), event("v2", ERASED)]
    for again in (once, once[:2], once):
        keep(store, *again)
        assert retired(store, "v1") and retired(store, "v2")
        assert logged(store) == []
    keep(store, login("w1", "w2"))
    assert views(store, "w2") == 0


def test_who_logs_out_leaves_the_profile_to_the_customer(store: Store) -> None:
    keep(store, event("v1"), login("v1", "v2"), event("v2", FORGOTTEN))
    assert retired(store, "v2")
    keep(store, login("w1", "w2"))
    assert views(store, "w2") == 1


def test_a_stranger_who_leaves_is_forgotten(store: Store) -> None:
    keep(store, event("v1"), event("v1", FORGOTTEN))
    assert retired(store, "v1")


def test_erasing_a_stranger_leaves_the_others_alone(store: Store) -> None:
    stays = event("v2")
    keep(store, event("v1"), stays, event("v1", ERASED))
    assert retired(store, "v1")
    assert views(store, "v2") == 1
    assert logged(store) == [stays.id]


def test_erasing_somebody_nothing_is_known_about_retires_the_id(store: Store) -> None:
    keep(store, event("v1", ERASED))
    assert retired(store, "v1")


def test_erasing_a_customer_takes_every_device_and_every_event(store: Store) -> None:
    stays = event("x1")
    keep(store, event("v1"), event("v1"), stays)  # before the login
    keep(store, login("v1", "v2"), event("v2"), login("w1", "w2"), event("w2"))
    keep(store, event("v2", FORGOTTEN))  # logged out
    keep(store, login("u1", "u2"), event("u2"), event("u2", ERASED))
    assert all(retired(store, id) for id in ("v1", "v2", "w2", "u2"))
    assert logged(store) == [stays.id]
    keep(store, login("y1", "y2"))
    assert views(store, "y2") == 0  # a new beginning
    keep(store, event("w2"))
    assert logged(store) == [stays.id]


def test_traffic_adds_up(store: Store) -> None:
    hay, rabbit = ("product", "hay"), ("category", "rabbit")
    store.commit([event("v1")], learn, {hay: 1.5})
    store.commit([event("v1")], learn, {hay: 2.0, rabbit: 0.25})
    assert store.traffic() == {hay: 3.5, rabbit: 0.25}


def test_attributes_and_visits_are_no_part_of_the_log(store: Store) -> None:
    keep(store, event("v1", VISITED, path="/"), event("v1", ATTRIBUTES, size=3))
    assert fetched(store, "v1") is not None
    assert logged(store) == []


def test_an_empty_batch_is_kept_without_ado(store: Store) -> None:
    store.commit([], learn, {})
    assert logged(store) == []


def test_reading_goes_on_while_another_thread_writes(store: Store) -> None:
    keep(store, event("v1"))
    done = threading.Event()

    def write() -> None:
        for _ in range(60):
            keep(store, *(event("v1") for _ in range(20)))
        done.set()

    thread = threading.Thread(target=write)
    thread.start()
    seen = [views(store, "v1")]
    while not done.is_set():
        seen.append(views(store, "v1"))
    thread.join()
    assert seen == sorted(seen)
    assert {(count - 1) % 20 for count in seen} == {0}  # whole batches only
    assert views(store, "v1") == 1_201


def test_reading_many_visitors_does_not_disturb_the_writer(store: Store) -> None:
    done = threading.Event()
    total = 6_000 if isinstance(store, MemoryStore | SqliteStore) else 1_000

    def read() -> None:
        for number in itertools.count():
            fetched(store, f"v{number % 4_000}")
            if done.is_set():
                return

    thread = threading.Thread(target=read)
    thread.start()
    try:
        for start in range(0, total, 50):
            keep(store, *(event(f"v{(start + n) % 4_000}") for n in range(50)))
    finally:
        done.set()
        thread.join()
    assert sum(views(store, f"v{number}") for number in range(4_000)) == total


def test_a_page_that_was_read_before_an_erasure_brings_nothing_back(
    store: Store,
) -> None:
    keep(store, event("v1"))
    fetched(store, "v1")
    keep(store, event("v1", ERASED))
    keep(store, event("v1"))
    assert retired(store, "v1")
    assert logged(store) == []


def test_what_another_worker_noted_of_the_new_id_before_the_login_is_not_lost(
    store: Store,
) -> None:
    keep(store, event("v1"))
    keep(store, event("v2"))  # the login still waits to be written, the cookie has left
    entry = login("v1", "v2")
    keep(store, entry)
    assert views(store, "v2") == 2
    keep(store, entry)  # sent twice
    assert views(store, "v2") == 2
    keep(store, event("v2", ERASED))
    assert logged(store) == []


@pytest.mark.parametrize("name", [ERASED, FORGOTTEN])
def test_a_login_that_is_written_after_its_id_was_given_up_brings_nothing_back(
    store: Store, name: str
) -> None:
    keep(store, event("v1"))
    keep(store, event("v2", name))  # another worker's, faster than the login
    keep(store, login("v1", "v2"))
    assert retired(store, "v1") and retired(store, "v2")
    assert logged(store) == []


@pytest.mark.parametrize("name", [IDENTIFIED, FORGOTTEN, ERASED])
def test_what_comes_after_an_id_was_given_up_counts_nowhere_in_the_same_batch_either(
    store: Store, name: str
) -> None:
    keep(
        store,
        event("v1"),
        event("v1", name, customer=ANNA, visitor="v2"),
        event("v1"),
    )
    assert retired(store, "v1")
    left = 0 if name == ERASED else 1
    assert len(logged(store)) == left
    if name == IDENTIFIED:
        assert views(store, "v2") == 1


def test_not_even_what_changes_no_profile_is_logged_after_an_erasure(
    store: Store,
) -> None:
    def nothing(profile: Profile | None, given: Event) -> Profile | None:
        return profile

    keep(store, event("v1"))
    for visitor in ("v1", "w1"):  # known, and a stranger
        fetched(store, visitor)
        keep(store, event(visitor, ERASED))
        store.commit([event(visitor, "Promotion Viewed")], nothing, {})
    assert logged(store) == []
    assert retired(store, "v1") and retired(store, "w1")


def test_what_another_reader_saw_does_not_overwrite_what_came_since(
    store: Store,
) -> None:
    for number in range(5):
        fetched(store, "v1")
        keep(store, event("v1"))
        keep(store, event("v1"))  # not read again before
        fetched(store, "v2")
        keep(store, event("v1"), event("v2"))
        assert views(store, "v1") == 3 * (number + 1)
        assert views(store, "v2") == number + 1
