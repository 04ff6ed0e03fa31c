"""A profile as data for other programs: nothing is left out, and times can be read."""

import json

from shopwindow.rules import learning
from shopwindow.rules.facts import Event, Profile
from shopwindow.rules.portable import portable, portable_event

DAY = 20_783
NOW = DAY * 86_400.0


def learned(*events: Event) -> Profile:
    profile = None
    for event in events:
        profile = learning.learn(profile, event, lambda kind, id: ((kind, id),))
    assert profile is not None
    return profile


def test_every_field_is_told_by_name() -> None:
    told = portable(Profile())
    assert tuple(told) == Profile.__struct_fields__
    assert told["last_seen"] is None and told["visits"] == 0


def test_times_and_days_can_be_read() -> None:
    view = Event("1", "Product List Viewed", "v", NOW + 60, DAY, {"category": "last"})
    told = portable(learned(view))
    assert told["last_seen"] == "2026-11-26T00:01:00Z"
    # A category may be called as one of our fields.
    assert told["counts"]["viewed category"]["last"] == {
        "last": "2026-11-26T00:01:00Z",
        "days": {"2026-11-26": 1},
    }
    assert told["interests"]["category"]["last"]["time"] == "2026-11-26T00:01:00Z"
    assert json.loads(json.dumps(told)) == told


def test_what_the_shop_and_the_visitor_told_stays_as_it_is() -> None:
    profile = Profile(attributes={"time": 5, "größe": "XL"}, visit_starts=(int(NOW),))
    told = portable(profile)
    assert told["attributes"] == {"time": 5, "größe": "XL"}
    assert told["visit_starts"] == ["2026-11-26T00:00:00Z"]


def test_an_event_is_told_without_whose_it_is() -> None:
    view = Event("1", "Product Viewed", "v", NOW, DAY, {"product_id": "hay"})
    assert portable_event(view) == {
        "id": "1",
        "time": "2026-11-26T00:00:00Z",
        "event": "Product Viewed",
        "properties": {"product_id": "hay"},
    }
