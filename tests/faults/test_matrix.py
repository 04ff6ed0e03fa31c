"""Stores that fail, beside a shop under load: the worst way of each kind of them."""

from pathlib import Path

import pytest

from .matrix import matrix

pytestmark = pytest.mark.anyio

BUSY = 0.25  # seconds that the machine may be busy with other tests
WORST = {
    "sqlite": ("foreign",),
    "postgresql": ("silent",),
    "redis": ("flood",),
}


@pytest.mark.parametrize("kind", WORST)
async def test_pages_go_on_whatever_the_store_does(kind: str, tmp_path: Path) -> None:
    rows = await matrix(kind, tmp_path, WORST[kind], 1.5)
    assert [row.fault for row in rows] == list(WORST[kind])
    assert [one for row in rows for one in row.complaints(BUSY)] == []
