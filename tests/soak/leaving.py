"""Hundreds refuse at the same moment, in a log of a million events and more."""

import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.crowded import (
    MOST_CLOSING,
    MOST_WAIT,
    crowd,
    leave_together,
    rest_of,
    stale,
)

from .soaked import Soaked

LEAVE = 400  # half of them while orders come in, half as the shop ends


def soak_leaving(count: int, seed: int, advance: Callable[[], None]) -> Soaked:
    """In a log of ``count`` events: orders do not wait for refusals, closing loses none of
    either, and nothing is left of who refused."""
    faults: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "shop.db"
        visitors = crowd(path, count)
        leaving = visitors[seed % 7 :: max(1, len(visitors) // LEAVE)][:LEAVE]
        before = rest_of(path, leaving)
        waited = leave_together(path, leaving)
        left, wrong = rest_of(path, leaving), stale(path)
    if max(waited.orders) > MOST_WAIT:
        faults.append(f"an order waited {max(waited.orders):.1f} s")
    if waited.closing > MOST_CLOSING or waited.lost:
        faults.append(f"closing took {waited.closing:.1f} s, {waited.lost} were lost")
    if left or wrong or not before:
        faults.append(f"{left} of {before} events are left, {wrong} entries are wrong")
    for _ in range(count):
        advance()
    figures = {
        "refusals": len(leaving),
        "events erased": before - left,
        "ms that an order waited at most": int(max(waited.orders) * 1000),
        "ms that closing took": int(waited.closing * 1000),
    }
    return Soaked("leaving", count, len(faults), figures, faults)
