import pytest

from shopwindow.fragments.slots import SIGN, Marker, SlotNames

KEYS = [b"0123456789ab", b"ba9876543210"]


def test_a_block_is_written_with_the_newest_key() -> None:
    marker = Marker(KEYS)
    assert marker.open("home.hero") == "<!--\x1e0123456789ab:home.hero-->"
    assert marker.close == "<!--\x1e0123456789ab/-->"


@pytest.mark.parametrize("key", KEYS)
def test_every_key_is_recognised(key: bytes) -> None:
    marker = Marker(KEYS)
    begin = marker.match(b"<!--\x1e" + key + b":home.hero-->")
    end = marker.match(b"<!--\x1e" + key + b"/-->")
    assert begin and begin[1] == b"home.hero"
    assert end and end[1] is None


@pytest.mark.parametrize("slot", ["a>b", "a b", "", "a\n", "\x1e", "x" * 129, "ä" * 65])
def test_a_name_that_cannot_be_a_slot_is_still_a_block(slot: str) -> None:
    marker = Marker(KEYS)
    begin = marker.match(marker.open(slot).encode())
    assert begin and begin[1] == b""


@pytest.mark.parametrize("slot", ["a", "a--b", "a-", "ä", "home/hero:1", "x" * 128])
def test_any_other_name_comes_back(slot: str) -> None:
    marker = Marker(KEYS)
    begin = marker.match(marker.open(slot).encode())
    assert begin and begin[1] == slot.encode()


@pytest.mark.parametrize("slot", ["home.hero", "a--b", "x" * 128])
def test_every_beginning_of_a_comment_may_become_one(slot: str) -> None:
    marker = Marker(KEYS)
    for comment in (marker.open(slot).encode(), marker.close.encode()):
        for end in range(1, len(comment)):
            assert marker.partial(comment[:end]), comment[:end]


@pytest.mark.parametrize(
    "text",
    [
        b"<a",
        b"<!d",
        b"<!-- ",
        b"<!--\x1eX",
        b"<!--\x1e000000000000",
        b"<!--\x1e0123456789ab:a b",
        b"<!--\x1e0123456789ab:" + b"x" * 131,
    ],
)
def test_other_text_never_becomes_one(text: bytes) -> None:
    assert not Marker(KEYS).partial(text)


@pytest.mark.parametrize(
    "keys", [[], [b""], [b"0123456789AB"], [b"0123456789abc"], [b".*.*.*.*.*.*"]]
)
def test_a_key_is_twelve_hexadecimal_characters(keys: list[bytes]) -> None:
    with pytest.raises(ValueError, match="12 hexadecimal"):
        Marker(keys)


def test_the_sign_is_in_both_comments() -> None:
    marker = Marker(KEYS)
    assert SIGN.decode() in marker.open("a") and SIGN.decode() in marker.close


def test_a_site_without_slots_searches_nothing() -> None:
    assert SlotNames(["a"]).search
    assert not SlotNames([]).search
    assert not SlotNames(["a"], search=False).search
