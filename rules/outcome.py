"""What a rule does whose conditions hold: it decides, or it leaves its place to the next."""

from .attributes import NO_PINS, Facts
from .experiments import CONTROL, Allocation, Split, allocate, explores
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
        allocation = allocated(rule.split, facts)
        if allocation.outcome == "control":
            return decision
        if allocation.variant is None:
            return "traffic" if allocation.outcome == "traffic" else "consent"
        variant = allocation.variant.name
        decision = rule.variants[variant]
    if rule.filled is not None:
        return rule.filled(variant, tuple(one.key(facts) for one in rule.bindings))
    return decision


def dismissed(rule: Rule, facts: Facts) -> bool:
    """Whether the visitor sent it away lately, in the last :data:`DISMISSED` seconds."""
    counter = facts.dismissed.get(rule.id)
    return counter is not None and facts.context.now - counter.last < DISMISSED


def allocated(split: Split, facts: Facts) -> Allocation:
    """Where the visitor landed: at a pin, at what was seen first, else where the hash says.

    What was seen first stays, so that neither a login nor a change of weights turns it over. A
    control group that is no longer wanted lets its visitors go. Accounts see the same on all
    devices: there the hash alone decides.
    """
    experiment = split.experiment
    pin = facts.pins.get(experiment)
    if pin is None and split.unit == "visitor":
        pin = facts.profile.variants.get(experiment)
        if pin == CONTROL and not split.control:
            pin = None
    return allocate(split, facts.units, {experiment: pin} if pin else NO_PINS)
