"""Which rule wins a slot, for one visitor, now."""

from msgspec.structs import replace

from .attributes import Facts
from .facts import Decision
from .ruleset import RuleSet


def decide(rules: RuleSet, facts: Facts, slot: str) -> Decision:
    """The first rule of ``slot`` that holds and is allowed, else a reason for the default.

    A rule that lacks a consent, or whose cap is reached, leaves the place to the next one and
    stands in ``skipped``. The reason is ``consent`` where rules were passed over for consent
    alone and none won. Never raises: a fault gives the reason ``error`` and names the rule.
    """
    skipped: list[tuple[str, str]] = []
    reason = "no-rule"
    rule = None
    try:
        for test, rule, allowed in rules.plan(slot, facts.consent):
            if not test(facts):
                continue
            if not allowed:
                skipped.append((rule.id, "consent"))
                reason = "consent"
            elif (
                rule.cap is not None
                and rule.cap.shown(rule.id, facts) >= rule.cap.times
            ):
                skipped.append((rule.id, "cap"))
            elif skipped:
                return replace(rule.decision, skipped=tuple(skipped))
            else:
                return rule.decision
    except Exception:
        # A page is worth more than a rule: whatever a condition does with facts that nobody
        # thought of, the slot keeps its default content and the reason says so.
        place = (rule.id, rule.file, rule.line) if rule is not None else (None, "", 0)
        return Decision(
            slot,
            "error",
            place[0],
            file=place[1],
            line=place[2],
            skipped=tuple(skipped),
        )
    return Decision(slot, reason, skipped=tuple(skipped))
