"""What readers of a report are told beside its numbers."""

from collections.abc import Mapping
from typing import NamedTuple

from ...rules.reporting.judgements import Judgement, State


class Badge(NamedTuple):
    """A verdict at a glance: a mark, and words for it."""

    mark: str
    words: str
    style: str  # of the terminal


BADGES: Mapping[Judgement, Badge] = {
    "keep": Badge("✓", "Keep", "green"),
    "stop": Badge("✗", "Stop", "red"),
    "guardrail": Badge("!", "Guardrail broken", "red"),
    "sample-ratio": Badge("!", "Do not read", "red"),
    "open": Badge("…", "Open", "yellow"),
    "too-few": Badge("…", "Too few", "yellow"),
    "alone": Badge("–", "Nothing to compare with", "dim"),
}

REACHED: Mapping[State, str] = {
    "yes": "reached",
    "no": "not reached",
    "open": "open",
}
CONFIRMED: Mapping[State, str] = {
    "yes": "confirmed",
    "no": "not confirmed",
    "open": "open",
}
GUARDED: Mapping[State, str] = {
    "yes": "broken",
    "no": "kept",
    "open": "not decided",
}
MODES: Mapping[str, str] = {
    "": "",
    "adapt": "Its weights follow what visitors do: its variants are compared day by day.",
    "rollout": "It is rolled out step by step: days with a control group are compared.",
    "level": "It compares how personal the page is, from not at all to individually.",
}
#: Names of metrics as headings of columns.
NAMES: Mapping[str, str] = {
    "click-rate": "Click rate",
    "conversion-rate": "Conversion rate",
    "revenue-per-visitor": "Revenue per visitor",
    "average-order-value": "Average order value",
    "add-to-cart": "Add to cart",
    "bounce-rate": "Bounce rate",
    "pages-per-visit": "Pages per visit",
    "time-to-first-product": "Time to first product",
    "repurchase-rate": "Repurchase rate",
    "leads": "Leads",
    "net-value": "Net value per visitor",
    "opt-outs": "Opt-outs",
    "dismissals": "Dismissals per showing",
    "approval": "Thumbs up of all thumbs",
}


def name_of(metric: str) -> str:
    return NAMES.get(metric, metric)


#: What a finding is about, in a word or two.
REMARKS: Mapping[str, str] = {
    "unseen": "Not seen:",
    "unclicked": "Not clicked:",
    "tired": "Tired:",
    "uncovered": "Not served:",
    "review": "Review due:",
}
ALARMS: Mapping[str, str] = {
    "silent": "No impressions:",
    "sample-ratio": "Sample ratio:",
    "errors": "Errors:",
    "guardrail": "Guardrail broken:",
}
