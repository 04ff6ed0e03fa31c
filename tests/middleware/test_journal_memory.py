"""What waits for a store that takes nothing takes no more memory than it may."""

import itertools
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from shopwindow.middleware import journal as journals
from shopwindow.middleware.journal import Journal
from shopwindow.middleware.stores.memory import MemoryStore
from shopwindow.rules import learning
from shopwindow.rules.facts import Event, Profile

NUMBERS = itertools.count()
DAY = 20_778
KNOWN = Profile(first_seen=1)


def learn(profile: Profile | None, event: Event) -> Profile:
    return learning.learn(profile, event, lambda kind, id: ((kind, id),))


def event(visitor: str, name: str = "Product Viewed", /, **properties: Any) -> Event:
    number = next(NUMBERS)
    told = {"product_id": "hay", **properties}
    return Event(f"{number:011x}", name, visitor, DAY * 86_400.0 + number, DAY, told)


def seen(profile: Profile | None) -> int:
    counter = profile and profile.counts.get("viewed product", {}).get("hay")
    return counter.total if counter else 0


@pytest.fixture
def journal() -> Journal:
    """One whose writer has not begun: everything waits."""
    return Journal(MemoryStore(), learn, lambda events: {})


def balanced(journal: Journal) -> bool:
    lost = sum(journal.dropped.values())
    return journal.accepted == journal.stored + journal.waiting + lost


@pytest.mark.parametrize("large", ["x" * 1_000_000, ["x" * 1_000] * 1_000])
def test_large_events_leave_room_sooner_and_orders_last(
    journal: Journal, large: object
) -> None:
    most = journals.CHARACTERS // 1_000_000
    for number in range(3 * most):
        name = "Order Completed" if number % 4 == 0 else "Product Viewed"
        journal.note(event("v1", name, more=large))
        assert journal.waiting <= most + 1
        assert balanced(journal)
    orders = 3 * most // 4
    assert journal.dropped["Order Completed"] == 0
    assert journal.waiting >= most - 1 >= orders
    for _ in range(most):
        journal.note(event("v1", "Order Completed", more=large))
    assert journal.waiting <= most and balanced(journal)


def test_what_was_written_makes_room_again(journal: Journal) -> None:
    for _ in range(3):
        for _ in range(10):
            journal.note(event("v1", more="x" * 1_000_000))
        journal.start()
        journal.close()
    assert journal.stored == 30 and not journal.dropped
    assert journal._characters == 0


def test_profiles_are_held_for_so_many_visitors_only(journal: Journal) -> None:
    for number in range(journals.HELD + 200):
        journal.note(event(f"v{number}"), KNOWN, True, learn(KNOWN, event("any")))
    held = [one for one in journal._unwritten.values() if one.known]
    assert len(held) == journals.HELD
    for visitor in ("v0", f"v{journals.HELD + 100}"):
        for _ in range(2):  # the second page of theirs is told the same
            assert seen(journal.over(visitor, KNOWN)) == 1
    assert len([one for one in journal._unwritten.values() if one.known]) == len(held)


@pytest.mark.parametrize("known", [True, False])
def test_dropped_events_are_not_remembered(known: bool) -> None:
    small = Journal(MemoryStore(), learn, lambda events: {}, limit=100)
    for _ in range(2_000):
        small.note(event("v1"), KNOWN if known else None, known)
    kept = sum(len(one.events) for one in small._unwritten.values())
    assert kept <= 100 + journals.UNASKED
    assert small.waiting == 100 and balanced(small)


def test_behind_many_nothing_is_worked_out_ahead(journal: Journal) -> None:
    profile = KNOWN
    for _ in range(journals.AHEAD + 50):
        one = event("v1")
        after = learn(profile, one)
        journal.note(one, profile, True, after)
        profile = after
    queued = [entry for queue in journal._queues for entry in queue]
    assert sum(entry[3] is not None for entry in queued) == journals.AHEAD
    assert journal.over("v1", None) is profile
    journal.start()
    journal.close()
    assert journal.stored == journals.AHEAD + 50


class Damaged(MemoryStore):
    """Has something of ``v1`` that is no profile."""

    def commit(self, events: Sequence[Event], *rest: Any) -> None:
        if any(one.visitor == "v1" for one in events):
            raise msgspec.DecodeError("no profile")
        super().commit(events, *rest)


def test_a_profile_that_cannot_be_read_is_told_of_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    journal = Journal(Damaged(), learn, lambda events: {})
    journal.start()
    for _ in range(3):
        for visitor in ("v1", "v2"):
            journal.note(event(visitor))
        assert journal.wait_until_written()
    journal.close()
    assert journal.stored == 3 and journal.dropped.total() == 3
    assert caplog.text.count("a stored profile cannot be read") == 1
    assert "Traceback" not in caplog.text
