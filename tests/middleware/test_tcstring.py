"""TC strings: every field where the specification puts it, and nothing that cannot be read to its last bit."""

import time

import pytest

from shopwindow.middleware.consent.settings import TcfSettings
from shopwindow.middleware.consent.tcf import reading
from shopwindow.middleware.consent.tcstring import (
    REQUIRE_CONSENT,
    Unreadable,
    decode,
)
from tests.middleware.tcstrings import agreed, publisher, written

NOW, DAY = 1_795_300_000.0, 86_400
WANTED = {"personalization": (1, 5, 6), "statistics": (1, 8)}
PARSE = reading(TcfSettings("euconsent-v2", WANTED))

# Strings that browsers were seen to send, or that the specification prints: (string, tool, policy,
# for this site, purposes, last vendor, ranges of vendors, restrictions, last disclosed).
SEEN = [
    (
        "COvFyGBOvFyGBAbAAAENAPCAAOAAAAAAAAAAAEEUACCKAAA.IFoEUQQgAIQwgIwQABAEAAAAOIAACAIAAAAQAIAgEAACEAAAAAgAQBAAAAAAAGB"
        "AAgAAAAAAAFAAECAAAgAAQARAEQAAAAAJAAIAAgAAAYQEAAAQmAgBC3ZAYzUw",
        (27, 2, False, {1, 2, 3}, 8, 0, 0, 720),
    ),
    (
        "CLcVDxRMWfGmWAVAHCENAXCkAKDAADnAABRgA5mdfCKZuYJez-NQm0TBMYA4oCAAGQYIAAAAAAEAIAEgAA.argAC0gAAAAAAAAAAAA",
        (21, 2, True, {1, 3, 9, 10}, 115, 0, 0, None),
    ),
    (
        "CPnHJ0HPnHJ0HFCABAENC3CsAP_AAH_AAAwIF5wAQF5gXnABAXmAAAAA.YAAAAAAAAAAA",
        (322, 2, True, set(range(1, 11)), 755, 1, 0, None),
    ),
    (
        "CPM5YnePM5Y_zASABCENBsCgAAAAAAAAAAZQINwAAQbgAAAA.YAAAAAAAAAAA",
        (18, 2, True, set(), 1051, 0, 0, None),
    ),
    (
        "CP62DgAP62DgAAHABBENApEoAP_gAELgABCYI3wPAABQAKAAwACAAFYALgAwABwADwAIAAWwAxADIAGkARABFACZAFsAXIAwgDEAGYAOQAeAA9QCA"
        "AIEAQgAjABHAChAFIAMEAZQA0gBxADrAHiAP0AhABEACJgEcAJaAWkAuoBfYDAAMCAZ0A4QB7QELAI1ATEAsMBZgC8wGMgMnAZYA5gBzQD9wICgQ"
        "HAjMBG8Eb4EEACgALAAqABcADgAHgAQQAxADIAGgARAAmQBbAFwAMQAZgA9AB-AEIAI4AZQA_QCEAEWAI4AXUAvoB7QExALzAYIAycBlgD9wI3gB"
        "EIAMAARBqEAAYAAiDUA.f_wACFwAAAAA",
        (7, 4, True, set(range(1, 12)), 1135, 60, 2, None),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("text", "wanted"), SEEN, ids=lambda one: str(one)[:12])
def test_strings_of_real_tools_are_read(text: str, wanted: tuple[object, ...]) -> None:
    said = decode(text)
    assert wanted == (
        said.cmp,
        said.policy,
        said.service_specific,
        said.purposes,
        said.vendors.last,
        len(said.vendors.ranges),
        len(said.restrictions),
        said.disclosed.last if said.disclosed else None,
    )


def test_every_field_stands_where_the_specification_puts_it() -> None:
    text = written(
        (1, 24),
        updated=NOW,
        created=NOW - 5 * DAY,
        cmp=4095,
        policy=63,
        interests=(2, 3),
        vendors=(1, 9),
        restrictions=[(5, 0, [(9, 9)]), (6, 1, [(1, 4)])],
        disclosed=(9, 20_000),
        more=[publisher((1,), 3)],
    )
    said = decode(text)
    assert (said.created, said.updated) == (NOW - 5 * DAY, NOW)
    assert (said.cmp, said.policy, set(said.purposes)) == (4095, 63, {1, 24})
    assert [n for n in range(12) if n in said.vendors] == [1, 9]
    assert said.disclosed is not None and 20_000 in said.disclosed
    assert 9 in said.disclosed and 8 not in said.disclosed
    assert [(one.purpose, one.kind) for one in said.restrictions] == [(5, 0), (6, 1)]
    assert said.restrictions[1].kind == REQUIRE_CONSENT
    assert said.restricts(9, 5) and not said.restricts(8, 5)
    assert not said.restricts(2, 6)  # asked for consent, which is there


def test_ranges_of_vendors_hold_their_ends() -> None:
    said = decode(written(updated=NOW, ranges=[(3, 3), (7, 9)]))
    assert [n for n in range(-1, 12) if n in said.vendors] == [3, 7, 8, 9]


BROKEN = {
    "nothing": "",
    "a dot": ".",
    "version 1": written(updated=NOW, version=1),
    "version 3": written(updated=NOW, version=3),
    "a language that is none": written(updated=NOW, language=(26, 0)),
    "an empty segment": written(updated=NOW, more=[""]),
    "a segment twice": written(updated=NOW, more=[publisher(()), publisher(())]),
    "a segment of type 0": written(updated=NOW, more=["AAAA"]),
    "a segment of type 4": written(updated=NOW, more=["gAAA"]),
    "padding": written(updated=NOW) + "=",
    "a range upside down": written(updated=NOW, ranges=[(9, 7), (10, 10)]),
    "a range of vendor 0": written(updated=NOW, ranges=[(0, 7)]),
    "the other base64": written(updated=NOW, disclosed=None) + "+",
    "a letter of elsewhere": written(updated=NOW, disclosed=None) + "ſ",
    "more bits at its end": written(updated=NOW, disclosed=None) + "B",
    "5,000 characters": "C" + "A" * 5_000,
}  # fmt: skip


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN.keys())
def test_what_cannot_be_read_is_no_string(text: str) -> None:
    with pytest.raises(Unreadable):
        decode(text)
    assert PARSE(text) is None and agreed(text, NOW, 180) is None


def test_a_string_that_was_cut_anywhere_is_none() -> None:
    text = written(updated=NOW, disclosed=None, restrictions=[(5, 1, [(1, 9)])])
    for end in range(len(text)):
        # Zeros at the end only fill up; whoever cuts them takes nothing away.
        if text[end:].strip("A"):
            with pytest.raises(Unreadable):
                decode(text[:end])


def granted(text: str, days: int = 180, vendor: int = 0, cmp: int = 0) -> set[str]:
    settings = TcfSettings("euconsent-v2", WANTED, vendor, cmp)
    told = reading(settings)(text)
    if told is None or not NOW - days * DAY < told.at <= NOW + 300:
        return set()
    return set(told.purposes)


BOTH, ONE = {"personalization", "statistics"}, {"personalization"}
OLD = (
    1_772_323_200.0 - 1
)  # the last second in which the disclosed vendors could be left away


@pytest.mark.parametrize(
    ("text", "purposes"),
    [
        (written(updated=NOW), BOTH),
        (written((1, 5, 6), updated=NOW), ONE),
        (written((1, 8), updated=NOW), {"statistics"}),
        (written((5, 6, 8), updated=NOW), set()),  # nothing may be stored
        (written((1, 5), updated=NOW, interests=range(1, 25)), set()),
        (written((), updated=NOW, interests=range(1, 25)), set()),
        (written(updated=NOW, policy=3), set()),
        (written(updated=NOW, policy=4), BOTH),
        (written(updated=NOW, cmp=1), set()),
        (written(updated=NOW, service_specific=False), set()),
        (written(updated=NOW, created=NOW + 1), set()),
        (written(updated=NOW, created=0), set()),
        (written(updated=NOW, disclosed=None), set()),
        (written(updated=OLD + 1, disclosed=None), set()),
        (written(updated=OLD, disclosed=None), BOTH),
        (written(updated=OLD + 1), BOTH),
    ],
)
def test_what_a_string_grants(text: str, purposes: set[str]) -> None:
    assert granted(text, days=400) == purposes


@pytest.mark.parametrize(
    ("text", "purposes"),
    [
        (written(updated=NOW), BOTH),
        (written(updated=NOW, vendors=(2, 755)), set()),
        (written(updated=NOW, disclosed=(2, 755)), set()),
        (written(updated=OLD, disclosed=None), BOTH),
        (written(updated=NOW, restrictions=[(5, 0, [(8, 8)])]), {"statistics"}),
        (written(updated=NOW, restrictions=[(5, 2, [(8, 8)])]), {"statistics"}),
        (written(updated=NOW, restrictions=[(1, 0, [(1, 99)])]), set()),
        (written(updated=NOW, restrictions=[(5, 1, [(8, 8)])]), BOTH),
        (written(updated=NOW, restrictions=[(5, 0, [(9, 99)])]), BOTH),
    ],
)
def test_a_vendor_has_to_be_agreed_to_disclosed_and_not_restricted(
    text: str, purposes: set[str]
) -> None:
    assert granted(text, days=400, vendor=8) == purposes


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (written(updated=NOW, vendors=(2,), disclosed=(2, 8)), "denied"),
        (written(updated=NOW, vendors=(2,), disclosed=(2,)), None),
        (written(updated=OLD, vendors=(2,), disclosed=None), None),
        (written((), updated=NOW), "denied"),
    ],
)
def test_who_was_not_asked_about_the_vendor_has_not_refused(
    text: str, told: str | None
) -> None:
    found = reading(TcfSettings("euconsent-v2", WANTED, vendor=8))(text)
    assert (found and found.state) == told


def test_another_tool_than_the_shops_says_nothing() -> None:
    assert granted(written(updated=NOW, cmp=9), cmp=9) == BOTH
    assert granted(written(updated=NOW, cmp=10), cmp=9) == set()


def test_the_longest_string_takes_less_than_a_millisecond() -> None:
    ranges = [(n, n + 1) for n in range(1, 2_000, 3)]
    text = written(updated=NOW, ranges=ranges, disclosed=None)
    assert 3_700 < len(text) < 4_096
    assert decode(text).vendors.last == ranges[-1][1]
    best = 1.0
    for _ in range(5):
        started = time.perf_counter()
        decode(text)
        best = min(best, time.perf_counter() - started)
    assert best < 3e-3  # measured: 0.4 ms
