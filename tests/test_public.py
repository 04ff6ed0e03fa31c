"""What people import from the package itself."""

import subprocess
import sys

import pytest

import shopwindow
from shopwindow.middleware.window import Shopwindow


@pytest.mark.parametrize("name", shopwindow.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(shopwindow, name).__name__ == name
    assert name in dir(shopwindow)


def test_a_public_name_is_the_thing_itself() -> None:
    assert shopwindow.Shopwindow is Shopwindow


def test_a_name_that_is_not_public_is_an_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'window'"):
        _ = shopwindow.window  # type: ignore[attr-defined]  # that is the point


def test_rules_are_read_without_a_server() -> None:
    script = "import sys, shopwindow.rules.reading; print(*sys.modules)"
    ran = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )
    loaded = set(ran.stdout.split())
    assert "shopwindow.rules.reading" in loaded
    assert not loaded & {"asyncio", "jinja2", "starlette", "shopwindow.middleware"}
