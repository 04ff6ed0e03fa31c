"""What follows from a consent tool's answer: one table, and every row of it."""

import pytest

from shopwindow.middleware.consent import DENIED, NOTHING, UNKNOWN
from shopwindow.middleware.consent.agreement import Agreement, agree
from shopwindow.middleware.consent.told import UNTOLD, Told, answered
from shopwindow.middleware.visitor import Visitor, VisitorCookie

NOW, DAY = 1_795_300_000.0, 86_400
BOTH = frozenset({"personalization", "statistics"})
FIRST, SECOND = frozenset({"personalization"}), frozenset({"statistics"})
ID = "A" * 22
COOKIE = VisitorCookie((b"a key of sixteen or more characters",))


def known(granted: frozenset[str] = BOTH, age: float = 0) -> Visitor:
    return Visitor(ID, int(NOW - 50 * DAY), granted, int(NOW - age))


def yes(purposes: frozenset[str] = BOTH, age: float = 0) -> Told:
    return answered(purposes, int(NOW - age))


def follows(
    told: Told,
    visitor: Visitor | None = None,
    refused: bool = False,
    objects: bool = False,
) -> Agreement:
    return agree(told, visitor, refused=refused, objects=objects, now=NOW, days=180)


TIMELESS = answered(BOTH)
GRANTED, DENIES, UNKNOWN_YET = "granted", "denied", "unknown"
# told, visitor, objects: state, purposes, who is known ("new", "same", "changed", ""), withdrawn
CASES: list[tuple[Told, Visitor | None, bool, str, frozenset[str], str, bool]] = [
    (yes(), None, False, GRANTED, BOTH, "new", False),
    (yes(FIRST), None, False, GRANTED, FIRST, "new", False),
    (yes(SECOND), None, False, GRANTED, SECOND, "", True),  # counted, and not known
    (yes(), known(), False, GRANTED, BOTH, "same", False),
    (yes(FIRST), known(), False, GRANTED, FIRST, "changed", False),
    (yes(), known(FIRST), False, GRANTED, BOTH, "changed", False),
    (yes(), known(NOTHING), False, GRANTED, BOTH, "changed", False),  # it rested
    (yes(SECOND), known(), False, GRANTED, SECOND, "", True),
    (answered(NOTHING), None, False, DENIES, NOTHING, "", True),
    (answered(NOTHING), known(), False, DENIES, NOTHING, "", True),
    (answered(NOTHING, 1), known(), False, DENIES, NOTHING, "", True),  # a no stays one
    (UNTOLD, None, False, UNKNOWN_YET, NOTHING, "", False),
    (UNTOLD, known(), False, UNKNOWN_YET, NOTHING, "rests", False),
    (UNTOLD, known(NOTHING), False, UNKNOWN_YET, NOTHING, "", False),
    # An objection makes a no of nothing, and nothing of a yes.
    (UNTOLD, None, True, DENIES, NOTHING, "", False),
    (UNTOLD, known(), True, DENIES, NOTHING, "rests", False),
    (yes(), None, True, GRANTED, BOTH, "new", False),
    (yes(), known(), True, GRANTED, BOTH, "same", False),
    # Time.
    (yes(age=180 * DAY - 1), None, False, GRANTED, BOTH, "new", False),
    (yes(age=180 * DAY), None, False, UNKNOWN_YET, NOTHING, "", False),
    (yes(age=180 * DAY), known(), False, UNKNOWN_YET, NOTHING, "rests", False),
    (yes(age=180 * DAY), None, True, DENIES, NOTHING, "", False),
    (yes(age=-300), None, False, GRANTED, BOTH, "new", False),  # another machine's clock
    (yes(age=-301), None, False, UNKNOWN_YET, NOTHING, "", False),
    (yes(SECOND, age=180 * DAY), known(), False, UNKNOWN_YET, NOTHING, "rests", False),
    # Where the cookie tells no time, it counts since we knew of it.
    (TIMELESS, None, False, GRANTED, BOTH, "new", False),
    (TIMELESS, known(age=180 * DAY - 1), False, GRANTED, BOTH, "same", False),
    (TIMELESS, known(age=180 * DAY), False, UNKNOWN_YET, NOTHING, "rests", False),
    (TIMELESS, known(NOTHING, age=180 * DAY), False, GRANTED, BOTH, "changed", False),
    # The tool's time is the right one.
    (yes(), known(age=400 * DAY), False, GRANTED, BOTH, "same", False),
]  # fmt: skip


@pytest.mark.parametrize(
    ("told", "visitor", "objects", "state", "purposes", "who", "withdrawn"), CASES
)
def test_one_table_says_what_follows(
    told: Told,
    visitor: Visitor | None,
    objects: bool,
    state: str,
    purposes: frozenset[str],
    who: str,
    withdrawn: bool,
) -> None:
    found = follows(told, visitor, objects=objects)
    assert (found.consent.state, found.consent.purposes) == (state, purposes)
    assert found.withdrawn is withdrawn
    if who in ("", "rests"):
        assert found.visitor is None
    if who == "new":
        assert found.visitor is not None and found.due == found.visitor
        assert found.visitor.id != ID and found.visitor.granted == purposes
        assert found.visitor.granted_at == (told.at or NOW)
    elif who == "changed":
        assert found.visitor is not None and found.due == found.visitor
        assert (found.visitor.id, found.visitor.granted) == (ID, purposes)
        assert found.visitor.granted_at == (told.at or NOW)
    elif who == "rests":
        assert found.due is not None and not found.due.granted and found.due.id == ID
    else:
        assert found.due is None and found.visitor in (visitor, None)


@pytest.mark.parametrize("told", [yes(), answered(NOTHING), UNTOLD, TIMELESS])
@pytest.mark.parametrize("objects", [True, False])
def test_who_refused_here_is_not_asked_what_they_said_there(
    told: Told, objects: bool
) -> None:
    assert follows(told, known(), refused=True, objects=objects) == Agreement(DENIED)
    assert follows(told, refused=True, objects=objects) == Agreement(DENIED)


def test_whatever_is_due_comes_back_as_what_it_was() -> None:
    for told, visitor, objects, *_ in CASES:
        due = follows(told, visitor, objects=objects).due
        if due is not None:
            header = b"__Host-shopwindow=" + COOKIE.value(due)
            assert COOKIE.read(header, True, NOW) == due


def test_an_id_that_rests_grants_nothing_without_the_tool_either() -> None:
    from shopwindow.middleware.consent import consent

    assert consent(known(NOTHING), False, False, NOW, 180) is UNKNOWN
