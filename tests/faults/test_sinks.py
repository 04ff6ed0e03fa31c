"""A store that takes nothing for a while costs a bounded memory, and nothing unaccounted for."""

from pathlib import Path

import pytest

from .sinks import sink_down


@pytest.mark.parametrize("kind", ["sqlite", "redis"])
def test_what_waits_is_bounded_and_what_is_lost_is_counted(
    kind: str, tmp_path: Path
) -> None:
    """Each event says four thousand characters: what waits is full soon."""
    found = sink_down(kind, tmp_path, 3.0, more=8_000, profiles=kind == "sqlite")
    assert found.complaints == []
    assert found.dropped or found.accepted < 2_000
