"""Four workers over one file, used in every way at once, and told to end in the middle of it."""

from pathlib import Path

import pytest

from .mixed import mixed

pytestmark = pytest.mark.anyio


async def test_four_workers_lose_and_lock_nothing(tmp_path: Path) -> None:
    found = await mixed(tmp_path, 4, 4.0)
    assert found.complaints == []
    assert found.workers == 4
    assert found.acknowledged and found.asked["erasures"] and found.asked["logins"]
