import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from shopwindow.rules.decide import decide
from shopwindow.rules.experiments import Units
from shopwindow.rules.facts import DAY
from shopwindow.rules.learning import learn
from shopwindow.rules.personas import Persona, read_personas
from tests.rules.shop import (
    NOW,
    PERSONALIZATION,
    TODAY,
    VOCABULARY,
    ask,
    context,
    errors,
    read,
    relatives,
)


def persona(lines: str, now: float = NOW) -> Persona:
    """One persona, written as flow YAML."""
    found, findings = read_personas(
        "t", f"personas:\n  anna: {lines}\n", VOCABULARY, relatives, now
    )
    assert errors(findings) == []
    return found.personas["anna"]


FILE = """\
now: 2026-11-21 11:00
personas:
  carpenter:
    visits: 4
    country: DE
    consent: [personalization]
    events:
      - {viewed: {category: Holzverbinder}, at: 2 days ago, times: 2}
      - {read: {article: a1}, at: 5 days ago}
      - {bought: {product: p1, price: 12.9}, at: 40 days ago}
  nobody:
tests:
  - {name: later}
"""


def test_a_persona_is_a_profile_and_what_a_request_brings() -> None:
    found, findings = read_personas(
        "rules/tests/a.yaml", FILE, VOCABULARY, relatives, 0.0
    )
    assert findings == []
    assert found.now == NOW
    anna = found.personas["carpenter"]
    assert (anna.name, anna.line, anna.consent, anna.given) == (
        "carpenter",
        3,
        PERSONALIZATION,
        {"country": "DE"},
    )
    profile = anna.profile
    assert (profile.visits, profile.orders, profile.order_value) == (4, 1, 12.9)
    assert profile.last_order == NOW - 40 * DAY
    assert profile.previous_visit == NOW - 2 * DAY
    viewed = profile.counts["viewed category"]["wood"]
    assert viewed.days == (TODAY - 5, 1, TODAY - 2, 2)
    assert profile.counts["read article"]["a1"].total == 1
    nobody = found.personas["nobody"]
    assert (nobody.profile.visits, nobody.consent) == (1, frozenset())


def test_a_persona_decides_as_a_visitor_would() -> None:
    rules = read("""\
rules:
  - id: wood
    slot: home.hero
    when:
      - visits: {at-least: 2}
      - viewed: {category: Holzverbinder, at-least: 2, within: 3 days}
    show: hero
""")
    found, _ = read_personas("t", FILE, VOCABULARY, relatives, 0.0)
    anna = found.personas["carpenter"]
    assert (
        decide(
            rules, ask(rules, dict(anna.given), anna.profile, anna.consent), "home.hero"
        ).rule
        == "wood"
    )


def test_facts_that_are_said_win_over_those_that_follow() -> None:
    anna = persona(
        "{visits: 3, orders: 7, order-value: 99.5, days-since-order: 100, days-since-visit: 9, cart-items: 2, cart-age-hours: 5, entry-page: /x}"
    )
    profile = anna.profile
    assert (profile.visits, profile.orders, profile.order_value) == (3, 7, 99.5)
    assert profile.last_order == NOW - 100 * DAY
    assert profile.previous_visit == NOW - 9 * DAY
    assert (sum(profile.cart.values()), profile.cart_since) == (2, NOW - 5 * 3600)
    assert profile.visit["entry-page"] == "/x"


def test_a_habit_and_a_first_visit_can_be_said() -> None:
    anna = persona("{visits: 9, usual-hour: 7, days-since-first-visit: 40}")
    rules = read(
        "rules: [{id: a, slot: home.hero, show: hero, when: [{usual-hour: 7}, {days-since-first-visit: 40}]}]"
    )
    assert rules.rules[0].holds(ask(rules, profile=anna.profile))


def test_somebody_who_was_here_before_was_here_yesterday() -> None:
    assert persona("{visits: 3}").profile.previous_visit == NOW - DAY
    assert persona("{visits: 1}").profile.previous_visit == 0.0


@pytest.mark.parametrize(
    ("visits", "ago", "arrivals"),
    [
        (1, [], [0]),
        (3, [], [48, 24, 0]),
        (2, [2], [2, 0]),
        (1, [25, 2], [25, 2, 0]),
        (5, [25, 2], [73, 49, 25, 2, 0]),
        (2, [2, 2], [2, 0]),
    ],
)
def test_visits_that_nothing_happened_in_were_on_the_days_before(
    visits: int, ago: list[int], arrivals: list[int]
) -> None:
    events = ", ".join(f"{{viewed: {{product: p1}}, at: {h} hours ago}}" for h in ago)
    anna = persona(f"{{visits: {visits}, events: [{events}]}}")
    times = [event.time for event in anna.events if event.name == "Visited"]
    assert sorted({(NOW - time) / 3600 for time in times}, reverse=True) == arrivals
    assert anna.profile.visits == visits
    if ago:
        assert anna.profile.previous_visit == NOW - 2 * 3600


def test_the_events_of_a_persona_can_be_played_again() -> None:
    found, _ = read_personas("t", FILE, VOCABULARY, relatives, 0.0)
    anna = found.personas["carpenter"]
    times = [event.time for event in anna.events]
    assert times == sorted(times)
    assert times[-1] == found.now
    profile = None
    for event in anna.events:
        assert event.visitor == ""
        profile = learn(profile, event, relatives)
    assert profile == anna.profile


def test_a_number_in_quotes_is_a_number() -> None:
    assert persona('{visits: "3"}').profile.visits == 3
    assert persona('{orders: "2.5"}').profile.orders == 2


def test_what_belongs_to_the_request_replaces_the_context() -> None:
    anna = persona(
        "{path: /c/x, device: mobile, hour: 22, first-name: Anna, campaign-source: mail}"
    )
    found = replace(context(), **anna.context)
    assert (found.path, found.device, found.hour, found.campaign_source) == (
        "/c/x",
        "mobile",
        22,
        "mail",
    )
    assert (found.logged_in, found.first_name) == (True, "Anna")


@pytest.mark.parametrize(
    ("event", "table", "key", "total"),
    [
        ("viewed: {product: p1}, times: 3", "viewed category", "wood", 3),
        ("viewed: {category: screws}", "viewed category", "wood", 1),
        ("viewed: {brand: Spax}", "viewed brand", "Spax", 1),
        ("viewed: {tag: sale}", "viewed tag", "sale", 1),
        ("viewed: {article: a1}", "viewed article", "a1", 1),
        ("read: {category: wood}", "read category", "wood", 1),
        ("bought: {category: Schrauben}", "bought category", "wood", 1),
        ("bought: {brand: Spax}", "bought brand", "Spax", 1),
        ("added-to-cart: {product: p2, quantity: 3}", "added-to-cart product", "p2", 1),
        ("searched: {query: Big Screws}", "searched query", "big screws", 1),
        ("shown: {fragment: hero, rule: r1}, times: 2", "shown rule", "r1", 2),
        ("clicked: {fragment: hero}", "clicked fragment", "hero", 1),
        ("dismissed: {fragment: hero}", "dismissed fragment", "hero", 1),
    ],
)
def test_events_have_the_words_of_conditions(
    event: str, table: str, key: str, total: int
) -> None:
    found = persona(f"{{events: [{{{event}}}]}}").profile.counts[table][key]
    assert (found.total, found.last) == (total, NOW)


WRONG = [
    (
        "{visit: 4}",
        '2:10: error: unknown key "visit" in persona "anna": did you mean "visits"?',
    ),
    (
        "{events: [{viewed: {product: p1}, at: 99999 years ago}]}",
        '2:47: error: "99999 years ago" is not a time: write for example',
    ),
    ("{visits: many}", '2:18: error: "visits" is a number; "many" is not'),
    (
        "{stage: cart}",
        '2:10: error: "stage" cannot be given: it follows from events, orders and visits',
    ),
    (
        "{consent: [all]}",
        '2:20: error: unknown purpose "all": known: personalization, statistics',
    ),
    (
        "{events: {viewed: {product: p1}}}",
        '2:18: error: "events" must be a list: each starts with `- `',
    ),
    (
        "{events: [{viewed: {category: Holz}}]}",
        '2:39: error: unknown category "Holz": ',
    ),
    (
        "{events: [{seen: {category: wood}}]}",
        '2:20: error: unknown key "seen" in event: ',
    ),
    ("{events: [{at: 2 days ago}]}", "2:19: error: an event needs a verb: for example"),
    (
        "{events: [{viewed: {product: p1}, at: soon}]}",
        '2:47: error: "soon" is not a time: write for example `2 days ago`',
    ),
    (
        "{events: [{viewed: {product: p1}, at: 2027-01-01}]}",
        '2:47: error: "2027-01-01" is after now',
    ),
    (
        "{events: [{viewed: {product: p1}, times: 0}]}",
        '2:50: error: "times" must be at least 1, not 0',
    ),
    (
        "{events: [{viewed: {product: p1}, read: {article: a1}}]}",
        "2:43: error: two events in one list item: write each",
    ),
    (
        "{events: [{searched: {product: p1}}]}",
        '2:31: error: "searched" is not about this: one of query',
    ),
    ("{events: [{viewed: {}}]}", '2:20: error: "viewed" does not say what'),
    ("[visits]", '2:9: error: persona "anna" must be `key: value` lines, not a list'),
]


@pytest.mark.parametrize(("lines", "finding"), WRONG)
def test_a_wrong_persona_says_where(lines: str, finding: str) -> None:
    found, findings = read_personas(
        "t", f"personas:\n  anna: {lines}\n", VOCABULARY, relatives, NOW
    )
    assert len(findings) == 1, findings
    assert str(findings[0]).removeprefix("t:").startswith(finding), str(findings[0])
    assert not found.personas


@pytest.mark.parametrize("clock", ["noon", "0001-01-01", "9999-12-31 23:59"])
def test_a_wrong_clock_says_where(clock: str) -> None:
    text = f"now: {clock}\npersonas:\n  anna: {{visits: 3}}\n"
    _, findings = read_personas("t", text, VOCABULARY, relatives, NOW)
    assert errors(findings) == [
        f't:1:6: error: "{clock}" is not a time: write 2026-11-21 10:00'
    ]


@given(st.data())
def test_a_damaged_file_is_read_without_a_traceback(data: st.DataObject) -> None:
    text = FILE
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
                    "~",
                    "9" * 30,
                    "ü",
                    "-5",
                    "99999 years ago",
                    "[[]]",
                    "{a: b}",
                    "1.0e300",
                ]
            )
        )
        text = text[:start] + piece + text[end:]
    _, findings = read_personas("t", text, VOCABULARY, relatives, NOW)
    for finding in findings:
        finding.show()


@pytest.mark.parametrize(
    ("lines", "units"),
    [
        (
            "{consent: [personalization], first-name: Anna}",
            Units("persona:anna", "persona:anna"),
        ),
        ("{consent: [personalization]}", Units("persona:anna")),
        ("{first-name: Anna}", Units()),
    ],
)
def test_a_persona_has_the_ids_that_experiments_go_by(lines: str, units: Units) -> None:
    assert persona(lines).units == units
