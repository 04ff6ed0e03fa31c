"""From what an owner was exposed to, to the cells that they belong to."""

from bisect import bisect_left

from .accounts import CROSSED
from .cells import Cell
from .outcomes import Outcomes
from .places import Place, Places
from .plan import Plan
from .quantities import OF_SHOWINGS, Quantities
from .responses import ALL, NONE, Responses, Whose

_new = tuple.__new__  # of named tuples: half as long as by their own names
_PLAIN = tuple((number, *NONE) for number in range(64))
assert len(_PLAIN[0]) == len(OF_SHOWINGS)


class Placing:
    """Puts one owner into the cells of all that they were exposed to.

    Cells of the same numbers share one object: who adds them up works it out once.
    """

    def __init__(
        self, places: Places, outcomes: Outcomes, responses: Responses, plan: Plan
    ) -> None:
        self._places = places
        self._outcomes = outcomes
        self._responses = responses
        self._plan = plan
        self._known: dict[tuple[int, float, float], Quantities] = {}

    def cells(self) -> tuple[dict[Cell, Quantities], dict[str, dict[Cell, Quantities]]]:
        """The owner's own cells, and those of the accounts that they buy for."""
        plan, places, did = self._plan, self._places, self._did
        usual = plan.window
        cells: dict[Cell, Quantities] = {}
        accounts = self._experiments(cells)
        site = places.site
        if site is None:
            return cells, accounts
        if not site.crossed:
            cell = _new(Cell, (site.day, "site", "", "", site.arm))
            cells[cell] = did(ALL, site.times, site, usual)
        for name, place in places.rules.items():
            window = plan.rules.get(name, usual)
            cell = _new(Cell, (place.day, "rule", name, "", place.arm))
            cells[cell] = did(("rule", name, ""), place.times, place, window)
        for name, slot in places.slots.items():
            whose = "slot", name, ""
            cell = _new(Cell, (slot.day, "slot", name, "", slot.arm))
            cells[cell] = of_slot = did(whose, slot.times, slot, usual)
            for stage, place in slot.stages.items():
                cell = _new(
                    Cell, (place.day, "slot", name, f"stage:{stage}", place.arm)
                )
                if place.first == slot.first:
                    cells[cell] = of_slot
                else:
                    cells[cell] = did(whose, slot.times, place, usual)
        since: dict[float, Quantities] = {}  # many came true on the same page
        for kind, found in (
            ("segment", places.segments),
            ("stage", places.stages),
            ("campaign", places.campaigns),
        ):
            for name, place in found.items():
                cell = _new(Cell, (place.day, kind, name, "", place.arm))
                quantities = since.get(place.first)
                if quantities is None:
                    quantities = did(ALL, site.times, place, usual)
                    since[place.first] = quantities
                cells[cell] = quantities
        return cells, accounts

    def _experiments(
        self, own: dict[Cell, Quantities]
    ) -> dict[str, dict[Cell, Quantities]]:
        """Fills the owner's ``own`` cells, and returns those of accounts."""
        plan, places = self._plan, self._places
        accounts: dict[str, dict[Cell, Quantities]] = {}
        by_account = {name for name, account in places.experiments if account}
        for (name, account), place in places.experiments.items():
            arm, cells = place.arm, own
            if account:
                arm = CROSSED if place.crossed else arm
                cells = accounts.setdefault(account, {})
            elif place.crossed or name in by_account:
                continue  # what was seen before the login is not counted for an account
            window = plan.experiments.get(name, plan.window)
            whose = "experiment", f"{name}/{place.arm}", account
            quantities = self._did(whose, place.times, place, window)
            day = place.day
            cells[_new(Cell, (day, "experiment", name, "", arm))] = quantities
            for segment in place.page.segments:
                context = f"segment:{segment}"
                cells[_new(Cell, (day, "experiment", name, context, arm))] = quantities
        return accounts

    def _did(
        self, whose: Whose, times: list[float], place: Place, window: float
    ) -> Quantities:
        start = place.first
        end = start + window
        if times and times[0] >= start and times[-1] < end:
            shown = len(times)
        else:
            shown = bisect_left(times, end) - bisect_left(times, start)
        responses = self._responses
        came = responses.since(whose, start, end) if responses else NONE
        if came is not NONE:
            return _new(
                Quantities, ((shown, *came), self._outcomes.since(start, window))
            )
        key = shown, start, window
        found = self._known.get(key)
        if found is None:
            showings = _PLAIN[shown] if shown < len(_PLAIN) else (shown, *NONE)
            found = _new(Quantities, (showings, self._outcomes.since(start, window)))
            self._known[key] = found
        return found
