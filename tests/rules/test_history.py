"""What was viewed and bought, as plain lists."""

from shopwindow.rules.facts import Counter, Profile
from shopwindow.rules.history import bought, recently_viewed

VIEWED = {
    "hay": Counter(30.0, (1, 5)),
    "grass": Counter(50.0, (1, 1)),
    "carrot": Counter(40.0, (1, 2)),
}
PROFILE = Profile(
    counts={
        "viewed product": VIEWED,
        "viewed category": {"rabbit": Counter(60.0, (1, 1))},
        "bought product": {"hay": Counter(20.0, (1, 1)), "box": Counter(10.0, (1, 1))},
    }
)


def test_the_latest_view_comes_first() -> None:
    assert recently_viewed(PROFILE) == ["grass", "carrot", "hay"]


def test_of_views_in_the_same_second_the_one_noted_last_comes_first() -> None:
    same = {id: Counter(1.0, (1, 1)) for id in "cab"}
    assert recently_viewed(Profile(counts={"viewed product": same})) == ["b", "a", "c"]


def test_only_so_many_are_given() -> None:
    assert recently_viewed(PROFILE, 2) == ["grass", "carrot"]
    assert recently_viewed(PROFILE, 0) == []
    many = {f"p{number}": Counter(float(number), (1, 1)) for number in range(40)}
    assert len(recently_viewed(Profile(counts={"viewed product": many}))) == 12


def test_what_was_bought() -> None:
    assert sorted(bought(PROFILE)) == ["box", "hay"]
    assert "hay" in bought(PROFILE)


def test_a_stranger_viewed_and_bought_nothing() -> None:
    assert recently_viewed(Profile()) == []
    assert list(bought(Profile())) == []
