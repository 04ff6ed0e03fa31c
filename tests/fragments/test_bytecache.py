"""What is kept stays within its bytes, and what is in use stays."""

from concurrent.futures import ThreadPoolExecutor

from hypothesis import given
from hypothesis import strategies as st

from shopwindow.fragments.bytecache import ByteCache


def cache(limit: int) -> ByteCache[int, bytes]:
    return ByteCache(limit, len)


def test_what_was_put_is_there_and_nothing_else() -> None:
    values = cache(100)
    values.put(1, b"one")
    assert values.get(1) == b"one" and values.get(2) is None
    assert (len(values), values.currsize) == (1, 3)


def test_the_first_value_of_a_key_stays() -> None:
    values = cache(100)
    values.put(1, b"one")
    values.put(1, b"uno!")
    assert values.get(1) == b"one" and values.currsize == 3


def test_what_is_asked_for_outlives_what_is_not() -> None:
    values = cache(40)
    values.put(0, b"x" * 5)
    for number in range(1, 50):
        values.put(number, b"x" * 5)
        assert values.get(0) is not None
    assert values.get(1) is None
    assert values.get(49) is not None


def test_what_needs_more_than_half_is_not_kept() -> None:
    values = cache(10)
    values.put(1, b"x" * 6)
    values.put(2, b"x" * 5)
    assert values.get(1) is None and values.get(2) == b"x" * 5


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 12), st.booleans())))
def test_it_never_keeps_more_than_its_limit(
    steps: list[tuple[int, int, bool]],
) -> None:
    values = cache(30)
    for key, size, put in steps:
        if put:
            values.put(key, bytes([key]) * size)
        found = values.get(key)
        assert found is None or set(found) == {key}
        both = [*values.young.values(), *values._old.values()]
        assert values.currsize == sum(map(len, both)) <= 30
        assert not values.young.keys() & values._old.keys()


def test_threads_may_share_it() -> None:
    values = cache(64)

    def work(seed: int) -> bool:
        for step in range(400):
            key = (seed * 7 + step * 3) % 24
            found = values.get(key)
            if found is not None and found != bytes([key]) * 4:
                return False
            values.put(key, bytes([key]) * 4)
        return True

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(work, range(8)))
    assert values.currsize == 4 * len(values) <= 64
