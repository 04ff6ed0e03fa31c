"""Experiments that go on with other settings: what that means for who takes part."""

from collections.abc import Iterator

from ..findings import Finding
from .experiments import Split
from .numerals import percent
from .rule import Rule
from .ruleset import RuleSet


def altered(before: RuleSet, after: RuleSet) -> list[Finding]:
    """Notes about experiments of ``before`` that ``after`` shares out otherwise.

    Nobody who took part sees something else. But those who come from now on are shared out by
    other weights, and a report adds up both.
    """
    known = _experiments(before)
    found: list[Finding] = []
    for name, (rule, split) in _experiments(after).items():
        was = known.get(name, (rule, split))[1]
        changes = list(_changes(was, split))
        if changes:
            words = (
                f'experiment "{name}" goes on with other shares: {"; ".join(changes)}'
            )
            hint = "to compare from the beginning give it a new name"
            place = rule.file, split.line, 1
            found.append(Finding(*place, words, hint, "warning", code="altered"))
    return found


def _experiments(rules: RuleSet) -> dict[str, tuple[Rule, Split]]:
    """The experiments that run, each with the first of its rules."""
    found: dict[str, tuple[Rule, Split]] = {}
    for rule in rules.rules:
        if rule.split is not None and not rule.off:
            found.setdefault(rule.split.experiment, (rule, rule.split))
    return found


def _changes(was: Split, now: Split) -> Iterator[str]:
    shares, before = _shares(now), _shares(was)
    if shares != before:
        yield f"variants {shares}, before {before}"
    for name, one, other in (
        ("control", now.control, was.control),
        ("traffic", now.traffic, was.traffic),
    ):
        if one != other:
            yield f"{name} {percent(one)}, before {percent(other)}"


def _shares(split: Split) -> str:
    whole = split.total
    shares = (f"{one.name} {percent(one.weight / whole)}" for one in split.variants)
    return ", ".join(shares)
