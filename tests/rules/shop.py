"""A small shop to ask rules about."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from msgspec.structs import replace

from shopwindow.findings import Finding
from shopwindow.rules.attributes import Attribute, Facts, Traffic, facts
from shopwindow.rules.facts import DAY, Context, Counter, Event, Profile
from shopwindow.rules.interests import NO_TRAFFIC
from shopwindow.rules.learning import learn
from shopwindow.rules.reading import Parameters, RuleSet, Vocabulary, read_rules

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC).timestamp()
TODAY = int(NOW // DAY)
PERSONALIZATION = frozenset({"personalization"})
BOTH = frozenset({"personalization", "statistics"})

VOCABULARY = Vocabulary(
    slots=frozenset({"home.hero", "home.prompt"}),
    attributes={
        attribute.name: attribute
        for attribute in (
            Attribute("country", "text", "header:CF-IPCountry", ("DE", "AT", "CH")),
            Attribute("customer-type", "text", "source:crm", ("b2b", "b2c")),
            Attribute("cart-value", "number", "app"),
            Attribute("has-account", "yes-no", "app"),
            Attribute("pet-born", "date", "preference"),
            Attribute("contract-ends", "time", "source:crm"),
            Attribute("app-version", "version", "query:v"),
            Attribute("hobbies", "list", "preference"),
            Attribute("health-note", "text", "source:crm", sensitive=True),
            Attribute("survey", "text", "app", purpose="statistics"),
        )
    },
    fragments={
        "hero": Parameters(open=True),
        "plain": Parameters(),
        "category-hero": Parameters(
            frozenset({"category"}), frozenset({"headline", "items"})
        ),
        "shelf": Parameters(frozenset({"items"}), frozenset({"headline"})),
        "far": Parameters(frozenset({"category"}), frozenset({"size"}), remote=True),
    },
    categories={
        "wood": "Holzverbinder",
        "screws": "Schrauben",
        "twin-a": "Zwilling",
        "twin-b": "Zwilling",
    },
    products=frozenset({"p1", "p2", "p3"}),
    articles=frozenset({"a1"}),
    brands=frozenset({"Spax"}),
    tags=frozenset({"sale"}),
    strategies=frozenset({"trending", "similar"}),
    timezone="Europe/Berlin",
)

FAMILY: dict[tuple[str, str], tuple[tuple[str, str], ...]] = {
    ("product", "p1"): (
        ("product", "p1"),
        ("category", "wood"),
        ("brand", "Spax"),
        ("tag", "sale"),
    ),
    ("product", "p2"): (
        ("product", "p2"),
        ("category", "screws"),
        ("category", "wood"),
    ),
    ("category", "screws"): (("category", "screws"), ("category", "wood")),
    ("category", "wood"): (("category", "wood"),),
    ("article", "a1"): (("article", "a1"), ("category", "wood"), ("tag", "sale")),
}


def relatives(kind: str, id: str) -> tuple[tuple[str, str], ...]:
    return FAMILY.get((kind, id), ())


def context(**changes: Any) -> Context:
    return replace(Context(NOW, TODAY, 11, "sat"), **changes)


def counter(*days: tuple[int, int]) -> Counter:
    """``(days ago, how often)``, oldest first."""
    numbers = [number for ago, count in days for number in (TODAY - ago, count)]
    return Counter(NOW - DAY * days[-1][0], tuple(numbers))


def event(name: str, ago: float = 0, **properties: Any) -> Event:
    """``ago`` in days."""
    time = NOW - ago * DAY
    return Event(f"{name}-{ago}", name, "v", time, int(time // DAY), properties)


def lived(events: Iterable[Event], profile: Profile | None = None) -> Profile:
    for one in events:
        profile = learn(profile, one, relatives)
    assert profile is not None
    return profile


def errors(findings: Iterable[Finding]) -> list[str]:
    return [str(finding) for finding in findings if finding.severity == "error"]


def read(text: str, vocabulary: Vocabulary = VOCABULARY) -> RuleSet:
    """A text without errors."""
    rules, findings = read_rules({"rules/start.yaml": text}, vocabulary)
    assert errors(findings) == []
    return rules


def rule(when: str, more: str = "") -> RuleSet:
    """One rule with one list of conditions, written as flow YAML."""
    return read(f"""\
segments:
  dog-owner: [{{any: [{{customer-type: b2b}}, {{bought: {{product: p1}}}}]}}]
  unknowable: [{{country: DE}}]
rules:
  - id: only
    slot: home.hero
    when: {when}
    show: hero
{more}""")


def ask(
    rules: RuleSet,
    given: dict[str, object] | None = None,
    profile: Profile | None = None,
    consent: frozenset[str] = PERSONALIZATION,
    traffic: Traffic = NO_TRAFFIC,
    **changes: Any,
) -> Facts:
    return facts(rules, profile, context(**changes), consent, given or {}, traffic)
