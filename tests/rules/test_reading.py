"""Errors as editors see them, and what a good text becomes."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shopwindow.rules.decide import decide
from shopwindow.rules.facts import Profile, Recommend
from shopwindow.rules.reading import Vocabulary, read_rules
from tests.rules.shop import BOTH, VOCABULARY, ask, errors, read

HEAD = "version: 1\nrules:\n  - id: a\n    slot: home.hero\n"


def found(text: str) -> list[str]:
    """All findings of one file, without its name."""
    _, findings = read_rules({"f": text}, VOCABULARY)
    return [str(finding).removeprefix("f:") for finding in findings]


def when(condition: str) -> list[str]:
    return found(f"{HEAD}    show: hero\n    when:\n      - {condition}\n")


def test_all_errors_of_a_file_at_once() -> None:
    text = """\
version: 1
timezone: Europe/Berln
rules:
  - id: holzverbinder-hero
    slot: home.herro
    priorty: 5
    when:
      - contry: DE
      - country: DEU
      - visits: {at-least: many}
      - viewed: {category: Holzverbinder, at-leest: 3, within: 30 tage}
      - segment: dog-ownr
      - country: DE
        device: mobile
    show: hero
    show: plain
  - id: b
    slot: home.hero
    schedule: {from: 2026-12-31}
    show: hero
    cap: {cooldown: 1 dy}
  - id: b
    slot: home.hero
"""
    assert found(text) == [
        '2:11: error: unknown time zone "Europe/Berln": for example Europe/Berlin',
        '5:11: error: unknown slot "home.herro": did you mean "home.hero"?',
        '6:5: error: unknown key "priorty" in rule: did you mean "priority"?',
        '8:9: error: unknown attribute or event "contry": did you mean "country"?',
        '9:18: error: "DEU" is not a value of "country": did you mean "DE"?',
        '10:28: error: "at-least" needs a number, not "many": write `visits: {at-least: 3}`',
        '11:43: error: unknown key "at-leest" in "viewed": did you mean "at-least"?',
        '11:64: error: "30 tage" is not a duration: write for example `30 days` or `2 hours`',
        '12:18: error: unknown segment "dog-ownr": known: new-customer, new-visitor, regular-customer, returning-visitor',
        "14:9: error: two conditions in one list item: start this line with `- `",
        '16:5: error: "show" is written twice in this rule: YAML would silently keep only the last one',
        '21:21: error: "1 dy" is not a duration: write for example `30 days` or `2 hours`',
        "22:5: error: rule has no `show:`",
        '22:9: error: rule id "b" is already used at f:17',
    ]


WRONG = [
    (
        "viewed:{category: wood}",
        '"viewed:{category" is no condition: write `name: {...}`, a space after the `:`',
    ),
    ("country: {at-least: 3}", 'unknown key "at-least" in "country": known: contains'),
    ("country: {is: [DE]}", '"is" needs one value, not a list'),
    ("country: []", '"is-one-of" needs at least one text'),
    ("country:", '"country" needs a value'),
    ("country: {}", '"country" needs an operator'),
    ("country: {known: maybe}", '"known" is true or false, not "maybe"'),
    ("cart-value: [1, 2]", '"is" needs one value, not a list'),
    ("cart-value: 012", '"cart-value" needs a number, not "012"'),
    (
        "cart-value: {at-least: 5, at-most: 3}",
        "at least 5 and at most 3 can never both hold",
    ),
    (
        "cart-value: {more-than: 5, at-most: 5}",
        "more than 5 and at most 5 can never both hold",
    ),
    ("has-account: maybe", '"has-account" needs true or false, not "maybe"'),
    (
        "pet-born: 2020-01-01",
        '"pet-born" is a date: write `pet-born: {before: 2026-11-20}`',
    ),
    ("pet-born: {before: soon}", '"before" needs a date, not "soon": write 2026-12-01'),
    ("pet-born: {older-than: 12 moons}", '"12 moons" is not a duration'),
    ("pet-born: {older-than: 2 hours}", '"pet-born" is a date without a time'),
    ("contract-ends: {after: noon}", '"after" needs a time, not "noon"'),
    ("app-version: new", '"app-version" needs a version, not "new"'),
    ("device: phone", '"phone" is not a value of "device"'),
    ("stage: buying", '"buying" is not a value of "stage"'),
    (
        "viewed: wood",
        '"viewed" needs a map, not "wood": write `viewed: {product: ...}`',
    ),
    ("viewed: {at-least: 2}", '"viewed" does not say what: add product or category'),
    ("viewed: {query: x}", '"viewed" does not count by query: by product or category'),
    ("searched: {category: wood}", '"searched" does not count by category: by query'),
    (
        "viewed: {product: p1, category: wood}",
        '"viewed" counts by one thing only: write two conditions',
    ),
    (
        "viewed: {category: Holzverbindr}",
        'unknown category "Holzverbindr": did you mean "Holzverbinder"?',
    ),
    (
        "viewed: {category: Zwilling}",
        '2 categories are called "Zwilling": write its id: twin-a, twin-b',
    ),
    (
        "viewed: {product: p9}",
        'unknown product "p9": known: p1, p2, p3; a new one is a line of catalog/products.csv',
    ),
    ("viewed: {brand: Spx}", 'unknown brand "Spx": did you mean "Spax"?'),
    ("viewed: {tag: sales}", 'unknown tag "sales": did you mean "sale"?'),
    ("read: {article: a2}", 'unknown article "a2"'),
    ("shown: {fragment: her}", 'unknown fragment "her": did you mean "hero"?'),
    (
        "viewed: {category: wood, at-least: 0}",
        '"at-least: 0" says nothing: write `not-viewed`',
    ),
    (
        "viewed: {category: wood, at-least: 1.5}",
        '"at-least" needs a whole number, not "1.5"',
    ),
    ("viewed: {category: wood, at-least: -1}", '"at-least" must be at least 0, not -1'),
    (
        "viewed: {category: wood, at-least: 3, at-most: 2}",
        "at least 3 and at most 2 can never both hold",
    ),
    (
        "not-viewed: {category: wood, at-most: 2}",
        '"not-viewed" cannot have "at-most": write `viewed`',
    ),
    (
        "viewed: {category: wood, at-least: 2, within: 2 hours}",
        'within 2 hours only "at least once" can be asked',
    ),
    (
        "viewed: {category: wood, at-most: 0, within: 2 hours}",
        'within 2 hours only "at least once" can be asked',
    ),
    (
        "viewed: {category: any, at-most: 3}",
        '"any" cannot have "at-most": write `not-viewed` with at-least',
    ),
    (
        "viewed: {category: wood, as: cat}",
        '"as" names what "any" finds: write `category: any` for the one viewed most',
    ),
    (
        "not-viewed: {category: any, as: cat}",
        '"not-viewed" finds nothing to name',
    ),
    ("viewed: {category: any, as: 3 cats}", '"3 cats" cannot be a name'),
    (
        "viewed: {category: any, as: visitor}",
        '"visitor" has its meaning already: choose another name',
    ),
    (
        "any: [viewed: {category: any, as: cat}]",
        '"as" cannot stand here: name it in a condition that stands directly under `when:`',
    ),
    (
        "affinity: {category: any, at-least: 0.5}",
        '"category: any" cannot be asked here: name one category',
    ),
    (
        "not-bought: {category: $cat}",
        'nothing is bound to "$cat": `as:` in a condition before gives something a name',
    ),
    (
        "affinity: {category: wood}",
        '"affinity" needs a category, brand or tag and a bound',
    ),
    (
        "affinity: {category: wood, at-least: 50}",
        '"at-least" needs a number, not "50": affinity goes from 0 to 1',
    ),
    (
        "affinity: {product: p1, category: wood, at-least: 0.5}",
        'unknown key "product" in "affinity"',
    ),
    (
        "consent: marketing",
        'unknown purpose "marketing": known: personalization, statistics',
    ),
    ("segment: {a: b}", '"segment" needs a text, not a map'),
    ("any: []", '"any" needs at least one condition'),
    ("any: {country: DE}", '"any" must be a list of conditions, not'[:30]),
    ("country", '"country" is not a condition: a condition looks like `- country: DE`'),
    ("<<: {country: DE}", "merge keys are not allowed: write the keys out"),
    ("[country, DE]", "a list is not a condition"),
    ("{[a]: b}", "a key must be plain text, not a list"),
]


@pytest.mark.parametrize(
    ("condition", "message"), WRONG, ids=lambda value: str(value)[:40]
)
def test_a_wrong_condition_has_one_clear_error(condition: str, message: str) -> None:
    findings = when(condition)
    assert len(findings) == 1, findings
    place, text = findings[0].split(" error: ", 1)
    assert text.startswith(message), text
    assert re.fullmatch(r"7:\d+:", place)


MOST = "{viewed: {category: any, at-least: 3, as: cat}}"
SPLIT = "{experiment: x, variants: [{name: a, show: hero}, {name: b, show: plain}]}"
RULES_WRONG = [
    (
        "show: nothing-like-it",
        '5:11: error: unknown fragment "nothing-like-it": known: category-hero, far, hero, '
        "plain, shelf; a new one is a file, fragments/NAME.html",
    ),
    ("show: her", '5:11: error: unknown fragment "her": did you mean "hero"?'),
    (
        "show: hero\n    priority: 1.5",
        '6:15: error: priority needs a whole number, not "1.5"',
    ),
    ("show: hero\n    off: maybe", '6:10: error: "off" is true or false, not "maybe"'),
    (
        "show: hero\n    when:\n    viewed: {category: wood}",
        '7:5: error: unknown key "viewed" in rule: a condition stands under `when:`, indented, after `- `',
    ),
    (
        "show: hero\n    when: {country: DE}",
        '6:11: error: "when" must be a list of conditions: start every condition with `- `',
    ),
    (
        "show: hero\n    cap: {per: 7 days}",
        '6:5: error: "cap" needs `times:`: write `{times: 3, per: 7 days}`',
    ),
    (
        "show: hero\n    cap: {times: 0, per: 7 days}",
        '6:18: error: "times" must be at least 1, not 0',
    ),
    (
        "show: hero\n    cap: {times: 2, per: 2 hours}",
        "6:26: error: per 2 hours only `times: 1` can be counted: count in days: `per: 1 day` is today",
    ),
    (
        "show: hero\n    cap: []",
        '6:5: error: "cap" needs at least one limit: write `{times: 3, per: 7 days}`',
    ),
    (
        "show: hero\n    cap: [{times: 2}, {until: click}]",
        '6:31: error: unknown end "click": did you mean "clicked"?',
    ),
    (
        "show: hero\n    cap: {adaptive: false}",
        '6:21: error: "adaptive" is true, not "false": leave the key away where a cap does not adapt',
    ),
    (
        "show: hero\n    cap: {cooldwn: 1 day}",
        '6:11: error: unknown key "cooldwn" in "cap": did you mean "cooldown"?',
    ),
    (
        "show: hero\n    cap-group: x",
        '6:5: error: "cap-group" needs "cap": write the cap in every rule of the group',
    ),
    (
        "show: hero\n    recommend: {limit: 8}",
        '6:5: error: "recommend" needs `strategy:`: known: similar, trending',
    ),
    (
        "show: hero\n    recommend: trending",
        '6:16: error: "recommend" must be `key: value` lines, not "trending": write for example `recommend: {strategy: [for-you, trending]}`',
    ),
    (
        "show: hero\n    recommend: {strategy: engine:recs}",
        '6:27: error: unknown strategy "engine:recs": no [recommendations.engines.recs] in site.toml',
    ),
    (
        "show: hero\n    recommend: {strategy: [trendy], limit: 0}",
        '6:28: error: unknown strategy "trendy": did you mean "trending"?',
    ),
    (
        "show: hero\n    recommend: {strategy: trending, pin: [p9]}",
        '6:43: error: unknown product "p9": known: p1, p2, p3; a new one is a line of catalog/products.csv',
    ),
    (
        "show: hero\n    recommend: {strategy: trending, only: {}}",
        '6:43: error: "only" does not say what: write for example `only: {category: ...}`',
    ),
    (
        "show: hero\n    recommend: {strategy: trending, except: {colour: red}}",
        '6:46: error: unknown key "colour" in "except": known: brand, category, price, stock, tag',
    ),
    (
        "show: hero\n    recommend: {strategy: trending, only: {price: 50}}",
        '6:44: error: "price" needs a bound, not "50": write for example `price: {at-most: 50}`',
    ),
    (
        "show: hero\n    recommend: {strategy: trending, except: {stock: {under: 5}}}",
        '6:54: error: unknown key "under" in "stock": known: at-least, at-most, less-than, more-than',
    ),
    (
        "show: hero\n    recommend: {strategy: trending, only: {price: {at-most: cheap}}}",
        '6:61: error: "at-most" needs a number, not "cheap": write for example `price: {at-most: 50}`',
    ),
    (
        "show: hero\n    recommend: {strategy: trending, only: {price: {at-most: 5, more-than: 9}}}",
        '6:51: error: no "price" can keep to all of these bounds',
    ),
    (
        "show: hero\n    recommend: {strategy: trending, only: {kind: [product, artikel]}}",
        '6:60: error: unknown kind "artikel": did you mean "article"?',
    ),
    (
        "show: hero\n    recommend: {strategy: trending, except: {kind: article}}",
        '6:46: error: unknown key "kind" in "except": known: brand, category, price, stock, tag',
    ),
    (
        "show: hero\n    recommend: {strategy: trending, discovery: 20}",
        '6:48: error: "discovery" needs a percentage, not "20": write `20%`, with its sign',
    ),
    (
        "show: hero\n    recommend: {strategy: trending, minimum-score: 3}",
        '6:52: error: "minimum-score" needs a number, not "3": scores go from 0 to 1',
    ),
    (
        "show: plain\n    with: {headline: x}",
        '6:12: error: fragment "plain" has no parameter "headline": there is none yet',
    ),
    (
        "show: category-hero\n    with: {categry: x}",
        '5:11: error: fragment "category-hero" needs the parameter "category": add `category:` to `with:`',
    ),
    (
        "show: far\n    with: {category: wood, sise: L}",
        '6:28: error: fragment "far" has no parameter "sise": did you mean "size"?',
    ),
    (
        "show: far",
        '5:11: error: fragment "far" needs the parameter "category": add `category:` to `with:`',
    ),
    (
        "show: far\n    with: {category: wood, size: [L]}",
        '6:34: error: "size" stands in an address: a list does not fit: write a text or a number',
    ),
    (
        'show: far\n    with: {category: wood, size: "Hello {visitor.first-name}"}',
        '6:34: error: "{visitor.first-name}" would tell another server who the visitor is: take it out',
    ),
    (
        "show: far\n    with: {category: wood, size: '{country}'}",
        '6:34: error: nothing fills "{country}": "country" can be asked in `when:`, not printed',
    ),
    (
        "show: far\n    with: {category: wood}\n    recommend: {strategy: trending}",
        '5:11: error: fragment "far" comes from another server: it has no `recommend:`',
    ),
    (
        "show: shelf",
        '5:11: error: fragment "shelf" needs the parameter "items": add `recommend:`',
    ),
    (
        "show: hero\n    with: {category: $cat}",
        '6:22: error: nothing is bound to "$cat": `as:` in a condition before gives something a name',
    ),
    (
        "show: hero\n    with: {category: $country}",
        '6:22: error: nothing is bound to "$country": "country" can be asked in `when:`, not printed',
    ),
    (
        "show: hero\n    with: {a: {b: 1, b: 2}}",
        '6:22: error: "b" is written twice in this map: YAML would silently keep only the last one',
    ),
    (
        f"when: [{MOST}]\n    show: hero\n    with: {{category: $kat}}",
        '7:22: error: nothing is bound to "$kat": did you mean "$cat"?',
    ),
    (
        f"when: [{MOST}, {{viewed: {{brand: $cat}}}}]\n    show: hero",
        '5:78: error: "$cat" is one category, not one brand',
    ),
    (
        f"when: [{{bought: {{category: $cat}}}}, {MOST}]\n    show: hero",
        '5:32: error: nothing is bound to "$cat": `as:` in a condition before gives something a name',
    ),
    (
        f"when: [{MOST}, {MOST}]\n    show: hero",
        '5:103: error: "cat" is bound already in this rule',
    ),
    (
        "show: hero\n    with: {a: x, b: [{c: '{a} {aa.title}'}]}",
        '6:26: error: nothing fills "{aa}": did you mean "a"?',
    ),
    (
        f"when: [{MOST}]\n    show: hero\n    with: {{text: 'Neu in {{kat.title}}'}}",
        '7:18: error: nothing fills "{kat}": did you mean "cat"?',
    ),
    (
        f"when: [{MOST}]\n    show: hero\n    with: {{cat: 'Neu in {{cat.title}}'}}",
        '7:12: error: "cat" has its meaning already: give it another name under `as:`',
    ),
    (
        "split: {experiment: x}",
        '5:5: error: "split" needs `variants:`: write `variants:` with one `- {name: ..., show: ...}` each',
    ),
    (
        f"split: {SPLIT}\n    show: hero",
        '6:5: error: a rule with "split" has no "show" of its own: move `show:` into the variants',
    ),
    (
        "split: {experiment: x, variants: [{name: a}]}",
        "5:46: error: variant has no `show:`",
    ),
    (
        "split: {experiment: x, variants: [{name: a, show: plain, with: {x: 1}}]}",
        '5:69: error: fragment "plain" has no parameter "x": there is none yet',
    ),
    (
        "show: hero\n    explore: 10",
        '6:14: error: "explore" needs a percentage, not "10": write `10%`, with its sign',
    ),
    (
        "show: hero\n    review-by: soon",
        '6:16: error: "soon" is not a date: write 2026-12-31',
    ),
    (
        "show: hero\n    schedule: {from: 2026-12-31, until: 2026-12-01}",
        "6:15: error: schedule ends before it starts",
    ),
]


@pytest.mark.parametrize(
    ("text", "finding"), RULES_WRONG, ids=lambda value: str(value)[:40]
)
def test_a_wrong_rule_says_where(text: str, finding: str) -> None:
    assert found(f"{HEAD}    {text}\n")[0] == finding


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("version: 2\n", '1:10: error: version "2" is not known: write 1'),
        (
            "rules: {id: a}\n",
            '1:8: error: "rules" must be a list, not a map: each rule starts with `- id:`',
        ),
        ("rule: []\n", '1:1: error: unknown key "rule" in file: did you mean "rules"?'),
        ("hello\n", '1:1: error: file must be `key: value` lines, not "hello"'),
        (
            "rules: [{id: a b, slot: home.hero, show: hero}]\n",
            '1:14: error: "a b" cannot be a rule\'s id: use letters, digits and `-`, at most 64',
        ),
        (
            "segments:\n  a: [segment: b]\n  b: [segment: a]\n",
            '2:3: error: segment "a" goes in a circle through "b"',
        ),
        (
            "segments:\n  a: [segment: a]\n",
            '2:3: error: segment "a" goes in a circle through "a"',
        ),
        (
            "segments:\n  a: [segment: b]\n  b: [segment: b]\n",
            '3:3: error: segment "b" goes in a circle through "b"',
        ),
        ("segments:\n  a: []\n", '2:3: error: segment "a" has no conditions'),
    ],
)
def test_a_wrong_file_says_where(text: str, finding: str) -> None:
    assert found(text)[0] == finding


def test_ids_and_segments_are_unique_over_all_files() -> None:
    text = "segments:\n  s: [country: DE]\nrules:\n  - {id: a, slot: home.hero, show: hero}\n"
    _, findings = read_rules({"rules/b.yaml": text, "rules/a.yaml": text}, VOCABULARY)
    assert errors(findings) == [
        'rules/b.yaml:2:3: error: segment "s" is already at rules/a.yaml:2',
        'rules/b.yaml:4:10: error: rule id "a" is already used at rules/a.yaml:4',
    ]


def test_a_segment_of_another_file_may_be_used() -> None:
    rules, findings = read_rules(
        {
            "rules/a.yaml": "rules:\n  - {id: a, slot: home.hero, show: hero, when: [segment: german]}\n",
            "rules/b.yaml": "segments:\n  german: [country: DE]\n",
        },
        VOCABULARY,
    )
    assert findings == []
    assert rules.rules[0].holds(ask(rules, {"country": "DE"}))


@pytest.mark.parametrize(
    ("segment", "profile", "inside"),
    [
        ("new-visitor", Profile(visits=1), True),
        ("new-visitor", Profile(visits=2), False),
        ("returning-visitor", Profile(visits=2), True),
        ("new-customer", Profile(visits=9), True),
        ("new-customer", Profile(orders=1), False),
        ("regular-customer", Profile(orders=2), False),
        ("regular-customer", Profile(orders=3), True),
    ],
)
def test_some_segments_are_there_without_being_written(
    segment: str, profile: Profile, inside: bool
) -> None:
    rules = read(f"{HEAD}    show: hero\n    when: [{{segment: {segment}}}]\n")
    assert rules.rules[0].holds(ask(rules, profile=profile)) is inside


def test_a_built_in_segment_gives_way_to_one_of_the_site() -> None:
    own = "segments:\n  regular-customer:\n    - orders: {at-least: 10}\n"
    rules = read(
        f"{own}{HEAD}    show: hero\n    when: [{{segment: regular-customer}}]\n"
    )
    assert not rules.rules[0].holds(ask(rules, profile=Profile(orders=9)))
    assert rules.segments["regular-customer"].file == "rules/start.yaml"
    assert rules.segments["new-customer"].file == "built-in"
    assert 'did you mean "regular-customer"?' in when("segment: regular-customers")[0]


def test_segments_that_stand_too_deep_in_each_other_are_found() -> None:
    chain = "".join(f"  s{n}: [segment: s{n - 1}]\n" for n in range(1, 21))
    findings = found(f"segments:\n  s0: [country: DE]\n{chain}")
    assert findings == [
        '22:3: error: segment "s20" stands on more than 20 others, one on the other'
    ]


def test_a_rule_with_an_error_is_left_out_and_the_others_stay() -> None:
    text = HEAD + "    show: her\n  - {id: b, slot: home.hero, show: hero}\n"
    rules, findings = read_rules({"f": text}, VOCABULARY)
    assert [rule.id for rule in rules.rules] == ["b"]
    assert len(findings) == 1


def test_a_rule_is_read_as_it_is_written() -> None:
    rules = read("""\
rules:
  - id: wood
    slot: home.hero
    priority: -5
    when: [country: [DE, AT]]
    unless: [visits: {at-least: 9}]
    cap: {times: 3, per: 7 days}
    show: category-hero
    with: {category: Holzverbinder, headline: 012}
    recommend: {strategy: [similar, trending], limit: 4}
    note: why
    owner: Anna
    review-by: 2027-01-01
""")
    (rule,) = rules.rules
    assert (rule.id, rule.slot, rule.priority, rule.line) == (
        "wood",
        "home.hero",
        -5,
        2,
    )
    decision = rule.decision
    assert decision.fragment == "category-hero"
    assert decision.parameters == {"category": "Holzverbinder", "headline": "012"}
    assert decision.recommend == Recommend(("similar", "trending"), 4)
    assert (rule.note, rule.about) == (
        "why",
        {"owner": "Anna", "review-by": "2027-01-01"},
    )
    assert [condition.words() for condition in rule.conditions] == [
        "country is DE or AT",
        "none of: visits is at least 9",
    ]


def test_the_whole_language_is_read() -> None:
    rules = read("""\
timezone: America/New_York
rules:
  - id: wood
    slot: home.hero
    when:
      - viewed: {category: any, at-least: 3, within: 30 days, as: cat}
      - not-bought: {category: $cat, within: 90 days}
    schedule: {from: 2026-11-20, until: 2026-12-25}
    cap: [{times: 3, per: 7 days}, {cooldown: 1 day, until: clicked}, {adaptive: true}]
    cap-group: heroes
    explore: 10%
    split:
      experiment: advent
      control: 10%
      variants:
        - {name: cosy, show: category-hero, with: {category: $cat, headline: "{cat.title}"}}
        - {name: bare, show: plain}
    recommend:
      strategy: trending
      only: {category: [Holzverbinder, $cat], brand: Spax, kind: product}
      except: {tag: sale}
      pin: p1
      boost: {brand: Spax}
      bury: {tag: sale}
      discovery: 20%
      minimum-score: 0.1
    goal: orders
  - {id: other, slot: home.prompt, show: hero, cap: {times: 1}, cap-group: heroes}
""")
    wood = next(rule for rule in rules.rules if rule.id == "wood")
    assert str(wood.schedule) == "from 2026-11-20, until 2026-12-25 (America/New_York)"
    assert wood.cap is not None
    assert list(map(str, wood.cap.limits)) == [
        "3 x in 7 days",
        "pause of 1 day",
        "until clicked",
        "adaptive",
    ]
    assert wood.cap.rules == ("wood", "other")
    assert wood.cap.fragments == ("category-hero", "plain", "hero")
    assert wood.purposes == {"personalization"}
    assert (wood.decision.reason, wood.decision.variant) == ("control", "control")
    cosy = wood.variants["cosy"]
    assert (cosy.experiment, cosy.goal, cosy.fragment) == (
        "advent",
        "orders",
        "category-hero",
    )
    assert cosy.recommend == Recommend(
        ("trending",),
        8,
        {"category": ("wood", "$cat"), "brand": ("Spax",), "kind": ("product",)},
        {"tag": ("sale",)},
        ("p1",),
        {"brand": ("Spax",)},
        {"tag": ("sale",)},
        0.2,
        0.1,
    )


def test_a_cap_group_of_one_rule_is_doubtful() -> None:
    text = """\
rules:
  - {id: a, slot: home.hero, show: hero, cap: {times: 1}, cap-group: heroes}
  - {id: b, slot: home.hero, show: hero, cap: {times: 1}, cap-group: heroes}
  - {id: c, slot: home.hero, show: hero, cap: {times: 1}, cap-group: heros}
"""
    assert found(text) == [
        '4:10: warning: rule "c" is alone in its cap-group "heros": did you mean "heroes"?'
    ]


def test_a_window_longer_than_what_is_counted_is_doubtful() -> None:
    rules = "rules:\n  - {{id: a, slot: home.hero, show: hero, when: [viewed: {{category: wood, within: {}}}]}}\n"
    for within in ("400 days", "13 months", "2 hours"):
        assert read_rules({"a.yaml": rules.format(within)}, VOCABULARY)[1] == []
    (finding,) = read_rules({"a.yaml": rules.format("2 years")}, VOCABULARY)[1]
    assert (
        "warning: within 2 years counts 400 days only: older days are not kept"
        in str(finding)
    )


def test_the_revision_changes_with_a_text_or_a_name() -> None:
    def revision(files: dict[str, str]) -> str:
        return read_rules(files, VOCABULARY)[0].revision

    first = revision({"a": "version: 1\n"})
    assert first == revision({"a": "version: 1\n"})
    assert (
        len(
            {
                first,
                revision({"a": "version: 1\n\n"}),
                revision({"b": "version: 1\n"}),
                revision({}),
            }
        )
        == 4
    )


def test_names_are_not_checked_where_the_shop_gave_none() -> None:
    bare = Vocabulary(slots=VOCABULARY.slots, fragments=VOCABULARY.fragments)
    text = (
        HEAD
        + "    show: hero\n    when: [viewed: {category: x}, bought: {product: y}]\n    recommend: {strategy: own}\n"
    )
    assert errors(read_rules({"f": text}, bare)[1]) == []


FILE = """\
version: 1
segments:
  dog: [any: [customer-type: b2b, bought: {product: p1, within: 30 days}]]
rules:
  - id: a
    slot: home.hero
    when:
      - segment: dog
      - cart-value: {at-least: 3}
    cap: {times: 3, per: 7 days}
    show: category-hero
    with: {category: Holzverbinder}
"""


@pytest.mark.parametrize("cut", range(len(FILE)))
def test_a_file_cut_anywhere_is_read_without_a_traceback(cut: int) -> None:
    rules, findings = read_rules({"f": FILE[:cut]}, VOCABULARY)
    assert errors(findings) or len(rules.rules) == (cut > FILE.index("with:") - 6)


WHOLE = """\
timezone: Europe/Berlin
rules:
  - id: a
    slot: home.hero
    when:
      - viewed: {category: any, at-least: 3, as: cat}
      - not-bought: {category: $cat}
    schedule: {from: 2026-11-20, days: [mon, sat], hours: 22:00-06:00}
    cap: [{times: 3, per: 7 days}, {adaptive: true}]
    explore: 10%
    split:
      experiment: e
      variants: [{name: v, show: hero, with: {a: $cat}}, {name: w, show: plain}]
    recommend: {strategy: trending, only: {category: $cat}, discovery: 20%}
"""


@given(st.sampled_from([FILE, WHOLE]), st.data())
def test_a_damaged_file_is_read_without_a_traceback(
    text: str, data: st.DataObject
) -> None:
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, min(len(text), start + 12)))
        piece = data.draw(
            st.sampled_from(
                [
                    "",
                    " ",
                    "\n",
                    "[",
                    "]",
                    "{",
                    "}",
                    ": ",
                    "- ",
                    "&a ",
                    "*a",
                    "~",
                    "9" * 30,
                    "ü",
                    "\t",
                    "when",
                    "[[]]",
                    "{a: b}",
                ]
            )
        )
        text = text[:start] + piece + text[end:]
    rules, findings = read_rules({"f": text}, VOCABULARY)
    found_facts = ask(rules, {"cart-value": 4, "customer-type": "b2b"}, consent=BOTH)
    for rule in rules.rules:
        rule.holds(found_facts)
    decide(rules, found_facts, "home.hero")
    for finding in findings:
        finding.show()
