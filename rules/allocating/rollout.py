"""How far a safe roll-out has come: a step further if all is well, back to nobody if not.

Who is shown the rule is compared with a control group of the same size that would have been.
Every look may be the one that stops it, so the intervals are those that may be looked at at any
time. Nothing here remembers anything: a standing and what was seen go in, the next one comes out.
"""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from math import lgamma, log
from typing import NamedTuple, Self

import msgspec
from msgspec.structs import replace

from ..conditions import Segments
from ..essence import essence
from ..experiments import Rollout
from ..facts import DAY
from ..goals import Guardrail
from ..moments import lasted
from ..numerals import percent
from ..rule import Rule

ENOUGH = 100  # visitors of each side, before a step is taken or a guardrail looked at
RISK = 0.05  # of going back although nothing is broken, over a whole roll-out
SUSPECT = 1_000.0  # how much likelier the sizes must be with a fault than without one
NEVER = 253_370_764_800.0  # seconds since 1970: the year 9999
_EVEN = (
    50.0  # how near to even a fault may be: visitors of each side who were seen before
)


class Standing(msgspec.Struct, frozen=True):
    """Where a roll-out stands. Times are in seconds since 1970.

    ``fingerprint`` tells the version of its rules, whose roll-out ``began`` then; ``step`` is the
    index of the step that was reached at ``since``. Who came first on the days from
    ``first_day`` up to, but without, ``last_day`` can be compared: before, visitors saw another
    version, since then all see it and nobody is held; None: that is not so yet. ``back`` says why
    it went back, else it is empty; ``waits`` what the next step waits for.
    """

    fingerprint: str
    began: float
    since: float
    step: int = 0
    first_day: int = 0
    last_day: int | None = None
    back: str = ""
    waits: str = ""

    def __post_init__(self) -> None:
        """Raises ValueError for what no roll-out can come to: it is read from a store."""
        if self.step < 0 or not all(
            0 <= one < NEVER for one in (self.began, self.since)
        ):
            raise ValueError("it is no step, or no moment")

    def share(self, rollout: Rollout) -> float:
        """The share of the visitors who are shown it."""
        return 0.0 if self.back else rollout.steps[min(self.step, _last(rollout))]

    @property
    def state(self) -> str:
        """As it is kept among :attr:`Allocations.states`."""
        return msgspec.json.encode(self).decode()

    @classmethod
    def of(cls, state: str | None) -> Self | None:
        """What was kept; None also for what cannot be read: that begins at its first step then."""
        if state is None:
            return None
        try:
            return msgspec.json.decode(state, type=cls)
        except msgspec.DecodeError:
            return None


class Compared(NamedTuple):
    """What a guardrail's metric has done, relative to the control group: between ``low`` and
    ``high``, at whatever moment one looks. None: nothing can be said yet."""

    guardrail: Guardrail
    between: tuple[float, float] | None


class Looked(NamedTuple):
    """What is known of both sides: visitors who are shown it and who are held, and the
    guardrails."""

    shown: int = 0
    held: int = 0
    guardrails: Sequence[Compared] = ()


def begun(
    fingerprint: str,
    now: float,
    day: int,
    before: Standing | None,
    *,
    other: bool = False,
) -> Standing:
    """A roll-out at its first step. Where visitors saw another version on the same ``day``
    ``before``, or an ``other`` experiment of its name, that day does not count."""
    first = day + 1 if other or before is not None else day
    return Standing(fingerprint, now, now, first_day=first)


def advanced(
    standing: Standing, rollout: Rollout, looked: Looked, now: float, day: int
) -> Standing:
    """``standing`` after a look at ``now``, on ``day``: back, a step further, or where it was."""
    if standing.back:
        return standing
    enough = min(looked.shown, looked.held) >= ENOUGH
    if enough and (why := _broken(looked.guardrails)):
        return replace(standing, back=why, since=now, waits="")
    if standing.step >= _last(rollout):
        return replace(standing, step=_last(rollout), waits="")
    rest = standing.since + rollout.every - now
    if uneven(looked.shown, looked.held):
        waits = (
            f"{looked.shown:,} visitors were shown it and {looked.held:,} held, which"
            " should be as many: something is counted wrongly"
        )
    elif not enough:
        few = min(looked.shown, looked.held)
        waits = f"{ENOUGH} visitors of each side: there are {few}"
    elif rest > 0:
        waits = f"{lasted(_rounded(rest))} more at this step"
    else:
        further = replace(standing, step=standing.step + 1, since=now, waits="")
        everybody = further.share(rollout) >= 1
        return replace(further, last_day=day) if everybody else further
    return replace(standing, waits=waits)


def confidence(guardrails: Iterable[Guardrail]) -> float:
    """Of each two-sided interval, so that all bounds together break by chance with :data:`RISK`."""
    bounds = sum(
        (each.at_least is not None) + (each.at_most is not None) for each in guardrails
    )
    return 1 - 2 * RISK / max(bounds, 2)


def uneven(shown: int, held: int) -> bool:
    """Whether two sides that should be as large surely are not, at whatever moment one looks.

    The Bayes factor of a binomial with any share against one with a half is a martingale while
    they are even, so it exceeds a thousand at most once in a thousand roll-outs (M. Lindon,
    A. Malek, "Anytime-valid inference for multinomial count data", 2022).
    """
    a, b = _EVEN + shown, _EVEN + held
    factor = _log_beta(a, b) - _log_beta(_EVEN, _EVEN) + (shown + held) * log(2)
    return factor > log(SUSPECT)


def fingerprint(rules: Iterable[Rule], segments: Segments) -> str:
    """What tells one version of a roll-out's ``rules`` from another: all that they decide by and
    show and must not break, but not how fast it goes."""
    told = [
        (
            essence(replace(rule, split=replace(rule.split, rollout=None)), segments)
            if rule.split is not None
            else essence(rule, segments),
            [str(each) for each in rule.guardrails],
        )
        for rule in rules
    ]
    return blake2b(repr(_ordered(told)).encode(), digest_size=12).hexdigest()


def _ordered(value: object) -> object:
    """``value`` without sets, whose order is another one in each process."""
    if isinstance(value, frozenset | set):
        return sorted(map(repr, value))
    if isinstance(value, Mapping):
        return [(key, _ordered(each)) for key, each in value.items()]
    if isinstance(value, list | tuple):
        return [_ordered(each) for each in value]
    return value


def _broken(guardrails: Iterable[Compared]) -> str:
    """Which guardrail is surely broken, in words; empty if none is."""
    for guardrail, between in guardrails:
        if between is None:
            continue
        low, high = between
        if guardrail.at_most is not None and low > guardrail.at_most:
            return (
                f"{guardrail.metric} {_change(low, high)}, {_most(guardrail.at_most)}"
            )
        if guardrail.at_least is not None and high < guardrail.at_least:
            return (
                f"{guardrail.metric} {_change(low, high)}, {_least(guardrail.at_least)}"
            )
    return ""


def _change(low: float, high: float) -> str:
    """Of an interval one end of which is the bad one."""
    if low > 0:
        return f"rose by {percent(round(low, 3))} to {percent(round(high, 3))}"
    if high < 0:
        return f"fell by {percent(round(-high, 3))} to {percent(round(-low, 3))}"
    return f"changed by {low * 100:+.1f} to {high * 100:+.1f} %"


def _most(bound: float) -> str:
    if bound < 0:
        return f"but had to fall by {percent(-bound)} at least"
    return f"but may rise by {percent(bound)} at most" if bound else "but may not rise"


def _least(bound: float) -> str:
    if bound > 0:
        return f"but had to rise by {percent(bound)} at least"
    return f"but may fall by {percent(-bound)} at most" if bound else "but may not fall"


def _log_beta(a: float, b: float) -> float:
    return lgamma(a) + lgamma(b) - lgamma(a + b)


def _rounded(seconds: float) -> float:
    """Full minutes, from an hour on full hours, from two days on full days; rounded up."""
    unit = DAY if seconds > 2 * DAY else 3_600 if seconds > 3_600 else 60
    return float(-(-seconds // unit) * unit)


def _last(rollout: Rollout) -> int:
    return len(rollout.steps) - 1
