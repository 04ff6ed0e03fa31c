"""A little of the long run; ``make soak`` does all of it."""

from tests.soak.pages import soak_pages


def test_made_up_pages_lose_no_byte_and_slots_end_where_a_browser_ends_them() -> None:
    found = soak_pages(200, 7)
    assert found.examples == []
    assert found.figures["ends compared with a browser's"] > 10
