from shopwindow.rules.events import told
from shopwindow.rules.experiments import Units
from shopwindow.rules.explain import explain
from shopwindow.rules.facts import Decision, Profile
from shopwindow.rules.placement import Limits, Placement
from tests.rules.shop import PERSONALIZATION, ask, counter, event, lived, read

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


def test_what_the_page_leaves_no_room_for_is_said_with_what_would_have_won() -> None:
    known = ask(RULES, GIVEN, PROFILE)
    for limits, words in (
        (Limits(0), "the page has as many personalised slots as site.toml allows"),
        (
            Limits(groups={"home.hero": "g", "elsewhere": "g"}),
            "another slot of its group is personalised on this page",
        ),
    ):
        placement = Placement(limits)
        placement.take(Decision("elsewhere", "shown", fragment="hero"))
        head = str(explain(RULES, known, "home.hero", placement)).splitlines()[0]
        assert head == (
            f"default content: {words}, else winner (rules/start.yaml:19) would have won: "
            "country is DE or AT; hour is at least 6"
        )


def test_slots_explained_on_one_page_take_their_places() -> None:
    rules = read("""\
rules:
  - {id: one, slot: home.hero, show: hero}
  - {id: two, slot: home.prompt, show: hero}
""")
    placement = Placement(Limits(at_most=1))
    known = ask(rules)
    reasons = [
        explain(rules, known, slot, placement).decision.reason
        for slot in ("home.hero", "home.prompt")
    ]
    assert reasons == ["shown", "budget"]


def test_a_variant_is_named_with_its_weight_and_the_others_nearest_first() -> None:
    rules = read("""\
rules:
  - id: advent-hero-test
    slot: home.hero
    when: [country: DE]
    schedule: {from: 2026-11-20, until: 2026-12-25}
    split:
      experiment: advent-hero-2026
      variants:
        - {name: cosy, weight: 50, show: hero}
        - {name: workshop, weight: 50, show: plain}
  - {id: summer, slot: home.hero, priority: 9, when: [country: CH], schedule: {until: 2026-09-01}, show: hero}
  - {id: autumn, slot: home.hero, priority: 8, when: [country: DE], schedule: {until: 2026-11-01}, show: hero}
  - {id: group-a, slot: home.hero, priority: 7, show: hero, cap: {times: 2}, cap-group: g}
  - {id: group-b, slot: home.hero, priority: 6, show: hero, cap: {times: 9}, cap-group: g}
""")
    shown = {"group-a": counter((1, 1)), "group-b": counter((1, 1))}
    known = ask(rules, {"country": "DE"}, Profile(counts={"shown rule": shown}))
    known.units, known.pins = Units("v"), {"advent-hero-2026": "cosy"}
    assert str(explain(rules, known, "home.hero")).splitlines() == [
        "shown group-b (rules/start.yaml:14): it has no conditions",
        "not group-a (rules/start.yaml:13): cap 2 x of the group is reached, it was shown 2 x",
        "not advent-hero-test (rules/start.yaml:2): it holds, but group-b comes before it",
        "not autumn (rules/start.yaml:12): it is not its time: until 2026-11-01 (Europe/Berlin)",
        "not summer (rules/start.yaml:11): country (line 11): wanted CH, visitor has DE (and 1 more)",
    ]
    known = ask(rules, {"country": "DE"}, consent=PERSONALIZATION)
    known.units = Units("v")
    rules = read(
        "rules:\n  - id: advent\n    slot: home.hero\n    when: [country: DE]\n    split:\n"
        "      {experiment: e, variants: [{name: cosy, weight: 50, show: hero}, {name: w, weight: 0, show: plain}]}\n"
    )
    assert str(explain(rules, known, "home.hero")) == (
        "shown advent/cosy (rules/start.yaml:2): country is DE; experiment e, 50 of 50"
    )


def test_a_stored_attribute_is_told_with_its_source_and_age() -> None:
    rules = read(
        "rules:\n"
        "  - {id: other, slot: home.hero, show: hero, priority: 1, when: [{customer-type: b2b}]}\n"
        "  - {id: own, slot: home.hero, show: hero, when: [{customer-type: b2c}, {hobbies: {has: hay}}]}\n"
    )
    profile = lived(
        [
            event("Attributes Set", 3, **told({"customer-type": "b2c"}, "webhook:crm")),
            event("Attributes Set", 1, **told({"hobbies": ["hay"]}, "preference")),
        ]
    )
    found = explain(rules, ask(rules, profile=profile), "home.hero")
    assert found.because == (
        "customer-type is b2c (webhook:crm, 3 days ago)",
        "hobbies has hay (preference, 1 day ago)",
    )
    assert "wanted b2b, visitor has b2c (webhook:crm, 3 days ago)" in str(found)
    given: dict[str, object] = {"customer-type": "b2c"}
    asked = explain(rules, ask(rules, profile=profile, given=given), "home.hero")
    assert asked.because[0] == "customer-type is b2c"  # of this request
