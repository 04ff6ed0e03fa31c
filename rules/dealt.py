"""Where a visitor landed in an experiment, in words."""

from .attributes import Facts
from .experiments import CONTROL, Allocation, Split, reached, weighed
from .numerals import percent
from .outcome import allocated, context
from .rule import Rule

ELSE = "this one is not among them"


def dealt(rule: Rule, split: Split, facts: Facts) -> str:
    """Why the visitor is dealt what they are: the arm, its chance, and what else decided."""
    found = allocated(rule, facts)
    said = [f"experiment {split.experiment}", _arm(rule, split, facts, found)]
    if split.rollout is not None:
        said.append(f"roll-out at {percent(reached(split, facts.allocations))}")
    if found.variant is not None and found.variant.level != "individual":
        said.append(f"level {found.variant.level}")
    notes = [
        found.note,
        "pinned" if found.pinned else "",
        "as seen first" if found.kept else "",
    ]
    return ", ".join(said) + "".join(f" ({note})" for note in notes if note)


def outside(rule: Rule, split: Split, facts: Facts) -> str:
    """Why the visitor takes no part."""
    found = allocated(rule, facts)
    if split.unit == "customer" and found.unit == "customer" and found.note:
        return f"experiment {split.experiment}: {found.note}"
    share = reached(split, facts.allocations)
    if not share:
        return f"the roll-out of {split.experiment} went back: nobody sees it"
    words = f"experiment {split.experiment} is for {percent(split.traffic)} of visitors"
    if split.layer is not None:
        first, last = (percent(edge) for edge in split.slice)
        words += f", from {first} to {last} of layer {split.layer}"
    if split.rollout is not None:
        words += f", and its roll-out has reached {percent(share)} of them"
    return f"{words}; {ELSE}" + (f" ({found.note})" if found.note else "")


def _arm(rule: Rule, split: Split, facts: Facts, found: Allocation) -> str:
    if found.variant is None:
        if split.rollout is not None:
            return f"{CONTROL}, as many as see it"
        return f"{CONTROL} {percent(split.control)}"
    if split.adapt is None:
        return f"{found.variant.weight:g} of {split.total:g}"
    now = context(rule, facts)
    weights = weighed(split, facts.allocations, now)
    number = split.variants.index(found.variant)
    share = percent(weights[number] / sum(weights))
    where = f" in {now.replace(':', ' ')}" if now else ""
    return f"adaptive, {share} of visitors{where} now"
