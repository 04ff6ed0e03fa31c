"""Rules that others leave nothing to, and rules that nothing but their place tells apart."""

from collections import Counter
from collections.abc import Iterator, Sequence

from ..findings import Finding
from .implication import Case, Cases
from .rule import Rule
from .ruleset import RuleSet


def shadowed(rules: RuleSet) -> list[Finding]:
    """A warning for each rule that can never win, because another of its slot comes first and
    holds whenever it does.

    Rules with a cap, a share or an experiment let the next one through and shadow nobody.
    """
    cases = Cases(rules.segments)
    return [
        _warning(
            rule,
            f'rule "{rule.id}" can never win',
            f"{_place(other)} comes before it and "
            + ("always holds" if _always(other) else "holds whenever it does"),
            "shadowed",
        )
        for written in _slots(rules, cases)
        for rule, other in _hidden(written, cases)
    ]


def tied(rules: RuleSet) -> list[Finding]:
    """A warning for each two rules of one slot and priority that may both hold.

    Which of them wins is told by their files' names and their lines alone. Where one shadows
    the other, :func:`shadowed` has said so.
    """
    cases = Cases(rules.segments)
    found: list[Finding] = []
    for written in _slots(rules, cases):
        hidden = {rule.id for rule, _ in _hidden(written, cases)}
        free = [one for one in written if one[0].id not in hidden]
        for number, (rule, own) in enumerate(free):
            for other, others in free[:number]:
                if (
                    other.priority == rule.priority
                    and not _apart(other, rule)
                    and not cases.disjoint(others, own)
                ):
                    found.append(_tie(rule, other))
    return found


def _tie(rule: Rule, other: Rule) -> Finding:
    words = (
        f'rule "{rule.id}" has the same priority as {_place(other)}, and both may hold'
    )
    hint = "only their order in the files decides: give one a higher priority"
    return _warning(rule, words, hint, "tie")


Written = Sequence[tuple[Rule, Sequence[Case]]]


def _slots(rules: RuleSet, cases: Cases) -> Iterator[Written]:
    """The rules of each slot that may win, in their order, with the cases they hold in."""
    for slot in rules.by_slot.values():
        written = [(rule, cases.of(rule)) for rule in slot]
        yield [(rule, own) for rule, own in written if not cases.conflicts(own)]


def _hidden(written: Written, cases: Cases) -> Iterator[tuple[Rule, Rule]]:
    """Pairs of a slot: a rule, and the first one that leaves nothing to it."""
    common = Counter(axis for _, own in written for case in own for axis in case.asked)
    # Whoever is shadowed asks what its shadow asks: rules are found by a rare question.
    keen: dict[int | None, list[int]] = {}
    for number, (rule, own) in enumerate(written):
        asked = {None, *(axis for case in own for axis in case.asked)}
        for place in sorted({n for axis in asked for n in keen.get(axis, ())}):
            other, wide = written[place]
            if _spans(other, rule) and cases.covers(wide, own):
                yield rule, other
                break
        else:
            if not (rule.cap or rule.explore or rule.split):
                for axis in _keys(own, cases, common):
                    keen.setdefault(axis, []).append(number)


def _keys(own: Sequence[Case], cases: Cases, common: Counter[int]) -> set[int | None]:
    """One literal's questions for each case, those that the fewest rules ask."""
    keys: set[int | None] = set()
    for case in own:
        asked = map(cases.axes, case.literals)
        rare = min(
            asked, key=lambda some: sum(common[a] for a in some), default=(None,)
        )
        keys.update(rare)
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
