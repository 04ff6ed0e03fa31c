"""Shares and weights that leave somebody nothing, or that look as if they should add up."""

from ..findings import Finding
from .rule import Rule
from .ruleset import RuleSet

_NEAR = 5  # so close to 100 are weights that were meant as percentages


def misallotted(rules: RuleSet) -> list[Finding]:
    """Warnings about what nobody sees, and about weights that nearly make 100."""
    found: list[Finding] = []
    seen: set[str] = set()

    def warn(code: str, rule: Rule, line: int, message: str, hint: str) -> None:
        found.append(Finding(rule.file, line, 1, message, hint, "warning", code=code))

    for rule in rules.rules:
        if rule.off:
            continue
        if rule.explore == 1:
            words = f'rule "{rule.id}" steps aside for everybody: it explores 100%'
            warn(
                "never-shown",
                rule,
                rule.line,
                words,
                "lower the share, or say `off: true`",
            )
        if (split := rule.split) is None:
            continue
        if split.traffic == 0:
            words = f'rule "{rule.id}" is for nobody: its traffic is 0%'
            warn("never-shown", rule, split.line, words, "raise it, or say `off: true`")
        weights = [variant.weight for variant in split.variants]
        for variant in split.variants:
            if not variant.weight:
                words = f'nobody sees variant "{variant.name}" of rule "{rule.id}": its weight is 0'
                warn(
                    "never-shown",
                    rule,
                    variant.line,
                    words,
                    "raise it, or delete the variant",
                )
        odd = abs(split.total - 100) < _NEAR and split.total != 100
        if odd and len(set(weights)) > 1 and split.experiment not in seen:
            words = f'the weights of experiment "{split.experiment}" add up to {split.total:g}'
            hint = "they stand in proportion, but these look like percentages"
            warn("odd-sum", rule, split.line, words, hint)
        seen.add(split.experiment)
    return found
