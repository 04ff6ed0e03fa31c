"""What is to be made of numbers: verdicts, goals, hypotheses, guardrails."""

from typing import Literal

import msgspec

Judgement = Literal[
    "keep", "stop", "guardrail", "open", "too-few", "sample-ratio", "alone"
]
State = Literal["yes", "no", "open"]


class Verdict(msgspec.Struct, frozen=True):
    """What to make of it, in one plain sentence."""

    judgement: Judgement
    words: str


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
