"""Since when somebody thinks about buying."""

import pytest

from shopwindow.rules.considering import considering_since
from shopwindow.rules.facts import Counter, Profile
from tests.rules.shop import TODAY, ask, counter, event, lived, rule


def since(looks: Counter, *bought: int) -> int | None:
    """Days ago, for looks at one category that was bought so many days ago."""
    counts = {"viewed category": {"wood": looks}}
    if bought:
        counts["bought category"] = {"wood": counter(*((ago, 1) for ago in bought))}
    found = considering_since(Profile(counts=counts), TODAY)
    return None if found is None else TODAY - found


@pytest.mark.parametrize(
    ("looks", "bought", "wanted"),
    [
        (counter((0, 3)), (), 0),
        (counter((0, 2)), (), None),
        (counter((9, 1), (4, 1), (0, 1)), (), 9),
        (counter((29, 1), (0, 2)), (), 29),
        (counter((30, 1), (0, 2)), (), None),  # too long ago to be one of the three
        (counter((50, 1), (25, 2), (1, 1)), (), 50),  # but that is when it began
        (counter((60, 9), (25, 2), (1, 1)), (), 25),  # before a long pause
        (counter((45, 9), (40, 1)), (), None),  # given up
        (counter((9, 4), (4, 2), (1, 2)), (9,), 4),  # bought, and looking again
        (counter((9, 4), (4, 2)), (4,), None),
        (counter((9, 4), (4, 2)), (200, 10), 9),
    ],
)
def test_it_begins_with_the_first_look(
    looks: Counter, bought: tuple[int, ...], wanted: int | None
) -> None:
    assert since(looks, *bought) == wanted


def test_of_several_the_one_looked_at_last_and_the_narrowest() -> None:
    looks = {
        "hay": counter((20, 3), (5, 1)),
        "screws": counter((6, 2), (1, 1)),
        "wood": counter((12, 1), (6, 2), (1, 1)),  # above screws
    }
    profile = Profile(counts={"viewed category": looks})
    assert considering_since(profile, TODAY) == TODAY - 6
    assert considering_since(Profile(), TODAY) is None


def test_a_rule_can_ask_for_it() -> None:
    rules = rule("[{days-considering: {at-least: 2, at-most: 14}}]")
    looks = [event("Product List Viewed", ago, category="screws") for ago in (3, 2, 1)]
    for events, holds in ((looks, True), (looks[1:], False)):
        assert rules.rules[0].holds(ask(rules, profile=lived(events))) is holds
