"""What is to be made of numbers: verdicts, goals, hypotheses, guardrails."""

from typing import Literal

import msgspec

Judgement = Literal[
    "keep", "stop", "guardrail", "open", "too-few", "sample-ratio", "alone"
]
State = Literal["yes", "no", "open"]
Reach = Literal["", "near", "far", "stalled", "unknown"]
"""Whether waiting is of use. ``near``: within a year, at the pace of the report's days; ``far``: later
than that, or never; ``stalled``: nobody new has come for a week, so that there is no pace;
``unknown``: an arm has nobody yet, or nobody has done what counts; empty: there is nothing to
wait for."""


class Verdict(msgspec.Struct, frozen=True):
    """What to make of it, in plain sentences.

    ``days`` is how long it still takes until something can be said (of ``open``: until the uplift
    that is looked for shows), at the pace of the report's days; also where that is years. None: not
    to be said. ``reach`` says what to make of it: ``near`` is within a year, ``far`` later than that
    or never, ``stalled`` that nobody new has come for a week, ``unknown`` that an arm has nobody
    yet, or nobody has done what counts; empty: there is nothing to wait for.
    """

    judgement: Judgement
    words: str
    days: float | None = None
    reach: Reach = ""


class Goal(msgspec.Struct, frozen=True):
    """Whether what was aimed at is reached: ``no`` only where the interval lies below it."""

    metric: str
    target: float | None
    reached: State
    words: str
    relative: float | None = None
    low: float | None = None
    high: float | None = None
    arm: str = ""


class Hypothesis(msgspec.Struct, frozen=True):
    """What an editor expected, and whether it came."""

    text: str
    confirmed: State


class Guard(msgspec.Struct, frozen=True):
    """A guardrail: ``broken`` is ``yes`` only where the interval lies beyond the limit."""

    metric: str
    limit: float
    side: Literal["at-most", "at-least"]
    arm: str
    broken: State
    words: str
