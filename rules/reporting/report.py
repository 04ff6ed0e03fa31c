"""A report as it is shown and written: plain data, the same for terminal, JSON and page.

Money is in the shop's currency, shares and uplifts are fractions (0.041 is 4.1 %), seconds are
seconds. What is not known is None. ``SCHEMA`` changes when a field changes its meaning or goes;
new fields may come at any time.
"""

from collections.abc import Mapping
from typing import Literal

import msgspec

from .judgements import Goal, Guard, Hypothesis, Reach, Verdict
from .notices import Alert, Coverage, Remark

SCHEMA = 1

Mode = Literal["", "adapt", "rollout", "level"]


class Effect(msgspec.Struct, frozen=True):
    """What ``arm`` does to ``metric``, against ``base``.

    ``low`` to ``high`` holds the relative uplift however often one looks, for all arms of a subject
    together (guardrails: each for itself). ``p`` is that of this comparison alone, as valid at every
    look; ``adjusted`` is it among the arms of the subject and over all that is shown of a kind,
    whichever is larger. ``role``: the verdict rests on goals,
    guardrails may break. ``control`` and ``treated`` are the two values. ``detectable`` is the
    least relative uplift that this many visitors can show. ``days`` is how long it takes to show the
    one that is looked for (the goal's target, else one as large as the present one), if as many
    visitors come as on the days of the report; it may be years: ``reach`` says so, as a verdict's.
    None: not to be said.
    """

    metric: str
    arm: str
    base: str
    role: Literal["goal", "guardrail", "other"]
    better: Literal["more", "less"]
    measure: Literal["", "money", "seconds"]
    relative: float
    low: float
    high: float
    p: float
    adjusted: float
    absolute: float
    absolute_low: float
    absolute_high: float
    control: float
    treated: float
    detectable: float | None = None
    days: float | None = None
    reach: Reach = ""

    @property
    def sure(self) -> bool:
        """Whether it differs from nothing, also among all others that are shown."""
        return self.adjusted < 0.05 and (self.low > 0 or self.high < 0)

    @property
    def good(self) -> bool:
        """Whether it goes the way that is wanted."""
        return (self.relative > 0) == (self.better == "more")


class Funnel(msgspec.Struct, frozen=True):
    """Visitors, each step those of the ones who saw it (or would have, where it was held back)."""

    exposed: int
    clicked: int
    added: int
    ordered: int

    def rate(self, step: int) -> float | None:
        return step / self.exposed if self.exposed else None

    @property
    def rows(self) -> tuple[tuple[str, int, float | None], ...]:
        """Each step with its count and its share of the exposed visitors."""
        return (
            ("exposed", self.exposed, 1.0 if self.exposed else None),
            ("clicked", self.clicked, self.rate(self.clicked)),
            ("added to cart", self.added, self.rate(self.added)),
            ("ordered", self.ordered, self.rate(self.ordered)),
        )


class Rates(msgspec.Struct, frozen=True):
    """The shares of the exposed visitors."""

    clicked: float | None
    added: float | None
    ordered: float | None


class Counts(msgspec.Struct, frozen=True):
    """What the visitors of an arm did and met from their first exposure on, in its window; an
    opt-out is a visitor's. Revenue is whole: nothing of it is cut."""

    impressions: int = 0
    clicks: int = 0
    dismissals: int = 0
    thumbs_up: int = 0
    thumbs_down: int = 0
    orders: int = 0
    revenue: float = 0.0
    opt_outs: int = 0


class Touch(msgspec.Struct, frozen=True):
    """Orders and revenue that this was the first, and the last, to be seen before."""

    first_orders: int = 0
    first_revenue: float = 0.0
    last_orders: int = 0
    last_revenue: float = 0.0


class Arm(msgspec.Struct, frozen=True):
    """Those who were treated alike. ``values`` are its metrics; ``weight`` its intended share of
    the visitors, None where that changes by itself; ``level`` how personal it is; ``touch`` is
    told of an experiment's."""

    name: str
    funnel: Funnel
    rates: Rates
    counts: Counts
    values: Mapping[str, float | None]
    level: str = ""
    weight: float | None = None
    verdict: Verdict | None = None
    touch: Touch | None = None


class Rolling(msgspec.Struct, frozen=True):
    """How far a roll-out has come: since when (seconds since 1970) this ``share`` of the visitors
    sees it, why it went ``back``, what its next step ``waits`` for; both may be empty."""

    share: float
    since: float
    back: str
    waits: str


class SampleRatio(msgspec.Struct, frozen=True):
    """Whether as many visitors came into each arm as were meant to: ``p`` of chi-square."""

    p: float
    counts: Mapping[str, int]
    shares: Mapping[str, float]
    broken: bool


class Response(msgspec.Struct, frozen=True):
    """What was counted, event by event, on the days of the report."""

    impressions: int = 0
    held: int = 0
    clicks: int = 0
    dismissals: int = 0
    thumbs_up: int = 0
    thumbs_down: int = 0
    orders: int = 0
    revenue: float = 0.0
    opt_outs: int = 0
    failed: int = 0


class Subject(msgspec.Struct, frozen=True):
    """One experiment, rule, slot, segment, lifecycle stage, campaign, or the whole site.

    ``context`` is empty, or ``segment:ID``: the same among the visitors of a segment. ``base`` is
    the arm that the others are compared with, empty if there is none. ``crossed``
    visitors saw two arms and count for none. ``parts`` are the same experiment by segment.
    """

    kind: str
    name: str
    context: str
    base: str
    metric: str
    arms: tuple[Arm, ...]
    effects: tuple[Effect, ...]
    verdict: Verdict
    response: Response = Response()
    goal: Goal | None = None
    hypothesis: Hypothesis | None = None
    guards: tuple[Guard, ...] = ()
    ratio: SampleRatio | None = None
    touch: Touch | None = None
    crossed: int = 0
    unit: str = "visitor"
    mode: Mode = ""
    rolling: Rolling | None = None
    slot: str = ""
    owner: str = ""
    off: bool = False
    note: str = ""
    parts: tuple["Subject", ...] = ()

    @property
    def visitors(self) -> int:
        """Of all arms together."""
        return sum(arm.funnel.exposed for arm in self.arms)


class Earned(msgspec.Struct, frozen=True):
    """What all personalisation together earned against the holdout, over the days of the report.

    Per visitor and in all for the ``visitors`` who saw something; ``net`` is after opt-outs.
    """

    visitors: int
    held: int
    per_visitor: float
    per_visitor_low: float
    per_visitor_high: float
    total: float
    total_low: float
    total_high: float
    relative: float
    low: float
    high: float
    p: float
    net_total: float | None
    net_low: float | None
    net_high: float | None
    words: str

    @property
    def sure(self) -> bool:
        """Whether it surely is more than nothing, or less."""
        return self.total_low > 0 or self.total_high < 0


class Report(msgspec.Struct, frozen=True):
    """Days are ISO dates, both included; ``made`` and ``updated`` seconds since 1970.

    ``empty`` says why there is nothing to show and what to do, else it is empty itself; ``notes``
    say what cannot be told and why. ``experiment`` is the one that was asked for: then the subjects,
    the findings and the alerts are its own and its rules', and only ``total``, ``earned`` and
    ``notes`` are about the whole site; empty: all are.
    """

    site: str
    since: str
    until: str
    made: float
    updated: float | None
    currency: str
    language: str
    timezone: str
    empty: str = ""
    notes: tuple[str, ...] = ()
    total: Subject | None = None
    earned: Earned | None = None
    experiments: tuple[Subject, ...] = ()
    rules: tuple[Subject, ...] = ()
    slots: tuple[Subject, ...] = ()
    segments: tuple[Subject, ...] = ()
    stages: tuple[Subject, ...] = ()
    campaigns: tuple[Subject, ...] = ()
    coverage: Coverage | None = None
    findings: tuple[Remark, ...] = ()
    alerts: tuple[Alert, ...] = ()
    experiment: str = ""
    schema: int = SCHEMA

    @property
    def groups(self) -> tuple[tuple[str, str, tuple[Subject, ...]], ...]:
        """All kinds in the order in which they are shown: key, heading, subjects."""
        return (
            ("experiments", "Experiments", self.experiments),
            ("rules", "Rules", self.rules),
            ("slots", "Slots", self.slots),
            ("segments", "Segments", self.segments),
            ("stages", "Lifecycle stages", self.stages),
            ("campaigns", "Campaigns", self.campaigns),
        )
