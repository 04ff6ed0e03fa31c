"""Rules that others leave nothing to, and rules that nothing but their place tells apart."""

from collections import Counter
from collections.abc import Iterator, Sequence

from ..findings import Finding
from .axes import Axis
from .implication import Case, Cases, axes, covers, disjoint, impossible
from .rule import Rule
from .ruleset import RuleSet


def shadowed(rules: RuleSet) -> list[Finding]:
    """A warning for each rule that can never win, because another of its slot comes first and
    holds whenever it does.

    Rules with a cap, a share or an experiment let the next one through and shadow nobody.
    """
    return [
        _warning(
            rule,
            f'rule "{rule.id}" can never win',
            f"{_place(other)} comes before it and {'always holds' if _always(other) else 'holds whenever it does'}",
            "shadowed",
        )
        for rule, other in _shadows(rules)
    ]


def tied(rules: RuleSet) -> list[Finding]:
    """A warning for each two rules of one slot and priority that may both hold.

    Which of them wins is told by their files' names and their lines alone. Where one shadows
    the other, :func:`shadowed` has said so.
    """
    known = {rule.id for rule, _ in _shadows(rules)}
    found: list[Finding] = []
    for number, rule, cases, before in _ordered(rules):
        if rule.id in known:
            continue
        for other, others in before[:number]:
            if other.priority != rule.priority or other.id in known:
                continue
            if not (_apart(other, rule) or disjoint(others, cases)):
                words = f'rule "{rule.id}" has the same priority as {_place(other)}, and both may hold'
                hint = (
                    "only their order in the files decides: give one a higher priority"
                )
                found.append(_warning(rule, words, hint, "tie"))
    return found


Written = Sequence[tuple[Rule, Sequence[Case]]]


def _ordered(rules: RuleSet) -> Iterator[tuple[int, Rule, Sequence[Case], Written]]:
    """Each rule that may win, with its cases and its slot; its number there counts from 0."""
    cases = Cases(rules.segments)
    for slot in rules.by_slot.values():
        every = [(rule, cases.of(rule)) for rule in slot]
        written = [(rule, found) for rule, found in every if not impossible(found)]
        for number, (rule, found) in enumerate(written):
            yield number, rule, found, written


def _shadows(rules: RuleSet) -> Iterator[tuple[Rule, Rule]]:
    """Pairs: a rule, and the first one that leaves nothing to it."""
    keen: dict[Axis | None, list[int]] = {}
    common: Counter[Axis] = Counter()
    for number, rule, cases, written in _ordered(rules):
        if number == 0:
            keen = {}
            common = Counter(
                axis for _, all in written for one in all for axis in one.asked
            )
        asked = {None, *(axis for one in cases for axis in one.asked)}
        for other in sorted({n for axis in asked for n in keen.get(axis, ())}):
            earlier, wide = written[other]
            if _spans(earlier, rule) and covers(wide, cases):
                yield rule, earlier
                break
        else:
            if not (rule.cap or rule.explore or rule.split):
                for axis in _keys(cases, common):
                    keen.setdefault(axis, []).append(number)


def _keys(cases: Sequence[Case], common: Counter[Axis]) -> set[Axis | None]:
    """Who is shadowed by these cases asks one of these questions: a rare one of each case."""
    keys: set[Axis | None] = set()
    for case in cases:
        asked = [axes(literal.condition) for literal in case.term]
        keys |= set(
            min(asked, key=lambda some: sum(common[a] for a in some), default={None})
        )
    return keys


def _spans(wide: Rule, narrow: Rule) -> bool:
    """Whether ``wide`` is surely in its schedule when ``narrow`` is in its own."""
    outer, inner = wide.schedule, narrow.schedule
    if outer is None:
        return True
    return inner is not None and inner.within(outer)


def _apart(first: Rule, second: Rule) -> bool:
    """Whether the two are never in force, or never for the same visitor, at the same time."""
    one, other = first.schedule, second.schedule
    if one is not None and other is not None and one.apart(other):
        return True
    mine, theirs = first.split, second.split
    return (
        mine is not None
        and theirs is not None
        and mine.experiment != theirs.experiment
        and mine.layer is not None
        and mine.layer == theirs.layer  # their slices share nobody
    )


def _always(rule: Rule) -> bool:
    return not rule.conditions and rule.schedule is None


def _place(rule: Rule) -> str:
    return f'"{rule.id}" ({rule.file}:{rule.line})'


def _warning(rule: Rule, words: str, hint: str, code: str) -> Finding:
    return Finding(rule.file, rule.line, 1, words, hint, "warning", code=code)
