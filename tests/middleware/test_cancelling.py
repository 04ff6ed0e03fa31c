"""A request may be cancelled at any of its awaits: nothing of it is left, and nothing counts."""

from pathlib import Path

import pytest

from shopwindow import Shopwindow
from tests.cancelling import KINDS, SlowStore, cancel_everywhere
from tests.shop import KEYS, site_folder

pytestmark = pytest.mark.anyio


def open_shop(folder: Path) -> Shopwindow:
    tests = site_folder(folder) / "rules" / "tests"
    tests.mkdir()
    (tests / "people.yaml").write_text("version: 1\npersonas:\n  stranger: {}\n")
    return Shopwindow(folder, store=SlowStore(), keys=KEYS)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_cancel_at_any_await_leaves_nothing_behind(
    kind: str, tmp_path: Path
) -> None:
    async with open_shop(tmp_path) as window:
        awaits, faults = await cancel_everywhere(KINDS[kind], window)
        assert not faults
        assert awaits >= 2
