"""What a rule does whose conditions hold: it decides, or it leaves its place to the next."""

from msgspec.structs import replace

from .attributes import Facts
from .experiments import Allocation, allocate, explores
from .facts import DAY, Decision
from .rule import Rule
from .subjects import unwanted

DISMISSED = 30 * DAY  # seconds in which a rule that was dismissed is not shown again


def outcome(rule: Rule, facts: Facts) -> Decision | str:
    """The decision of ``rule``, or the one of RULE_REASONS for which it is passed over.

    Its conditions hold, its consents are there and it is in its schedule. What stops the slot
    is a decision, too: that of the control group.
    """
    if rule.cap is not None and rule.cap.reached(facts):
        return "cap"
    if facts.dismissed and dismissed(rule, facts):
        return "dismissed"
    if facts.unwanted and unwanted(rule.subjects, facts):
        return "never"
    if rule.explore and explores(rule.id, rule.explore, facts.units.visitor, facts.day):
        return "explore"
    decision, variant = rule.decision, None
    if rule.split is not None:
        allocation = allocated(rule, facts)
        if allocation.outcome == "control":
            if allocation.unit == "visitor":
                return decision
            return replace(decision, unit=allocation.unit)
        if allocation.variant is None:
            return "traffic" if allocation.outcome == "traffic" else "consent"
        variant = allocation.variant.name
        decision = rule.variants[variant]
        if allocation.propensity is not None or allocation.unit != "visitor":
            if rule.filled is not None:
                keys = tuple(one.key(facts) for one in rule.bindings)
                decision = rule.filled(variant, keys)
            unit = "" if allocation.unit == "visitor" else allocation.unit
            return replace(decision, propensity=allocation.propensity, unit=unit)
    if rule.filled is not None:
        return rule.filled(variant, tuple(one.key(facts) for one in rule.bindings))
    return decision


def dismissed(rule: Rule, facts: Facts) -> bool:
    """Whether the visitor sent it away lately, in the last :data:`DISMISSED` seconds."""
    counter = facts.dismissed.get(rule.id)
    return counter is not None and facts.context.now - counter.last < DISMISSED


def allocated(rule: Rule, facts: Facts) -> Allocation:
    """Where the visitor landed in the split of ``rule``: at a pin, at what was seen first, else
    where the hash says. What was seen first stays, so that neither a login nor a change of
    weights turns it over.
    """
    split = rule.split
    assert split is not None  # whoever asks has looked
    return allocate(
        split,
        facts.units,
        facts.pins,
        facts.profile.variants.get(split.experiment),
        facts.allocations,
        context(rule, facts) if rule.contexts else "",
    )


def context(rule: Rule, facts: Facts) -> str:
    """The first of the segments that ``adapt`` goes by that surely holds; empty: none does."""
    for segment in rule.contexts:
        if segment.purposes <= facts.consent and segment.tests.true(facts):
            return f"segment:{segment.name}"
    return ""
