"""Why visitors saw what they saw, in their own words: never a name or a value of a rule."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from ...rules.conditions import InSegment, NoneOf, Segments
from ...rules.counting import Counted, Leans
from ...rules.favourites import Favourite, OfFavourite
from ...rules.rule import Rule
from .words import Words, filled

if TYPE_CHECKING:
    from ...rules.ruleset import RuleSet

_VERBS = ("viewed", "searched", "added-to-cart", "bought", "read")
_BUILT_IN = {
    "orders": ("orders", "order-value", "days-since-order"),
    "cart": ("cart-items", "cart-age-hours"),
    "known": ("logged-in", "first-name"),
    "visits": (
        *("visits", "returning", "visited-today", "days-since-visit", "stage"),
        *("days-since-first-visit", "usual-hour", "entry-page"),
    ),
}
_BY_NAME = {name: kind for kind, names in _BUILT_IN.items() for name in names}
_BY_ORIGIN = {
    "preference": "told",
    "app": "known",
    "source": "known",
    "import": "known",
    "webhook": "known",
}


def why(rules: "RuleSet", rule_id: str, words: Words) -> str:
    """The reason of a rule as a sentence: its own ``why``, else what its conditions go by.

    Of a rule that asks for something sensitive no more is said than that the shop knows it.
    """
    said = words["reasons"]
    rule = next((one for one in rules.rules if one.id == rule_id), None)
    if rule is None:
        kinds = ["gone"]
    elif _is_sensitive(rule, rules.segments):
        kinds = ["known"]
    elif own := rule.about.get("why"):
        return own
    else:
        kinds = list(dict.fromkeys(_kinds(rule, rules.segments))) or ["everybody"]
        if len(kinds) > 1 and "moment" in kinds:
            kinds.remove("moment")  # the person is the better half of the reason
    listed = [said[kind] for kind in kinds]
    last = f" {said['and']} ".join(listed[-2:])
    reason = ", ".join((*listed[:-2], last))
    return filled(words["known"]["because"], why=reason)


def _is_sensitive(rule: Rule, segments: Segments) -> bool:
    asked = (a for one in rule.conditions for a in one.asked(segments))
    return any(attribute.sensitive for attribute in asked)


def _kinds(rule: Rule, segments: Segments) -> Iterator[str]:
    """What the rule goes by: names of the words' reasons."""
    yield from _of((*rule.conditions, *rule.bindings), segments)
    if rule.decision.recommend is not None:
        yield "affinity"
    if rule.schedule is not None:
        yield "moment"


def _of(conditions: Iterable[Any], segments: Segments) -> Iterator[str]:
    for condition in conditions:
        if isinstance(condition, Counted | Favourite):
            if condition.verb in _VERBS and not condition.negated:
                yield condition.verb
        elif isinstance(condition, Leans):
            yield "affinity"
        elif isinstance(condition, OfFavourite):
            yield from _of((condition.question,), segments)
        elif isinstance(condition, InSegment):
            inner = (segments[name].condition for name in condition.segments)
            yield from _of(inner, segments)
        elif isinstance(condition, NoneOf):
            pass  # what is not so is no reason that anybody would give
        elif hasattr(condition, "conditions"):
            yield from _of(condition.conditions, segments)
        else:
            for attribute in sorted(
                condition.asked(segments), key=lambda one: one.name
            ):
                kind = _BY_ORIGIN.get(attribute.origin.partition(":")[0])
                yield kind or _BY_NAME.get(attribute.name, "moment")
