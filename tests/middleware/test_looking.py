"""A look into a store from outside, whichever store it is."""

from pathlib import Path

import pytest

from shopwindow.middleware.stores import ERASED, Retired
from shopwindow.middleware.stores.opening import Address, look
from tests.databases import PLACES, SHARED
from tests.stores import event, keep, learn, open_at


@pytest.mark.parametrize("name", SHARED)
def test_what_is_known_is_shown_and_nothing_left_open(
    name: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    place = PLACES[name](request, tmp_path)
    store = open_at(place, tmp_path)
    keep(store, event("v1"), event("v2", ERASED))
    store.commit([], learn, {("product", "hay"): 2.0})
    store.close()
    at = Address(place.store, place.events, tmp_path)
    glance = look(at, "v1")
    assert glance.profile is not None
    assert glance.profile.counts["viewed product"]["hay"].total == 1
    assert glance.traffic == {("product", "hay"): 2.0}
    assert look(at, "nobody").profile is None
    with pytest.raises(Retired):
        look(at, "v2")
