"""Any other cookie, by a rule of the shop: what its value contains, or is, when the visitor agrees."""

from .settings import RuleSettings
from .told import Parse, Told, answered


def reading(settings: RuleSettings) -> Parse:
    """Reads a cookie whose value means a purpose where its rule says so, and a refusal where none does."""

    def parse(value: str) -> Told | None:
        purposes = (
            purpose
            for purpose, rule in settings.rules.items()
            if (value == rule.text if rule.whole else rule.text in value)
        )
        return answered(frozenset(purposes))

    return parse
