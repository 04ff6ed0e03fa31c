from shopwindow.rules.explain import explain
from shopwindow.rules.facts import Profile
from tests.rules.shop import ask, counter, read

RULES = read("""\
segments:
  dog-owner:
    - any: [{customer-type: b2b}, {bought: {product: p1}}]
rules:
  - id: wood
    slot: home.hero
    priority: 500
    when:
      - visits: {at-least: 2}
      - viewed: {category: Holzverbinder, at-least: 3, within: 30 days}
    show: hero
  - id: far
    slot: home.hero
    priority: 400
    when: [{country: CH}, {device: mobile}]
    show: hero
  - {id: capped, slot: home.hero, priority: 300, show: hero, cap: {times: 1, per: 7 days}}
  - {id: gone, slot: home.hero, priority: 200, show: hero, off: true}
  - {id: winner, slot: home.hero, priority: 100, when: [{country: [DE, AT]}, {hour: {at-least: 6}}], show: hero}
  - {id: after, slot: home.hero, priority: 90, when: [{country: DE}], show: hero}
  - {id: secret, slot: home.prompt, priority: 9, when: [{health-note: ill}], show: hero}
  - {id: dogs, slot: home.prompt, priority: 8, when: [{segment: dog-owner}], show: hero}
  - {id: nobody, slot: home.prompt, priority: 7, unless: [{country: [DE]}], show: hero}
""")
PROFILE = Profile(
    visits=2,
    counts={
        "viewed category": {"wood": counter((2, 1))},
        "shown rule": {"capped": counter((2, 1))},
    },
)
GIVEN: dict[str, object] = {
    "country": "DE",
    "health-note": "private",
    "customer-type": "b2c",
}


def test_the_winner_and_every_other_rule_nearest_first() -> None:
    assert (
        str(explain(RULES, ask(RULES, GIVEN, PROFILE), "home.hero"))
        == """\
shown winner (rules/start.yaml:19): country is DE or AT; hour is at least 6
not capped (rules/start.yaml:17): cap 1 x in 7 days is reached, it was shown 1 x
not after (rules/start.yaml:20): it holds, but winner comes before it
not wood (rules/start.yaml:5): viewed (line 10): wanted 3 x Holzverbinder in 30 days, visitor has 1
not far (rules/start.yaml:12): country (line 15): wanted CH, visitor has DE (and 1 more)
not gone (rules/start.yaml:18): it is switched off"""
    )


def test_groups_segments_and_what_must_not_be_printed() -> None:
    assert (
        str(explain(RULES, ask(RULES, GIVEN, PROFILE), "home.prompt"))
        == """\
default content: no rule for this slot holds
not secret (rules/start.yaml:21): health-note (line 21): wanted a value that is not printed, visitor has a value that is not printed
not dogs (rules/start.yaml:22): segment (line 22): wanted dog-owner, visitor has customer-type b2c, bought 0 (dog-owner: customer-type is b2b or bought 1 x p1)
not nobody (rules/start.yaml:23): country (line 23): wanted not: country is DE, visitor has DE"""
    )


def test_without_consent_only_the_open_conditions_are_looked_at() -> None:
    found = explain(RULES, ask(RULES, GIVEN, consent=frozenset()), "home.hero")
    reasons = {miss.rule: miss.reason for miss in found.misses}
    assert reasons == {
        "wood": "consent",
        "far": "condition",
        "capped": "consent",
        "after": "later",
        "gone": "off",
    }
    assert "needs consent to personalization" in str(found)
