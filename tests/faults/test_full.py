"""A disk that is full takes no page down, and when there is space again nothing is missing."""

from pathlib import Path

import pytest

from .full import disk_full

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("kind", ["small", "limited"])
async def test_a_full_disk_is_nothing_that_pages_notice(
    kind: str, tmp_path: Path
) -> None:
    found = await disk_full(tmp_path, kind, 1.0)
    if found is None:
        return  # no disk may be mounted here: the other kind tells as much of us
    assert found.complaints == []
