"""Profiles of all kinds, for properties that hold of every one."""

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from shopwindow.rules.facts import Answer, Counter, Interest, Profile, Told

TIMES = st.floats(1.7e9, 1.8e9)
NAMES = st.sampled_from(["hay", "grass", "carrot", "box"])
TEXTS = st.sampled_from(["a", "b", "c"])


@st.composite
def counters(draw: st.DrawFn) -> Counter:
    days = sorted(draw(st.sets(st.integers(20_000, 20_030), min_size=1, max_size=8)))
    pairs = [(day, draw(st.integers(1, 9))) for day in days]
    return Counter(draw(TIMES), tuple(number for pair in pairs for number in pair))


def tables(
    values: st.SearchStrategy[Any], names: Sequence[str] = ("category", "tag")
) -> st.SearchStrategy[Any]:
    inner = st.dictionaries(NAMES, values, max_size=4)
    return st.dictionaries(st.sampled_from(names), inner, max_size=2)


TOLD = st.builds(
    Told,
    source=st.sampled_from(["app", "preference", "webhook:crm", "import:till"]),
    time=st.integers(1_700_000_000, 1_700_000_009).map(float),
)
SAID = st.builds(
    Answer,
    wish=st.sampled_from(["more", "less", "never", ""]),
    time=st.integers(1_700_000_000, 1_700_000_009).map(float),
)
SEEN = st.one_of(st.just(0.0), TIMES)
PROFILES = st.builds(
    Profile,
    first_seen=SEEN,
    last_seen=SEEN,
    visits=st.integers(0, 99),
    previous_visit=SEEN,
    orders=st.integers(0, 9),
    order_value=st.integers(0, 10**6).map(lambda cents: cents / 100),
    last_order=SEEN,
    cart=st.dictionaries(NAMES, st.integers(1, 9)),
    cart_since=SEEN,
    visit=st.dictionaries(TEXTS, TEXTS),
    attributes=st.dictionaries(
        NAMES, st.one_of(TEXTS, st.integers(-9, 9), st.booleans())
    ),
    counts=tables(counters(), ["viewed product", "bought category"]),
    interests=tables(st.builds(Interest, score=st.floats(0, 100), time=TIMES)),
    recent_orders=st.lists(TEXTS, unique=True, max_size=3).map(tuple),
    customer=st.sampled_from(["", "c.anna", "c.bert"]),
    visit_starts=st.lists(st.integers(0, 2**32), max_size=12).map(sorted).map(tuple),
    told=st.dictionaries(NAMES, TOLD),
    answers=tables(SAID),
)
