"""A request may be cancelled at any of its awaits: nothing of it is left, and nothing counts."""

from pathlib import Path

import pytest

from shopwindow import Shopwindow
from tests.cancelling import KINDS, SlowStore, cancel_everywhere, people
from tests.shop import KEYS, site_folder

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("kind", KINDS)
async def test_a_cancel_at_any_await_leaves_nothing_behind(
    kind: str, tmp_path: Path
) -> None:
    folder = people(site_folder(tmp_path))
    async with Shopwindow(folder, store=SlowStore(), keys=KEYS) as window:
        awaits, faults = await cancel_everywhere(KINDS[kind], window)
        assert not faults
        assert awaits >= 2
