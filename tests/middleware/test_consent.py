"""What may be remembered: an answer on this site, and nothing without one."""

import itertools

import pytest

from shopwindow.middleware.consent import (
    DENIED,
    UNKNOWN,
    Consent,
    RefusalCookie,
    State,
    consent,
)
from shopwindow.middleware.visitor import Visitor

NOW, DAY = 1_795_300_000.0, 86_400
BOTH = frozenset({"personalization", "statistics"})
ONE = frozenset({"statistics"})
REFUSAL = RefusalCookie(180)
NAME = b"__Host-shopwindow-consent="


def visitor(granted: frozenset[str] = BOTH, age: float = 0) -> Visitor:
    return Visitor("A" * 22, int(NOW), granted, int(NOW - age))


def answer(
    who: Visitor | None, refused: bool = False, objects: bool = False
) -> Consent:
    return consent(who, refused, objects, NOW, 180)


CASES: list[tuple[Visitor | None, bool, bool, State, frozenset[str]]] = [
    (None, False, False, "unknown", frozenset()),
    (None, True, False, "denied", frozenset()),
    (None, False, True, "denied", frozenset()),  # a browser's objection counts as one
    (None, True, True, "denied", frozenset()),
    (visitor(), False, False, "granted", BOTH),
    (visitor(ONE), False, False, "granted", ONE),
    (visitor(), False, True, "granted", BOTH),  # what was said here wins over it
    (visitor(age=180 * DAY - 1), False, False, "granted", BOTH),
    (visitor(age=180 * DAY), False, False, "unknown", frozenset()),
    (visitor(age=180 * DAY), False, True, "denied", frozenset()),
    (visitor(frozenset()), False, False, "unknown", frozenset()),
    (visitor(frozenset()), True, False, "denied", frozenset()),
    (visitor(frozenset({"sales"})), False, False, "unknown", frozenset()),
    (visitor(age=-200), False, False, "granted", BOTH),  # another machine's clock
]


@pytest.mark.parametrize(("who", "refused", "objects", "state", "purposes"), CASES)
def test_one_table_decides(
    who: Visitor | None,
    refused: bool,
    objects: bool,
    state: State,
    purposes: frozenset[str],
) -> None:
    given = answer(who, refused, objects)
    assert (given.state, given.purposes) == (state, purposes)
    assert bool(given) is (state == "granted")


def test_without_a_valid_cookie_nothing_is_ever_granted() -> None:
    for refused, objects in itertools.product((True, False), repeat=2):
        assert not answer(None, refused, objects).purposes
    assert not UNKNOWN.purposes and not DENIED.purposes


def test_a_refusal_is_remembered_without_an_id() -> None:
    flags = b"; Max-Age=15552000; Path=/; HttpOnly; SameSite=Lax"
    assert REFUSAL.issue(True) == NAME + b"denied" + flags + b"; Secure"
    assert REFUSAL.issue(False) == b"shopwindow-consent=denied" + flags
    assert (
        REFUSAL.drop(True)
        == NAME + b"; Max-Age=0; Path=/; HttpOnly; SameSite=Lax; Secure"
    )


@pytest.mark.parametrize(
    ("header", "secure", "refused"),
    [
        (b"", True, False),
        (NAME + b"denied", True, True),
        (b"a=1; " + NAME + b"denied; b=2", True, True),
        (NAME + b"denied", False, False),
        (b"shopwindow-consent=denied", False, True),
        (b"shopwindow-consent=denied", True, False),
        (NAME + b"granted", True, False),  # nothing but a signed cookie grants
        (NAME + b"denied-not", True, False),
        (b"x" + NAME + b"denied", True, False),
        (b"x=" + NAME + b"denied", True, False),
    ],
)
def test_the_refusal_cookie_is_read_exactly(
    header: bytes, secure: bool, refused: bool
) -> None:
    assert REFUSAL.read(header, secure) is refused
