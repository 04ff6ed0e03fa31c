"""A thousand models go live one after the other, under load."""

import asyncio
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.faults.swaps import swapped

from .soaked import Soaked


def soak_swaps(count: int, seed: int, step: Callable[[], None]) -> Soaked:
    """``count`` swaps: no page fails, none shows two models, nothing stays open."""
    with tempfile.TemporaryDirectory(prefix="swaps-") as folder:
        found = asyncio.run(swapped(Path(folder), count, step))
    complaints = found.complaints()
    figures = {
        "pages": found.pages,
        "failed pages": found.failed,
        "mixed pages": found.mixed,
        "ms until a model is live, at most": round(found.slowest * 1000),
        "more open files": found.files,
    }
    return Soaked("swapped models", count, len(complaints), figures, complaints)
