"""What one owner of the log adds to a site's sums."""

from collections.abc import Iterable, Sequence

import msgspec

from ..facts import Event
from .accounts import CROSSED
from .attribution import Shown, showings, touches
from .cells import Cell
from .days import Days
from .marks import Count, Mark, add, counted, mark_of
from .outcomes import Outcomes
from .places import Place, Places
from .plan import Plan
from .quantities import Quantities
from .responses import ALL, Responses, Whose
from .rows import FROM_JSON, FROM_PROPERTIES
from .story import Row, Story


class Contribution(msgspec.Struct):
    """What one owner adds: quantities to cells, and numbers to what is counted day by day.

    ``accounts`` maps an account's pseudonym to this owner's part in what it did. ``marks`` are
    what became of showings; ``further`` what is counted beside them. ``skipped`` is how many rows
    could not be read.
    """

    cells: dict[Cell, Quantities] = {}
    accounts: dict[str, dict[Cell, Quantities]] = {}
    marks: dict[Mark, int] = {}
    further: dict[Count, int] = {}
    skipped: int = 0

    @property
    def counts(self) -> dict[Count, int]:
        """All that is counted, by the day on which it happened. Of experiments the name is
        ``NAME/ARM``, of slots ``SLOT`` and ``SLOT@STAGE``."""
        counts = counted(self.marks.items())
        for key, number in self.further.items():
            add(counts, key, number)
        return counts


def contribution(
    story: Sequence[Event], plan: Plan, until: float, left: float | None = None
) -> Contribution:
    """What the owner of ``story``, all logged events of theirs, adds up to ``until`` inclusively.

    ``left`` is when they withdrew their consent or had everything erased. Nothing is raised:
    what cannot be read is skipped. Without new events, a later ``until`` changes nothing.
    """
    rows = ((event.time, event.name, event.properties) for event in story)
    return _of(Story(rows, plan, until, FROM_PROPERTIES), plan, left)


def contribution_of(
    rows: Iterable[Row], plan: Plan, until: float, left: float | None = None
) -> Contribution:
    """:func:`contribution` of rows of the log: time, name, and properties as JSON."""
    return _of(Story(rows, plan, until, FROM_JSON), plan, left)


def _of(story: Story, plan: Plan, left: float | None) -> Contribution:
    whole = Contribution(skipped=story.skipped)
    days = Days.of(plan)
    places = Places(story, days.day)
    whole.marks = places.marks
    answered: list[Shown] = []
    if story.showings and (story.responses or story.orders):
        shown = showings(story)
        answered = [one for one in shown if one.answered]
        _respond(whole.marks, answered, days)
        _credit(whole.marks, shown, story, plan, days)
    _sell(whole.further, story, days)
    if left is not None:
        add(whole.further, (days.day(left), "site", "", "opt-outs"), 1)
    if places.site is not None:
        outcomes = Outcomes(story, plan, left)
        _Cells(whole, places, outcomes, Responses(answered), plan).fill()
        _among(whole, story, plan, places, days, left)
    return whole


# -- counted day by day --------------------------------------------------------------------


def _respond(marks: dict[Mark, int], answered: Iterable[Shown], days: Days) -> None:
    """Clicks and the like, each on the day of the response."""
    for shown in answered:
        thumb = "thumbs-up" if shown.up else "thumbs-down"
        for what, time in (
            ("clicks", shown.clicked),
            ("dismissals", shown.dismissed),
            (thumb, shown.rated),
        ):
            if time is not None:
                mark = mark_of(days.day(time), what, shown.entry, shown.page)
                marks[mark] = marks.get(mark, 0) + 1


def _credit(
    marks: dict[Mark, int], shown: Sequence[Shown], story: Story, plan: Plan, days: Days
) -> None:
    """Each order once to what was touched first, and once to what was touched last."""
    for time, cents in story.orders:
        touched = touches(shown, time, plan.window)
        if touched is None:
            continue
        day = days.day(time)
        for which, one in zip(("first", "last"), touched, strict=True):
            for what, number in (("orders", 1), ("revenue", cents)):
                if number:
                    mark = mark_of(day, f"{which}-{what}", one.entry, one.page)
                    marks[mark] = marks.get(mark, 0) + number


def _sell(counts: dict[Count, int], story: Story, days: Days) -> None:
    for time, cents in story.orders:
        day = days.day(time)
        add(counts, (day, "site", "", "orders"), 1)
        add(counts, (day, "site", "", "revenue"), cents)


def _among(
    whole: Contribution,
    story: Story,
    plan: Plan,
    places: Places,
    days: Days,
    left: float | None,
) -> None:
    """Orders and opt-outs of those who are in an arm, and of an opt-out in what else."""
    for (name, _), place in places.experiments.items():
        if place.crossed:
            continue
        end = place.first + plan.experiments.get(name, plan.window)
        arm = f"{name}/{place.arm}"
        for time, cents in story.orders:
            if place.first <= time < end:
                day = days.day(time)
                add(whole.further, (day, "experiment", arm, "orders"), 1)
                add(whole.further, (day, "experiment", arm, "revenue"), cents)
        if left is not None and place.first <= left < end:
            add(whole.further, (days.day(left), "experiment", arm, "opt-outs"), 1)
    if left is None:
        return
    of_day = days.day(left)
    for kind, name, place in (
        *(("rule", name, place) for name, place in places.rules.items()),
        *(("slot", "@".join(filter(None, key)), p) for key, p in places.slots.items()),
        *(("campaign", name, place) for name, place in places.campaigns.items()),
    ):
        window = plan.rules.get(name, plan.window) if kind == "rule" else plan.window
        if place.first <= left < place.first + window:
            add(whole.further, (of_day, kind, name, "opt-outs"), 1)


# -- cells ---------------------------------------------------------------------------------


class _Cells:
    """Puts one owner into the cells of all that they were exposed to."""

    def __init__(
        self,
        whole: Contribution,
        places: Places,
        outcomes: Outcomes,
        responses: Responses,
        plan: Plan,
    ) -> None:
        self._whole = whole
        self._places = places
        self._outcomes = outcomes
        self._responses = responses
        self._plan = plan

    def fill(self) -> None:
        plan, places, cells = self._plan, self._places, self._whole.cells
        usual = plan.window
        site = places.site
        assert site is not None
        if site.crossed:
            add(self._whole.further, (site.day, "site", "", "crossed"), 1)
        else:
            cells[Cell(site.day, "site", "", "", site.arm)] = self._did(
                ALL, site.times, site, usual
            )
        self._experiments()
        for name, place in places.rules.items():
            window = plan.rules.get(name, usual)
            cells[Cell(place.day, "rule", name, "", place.arm)] = self._did(
                ("rule", name, ""), place.times, place, window
            )
        for (name, stage), place in places.slots.items():
            context = f"stage:{stage}" if stage else ""
            cells[Cell(place.day, "slot", name, context, place.arm)] = self._did(
                ("slot", name, ""), place.times, place, usual
            )
        at: dict[float, Quantities] = {}
        for kind, found in (
            ("segment", places.segments),
            ("stage", places.stages),
            ("campaign", places.campaigns),
        ):
            for name, place in found.items():
                did = at.get(place.first)
                if did is None:
                    did = self._did(ALL, site.times, place, usual)
                    at[place.first] = did
                cells[Cell(place.day, kind, name, "", place.arm)] = did

    def _experiments(self) -> None:
        whole, plan, places = self._whole, self._plan, self._places
        by_account = {name for name, account in places.experiments if account}
        for (name, account), place in places.experiments.items():
            if not account and name in by_account:
                continue  # what was seen before the login is not counted
            if place.crossed and not account:
                add(whole.further, (place.day, "experiment", name, "crossed"), 1)
                continue
            window = plan.experiments.get(name, plan.window)
            did = self._did(("experiment", name, account), place.times, place, window)
            arm, cells = place.arm, whole.cells
            if account:
                arm = CROSSED if place.crossed else arm
                cells = whole.accounts.setdefault(account, {})
            cells[Cell(place.day, "experiment", name, "", arm)] = did
            for segment in place.page.segments:
                context = f"segment:{segment}"
                cells[Cell(place.day, "experiment", name, context, arm)] = did

    def _did(
        self, whose: Whose, times: list[float], place: Place, window: float
    ) -> Quantities:
        return Quantities(
            self._responses.since(whose, times, place.first, window),
            self._outcomes.since(place.first, window),
        )
