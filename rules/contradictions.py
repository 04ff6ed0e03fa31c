"""Rules and segments whose conditions can never all hold: for those who check a site."""

from ..findings import Finding
from .axes import same
from .conditions import Condition, Segment
from .implication import Cases, Conflict
from .rule import Rule
from .ruleset import RuleSet


def contradictory(rules: RuleSet) -> list[Finding]:
    """A warning for each rule and segment that no visitor can ever satisfy."""
    cases = Cases(rules.segments)
    found: list[Finding] = []
    for segment in rules.segments.values():
        if conflicts := cases.conflicts(cases.every([segment.condition])):
            words = f'nobody can be in segment "{segment.name}"'
            found.append(_warning(segment, segment.line, words, conflicts))
    for rule in rules.rules:
        if not rule.off and (conflicts := cases.conflicts(cases.of(rule))):
            words = f'rule "{rule.id}" can never win'
            line = _line(rule, conflicts[0])
            found.append(_warning(rule, line, words, conflicts))
    return found


def _warning(
    place: Rule | Segment, line: int, words: str, conflicts: list[Conflict]
) -> Finding:
    hint = str(conflicts[0])
    if len(set(map(str, conflicts))) > 1:
        hint = f"in each of its {len(conflicts)} alternatives something is wrong; in the first one {hint}"
    return Finding(place.file, line, 1, words, hint, "warning", code="contradiction")


def _line(rule: Rule, conflict: Conflict) -> int:
    """Where the last of the conditions in conflict was written, if that was in the rule."""
    own: list[Condition] = list(rule.conditions)
    for condition in own:  # it grows while we go
        own += getattr(condition, "conditions", ())
    lines = {same(condition): condition.line for condition in own}
    found = (lines.get(same(one.condition), 0) for one in conflict.literals)
    return max(found) or rule.line
