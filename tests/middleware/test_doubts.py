"""What only the parts of a site together can tell."""

from pathlib import Path

import pytest

from shopwindow.middleware.aims import unreported
from shopwindow.middleware.doubts import doubts, unused
from shopwindow.middleware.site import Site, check_site
from tests.rules.shop import NOW
from tests.shop import FILES, SITE

SECRET = SITE.replace(
    "[store]",
    """health-note = { type = "text", from = "app", sensitive = true }
[store]""",
)


def site(**changes: str) -> Site:
    files = {**FILES, **{key.replace("__", "/"): text for key, text in changes.items()}}
    made, findings = check_site(Path("shop"), files)
    assert [str(f) for f in findings if f.severity == "error"] == []
    return made


def changed(files: dict[str, str], strict: bool = False) -> list[str]:
    made, findings = check_site(Path("shop"), {**FILES, **files})
    assert [str(f) for f in findings if f.severity == "error"] == []
    return [str(finding) for finding in doubts(made, NOW, strict=strict)]


def rules(*lines: str) -> dict[str, str]:
    text = "version: 1\nsegments:\n  ill: [health-note: diabetes]\nrules:\n"
    return {
        "site.toml": SECRET,
        "rules/start.yaml": text + "".join(f"  - {{{line}}}\n" for line in lines),
    }


def test_a_site_that_is_well_has_no_doubts() -> None:
    assert changed({}, strict=True) == []


def test_the_doubts_of_all_rooms_come_together() -> None:
    found = changed(
        rules(
            "id: a, slot: home.hero, show: banner, with: {text: x}, priority: 2",
            "id: b, slot: home.hero, show: banner, with: {text: x}, priority: 1",
            "id: c, slot: home.teaser, show: banner, with: {text: x}, when: [hour: 1, hour: 2]",
            "id: d, slot: home.teaser, show: banner, with: {text: x}, schedule: {until: 2020-01-01}",
            "id: e, slot: home.teaser, show: banner, with: {text: x}, explore: 100%",
        )
    )
    assert [line.split('"')[1] for line in found] == ["d", "c", "b", "e"]


def test_ties_are_for_the_strict() -> None:
    two = rules(
        "id: a, slot: home.hero, show: banner, with: {text: x}, when: [hour: 1]",
        "id: b, slot: home.hero, show: banner, with: {text: x}, when: [cart-value: 1]",
    )
    assert changed(two) == []
    assert len(changed(two, strict=True)) == 1


@pytest.mark.parametrize(
    "rule",
    [
        'when: [health-note: diabetes], show: banner, with: {text: "For your Diabetes"}',
        'when: [segment: ill], show: banner, with: {text: "A word on diabetes."}',
        "when: [any: [segment: ill, hour: 1]], split: {experiment: e, variants: "
        "[{name: v, show: banner, with: {text: {a: [diabetes]}}}]}",
    ],
)
def test_a_text_that_says_what_is_sensitive_is_found(rule: str) -> None:
    (found,) = changed(rules(f"id: a, slot: home.hero, {rule}"))
    assert found == (
        'rules/start.yaml:5:1: warning: the texts of rule "a" say "diabetes", a value of '
        'the sensitive "health-note": whoever looks over the visitor\'s shoulder reads it'
    )


@pytest.mark.parametrize(
    "rule",
    [
        "when: [health-note: diabetes], show: banner, with: {text: Antidiabetes}",
        "when: [hour: 1], show: banner, with: {text: diabetes}",
        "when: [segment: ill], show: banner, with: {text: diabetes}, off: true",
    ],
)
def test_a_text_that_only_looks_like_it_is_left_alone(rule: str) -> None:
    assert changed(rules(f"id: a, slot: home.hero, {rule}")) == []


@pytest.mark.parametrize(
    "values", ["text: for diabetes", "text: '{other}', other: DIABETES"]
)
def test_what_is_sensitive_goes_to_no_other_server(values: str) -> None:
    """Not a doubt: such a site does not go live."""
    far = """
[fragments.far]
url = "https://cms.internal/?t={text}&o={other}"
parameters = ["text", "other?"]
"""
    one = f"id: a, slot: home.hero, show: far, when: [segment: ill], with: {{{values}}}"
    texts = rules(one)
    texts["site.toml"] += far
    site, findings = check_site(Path("shop"), {**FILES, **texts})
    assert [str(finding) for finding in findings] == [
        'rules/start.yaml:5:1: error: rule "a" tells another server "diabetes", a value of the '
        'sensitive "health-note": "far" is not ours: say something else, or decide by something else'
    ]
    assert not [f for f in doubts(site, NOW) if f.code == "sensitive"]


def test_a_fragment_that_prints_a_sensitive_attribute_is_found() -> None:
    files = {
        "site.toml": SECRET,
        "fragments/note.html": "{# parameters: health-note #}\n<p>{{ health_note }}</p>",
    }
    assert changed(files) == [
        'fragments/note.html:2:1: warning: "health_note" is sensitive: it may decide, but '
        "not be printed"
    ]


def test_a_rule_that_counts_its_visitor_is_found() -> None:
    text = '"You looked at {n} of them 7 times."'
    (found,) = changed(
        rules(f"id: a, slot: home.hero, show: banner, with: {{n: x, text: {text}}}")
        | {"fragments/banner.html": "{{ text }}", "fragments/banner.de.html": "x"}
    )
    assert found == (
        'rules/start.yaml:5:1: warning: "7 times" tells visitors that they are counted: '
        "say what is in it for them, not what was counted"
    )


GREETING = {"fragments/greeting.html": "{# parameters: #}\nHi {{ visitor.first_name }}"}
HELLO = "id: hi, slot: home.hero, show: greeting, when: [logged-in: true]"


@pytest.mark.parametrize(
    ("others", "warned"),
    [
        ([], True),
        (
            ["id: all, slot: home.teaser, show: banner, with: {text: x}"],
            True,
        ),
        (
            [
                "id: some, slot: home.teaser, show: banner, with: {text: x}, when: [visits: 2]"
            ],
            False,
        ),
        (
            [
                "id: some, slot: home.teaser, show: banner, with: {text: x}, when: [device: mobile]"
            ],
            False,
        ),
        (
            [
                "id: shelf, slot: home.teaser, show: product-shelf, with: {headline: x}, recommend: {strategy: trending}"
            ],
            False,
        ),
        (
            [
                "id: some, slot: home.teaser, show: banner, with: {text: x}, when: [visits: 2], off: true"
            ],
            True,
        ),
    ],
)
def test_a_name_and_nothing_else_is_no_personal_shop(
    others: list[str], warned: bool
) -> None:
    found = changed({**rules(HELLO, *others), **GREETING})
    assert (
        found
        == [
            'fragments/greeting.html:2:1: warning: "greeting" greets by name, and all else is '
            "the same for everybody: a name alone makes no page personal: add what helps this "
            "visitor"
        ]
        * warned
    )


def test_an_attribute_that_nothing_asks_for_is_found_at_its_name() -> None:
    text = SECRET.replace(
        "[store]", 'gone = { type = "text" }\nold-name = { type = "text" }\n[store]'
    )
    files = {
        "rules__more.yaml": "segments:\n  ill: [health-note: x]\n",
        "fragments__old.html": "{# parameters: old-name #}{{ old_name }}",
    }
    made = site(**{"site.toml": text, **files})
    (finding,) = unused(made, text)
    assert str(finding) == (
        'site.toml:14:1: warning: no rule, segment or fragment uses the attribute "gone": '
        "what is not needed should not be collected"
    )
    assert finding.excerpt.startswith("gone =") and finding.code == "unused"


def test_a_rule_that_is_off_still_asks() -> None:
    off = FILES["rules/start.yaml"].replace(
        "show: banner", "off: true\n    show: banner"
    )
    assert unused(site(**{"rules__start.yaml": off}), SITE) == []


# -- aims ----------------------------------------------------------------------------------

SPLIT = "split: {{experiment: e, variants: [{{name: a, show: {0}}}, {{name: b, show: {1}}}]}}"
REMOTE = '\n[fragments.far]\nurl = "https://cms.example/f"\n'
CLOSABLE = "{# parameters: #}<p>{{ dismiss() }}</p>"


def aimed(metric: str, one: str, other: str) -> list[str]:
    split = SPLIT.format(one, other)
    files = rules(f"id: x, slot: home.hero, goal: {{metric: {metric}}}, {split}")
    return changed(
        {
            **files,
            "site.toml": files["site.toml"] + REMOTE,
            "fragments/closable.html": CLOSABLE,
        }
    )


def test_what_cannot_be_closed_moves_no_dismissals() -> None:
    assert aimed("dismissals", "offer", "offer") == [
        'rules/start.yaml:5:1: warning: "offer" has nothing to close it with: nothing moves '
        "dismissals: write `{{ dismiss() }}` into it, or name another metric"
    ]
    assert aimed("dismissals", "offer", "closable") == []
    assert aimed("click-rate", "offer", "offer") == []


def test_what_comes_from_another_server_is_not_clicked_for_us() -> None:
    assert aimed("click-rate", "far", "far") == [
        'rules/start.yaml:5:1: warning: "far" comes from another server: nobody counts its '
        "click-rate: name a metric of all visitors, such as conversion-rate"
    ]
    assert aimed("conversion-rate", "far", "far") == []
    assert aimed("click-rate", "far", "offer") == []


def test_weights_cannot_go_by_what_is_sensitive() -> None:
    adapt = "adapt: {metric: conversion-rate, by: [ill]}, "
    split = SPLIT.format("offer", "offer").replace(
        "{experiment", f"{{{adapt}experiment"
    )
    found = changed(rules(f"id: x, slot: home.hero, {split}"))
    assert any('the weights of segment "ill" never learn' in one for one in found)


def test_reports_are_about_segments_that_there_are() -> None:
    names = '["new-visitor", "regular-custmer"]'
    text = f"{SITE}\n[experiments]\nreport-segments = {names}\n"
    made, findings = check_site(Path("shop"), {**FILES, "site.toml": text})
    assert findings == []
    (found,) = unreported(made, text)
    assert str(found).endswith(
        'warning: unknown segment "regular-custmer": did you mean "regular-customer"?'
    )
