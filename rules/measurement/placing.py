"""From what an owner was exposed to, to the cells that they belong to."""

from bisect import bisect_left
from collections.abc import Sequence
from typing import Any

import msgspec

from .accounts import CROSSED
from .attribution import Answered
from .cells import Cell
from .outcomes import Outcomes
from .pages import within
from .places import Place, Places
from .plan import Plan
from .quantities import OF_SHOWINGS, Quantities
from .responses import NONE, Responses, came

assert 1 + len(NONE) == len(OF_SHOWINGS)
_NOBODY: Sequence[Answered] = ()


class Placed(msgspec.Struct):
    """Cells, flat: the words of each (see :data:`.pages.Words`), its day, and the places of the
    two halves of its quantities in ``halves``. No cell is there twice."""

    halves: list[tuple[int, ...]] = []
    flat: list[Any] = []

    def cells(self) -> dict[Cell, Quantities]:
        halves, each = self.halves, iter(self.flat)
        return {
            Cell(day, *words): Quantities(halves[a], halves[b])
            for words, day, a, b in zip(each, each, each, each, strict=True)
        }


class Placing:
    """Puts one owner into the cells of all that they were exposed to."""

    def __init__(
        self, places: Places, outcomes: Outcomes, responses: Responses, plan: Plan
    ) -> None:
        self._places = places
        self._outcomes = outcomes
        self._responses = responses
        self._plan = plan
        self._usual = plan.window
        self._at: dict[tuple[int, ...], int] = {}  # of halves
        self._plain: dict[int, int] = {}  # of so many showings without a response
        self._since: dict[float, int] = {}  # of outcomes, in the usual window

    def placed(self) -> tuple[Placed, dict[str, dict[Cell, Quantities]]]:
        """The owner's own cells, and those of the accounts that they buy for."""
        plan, places, did = self._plan, self._places, self._did
        usual, responses = self._usual, self._responses
        flat: list[Any] = []
        accounts = self._experiments(flat)
        site = places.site
        if site is None:
            return Placed(), {}
        if not site.crossed:
            of_site = did(responses.all, site.times, site.first, usual)
            flat += (site.words[0], site.day, *of_site)
        for name, place in places.rules.items():
            window = plan.rules.get(name, usual)
            answered = responses.rules.get(name, _NOBODY)
            a, b = did(answered, place.times, place.first, window)
            flat += (place.words[0], place.day, a, b)
        for name, slot in places.slots.items():
            answered = responses.slots.get(name, _NOBODY)
            times, first = slot.times, slot.first
            a, b = did(answered, times, first, usual)
            flat += (slot.words[0], slot.day, a, b)
            for place in slot.stages.values():
                if place.first == first:
                    flat += (place.words[0], place.day, a, b)
                else:
                    later = did(answered, times, place.first, usual)
                    flat += (place.words[0], place.day, *later)
        since: dict[float, tuple[int, int]] = {}  # many came true on the same page
        for found in (places.segments, places.stages, places.campaigns):
            for place in found.values():
                first = place.first
                both = since.get(first)
                if both is None:
                    both = since[first] = did(responses.all, site.times, first, usual)
                flat += (place.words[0], place.day, *both)
        return Placed(list(self._at), flat), accounts

    def _experiments(self, flat: list[Any]) -> dict[str, dict[Cell, Quantities]]:
        """Adds the owner's own cells, and returns those of accounts."""
        plan, places, responses = self._plan, self._places, self._responses
        accounts: dict[str, dict[Cell, Quantities]] = {}
        by_account = {name for name, account in places.experiments if account}
        for (name, account), place in places.experiments.items():
            if not account and (place.crossed or name in by_account):
                continue  # what was seen before the login is not counted for an account
            window = plan.experiments.get(name, plan.window)
            answered = responses.experiments.get((name, place.arm, account), _NOBODY)
            if account:
                showings, outcomes = self._halves(answered, place, window)
                cells = accounts.setdefault(account, {})
                for words in _of_account(place):
                    cells[Cell(place.day, *words)] = Quantities(showings, outcomes)
                continue
            a, b = self._did(answered, place.times, place.first, window)
            day = place.day
            for words in place.words:
                flat += (words, day, a, b)
        return accounts

    def _halves(
        self, answered: Sequence[Answered], place: Place, window: float
    ) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """As :meth:`_did`, of one that is not the owner's own."""
        shown = _shown(place.times, place.first, place.first + window)
        showings = (shown, *came(answered, place.first, place.first + window))
        return showings, self._outcomes.since(place.first, window)

    def _did(
        self,
        answered: Sequence[Answered],
        times: list[float],
        first: float,
        window: float,
    ) -> tuple[int, int]:
        """Where the two halves are of who was exposed ``first`` to what was shown at ``times``."""
        end = first + window
        if times and times[0] >= first and times[-1] < end:
            shown = len(times)
        else:
            shown = _shown(times, first, end)
        a = b = None
        if not answered or (what := came(answered, first, end)) is NONE:
            what, a = NONE, self._plain.get(shown)
        if window == self._usual:
            b = self._since.get(first)
        if a is None or b is None:
            at = self._at
            a = at.setdefault((shown, *what), len(at))
            b = at.setdefault(self._outcomes.since(first, window), len(at))
            if what is NONE:
                self._plain[shown] = a
            if window == self._usual:
                self._since[first] = b
        return a, b


def _shown(times: list[float], first: float, end: float) -> int:
    return bisect_left(times, end) - bisect_left(times, first)


def _of_account(place: Place) -> Sequence[tuple[str, str, str, str]]:
    """The words of an account's cells: of who crossed over it is not known in which arm."""
    if not place.crossed:
        return place.words
    name = place.words[0][1]
    contexts = (words[2] for words in place.words[1:])
    segments = tuple(context.removeprefix("segment:") for context in contexts)
    return tuple(within(name, CROSSED, segments))
