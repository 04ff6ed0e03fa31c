"""Where an owner was exposed: to which experiments, rules and slots, when first, and in which arm."""

from collections.abc import Callable, Collection

import msgspec

from ..holdout import HOLDOUT
from .marks import Mark
from .rows import Entry, Showing, drawn
from .story import Story

CAMPAIGNS = 50  # that one owner may have come by: nobody counts those who make them up
SHOWN = "shown"
HELD = "held"


class Place(msgspec.Struct, gc=False):
    """One thing that an owner was exposed to.

    ``first`` is when, on which ``day``, in which ``arm``, and what ``page`` said of the visitor.
    ``times`` are all showings of it, oldest first; of an experiment those in this arm. ``crossed``:
    another arm was seen later.
    """

    first: float
    day: int
    arm: str
    page: Showing
    times: list[float] = []
    crossed: bool = False


class Slot(Place, gc=False):
    """A slot, and the same slot within each of ``stages``."""

    stages: dict[str, Place] = {}


class Places:
    """All of them, each by its name.

    ``experiments`` are by experiment and the account that was exposed, empty for the owner alone.
    ``marks`` are the showings themselves.

    Of ``rollouts`` the first arm stays. When everybody is shown it, so is the control group: if
    whoever came back were left out, only those who never did would be left of it.
    """

    __slots__ = (
        *("campaigns", "experiments", "marks", "rules", "segments", "site"),
        *("slots", "stages", "_rollouts"),
    )

    def __init__(
        self, story: Story, rollouts: Collection[str], day: Callable[[float], int]
    ) -> None:
        self._rollouts = rollouts
        self.site: Place | None = None
        self.rules: dict[str, Place] = {}
        self.slots: dict[str, Slot] = {}
        self.experiments: dict[tuple[str, str], Place] = {}
        self.segments: dict[str, Place] = {}
        self.stages: dict[str, Place] = {}
        self.campaigns: dict[str, Place] = {}
        self.marks: dict[Mark, int] = {}
        for time, page in story.showings:
            self._look(time, day(time), page)

    def _look(self, time: float, day: int, page: Showing) -> None:
        marks, rules, slots = self.marks, self.rules, self.slots
        stage, campaign = page.stage or "", page.campaign or ""
        shown = held = 0
        held_out = False
        for entry in page.promotions:
            rule = entry.rule
            if not rule:
                continue  # the shop's own, and nothing that was decided here
            if entry.failed:
                what = arm = "failed"
            elif entry.held:
                what = arm = HELD
                held += 1
                if entry.held == HOLDOUT:
                    held_out = True
            elif entry.promotion_id:
                what, arm = "impressions", SHOWN
                shown += 1
            else:
                continue
            slot = entry.slot or ""
            variant = drawn(entry) if entry.experiment else ""
            name = entry.experiment if variant else None
            mark = day, what, slot, rule, name, variant, stage, campaign
            marks[mark] = marks.get(mark, 0) + 1
            if what == "failed":
                continue
            place = rules.get(rule)
            if place is None:
                place = rules[rule] = Place(time, day, arm, page)
            # Rules hold back different shares, and pages ask different rules: beyond one rule, only
            # the holdout is drawn alike for all.
            side = HOLDOUT if entry.held == HOLDOUT else SHOWN
            at = slots.get(slot)
            if at is None:
                at = slots[slot] = Slot(time, day, side, page)
            if arm is SHOWN:
                place.times.append(time)
                at.times.append(time)
            if stage and stage not in at.stages:
                at.stages[stage] = within = Place(time, day, side, page)
                within.times = at.times
            if name:
                account = entry.of if entry.unit == "account" else ""
                self._drawn((name, account or ""), variant, entry, time, day, page)
        if shown or held:
            self._of_page(time, day, page, shown, held_out)

    def _drawn(
        self,
        key: tuple[str, str],
        arm: str,
        entry: Entry,
        time: float,
        day: int,
        page: Showing,
    ) -> None:
        place = self.experiments.get(key)
        if place is None:
            place = self.experiments[key] = Place(time, day, arm, page)
        elif place.arm != arm:
            place.crossed = key[0] not in self._rollouts
            return
        if not entry.held:
            place.times.append(time)

    def _of_page(
        self, time: float, day: int, page: Showing, shown: int, held_out: bool
    ) -> None:
        """What a page counts for as a whole: all that it showed is a showing of the site."""
        site = self.site
        arm = HOLDOUT if held_out else SHOWN
        if site is None:
            site = self.site = Place(time, day, arm, page)
        elif site.arm != arm:
            site.crossed = True
        for _ in range(shown):
            site.times.append(time)
        stage, campaign, segments = page.stage, page.campaign, self.segments
        for segment in page.segments:
            if segment not in segments:
                segments[segment] = Place(time, day, arm, page)
        if stage and stage not in self.stages:
            self.stages[stage] = Place(time, day, arm, page)
        if (
            campaign
            and campaign not in self.campaigns
            and len(self.campaigns) < CAMPAIGNS
        ):
            self.campaigns[campaign] = Place(time, day, arm, page)
