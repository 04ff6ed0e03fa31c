"""The long answer: why a slot shows what it shows, and why not the others. Offline."""

from typing import Literal

import msgspec

from .attributes import Facts
from .conditions import Why
from .decide import decide
from .facts import SLOT_REASONS, Decision
from .ruleset import Rule, RuleSet

Outcome = Literal["condition", "consent", "cap", "later", "off"]


class Miss(msgspec.Struct, frozen=True):
    """One rule that did not win.

    ``reason`` is one of RULE_REASONS, ``later`` (it holds, but another one comes before it) or
    ``off``. ``why`` is its first condition that is not true, ``failing`` how many are not.
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
        if decision.shown:
            place = f"{decision.rule} ({decision.file}:{decision.line})"
            head = f"shown {place}: {'; '.join(self.because) or 'it has no conditions'}"
        else:
            head = (
                f"default content: {SLOT_REASONS.get(decision.reason, decision.reason)}"
            )
        return "\n".join((head, *map(str, self.misses)))


def explain(rules: RuleSet, facts: Facts, slot: str) -> Explanation:
    """:func:`decide`, with its reasons. May take milliseconds.

    Misses come in this order: rules that hold (their cap is reached, a consent is missing,
    another one comes first), then by the number of conditions that fail, then as in the slot.
    """
    decision = decide(rules, facts, slot)
    winner: Rule | None = None
    misses: list[Miss] = []
    for rule in rules.rules:
        if rule.slot != slot:
            continue
        if rule.id == decision.rule and decision.shown:
            winner = rule
        else:
            misses.append(_miss(rules, facts, rule, winner))
    misses.sort(key=lambda miss: (miss.reason == "off", miss.failing))  # stable
    because = (
        tuple(condition.words() for condition in winner.conditions) if winner else ()
    )
    return Explanation(decision, because, tuple(misses))


def _miss(rules: RuleSet, facts: Facts, rule: Rule, winner: Rule | None) -> Miss:
    def miss(
        reason: Outcome, words: str, why: Why | None = None, failing: int = 0
    ) -> Miss:
        return Miss(rule.id, rule.file, rule.line, reason, why, failing, words)

    if rule.off:
        return miss("off", "it is switched off")
    lacking = rule.purposes - facts.consent
    # Without a consent nothing is known that needs it: only the others can be looked at.
    seen = [c for c in rule.conditions if not lacking or not c.purposes(rules.segments)]
    failed = [c for c in seen if not c.tests(rules.segments).true(facts)]
    if lacking and not failed or all(c.name == "consent" for c in failed) and failed:
        return miss("consent", f"needs consent to {' and '.join(sorted(lacking))}")
    if failed:
        why = failed[0].why(facts, rules.segments)
        more = f" (and {len(failed) - 1} more)" if len(failed) > 1 else ""
        return miss("condition", f"{why}{more}", why, len(failed))
    if (
        rule.cap is not None
        and (shown := rule.cap.shown(rule.id, facts)) >= rule.cap.times
    ):
        return miss("cap", f"cap {rule.cap} is reached, it was shown {shown} x")
    if winner is None:
        return miss("later", "it holds")
    return miss("later", f"it holds, but {winner.id} comes before it")
