"""New models go live under load, in small: what ``make soak`` does a thousand times."""

import asyncio
from pathlib import Path

from .swaps import GENERATIONS, swapped


def test_no_page_notices_that_models_are_swapped(tmp_path: Path) -> None:
    found = asyncio.run(swapped(tmp_path, 15))
    assert found.complaints() == []
    assert found.pages > 100
    assert found.shown == GENERATIONS
