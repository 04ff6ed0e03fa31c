"""A roll-out whose rule was changed begins anew, and what was seen before is another version."""

from pathlib import Path

import pytest

from shopwindow import Shopwindow
from shopwindow.middleware.measuring import moved
from shopwindow.middleware.rollups import open_rollups
from shopwindow.middleware.settings import address
from tests.shop import KEYS, site_folder

pytestmark = pytest.mark.anyio
GROWING = """
version: 1
rules:
  - id: new
    slot: home.hero
    guardrails: {metric: leads, at-least: -3%}
    split:
      experiment: new
      rollout: true
      variants: [{name: a, show: banner, with: {text: New}}]
"""


async def test_what_was_seen_of_another_version_is_not_kept(tmp_path: Path) -> None:
    folder = site_folder(tmp_path / "site", rules=GROWING)
    settings = folder / "site.toml"
    settings.write_text(settings.read_text().replace("memory:", "sqlite:///shop.db"))
    again = []
    for text in ("New", "New", "Newer", "Newer"):
        (folder / "rules/start.yaml").write_text(
            GROWING.replace("text: New", f"text: {text}")
        )
        async with Shopwindow(folder, keys=KEYS) as window:
            site = window.site
            with open_rollups(address(site.settings), site.context.day) as rollups:
                rollups.allot(moved(site, rollups, 1.8e9).allocations)
                again.append(rollups.allocations().again)
    assert again == [frozenset(), frozenset(), {"new"}, {"new"}]
