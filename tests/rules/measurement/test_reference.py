"""Stories drawn by chance, counted quickly and counted the long way."""

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from shopwindow.rules.facts import DAY, Event
from tests.rules.measurement.reference import Reference
from tests.rules.measurement.stories import BEGIN, LATER, PLAN, at, told

PLANNED = msgspec.structs.replace(
    PLAN,
    experiments={"tone": 2.0 * DAY},
    rules={"greet": 3_600.0},
    rollouts=frozenset({"level"}),
)
# A minute, half an hour and its end, days, the window and its end, the days before.
GAPS = st.sampled_from(
    [0, 0, 1, 60, 600, 1_799, 1_800, 1_801, 3_600]
    + [DAY, 2 * DAY, 7 * DAY, 7 * DAY + 1, 28 * DAY, 30 * DAY]
)
FRAGMENTS = st.sampled_from(["hero", "shelf"])
RESPONSES = st.sampled_from(
    ["Promotion Clicked", "Promotion Dismissed", "Promotion Rated"]
)
PLAIN = st.sampled_from(
    ["Visited", "Product Viewed", "Product Added", "Lead Generated", "Wished For"]
    + ["Product Removed", "Products Searched"]
)


@st.composite
def slots(draw: st.DrawFn) -> dict[str, Any]:
    rule = draw(st.sampled_from(["greet", "own", "own", None]))
    said: dict[str, Any] = {"rule": rule, "slot": draw(st.sampled_from(["a", "b"]))}
    became = draw(st.sampled_from(["shown"] * 5 + ["control", "holdout", "failed", ""]))
    if became == "shown":
        said["promotion_id"] = draw(FRAGMENTS)
    elif became == "failed":
        said["failed"] = "late"
    elif became:
        said["held"] = became
    if draw(st.booleans()):
        said["experiment"] = draw(st.sampled_from(["tone", "level"]))
        arms = ["cosy", "cosy", "cosy", "plain", None]
        said["variant"] = (
            "control" if became == "control" else draw(st.sampled_from(arms))
        )
        if draw(st.sampled_from([False, False, True])):
            said |= {"unit": "account", "of": draw(st.sampled_from(["acme", "inc"]))}
    return said


@st.composite
def stories(draw: st.DrawFn) -> list[Event]:
    """Events a while apart; what one answers may be any showing, or none."""
    now = 60.0 * DAY
    story: list[Event] = []
    decisions = ["none.0"]
    for number in range(draw(st.integers(0, 14))):
        now += draw(GAPS)
        kind = draw(st.sampled_from(["page", "page", "response", "order", "plain"]))
        if kind == "page":
            listed = draw(st.lists(slots(), max_size=4))
            if draw(st.booleans()):
                for place, slot in enumerate(listed):
                    slot["decision"] = f"1a059e31f2{number:04}.{place}"
                    decisions.append(slot["decision"])
            page: dict[str, Any] = {"promotions": listed}
            page["stage"] = draw(st.sampled_from(["new", "old", None]))
            page["campaign"] = draw(st.sampled_from(["spring", None]))
            names = st.lists(st.sampled_from(["cat", "dog"]), unique=True)
            page["segments"] = draw(names)
            if draw(st.sampled_from([False] * 9 + [True])):
                page["uncounted"] = True
            story.append(at(now, "Promotion Viewed", **page))
        elif kind == "response":
            said = {"promotion_id": draw(FRAGMENTS)}
            if draw(st.booleans()):
                said["decision"] = draw(st.sampled_from(decisions))
            said["rating"] = draw(st.sampled_from(["up", "down", "?"]))
            story.append(at(now, draw(RESPONSES), **said))
        elif kind == "order":
            revenue = draw(st.sampled_from([0, 0.29, 19.99, 92_233_720_368.54]))
            ids = st.sampled_from(["A", "B", "C", None])
            story.append(
                at(now, "Order Completed", revenue=revenue, order_id=draw(ids))
            )
        else:
            story.append(at(now, draw(PLAIN)))
    return story


@settings(max_examples=120, deadline=None)
@given(stories(), st.one_of(st.none(), GAPS), st.one_of(st.none(), GAPS), st.randoms())
def test_both_count_the_same(
    story: list[Event], until: float | None, left: float | None, chance: Any
) -> None:
    end = LATER if until is None else BEGIN + 60 * DAY + until
    gone = None if left is None else BEGIN + 60 * DAY + left
    slow = Reference(story, PLANNED, end, gone)
    fast = told(*story, plan=PLANNED, until=end, left=gone)
    assert {cell: values.told() for cell, values in fast.cells.items()} == slow.cells
    assert fast.counts == slow.counts
    accounts = {
        account: {cell: values.told() for cell, values in cells.items()}
        for account, cells in fast.accounts.items()
    }
    assert accounts == slow.accounts
    assert fast.skipped == 0


def test_of_showings_that_were_clicked_in_the_same_moment_the_order_on_the_page_decides() -> (
    None
):
    entry = {"rule": "greet", "slot": "a", "promotion_id": "hero"}
    drawn = {"experiment": "tone", "variant": "cosy", "decision": "1a059e31f2.1"}
    story = [
        at(
            DAY,
            "Promotion Viewed",
            promotions=[entry | {"decision": "1a059e31f2.0"}, entry | drawn],
        ),
        at(DAY, "Promotion Clicked", decision="1a059e31f2.1"),
        at(DAY, "Promotion Clicked", decision="1a059e31f2.0"),
        at(DAY, "Order Completed", revenue=0, order_id="A"),
    ]
    fast = told(*story, plan=PLANNED)
    assert fast.counts == Reference(story, PLANNED, LATER, None).counts
    arm = 20_001, "experiment", "tone/cosy"
    assert (*arm, "last-orders") in fast.counts
    assert (*arm, "first-orders") not in fast.counts
