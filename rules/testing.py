"""Rule tests, run: made-up visitors, decided for as on the shop's own pages."""

from collections.abc import Iterable

import msgspec

from .rule import Rule
from .rule_tests import RuleTest
from .ruleset import RuleSet
from .verdicts import Failure, judge
from .visiting import Shop, Visitor


class Result(msgspec.Struct, frozen=True):
    """One test, run: what failed, and the ids of all rules that its pages showed."""

    test: RuleTest
    failures: tuple[Failure, ...]
    shown: frozenset[str]


class Coverage(msgspec.Struct, frozen=True):
    """The rules that can be shown at all, and those of them that no test showed."""

    rules: tuple[Rule, ...]
    never: tuple[Rule, ...]

    @property
    def share(self) -> float:
        """From 0 to 1; where there are no rules, nothing is left to be shown."""
        whole = len(self.rules)
        return (whole - len(self.never)) / whole if whole else 1.0


def run(test: RuleTest, shop: Shop) -> Result:
    """The persona of ``test`` opens its page, step after step.

    All is as in the shop, but for the holdout over all rules, which a test has to ask for;
    whether there are products to fill a shelf is not asked.
    """
    visitor = Visitor(test.persona, shop, test.now, test.path, test.holdout)
    failures: list[Failure] = []
    shown: set[str] = set()
    for number, step in enumerate(test.steps, 1):
        if step.after is not None:
            visitor.wait(step.after)
        for deed in step.deeds:
            visitor.does(deed)
        page = visitor.open()
        failures += judge(step, page, number if test.sequence else None)
        decisions = page.decisions.values()
        shown.update(one.rule for one in decisions if one.shown and one.rule)
    return Result(test, tuple(failures), frozenset(shown))


def coverage(results: Iterable[Result], rules: RuleSet) -> Coverage:
    """Which of ``rules`` were shown, by file and line; those that are switched off do not count."""
    shown = frozenset[str]().union(*(result.shown for result in results))
    live = [rule for rule in rules.rules if not rule.off]
    live.sort(key=lambda rule: (rule.file, rule.line))
    never = tuple(rule for rule in live if rule.id not in shown)
    return Coverage(tuple(live), never)
