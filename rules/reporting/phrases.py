"""What a difference in a metric means, in plain words."""

from collections.abc import Mapping
from typing import NamedTuple


class Phrase(NamedTuple):
    """``{who}`` is an arm, ``{much}`` how much (4.1 %). ``more`` and ``less`` finish sentences
    that begin with the arm's visitors; ``noun`` names the metric within a sentence."""

    more: str
    less: str
    noun: str


def _often(before: str) -> tuple[str, str]:
    return f"{before} {{much}} more often", f"{before} {{much}} less often"


PHRASES: Mapping[str, Phrase] = {
    "click-rate": Phrase(*_often("{who} was clicked"), "how often it is clicked"),
    "conversion-rate": Phrase(
        *_often("Visitors who saw {who} ordered"), "how many visitors order"
    ),
    "revenue-per-visitor": Phrase(
        "Visitors who saw {who} brought {much} more revenue",
        "Visitors who saw {who} brought {much} less revenue",
        "revenue per visitor",
    ),
    "average-order-value": Phrase(
        "Orders of visitors who saw {who} were worth {much} more",
        "Orders of visitors who saw {who} were worth {much} less",
        "what an order is worth",
    ),
    "add-to-cart": Phrase(
        *_often("Visitors who saw {who} put something into the cart"),
        "how many visitors put something into the cart",
    ),
    "bounce-rate": Phrase(
        *_often("Visits of those who saw {who} ended on their first page"),
        "how many visits end on their first page",
    ),
    "pages-per-visit": Phrase(
        "Visitors who saw {who} looked at {much} more pages per visit",
        "Visitors who saw {who} looked at {much} fewer pages per visit",
        "pages per visit",
    ),
    "time-to-first-product": Phrase(
        "Visitors who saw {who} took {much} longer to their first product",
        "Visitors who saw {who} took {much} less time to their first product",
        "the time to the first product",
    ),
    "repurchase-rate": Phrase(
        *_often("Visitors who saw {who} ordered again"), "how many visitors order again"
    ),
    "leads": Phrase(
        *_often("Visitors who saw {who} left their contact"),
        "how many visitors leave their contact",
    ),
    "net-value": Phrase(
        "Visitors who saw {who} were worth {much} more, after opt-outs",
        "Visitors who saw {who} were worth {much} less, after opt-outs",
        "revenue per visitor after opt-outs",
    ),
    "opt-outs": Phrase(
        *_often("Visitors who saw {who} opted out"), "how many visitors opt out"
    ),
    "dismissals": Phrase(*_often("{who} was sent away"), "how often it is sent away"),
    "approval": Phrase(*_often("{who} got thumbs up"), "the share of thumbs up"),
}


def phrase(metric: str) -> Phrase:
    """That of ``metric``, also of one that has no words of its own."""
    found = PHRASES.get(metric)
    if found is not None:
        return found
    noun = metric.replace("-", " ")
    before = f"For visitors who saw {{who}} {noun} was {{much}}"
    return Phrase(f"{before} higher", f"{before} lower", noun)


def said(metric: str, who: str, relative: float, much: str) -> str:
    """``Visitors who saw cosy ordered 4.1 % more often``, or less, by the sign of ``relative``."""
    words = phrase(metric)
    # Names may hold braces, so that they are put in by themselves.
    sentence = words.more if relative > 0 else words.less
    return sentence.replace("{much}", much).replace("{who}", who)
