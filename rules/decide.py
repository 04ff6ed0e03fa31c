"""Which rule wins a slot, for one visitor, now."""

from msgspec.structs import replace

from .attributes import Facts
from .facts import SKIPPED_KEPT, Decision
from .outcome import outcome
from .ruleset import RuleSet

# So many rules may fail one by one; then it is cheaper to ask the dear columns for all slots.
PATIENCE = 20


def decide(rules: RuleSet, facts: Facts, slot: str) -> Decision:
    """The first rule of ``slot`` that holds and is allowed, else a reason for the default.

    A rule that lacks a consent, whose cap is reached, that was dismissed, is about what the
    visitor never wants to see, explores or whose experiment is for others leaves the place to the
    next one and stands in ``skipped``; the control group of an experiment stops the slot. The reason is ``consent`` where rules were passed over for
    consent and none won. Never raises: a fault gives the reason ``error`` and names the rule.
    """
    # Seldom more than the look-up: a call costs as much as asking two rules.
    index = rules.indices.get(facts.consent) or rules.index(facts.consent)
    span = index.slots.get(slot)
    if span is None:
        return Decision(slot, "no-rule")
    first, own = span
    skipped: list[tuple[str, str]] = []
    reason = "no-rule"
    try:
        known = facts.survivors
        if known is None or known[0] is not index:
            known = index.survivors(facts)
        _, alive, narrow = known
        alive = alive >> first & own
        tests = index.residues if narrow else index.rests
        patience = PATIENCE
        while alive:
            bit = alive & -alive
            number = first + bit.bit_length() - 1
            test = tests[number]
            if test is not None and not (test.test or test.compiled())(facts):
                alive ^= bit
                patience -= 1
                if not patience:
                    alive &= index.narrowed(facts) >> first
                    tests = index.residues
                continue
            decision = index.ready[number]
            if decision is not None and not (
                skipped or facts.dismissed or facts.unwanted
            ):
                return decision
            entry = index.entries[number]
            rule, end = entry.rule, entry.end - first
            found = outcome(rule, facts) if entry.allowed else "consent"
            if not isinstance(found, str):
                return replace(found, skipped=tuple(skipped)) if skipped else found
            if found == "consent":
                reason = found
            if len(skipped) < SKIPPED_KEPT:
                skipped.append((rule.id, found))
            alive = alive >> end << end  # without its other alternatives
            if reason == "consent" and len(skipped) == SKIPPED_KEPT:
                alive &= index.allowed >> first  # the others change nothing any more
    except Exception:
        # Something is wrong with the facts. Asked one by one, the rules say where.
        return one_by_one(rules, facts, slot)
    if not skipped:
        return index.unfilled[slot]
    return Decision(slot, reason, skipped=tuple(skipped))


def one_by_one(rules: RuleSet, facts: Facts, slot: str) -> Decision:
    """:func:`decide` without the index: the same answer, and the place of a fault."""
    skipped: list[tuple[str, str]] = []
    reason = "no-rule"
    for rule in rules.by_slot.get(slot, ()):
        allowed = rule.purposes <= facts.consent
        try:
            now = facts.context.now
            if rule.schedule is not None and not rule.schedule.active(now):
                continue
            if not (rule.holds if allowed else rule.possible)(facts):
                continue
            found = outcome(rule, facts) if allowed else "consent"
        except Exception:
            # A page is worth more than a rule: whatever a condition does with facts that
            # nobody thought of, the slot keeps its default content and the reason says so.
            return Decision(
                slot,
                "error",
                rule.id,
                file=rule.file,
                line=rule.line,
                skipped=tuple(skipped),
            )
        if not isinstance(found, str):
            return replace(found, skipped=tuple(skipped)) if skipped else found
        if found == "consent":
            reason = found
        if len(skipped) < SKIPPED_KEPT:
            skipped.append((rule.id, found))
    return Decision(slot, reason, skipped=tuple(skipped))
