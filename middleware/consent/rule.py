"""Any other cookie, by a rule of the shop: what its value contains, or is, when the visitor agrees."""

from .settings import CookieRule, RuleSettings
from .told import Parse, Told, answered


def reading(settings: RuleSettings) -> Parse:
    """Reads a cookie whose value means a purpose where its rule says so, else a refusal.

    Where the shop says which value refuses, any other one is no answer: a refusal erases, and
    a tool that writes something new one day must not erase everybody. What says both refuses.
    """

    def parse(value: str) -> Told | None:
        refused = settings.denied
        if refused is not None and _fits(refused, value):
            return answered(frozenset())
        rules = settings.rules.items()
        purposes = frozenset(purpose for purpose, rule in rules if _fits(rule, value))
        return answered(purposes) if purposes or refused is None else None

    return parse


def _fits(rule: CookieRule, value: str) -> bool:
    return value == rule.text if rule.whole else rule.text in value
