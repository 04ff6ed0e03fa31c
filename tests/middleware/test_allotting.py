"""Workers take over what was decided, and a store that is away changes nothing."""

import logging
import threading

import pytest

from shopwindow.middleware import allotting
from shopwindow.middleware.allotting import POLL, Allotting, moves
from shopwindow.middleware.stores import StoreError
from shopwindow.rules.experiments import NO_ALLOCATIONS, Allocations
from tests.shop import site_of

ONE = Allocations({"hero": {"": {"cosy": 0.9, "plain": 0.1}}}, {"new": 0.05})
OTHER = Allocations(shares={"new": 0.0})


class Looking:
    """Allocations that are looked up when they are told to be."""

    def __init__(self) -> None:
        self.kept: Allocations | Exception = NO_ALLOCATIONS
        self.brought: list[Allocations] = []
        self.warned: list[str] = []
        self.allotting = Allotting(self._read, self.brought.append, self._warn)

    def _read(self) -> Allocations:
        if isinstance(self.kept, Exception):
            raise self.kept
        return self.kept

    def _warn(self, about: str, message: str, *arguments: object) -> None:
        self.warned.append(message % arguments)


def test_what_has_changed_is_brought_once(caplog: pytest.LogCaptureFixture) -> None:
    looking = Looking()
    with caplog.at_level(logging.INFO, "shopwindow"):
        for looking.kept in (NO_ALLOCATIONS, ONE, Allocations(ONE.weights, ONE.shares)):
            looking.allotting.look()
    assert looking.brought == [NO_ALLOCATIONS, ONE]
    assert "new 0.05; hero (cosy 0.9, plain 0.1) now" in caplog.text


@pytest.mark.parametrize(
    "fault", [StoreError("the store is away"), RuntimeError("ours")]
)
def test_while_the_store_is_away_the_last_ones_stay(fault: Exception) -> None:
    looking = Looking()
    looking.kept = ONE
    looking.allotting.look()
    looking.kept = fault
    for _ in range(3):
        looking.allotting.look()
    assert looking.brought == [ONE]
    assert looking.warned[0] == f"weights and roll-outs cannot be read: {fault}"
    assert looking.allotting._pause == 8 * POLL  # it is asked less and less often
    looking.kept = OTHER
    looking.allotting.look()
    assert looking.brought == [ONE, OTHER]
    assert looking.allotting._pause == POLL


def test_it_looks_at_once_and_again_and_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(allotting, "POLL", 0.01)
    looking = Looking()
    looking.allotting._pause = 0.01
    looking.allotting.start()
    assert looking.allotting.wait(5)
    looking.kept = ONE
    for _ in range(500):
        if ONE in looking.brought:
            break
        threading.Event().wait(0.01)
    assert looking.brought == [NO_ALLOCATIONS, ONE]
    looking.allotting.stop()
    for thread in threading.enumerate():
        if thread.name == "shopwindow-allotting":
            thread.join(5)
            assert not thread.is_alive()


SPLIT = """
version: 1
rules:
  - id: hero
    slot: home.hero
    {off}
    split: {{experiment: hero, {what}variants: [{arms}]}}
"""


ARMS = ", ".join(
    f"{{name: {arm}, show: banner, with: {{text: {arm}}}}}" for arm in "ab"
)


@pytest.mark.parametrize(
    ("what", "off", "wanted"),
    [
        ("adapt: true, ", "", True),
        ("rollout: true, ", "", True),
        ("", "", False),
        ("adapt: true, ", "off: true", False),
    ],
)
def test_only_what_moves_is_followed(what: str, off: str, wanted: bool) -> None:
    assert moves(site_of(rules=SPLIT.format(what=what, off=off, arms=ARMS))) is wanted
