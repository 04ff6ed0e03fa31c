"""Which rule wins a slot, for one visitor, now."""

from msgspec.structs import replace

from .attributes import Facts
from .facts import Decision
from .rule import Rule
from .ruleset import RuleSet

# So many rules may fail one by one; then it is cheaper to ask the dear columns for all slots.
PATIENCE = 12


def decide(rules: RuleSet, facts: Facts, slot: str) -> Decision:
    """The first rule of ``slot`` that holds and is allowed, else a reason for the default.

    A rule that lacks a consent, or whose cap is reached, leaves the place to the next one and
    stands in ``skipped``. The reason is ``consent`` where rules were passed over for consent
    alone and none won. Never raises: a fault gives the reason ``error`` and names the rule.
    """
    index = rules.index
    own = index.slots.get(slot)
    if own is None:
        return Decision(slot, "no-rule")
    skipped: list[tuple[str, str]] = []
    reason = "no-rule"
    try:
        known = facts.survivors
        if known is None or known[0] is not index:
            known = index.survivors(facts)
        _, alive, narrow = known
        alive &= own
        tests = index.residues if narrow else index.rests
        patience = PATIENCE
        while alive:
            bit = alive & -alive
            number = bit.bit_length() - 1
            test = tests[number]
            if test is not None and not test(facts):
                alive ^= bit
                patience -= 1
                if not patience:
                    alive &= index.narrowed(facts)
                    tests = index.residues
                continue
            decision = index.ready[number]
            if decision is not None and not skipped:
                return decision
            entry = index.entries[number]
            rule = entry.rule
            if not entry.allowed:
                reason = "consent"
                skipped.append((rule.id, reason))
            elif _worn_out(rule, facts):
                skipped.append((rule.id, "cap"))
            else:
                return replace(rule.decision, skipped=tuple(skipped))
            alive = alive >> entry.end << entry.end  # without its other alternatives
    except Exception:
        # Something is wrong with the facts. Asked one by one, the rules say where.
        return one_by_one(rules, facts, slot)
    if not skipped:
        return index.unfilled[slot]
    return Decision(slot, reason, skipped=tuple(skipped))


def _worn_out(rule: Rule, facts: Facts) -> bool:
    cap = rule.cap
    return cap is not None and cap.shown(rule.id, facts) >= cap.times


def one_by_one(rules: RuleSet, facts: Facts, slot: str) -> Decision:
    """:func:`decide` without the index: the same answer, and the place of a fault."""
    skipped: list[tuple[str, str]] = []
    reason = "no-rule"
    for rule in rules.by_slot.get(slot, ()):
        allowed = rule.purposes <= facts.consent
        try:
            if not (rule.holds if allowed else rule.possible)(facts):
                continue
            worn_out = allowed and _worn_out(rule, facts)
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
        if allowed and not worn_out:
            return replace(rule.decision, skipped=tuple(skipped))
        skipped.append((rule.id, "cap" if worn_out else "consent"))
        reason = reason if worn_out else "consent"
    return Decision(slot, reason, skipped=tuple(skipped))
