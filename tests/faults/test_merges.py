"""A hundred logins at the same time, by several workers: one customer, nothing lost or twice."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from itertools import chain
from pathlib import Path
from random import Random

import pytest

from shopwindow.middleware.stores import StoreError
from shopwindow.rules.facts import Event
from tests.databases import PLACES
from tests.stores import (
    ANNA,
    event,
    fetched,
    keep,
    logged,
    login,
    open_at,
    retired,
    views,
)

LOGINS, WORKERS, SEEN = 100, 8, 3


@pytest.mark.parametrize("kind", ["sqlite", "postgresql", "redis"])
def test_a_hundred_merges_at_once_make_one_profile(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    place = PLACES[kind](request, tmp_path)
    numbers = range(LOGINS)
    seen = [[event(f"old-{number}") for _ in range(SEEN)] for number in numbers]
    logins = [login(f"old-{number}", f"new-{number}") for number in numbers]
    # Each login is sent by two of them, as after a commit whose answer was lost.
    sent = [*logins, *logins]
    Random(1).shuffle(sent)
    with ExitStack() as stack:
        stores = [
            stack.enter_context(closing(open_at(place, tmp_path)))
            for _ in range(WORKERS)
        ]
        keep(stores[0], *chain(*seen))

        def work(number: int) -> None:
            for one in sent[number::WORKERS]:
                _kept(stores[number], one)

        with ThreadPoolExecutor(WORKERS) as pool:
            list(pool.map(work, range(WORKERS)))
        store = stores[0]
        assert {views(store, f"new-{number}") for number in numbers} == {LOGINS * SEEN}
        assert all(retired(store, f"old-{number}") for number in numbers)
        profile = fetched(store, "new-0")
        assert profile and profile.customer == ANNA
        assert Counter(logged(store)) == Counter(one.id for one in chain(*seen))
        with closing(store.keeper(lambda time: int(time // 86_400))) as keeper:
            assert keeper.sizes()["profiles"] == keeper.sizes()["customers"] == 1
        keep(store, event("old-0"))  # comes late, for an id that is none any more
        assert views(store, "new-1") == LOGINS * SEEN


def _kept(store, one: Event) -> None:  # type: ignore[no-untyped-def]
    """As the journal does: what could not be kept now is sent again."""
    for _ in range(50):
        try:
            keep(store, one)
            return
        except StoreError as error:
            trouble = error
    raise trouble
