"""What readers of a report are told beside its numbers."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from ...rules.reporting.judgements import Judgement, State
from ...rules.reporting.notices import Remark


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
    "too-few": Badge("…", "Too early", "yellow"),
    "alone": Badge("–", "Nothing to compare with", "dim"),
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
    "adapt": "Its weights follow what visitors do: its variants are compared within the same weights.",
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


class Hint(NamedTuple):
    """What findings of a kind have in common: a heading, and what to do about them."""

    heading: str
    words: str


HINTS: Mapping[str, Hint] = {
    "unseen": Hint(
        "Not seen",
        "Do their conditions ever hold, and does another rule of the slot come first? "
        "`shopwindow explain` says it for each persona.",
    ),
    "unclicked": Hint("Not clicked", "Does what they show have a link?"),
    "tired": Hint(
        "Tired", "Show something new, or show them less often: `cap` limits how often."
    ),
    "uncovered": Hint("Not served", "Is there a rule for these visitors?"),
    "review": Hint(
        "Review due", "Look whether they are still right, and set a new day."
    ),
}


def grouped(findings: Iterable[Remark]) -> list[tuple[Hint, list[Remark]]]:
    """Those of a kind together, in the order in which kinds come."""
    found: dict[str, list[Remark]] = {}
    for one in findings:
        found.setdefault(one.code, []).append(one)
    return [(HINTS[code], each) for code, each in found.items()]


ALARMS: Mapping[str, str] = {
    "silent": "No impressions:",
    "sample-ratio": "Sample ratio:",
    "errors": "Errors:",
    "guardrail": "Guardrail broken:",
}
