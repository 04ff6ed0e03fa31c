"""A profile's tables are read one by one, when somebody asks."""

import msgspec

from shopwindow.rules.encoding import decode, encode
from shopwindow.rules.facts import Counter, Interest, Profile
from shopwindow.rules.learning import learn
from shopwindow.rules.tables import Counts
from tests.rules.shop import event, relatives

ONCE = Counter(1_790_000_000, (20_717, 1))
KNOWN = Profile(
    counts={"viewed product": {"p9": ONCE}, "searched query": {"x": ONCE}},
    interests={"category": {"c": Interest(3, 1_790_000_000)}},
)


def raw(value: object) -> msgspec.Raw:
    return msgspec.Raw(msgspec.msgpack.encode(value))


def test_they_are_as_they_were_written() -> None:
    read = decode(encode(KNOWN))
    assert list(read.counts) == ["viewed product", "searched query"]
    assert read.counts["searched query"] == {"x": ONCE}
    assert read.counts.get("viewed product", {}) == {"p9": ONCE}
    assert (read.counts.get("bought product"), len(read.counts)) == (None, 2)
    assert read.interests == KNOWN.interests
    assert KNOWN == read
    assert "searched query" in repr(read.counts)


def test_a_table_is_read_once() -> None:
    counts = decode(encode(KNOWN)).counts
    assert counts["searched query"] is counts["searched query"]


def test_what_nobody_read_is_kept_to_the_byte_when_another_table_changes() -> None:
    strange = {"x": [1_790_000_000, [20_717, 1], "of a version to come"]}
    data = encode(Profile(counts=Counts({"searched query": raw(strange)})))
    after = learn(decode(data), event("Product Viewed", product_id="p1"), relatives)
    assert after.counts["viewed product"]["p1"].total == 1
    values = msgspec.msgpack.decode(encode(after))
    place = [field.name for field in msgspec.structs.fields(Profile)].index("counts")
    assert values[place]["searched query"] == strange


def test_a_damaged_table_is_empty_and_the_others_are_not() -> None:
    tables = {"viewed product": raw({"p1": 7}), "searched query": raw({"x": ONCE})}
    read = decode(encode(Profile(counts=Counts(tables))))
    assert read.counts["viewed product"] == {}
    assert read.counts["searched query"] == {"x": ONCE}


def test_what_is_not_even_a_table_is_empty() -> None:
    read = decode(encode(Profile(counts=Counts({"viewed product": raw("none")}))))
    assert read.counts.get("viewed product") == {}
