"""Where an owner was exposed: to which experiments, rules and slots, when first, and in which arm."""

from collections.abc import Callable, Collection

import msgspec

from .marks import Mark
from .pages import Decided, Page, Words
from .story import Story

CAMPAIGNS = 50  # that one owner may have come by: nobody counts those who make them up


class Place(msgspec.Struct, gc=False):
    """One thing that an owner was exposed to.

    ``first`` is when, on which ``day``, in which ``arm``; ``words`` are the cells that it makes.
    ``times`` are all showings of it, oldest first; of an experiment those in this arm. ``crossed``:
    another arm was seen later.
    """

    first: float
    day: int
    words: tuple[Words, ...]
    times: list[float] = []
    crossed: bool = False

    @property
    def arm(self) -> str:
        return self.words[0][3]


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
        marks = self.marks = dict[Mark, int]()
        for time, page, _ in story.showings:
            today = day(time)
            for tail in page.marks:
                mark = (today, *tail)
                marks[mark] = marks.get(mark, 0) + 1
            if page.decided:
                self._look(time, today, page.decided)
                self._of_page(time, today, page)

    def _look(self, time: float, day: int, decided: list[Decided]) -> None:
        rules, slots = self.rules, self.slots
        for one in decided:
            rule, slot, stage, drawn = one.rule, one.slot, one.stage, one.drawn
            place = rules.get(rule)
            if place is None:
                place = rules[rule] = Place(time, day, one.of_rule)
            at = slots.get(slot)
            if at is None:
                at = slots[slot] = Slot(time, day, one.of_slot)
            if one.is_shown:
                place.times.append(time)
                at.times.append(time)
            if stage and stage not in at.stages:
                at.stages[stage] = Place(time, day, one.of_stage, at.times)
            if drawn is not None:
                place = self.experiments.get(drawn)
                if place is None:
                    place = self.experiments[drawn] = Place(time, day, one.of_arm)
                elif place.words[0][3] != one.arm:
                    place.crossed = drawn[0] not in self._rollouts
                    continue
                if not one.held:
                    place.times.append(time)

    def _of_page(self, time: float, day: int, page: Page) -> None:
        """What a page counts for as a whole: all that it showed is a showing of the site."""
        site = self.site
        if site is None:
            site = self.site = Place(time, day, page.of_site)
        elif site.words[0][3] != page.arm:
            site.crossed = True
        site.times += [time] * page.shown
        stage, campaign, segments = page.stage, page.campaign, self.segments
        for segment, words in page.segments:
            if segment not in segments:
                segments[segment] = Place(time, day, words)
        if stage and stage not in self.stages:
            self.stages[stage] = Place(time, day, page.of_stage)
        if (
            campaign
            and campaign not in self.campaigns
            and len(self.campaigns) < CAMPAIGNS
        ):
            self.campaigns[campaign] = Place(time, day, page.of_campaign)
