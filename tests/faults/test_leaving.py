"""Who leaves while the shop is busy leaves nothing behind, on the disk or in a log."""

from pathlib import Path

import pytest

from .leaving import SECRET, left_behind

pytestmark = pytest.mark.anyio


async def test_nothing_is_left_of_who_left(tmp_path: Path) -> None:
    left = await left_behind(tmp_path)
    assert any(SECRET in one for one in left.before)  # else there was nothing to erase
    assert left.after == []
    assert left.logged == []
