"""Numbers as texts spell them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shopwindow.rules.numerals import number, percent, share


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("7", 7),
        ("+7", 7),
        ("-0.5", -0.5),
        ("1.0e3", 1000.0),
        ("012", None),
        ("1_000", None),
        ("1e3", None),
        ("1.0e999", None),
        (" 7", None),
        ("٧", None),
        ("9" * 19, None),
        ("", None),
    ],
)
def test_a_number_is_what_everybody_takes_for_one(
    text: str, value: int | float | None
) -> None:
    assert number(text) == value
    assert type(number(text)) is type(value)


@given(st.text(max_size=30))
def test_a_number_is_what_python_reads_too(text: str) -> None:
    if (value := number(text)) is not None:
        assert value == float(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("10%", 0.1),
        ("0%", 0.0),
        ("100%", 1.0),
        ("33.3%", 0.333),
        ("0.5 %", 0.005),
        ("10", None),
        ("100.1%", None),
        ("-1%", None),
        ("010%", None),
        ("1e1%", None),
        ("٧%", None),
        ("%", None),
    ],
)
def test_a_percentage_has_its_sign(text: str, value: float | None) -> None:
    assert share(text) == value


@given(st.integers(0, 10_000))
def test_a_percentage_is_printed_as_it_was_read(hundredths: int) -> None:
    text = f"{hundredths / 100:g}%"
    found = share(text)
    assert found is not None and percent(found) == text
