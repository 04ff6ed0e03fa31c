"""What a rule test did not get, and why: the place, the words, and the nearest miss."""

from collections.abc import Iterator

import msgspec

from .expectations import DEFAULT, Because, Expectation, Expected, called
from .explain import Explanation
from .facts import Decision
from .rule import Rule
from .sequences import Step
from .visiting import Page


class Failure(msgspec.Struct, frozen=True):
    """One expectation that was not met, at ``line`` of the test's file.

    ``step`` counts from 1; None: the test has no sequence. ``why`` says in whole lines what
    decided the slot, then what came nearest to what was expected.
    """

    line: int
    step: int | None
    slot: str
    expected: str
    shown: str
    why: tuple[str, ...]

    def __str__(self) -> str:
        step = f"step {self.step}, " if self.step else ""
        return f"{step}{self.slot}: expected {self.expected}, shown is {self.shown}"


def judge(step: Step, page: Page, number: int | None) -> Iterator[Failure]:
    """What ``page`` lacks of what ``step``, the one of this ``number``, expects."""
    because = [one for one in step.expected if isinstance(one, Because)]
    failed: set[str] = set()
    # Why a rule did not decide is told where its slot fails already.
    for one in sorted(step.expected, key=lambda one: isinstance(one, Because)):
        decision = page.decisions[one.slot]
        if one.met(decision) or (isinstance(one, Because) and one.slot in failed):
            continue
        failed.add(one.slot)
        wanted = [each.rule for each in because if each.slot == one.slot]
        why = tuple(_why(one, wanted, page, page.explain(one.slot)))
        yield Failure(one.line, number, one.slot, str(one), _shown(decision), why)


def _shown(decision: Decision) -> str:
    return called(decision.fragment or DEFAULT)


def _why(
    one: Expectation, wanted: list[str], page: Page, explanation: Explanation
) -> Iterator[str]:
    yield str(explanation).splitlines()[0]
    if isinstance(one, Expected) and not one.wanted:
        return
    outcomes = one.outcomes if isinstance(one, Expected) else ()
    rules = {
        rule.id: rule
        for rule in page.shop.rules.rules
        if rule.slot == one.slot
        and (rule.id in wanted if wanted else not _fragments(rule).isdisjoint(outcomes))
    }
    if not rules and set(outcomes) != {DEFAULT}:
        yield f"no rule of {one.slot} shows {one}"
    nearest = next((miss for miss in explanation.misses if miss.rule in rules), None)
    if nearest is not None:
        yield str(nearest)


def _fragments(rule: Rule) -> set[str]:
    """Everything that ``rule`` may show."""
    decisions = (rule.decision, *rule.variants.values())
    return {one.fragment for one in decisions if one.fragment is not None}
