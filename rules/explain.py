"""The long answer: why a slot shows what it shows, and why not the others. Offline."""

from typing import Literal

import msgspec

from .attributes import Facts
from .comparisons import origin
from .conditions import Why
from .dealt import dealt, outside
from .decide import decide
from .experiments import CONTROL
from .facts import DAY, SLOT_REASONS, Decision
from .moments import lasted
from .numerals import percent
from .outcome import DISMISSED, outcome
from .placement import UNLIMITED, Placement
from .ruleset import Rule, RuleSet
from .running_out import RunsOut
from .subjects import unwanted

Outcome = Literal[
    "condition",
    "consent",
    "cap",
    "dismissed",
    "never",
    "explore",
    "traffic",
    "schedule",
    "later",
    "off",
]
# What a rule won that keeps the default content all the same.
_WON = frozenset({"holdout", "control", "budget", "group"})


class Miss(msgspec.Struct, frozen=True):
    """One rule that did not win.

    ``reason`` is one of RULE_REASONS or ``later`` (it holds, but another one comes before
    it). ``why`` is its first condition that is not true, ``failing`` how many are not; its
    schedule counts as one.
    """

    rule: str
    file: str
    line: int
    reason: Outcome
    why: Why | None = None
    failing: int = 0
    words: str = ""

    def __str__(self) -> str:
        return f"not {self.rule} ({self.file}:{self.line}): {self.words}"


class Explanation(msgspec.Struct, frozen=True):
    """A slot's decision, the conditions that made it, and every other rule, nearest first."""

    decision: Decision
    because: tuple[str, ...]
    misses: tuple[Miss, ...]

    def __str__(self) -> str:
        """One line per rule, the winner first."""
        decision = self.decision
        variant = f"/{decision.variant}" if decision.variant else ""
        place = f"{decision.rule}{variant} ({decision.file}:{decision.line})"
        because = "; ".join(self.because) or "it has no conditions"
        head = f"default content: {SLOT_REASONS.get(decision.reason, decision.reason)}"
        if decision.shown:
            head = f"shown {place}: {because}"
        elif decision.reason == "control" and decision.variant != CONTROL:
            head = f"default content, which is {place}: {because}"
        elif decision.reason in _WON:
            head = f"{head}, else {place} would have won: {because}"
        return "\n".join((head, *map(str, self.misses)))


def explain(
    rules: RuleSet, facts: Facts, slot: str, placement: Placement | None = None
) -> Explanation:
    """:func:`decide`, with its reasons. May take milliseconds.

    Misses come in this order: rules that hold (their cap is reached, a consent is missing,
    another one comes first, ...), then by the number of conditions that fail, then as in the
    slot. With a ``placement`` the slot is the next one of its page, and takes its place.
    """
    placement = placement or Placement(UNLIMITED)
    decision = placement.placed(decide(rules, facts, slot), facts)
    placement.take(decision)
    winner: Rule | None = None
    misses: list[Miss] = []
    for rule in rules.rules:
        if rule.slot != slot:
            continue
        won = decision.shown or decision.reason in _WON
        if won and rule.id == decision.rule:
            winner = rule
        else:
            misses.append(_miss(rules, facts, rule, winner))
    misses.sort(key=lambda miss: (miss.reason == "off", miss.failing))  # stable
    because = _because(rules, winner, facts) if winner else ()
    return Explanation(decision, because, tuple(misses))


def _because(rules: RuleSet, rule: Rule, facts: Facts) -> tuple[str, ...]:
    words = []
    for condition in rule.conditions:
        asked = condition.asked(rules.segments)
        # Of several attributes nobody could tell which one is meant.
        told = origin(next(iter(asked)), facts) if len(asked) == 1 else ""
        said = condition.words()
        if isinstance(condition, RunsOut):
            said = condition.told(facts)
        words.append(f"{said}{told}")
    for binding in rule.bindings:
        if (key := binding.key(facts)) is not None:
            words.append(f"${binding.variable} is {binding.called(facts, key)}")
    if rule.schedule is not None:
        words.append(str(rule.schedule))
    if (split := rule.split) is not None:
        words.append(dealt(rule, split, facts))
    return tuple(words)


def _miss(rules: RuleSet, facts: Facts, rule: Rule, winner: Rule | None) -> Miss:
    def miss(
        reason: Outcome, words: str, why: Why | None = None, failing: int = 0
    ) -> Miss:
        return Miss(rule.id, rule.file, rule.line, reason, why, failing, words)

    if rule.off:
        return miss("off", "it is switched off")
    closed = rule.schedule is not None and not rule.schedule.active(facts.context.now)
    lacking = rule.purposes - facts.consent
    # Without a consent nothing is known that needs it: only the others can be looked at.
    seen = [c for c in rule.conditions if not lacking or not c.purposes(rules.segments)]
    failed = [c for c in seen if not c.tests(rules.segments).true(facts)]
    if failed and not all(c.name == "consent" for c in failed):
        why = failed[0].why(facts, rules.segments)
        failing = len(failed) + closed
        more = f" (and {failing - 1} more)" if failing > 1 else ""
        return miss("condition", f"{why}{more}", why, failing)
    if closed:
        return miss("schedule", f"it is not its time: {rule.schedule}", failing=1)
    if lacking:
        return miss("consent", f"needs consent to {' and '.join(sorted(lacking))}")
    match outcome(rule, facts):
        case "cap" if rule.cap is not None:
            return miss("cap", rule.cap.why(facts))
        case "dismissed":
            ago = lasted(facts.context.now - facts.dismissed[rule.id].last)
            days = DISMISSED // DAY
            return miss("dismissed", f"dismissed {ago} ago, it pauses for {days} days")
        case "never" if thing := unwanted(rule.subjects, facts):
            dimension, key = thing
            return miss("never", f"the visitor never wants to see {dimension} {key}")
        case "explore":
            share = percent(rule.explore)
            return miss("explore", f"it steps aside on {share} of a visitor's days")
        case "traffic" if rule.split is not None:
            return miss("traffic", outside(rule, rule.split, facts))
        case "consent":
            return miss("consent", "the visitor has no id that its experiment goes by")
    if winner is None:
        return miss("later", "it holds")
    return miss("later", f"it holds, but {winner.id} comes before it")
