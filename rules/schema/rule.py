"""A rule as a schema: all its keys, and what ``with`` may say by the fragment."""

from collections.abc import Iterable

from ..facts import Recommend
from ..moments import WEEKDAYS
from ..shelves import BOUNDS, FILTERS, KINDS, MEASURES
from ..vocabulary import Vocabulary
from .names import asked, key, parameters
from .trials import BY_LEVEL, NAME, trials, variant
from .values import (
    DAY,
    DURATION,
    HOURS,
    MOMENT,
    NUMBER,
    PERCENTAGE,
    TEXT,
    YES_NO,
    Schema,
    about,
    choice,
    closed,
    hinted,
    one_of,
    one_or_more,
    ref,
    whole,
)


def rule(vocabulary: Vocabulary, segments: Iterable[str]) -> dict[str, Schema]:
    """The definitions ``rule``, ``with`` and their parts; ``segments`` are completed."""
    return {
        "rule": {
            **closed(_rule(vocabulary), "id", "slot"),
            "allOf": [
                # A rule shows one fragment, or its variants do.
                {"if": _WITHOUT_SPLIT, "then": {"required": ["show"]}},
                {"if": _with("split", {}), "then": {"properties": _NO_CONTENT}},
                *_by_fragment(vocabulary, shelf=True),
                *_shelves_of_variants(vocabulary),
            ],
            "dependencies": {"cap-group": ["cap"]},
            "defaultSnippets": _SNIPPETS,
        },
        "variant": {
            **closed(_variant(), "name"),
            "anyOf": [{"required": ["show"]}, {"required": ["level"]}],
            "allOf": [BY_LEVEL, *_by_fragment(vocabulary, shelf=False)],
        },
        "schedule": _schedule(vocabulary),
        "limit": _limit(),
        **trials(segments),
        "recommend": _recommend(vocabulary),
        "chosen": _chosen(),
        "shelved": _chosen(
            kind=about(
                "What it is; products, if nothing is said.", one_or_more(one_of(KINDS))
            )
        ),
    }


def _rule(vocabulary: Vocabulary) -> dict[str, Schema]:
    limits = {"type": ["object", "array"], "items": ref("limit"), "minItems": 1}
    return {
        "id": about("The rule's name, unique in the whole site.", NAME),
        "slot": about("The slot of the page that this rule may fill.", ref("slot")),
        "priority": about(
            "A whole number, 0 if left away. Of all rules that hold the highest wins.",
            {"type": "integer"},
        ),
        "when": about("All of these conditions must hold.", ref("conditions")),
        "unless": about("None of these conditions may hold.", ref("conditions")),
        "schedule": about("Days and hours at which the rule counts.", ref("schedule")),
        "cap": about(
            "How often the rule may be shown; then the next one gets its chance.",
            {**_limit(), **limits},
        ),
        "cap-group": about("Rules with this name share their cap.", NAME),
        "show": about("The fragment that is shown.", ref("fragment")),
        "with": _WITH,
        "split": about("An experiment: variants instead of `show`.", ref("split")),
        "recommend": about("What fills the fragment's `items`.", ref("recommend")),
        "explore": about(
            "In this share of visitor-days the rule steps aside for the next one.",
            PERCENTAGE,
        ),
        "note": about("Why there is this rule, for people.", TEXT),
        "owner": about("Who looks after the rule.", TEXT),
        "goal": about(
            "What the rule is to bring about: in words, or a metric.", ref("goal")
        ),
        "guardrails": about("What must not get worse.", _guardrails()),
        "hypothesis": about("What you expect, and why.", TEXT),
        "review-by": about("The day on which somebody looks at it again.", DAY),
        "campaign": about("The campaign that the rule belongs to.", TEXT),
        "why": about("What visitors read who ask why they saw it.", TEXT),
        "off": about("true: the rule is never shown.", YES_NO),
    }


def _guardrails() -> Schema:
    return one_or_more(ref("guardrail"))


_WITHOUT_SPLIT: Schema = {"type": "object", "not": {"required": ["split"]}}
_NO_CONTENT = {"show": False, "with": False}
_WITH = about("The fragment's parameters.", {"type": "object"})


def _by_fragment(vocabulary: Vocabulary, shelf: bool) -> list[Schema]:
    """For each fragment that declares its parameters: what goes with it.

    ``shelf``: the items that it may want are asked for here.
    """
    found: list[Schema] = []
    for name, declared in sorted(vocabulary.fragments.items()):
        if declared.open:
            continue
        allowed: Schema = {"properties": {"with": parameters(declared)}}
        required = ["with"] if asked(declared) else []
        if shelf and "items" in declared.required:
            required.append("recommend")
        if required:
            allowed["required"] = required
        found.append({"if": _with("show", {"const": name}), "then": allowed})
    return found


def _shelves_of_variants(vocabulary: Vocabulary) -> list[Schema]:
    """Where a variant shows a shelf, the rule says what fills it."""
    fragments = sorted(vocabulary.fragments.items())
    shelves = [name for name, declared in fragments if "items" in declared.required]
    if not shelves:
        return []
    shelf = _with("show", {"enum": shelves})
    among = _with("split", _with("variants", {"contains": shelf}))
    return [{"if": among, "then": {"required": ["recommend"]}}]


def _with(key: str, value: Schema) -> Schema:
    """A map in which ``key`` is written, and is ``value``.

    With its type: else an empty line would be completed as if it were one.
    """
    return {"type": "object", "properties": {key: value}, "required": [key]}


def _schedule(vocabulary: Vocabulary) -> Schema:
    days = {"type": "array", "items": {"enum": list(WEEKDAYS)}, "minItems": 1}
    properties = {
        "from": about("The first moment; a day alone begins at 00:00.", MOMENT),
        "until": about("The end, which is not in it itself.", MOMENT),
        "days": about("Only on these days of the week.", days),
        "hours": about("Only at these hours; they may cross midnight.", HOURS),
        "timezone": about(
            "Whose clock this is; without it, the file's.",
            hinted([vocabulary.timezone]),
        ),
    }
    says = [{"required": [name]} for name in ("from", "until", "days", "hours")]
    return {**closed(properties), "anyOf": says}


def _limit() -> Schema:
    properties = {
        "times": about("At most so often ...", whole(1)),
        "per": about("... within this time; without it, ever.", DURATION),
        "cooldown": about("At least this long between two showings.", DURATION),
        "until": about(
            "When it is never shown again.", choice({"clicked": "After a click."})
        ),
        "adaptive": about(
            "After 2, 4, 8 ... showings without a click, twice the pause.",
            {"enum": [True]},
        ),
    }
    return {
        **closed(properties),
        "minProperties": 1,
        "dependencies": {"per": ["times"]},
    }


def _variant() -> dict[str, Schema]:
    return variant(about("The fragment that is shown.", ref("fragment")), _WITH)


def _recommend(vocabulary: Vocabulary) -> Schema:
    strategies = one_or_more(one_of(vocabulary.strategies))
    usual = Recommend(()).limit
    properties = {
        "strategy": about("How products are found; the next fills up.", strategies),
        "limit": about(
            "At most so many products.", {**whole(1, 100), "default": usual}
        ),
        "only": about("Nothing but these.", ref("shelved")),
        "except": about("Anything but these.", ref("chosen")),
        "pin": about("These first.", one_or_more(ref("product"))),
        "boost": about("These further to the front.", ref("chosen")),
        "bury": about("These further to the back.", ref("chosen")),
        "discovery": about("The share of products that are new to them.", PERCENTAGE),
        "minimum-score": about(
            "What scores less is left out, 0 to 1.",
            {"type": "number", "minimum": 0, "maximum": 1},
        ),
    }
    return closed(properties, "strategy")


def _chosen(**others: Schema) -> Schema:
    """Products, by what they have in common."""
    properties = {name: one_or_more(key(name)) for name in FILTERS} | others
    for name in MEASURES:
        bounds = {word: about(_BOUND_WORDS[word], NUMBER) for word in BOUNDS}
        properties[name] = about(
            _MEASURE_WORDS[name], {**closed(bounds), "minProperties": 1}
        )
    return {**closed(properties), "minProperties": 1}


_BOUND_WORDS = {
    "at-least": "Not less.",
    "at-most": "Not more.",
    "more-than": "More than that.",
    "less-than": "Less than that.",
}
_MEASURE_WORDS = {
    "price": "What it costs, in the shop's currency; what has no price keeps to no bound.",
    "stock": "How many are in stock; where the catalogue only says yes, enough.",
}


_SNIPPETS = [
    {
        "label": "a new rule",
        "description": "Who looked at a category often sees something from it.",
        "body": {
            "id": "$1",
            "slot": "$2",
            "priority": 100,
            "when": [
                {"viewed": {"category": "$3", "at-least": 3, "within": "30 days"}}
            ],
            "show": "$4",
        },
    },
    {
        "label": "a new experiment",
        "description": "Two variants, dealt out evenly, and a control group.",
        "body": {
            "id": "$1",
            "slot": "$2",
            "split": {
                "experiment": "$3",
                "control": "10%",
                "variants": [
                    {"name": "$4", "weight": 50, "show": "$5"},
                    {"name": "$6", "weight": 50, "show": "$7"},
                ],
            },
        },
    },
]
