"""Whose word counts, where several tell the same attribute."""

from itertools import permutations
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from shopwindow.rules.events import ATTRIBUTES_SET, told
from shopwindow.rules.facts import DAY, KEYS_KEPT, Event, Profile, Told
from shopwindow.rules.merging import merge
from tests.rules.profiles import NAMES, SAID, TEXTS, TIMES, TOLD, tables
from tests.rules.shop import NOW, event, lived


def tells(ago: float, source: str, **attributes: Any) -> Event:
    return event(ATTRIBUTES_SET, ago, **told(attributes, source))


@pytest.mark.parametrize(
    ("events", "value", "source", "ago"),
    [
        ([tells(3, "app", a=1), tells(1, "webhook:crm", a=2)], 2, "webhook:crm", 1),
        ([tells(3, "preference", a=1), tells(1, "webhook:crm", a=2)], 1, "preference", 3),
        ([tells(3, "webhook:crm", a=1), tells(5, "preference", a=2)], 2, "preference", 5),
        ([tells(3, "preference", a=1), tells(1, "preference", a=2)], 2, "preference", 1),
        ([tells(3, "preference", a=1), tells(2, "preference", a=None)], None, "preference", 2),
        ([tells(2, "preference", a=None), tells(1, "import:till", a=1)], None, "preference", 2),
        ([tells(3, "app", a=1), tells(1, "import:till", a=None)], None, "import:till", 1),
    ],
)  # fmt: skip
def test_the_newest_word_counts_but_the_visitors_own_before_all(
    events: list[Event], value: object, source: str, ago: float
) -> None:
    for order in permutations(events):
        profile = lived(order)
        assert profile.attributes.get("a") == value
        assert profile.told == {"a": Told(source, NOW - ago * DAY)}


def test_of_two_words_at_the_same_time_the_later_one_counts() -> None:
    assert lived([tells(1, "app", a=1), tells(1, "app", a=2)]).attributes == {"a": 2}


def test_without_a_source_it_is_the_app() -> None:
    assert lived([event(ATTRIBUTES_SET, a=1)]).told == {"a": Told("app", NOW)}
    odd = Event("1", ATTRIBUTES_SET, "v", NOW, 0, {"a": 1, "$source": ["x"]})
    assert lived([odd]).told == {"a": Told("app", NOW)}
    assert lived([odd]).attributes == {"a": 1}


def test_what_was_told_before_sources_were_kept_gives_way() -> None:
    known = Profile(attributes={"a": 1, "b": 1})
    found = lived([tells(1, "import:till", a=2)], known)
    assert found.attributes == {"b": 1, "a": 2}
    assert found.told.keys() == {"a"}


def test_who_told_ever_new_names_is_bounded() -> None:
    many = lived(tells(90 - n / 10, "app", **{f"n{n}": n}) for n in range(60))
    assert many.attributes.keys() == many.told.keys()
    assert list(many.attributes) == [f"n{n}" for n in range(12, 60)]
    gone = lived((tells(1, "app", **{f"n{n}": None}) for n in range(60)), many)
    assert not gone.attributes and len(gone.told) == KEYS_KEPT


# -- two profiles of one person ------------------------------------------------------------


TOLD_ONLY = st.builds(
    Profile,
    last_seen=TIMES,
    attributes=st.dictionaries(NAMES, TEXTS),
    told=st.dictionaries(NAMES, TOLD),
    answers=tables(SAID),
)


@given(TOLD_ONLY, TOLD_ONLY)
def test_the_order_of_two_does_not_matter(one: Profile, other: Profile) -> None:
    assert merge(one, other) == merge(other, one)


@given(TOLD_ONLY, TOLD_ONLY, TOLD_ONLY)
def test_the_order_of_three_does_not_matter(a: Profile, b: Profile, c: Profile) -> None:
    one, other = merge(merge(a, b), c), merge(a, merge(b, c))
    assert one.answers == other.answers
    assert one.told == other.told
    for name in one.told:
        assert one.attributes.get(name) == other.attributes.get(name)


@given(TOLD_ONLY)
def test_what_was_told_and_said_is_not_doubled(one: Profile) -> None:
    both = merge(one, one)
    assert both.answers == one.answers
    assert both.told == one.told
    assert both.attributes == one.attributes


def test_of_equal_words_all_orders_find_the_same_one() -> None:
    word = {"a": Told("app", NOW)}
    three = [
        Profile(last_seen=1.0, visits=visits, attributes={"a": value}, told=word)
        for visits, value in ((1, "z"), (1, "x"), (2, "y"))
    ]
    for a, b, c in permutations(three):
        left, right = merge(merge(a, b), c), merge(a, merge(b, c))
        assert left.attributes == right.attributes == {"a": "z"}


def test_a_login_keeps_the_newest_word_and_the_visitors_own() -> None:
    stranger = lived(
        [tells(1, "app", size="L", pet="dog"), tells(1, "app", plan="new")]
    )
    customer = lived(
        [tells(9, "preference", pet="cat"), tells(5, "app", plan="old"), tells(0, "webhook:crm", size="M")]
    )  # fmt: skip
    found = merge(stranger, customer)
    assert found.attributes == {"pet": "cat", "plan": "new", "size": "M"}
    assert found.told["plan"] == Told("app", NOW - DAY)


def test_what_a_visitor_took_back_does_not_return_with_a_login() -> None:
    stranger = lived([tells(1, "preference", pet=None)])
    customer = lived([tells(9, "preference", pet="cat")])
    assert merge(stranger, customer).attributes == {}


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["app", "preference", "import:x"]),
            st.integers(0, 9),
            st.integers(0, 3),
        ),
        min_size=2,
        max_size=8,
    )
)
def test_in_whichever_profile_a_word_was_told_it_counts_the_same(
    words: list[tuple[str, int, int]],
) -> None:
    # One word for each source and time: of two at once nobody can say which is newer.
    words = list({word[:2]: word for word in words}.values())
    assume(len(words) > 1)
    events = [tells(ago, source, a=value) for source, ago, value in words]
    together = lived(events)
    apart = merge(lived(events[::2]), lived(events[1::2]))
    sources = {source for source, ago, _ in words}
    times = [ago for _, ago, _ in words]
    if "preference" in sources or len(set(times)) == len(times):
        assert apart.told == together.told
        assert apart.attributes == together.attributes
