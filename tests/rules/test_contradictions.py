"""Which conditions can never all hold, and which only look as if they could not."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shopwindow.rules.contradictions import contradictory
from tests.rules.shop import VOCABULARY, ask, read
from tests.rules.test_index import RULE, VISITOR, site
from tests.sizes import runs

SEGMENTS = """\
segments:
  dogs: [{any: [{customer-type: b2b}, {bought: {product: p1}}]}]
  germans: [country: DE]
  impossible: [country: DE, country: AT]
"""


def found(when: str, more: str = "") -> list[str]:
    text = SEGMENTS.replace("  impossible: [country: DE, country: AT]\n", "")
    text += f"rules:\n  - {{id: a, slot: home.hero, show: hero, when: {when}{more}}}\n"
    return [finding.hint for finding in contradictory(read(text))]


def both(first: str, second: str) -> list[str]:
    return [f"`{first}` and `{second}` exclude each other"]


WOOD = "category: Holzverbinder"
NEVER = {
    "[country: DE, country: AT]": both("country is DE", "country is AT"),
    "[country: DE, country: {is-not: DE}]": both("country is DE", "country is not DE"),
    "[country: [DE, AT], country: {is-none-of: [AT, DE]}]": both(
        "country is DE or AT", "country is not AT or DE"
    ),
    "[visits: {at-least: 5}, visits: {less-than: 3}]": both(
        "visits is at least 5", "visits is less than 3"
    ),
    "[cart-value: {more-than: 2}, cart-value: 2]": both(
        "cart-value is more than 2", "cart-value is 2"
    ),
    "[pet-born: {after: 2026-11-19}, pet-born: {before: 2026-11-20}]": both(
        "pet-born is after 2026-11-19", "pet-born is before 2026-11-20"
    ),
    "[contract-ends: {within-last: 2 days}, contract-ends: {older-than: 3 days}]": both(
        "contract-ends within last 2 days", "contract-ends older than 3 days"
    ),
    "[pet-born: {within-next: 2 days}, pet-born: {within-last: 1 day}, pet-born: {older-than: 1 day}]": both(
        "pet-born within next 2 days", "pet-born older than 1 day"
    ),
    "[pet-born: {within-last: 1 year}, pet-born: {older-than: 12 months}]": both(
        "pet-born within last 1 year", "pet-born older than 12 months"
    ),
    "[contract-ends: {within-last: 6 months}, contract-ends: {older-than: 7 months}]": both(
        "contract-ends within last 6 months", "contract-ends older than 7 months"
    ),
    "[app-version: {at-least: 2.10}, app-version: {less-than: 2.9}]": both(
        "app-version is at least 2.10", "app-version is less than 2.9"
    ),
    "[country: {known: false}, country: DE]": both(
        "country is not known", "country is DE"
    ),
    "[pet-born: {known: false}, pet-born: {older-than: 12 months}]": both(
        "pet-born is not known", "pet-born older than 12 months"
    ),
    "[has-account: true, has-account: false]": both(
        "has-account is true", "has-account is false"
    ),
    "[has-account: true], unless: [has-account: true]": both(
        "has-account is true", "not: has-account is true"
    ),
    "[path: {starts-with: /a/}, path: {starts-with: /b/}]": both(
        'path starts with "/a/"', 'path starts with "/b/"'
    ),
    "[path: /a, path: {contains: b}]": both("path is /a", 'path contains "b"'),
    "[path: {starts-with: /a/b}], unless: [path: {contains: a}]": both(
        'path starts with "/a/b"', 'not: path contains "a"'
    ),
    "[hobbies: {has: a}, hobbies: {has-none: [a, b]}]": both(
        "hobbies has a", "hobbies has none a, b"
    ),
    "[hobbies: {has: a}, hobbies: {known: false}]": both(
        "hobbies has a", "hobbies is not known"
    ),
    f"[viewed: {{{WOOD}}}, not-viewed: {{{WOOD}}}]": both(
        "viewed 1 x Holzverbinder", "not viewed Holzverbinder"
    ),
    f"[viewed: {{{WOOD}, within: 7 days}}, not-viewed: {{{WOOD}, within: 30 days}}]": both(
        "viewed 1 x Holzverbinder in 7 days", "not viewed Holzverbinder in 30 days"
    ),
    f"[viewed: {{{WOOD}, at-least: 3, within: 7 days}}, viewed: {{{WOOD}, at-most: 2}}]": both(
        "viewed 3 x Holzverbinder in 7 days", "viewed at most 2 x Holzverbinder"
    ),
    f"[viewed: {{{WOOD}, within: 1 hour}}, not-viewed: {{{WOOD}, within: 2 hours}}]": both(
        "viewed 1 x Holzverbinder in 1 hour", "not viewed Holzverbinder in 2 hours"
    ),
    f"[viewed: {{{WOOD}, within: 2 hours}}, not-viewed: {{{WOOD}}}]": both(
        "viewed 1 x Holzverbinder in 2 hours", "not viewed Holzverbinder"
    ),
    f"[affinity: {{{WOOD}, at-least: 0.5}}, affinity: {{{WOOD}, less-than: 0.5}}]": both(
        "affinity to Holzverbinder at least 0.5",
        "affinity to Holzverbinder less than 0.5",
    ),
    "[viewed: {category: any, as: c}, bought: {category: $c}, not-bought: {category: $c}]": both(
        "bought 1 x $c", "not bought $c"
    ),
    "[viewed: {category: any, at-least: 3}, not-viewed: {category: any}]": both(
        "viewed 3 x any category", "not viewed any category"
    ),
    "[segment: dogs], unless: [segment: dogs]": [
        "in each of its 2 alternatives something is wrong; in the first one "
        "`not: customer-type is b2b` and `customer-type is b2b` exclude each other"
    ],
    "[segment: germans, country: CH]": both("country is DE", "country is CH"),
    "[visits: 2], unless: [consent: personalization]": both(
        "not: consent to personalization", "consent to personalization"
    ),
    "[country: {is-not: DE}, country: {is-not: AT}, country: {is-one-of: [DE, AT]}]": [
        "`country is not DE` and `country is not AT` and `country is DE or AT` exclude each other"
    ],
    "[affinity: {category: Schrauben, more-than: 1}]": [
        "`affinity to Schrauben more than 1` holds for nobody"
    ],
}


@pytest.mark.parametrize("when", NEVER)
def test_conditions_that_exclude_each_other_are_named(when: str) -> None:
    assert found(when) == NEVER[when]


MAYBE = [
    "[]",
    "[country: [DE, AT], country: [AT, CH]]",
    "[country: {is-not: DE}, country: {is-not: AT}]",
    "[visits: {at-least: 3}, visits: {at-most: 3}]",
    "[cart-value: {more-than: 2}, cart-value: {less-than: 2.1}]",
    "[pet-born: {after: 2026-11-18}, pet-born: {before: 2026-11-20}]",
    f"[viewed: {{{WOOD}, within: 2 hours}}, not-viewed: {{{WOOD}, within: 1 hour}}]",
    "[pet-born: {older-than: 6 months}], unless: [pet-born: {older-than: 12 months}]",
    "[pet-born: {older-than: 6 months}, pet-born: {within-last: 12 months}]",
    "[pet-born: {older-than: 30 days}, pet-born: {within-last: 1 month}]",
    "[pet-born: {within-next: 1 month}, pet-born: {within-last: 1 month}]",
    "[pet-born: {older-than: 1 month}], unless: [pet-born: {within-next: 1 month}]",
    "[contract-ends: {within-last: 3 days}, contract-ends: {older-than: 2 days}]",
    "[app-version: {more-than: 2.9}, app-version: {less-than: 2.10}]",
    "[path: {starts-with: /a}, path: {starts-with: /a/b}, path: {contains: b/c}]",
    "[hobbies: {has: a}, hobbies: {has: b}, hobbies: {has-none: c}]",
    "[hobbies: {has-none: [a, b, c, d]}, hobbies: {known: true}]",
    f"[viewed: {{{WOOD}, within: 30 days}}, not-viewed: {{{WOOD}, within: 7 days}}]",
    f"[viewed: {{{WOOD}}}, not-bought: {{{WOOD}}}]",
    f"[viewed: {{{WOOD}, within: 2 hours}}, not-viewed: {{{WOOD}, within: 1 day}}]",
    "[viewed: {category: any, as: c}, bought: {category: Holzverbinder}, not-bought: {category: $c}]",
    "[viewed: {category: any, within: 7 days, as: c}, viewed: {category: any, within: 30 days, as: d}, bought: {category: $c}, not-bought: {category: $d}]",
    "[any: [country: DE, country: AT], country: DE]",
    "[segment: dogs], unless: [segment: germans]",
    "[any: [{hour: 1}, {hour: 2}], any: [{hour: 2}, {hour: 3}]]",
]


@pytest.mark.parametrize("when", MAYBE)
def test_conditions_that_may_hold_are_left_alone(when: str) -> None:
    assert found(when) == []


def test_a_rule_points_at_the_condition_and_a_segment_at_its_name() -> None:
    rules = read(f"""{SEGMENTS}rules:
  - id: a
    slot: home.hero
    when:
      - visits: {{at-least: 5}}
      - country: DE
      - all:
          - visits: {{less-than: 3}}
    show: hero
  - {{id: b, slot: home.hero, show: hero, when: [segment: impossible]}}
  - {{id: off, slot: home.hero, show: hero, when: [segment: impossible], off: true}}
""")
    assert [(f.line, f.severity, f.code, f.message) for f in contradictory(rules)] == [
        (4, "warning", "contradiction", 'nobody can be in segment "impossible"'),
        (12, "warning", "contradiction", 'rule "a" can never win'),
        (14, "warning", "contradiction", 'rule "b" can never win'),
    ]


@pytest.mark.parametrize(
    "when",
    [
        "[" + ", ".join(f"path: {{contains: {c}}}" for c in "abcdefg") + ", path: x]",
        "[hobbies: {has-all: [a, b, c, d, e, f, g]}, hobbies: {has-none: [a]}]",
        "["
        + ", ".join(
            f"viewed: {{{WOOD}, at-least: {n}, within: {n} days}}" for n in range(2, 9)
        )
        + f", not-viewed: {{{WOOD}}}]",
    ],
)
def test_what_would_take_too_long_is_left_alone(when: str) -> None:
    assert found(when) == []


@settings(max_examples=runs(80, 25))
@given(st.lists(RULE, max_size=8), st.lists(VISITOR, min_size=4, max_size=8))
def test_no_visitor_ever_satisfies_what_can_never_hold(
    written: list[dict[str, Any]], visitors: list[Any]
) -> None:
    rules = site(written)
    never = {finding.message.split('"')[1] for finding in contradictory(rules)}
    for given_values, profile, consent, traffic, *_ in visitors:
        facts = ask(rules, given_values, profile, consent, traffic)
        for rule in rules.rules:
            if rule.id in never:
                assert not (rule.purposes <= facts.consent and rule.holds(facts))


def test_attributes_are_told_apart_by_more_than_their_names() -> None:
    assert VOCABULARY.attributes["country"].one_of == ("DE", "AT", "CH")
    # A header may say what no rule could: one-of is about rules.
    assert found("[country: {is-none-of: [DE, AT, CH]}]") == []
