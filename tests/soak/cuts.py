"""A real server whose clients go away anywhere in the answer."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from random import Random

from tests.cutting import TARGETS, cut_everywhere, cutting_shop

from .soaked import KEPT, Soaked


def soak_cuts(
    cuts: int, seed: int, advance: Callable[[], None] = lambda: None
) -> Soaked:
    """Cut so many answers, as many of each kind."""
    each = max(1, cuts // len(TARGETS))
    figures: dict[str, int] = {}
    faults: list[str] = []
    with (
        tempfile.TemporaryDirectory(prefix="shopwindow-soak-") as name,
        cutting_shop(Path(name)) as shop,
    ):
        for label, target in TARGETS.items():
            found = cut_everywhere(shop, target, each, Random(seed), advance)
            figures[f"cuts: {label}"] = each
            if found.counted:  # the server had taken the whole page
                figures[f"counted all the same: {label}"] = found.counted
            faults += [f"{label}: {one}" for one in found.faults]
    return Soaked("cuts", cuts, len(faults), figures, faults[:KEPT])
