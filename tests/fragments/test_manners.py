"""What a fragment had better not say."""

import pytest

from shopwindow.fragments.catalog import Catalog
from shopwindow.fragments.library import Library, read_library
from shopwindow.fragments.manners import told


def library(text: str) -> tuple[Library, list[str]]:
    found, findings = read_library({"fragments/a.html": text}, Catalog(), "de")
    return found, [str(finding) for finding in findings]


TOLD = {
    "You looked at this 7 times.": "7 times",
    "You have viewed this {{ n }} times": "{{ n }} times",
    "<p>You looked at this <b>{{ n }}</b> times</p>": "{{ n }}     times",
    "Sie haben das {visits} mal angesehen": "{visits} mal",
    "Sie haben hier schon drei Mal bestellt!": "drei Mal",
    "You visited us twice.": "twice",
    "Das haben Sie vor 3 Tagen gekauft.": "vor 3 Tagen",
    "Das hast du vor {{ t(days) }} Wochen gesucht": "vor {{ t(days) }} Wochen",
    "You bought it 2 weeks ago, remember?": "2 weeks ago",
    "Sie haben das am 12.11. angesehen.": "am 12.11.",
    "You ordered this on 2026-11-20": "on 2026-11-20",
    "<li>Fine.</li>\n<li>You\nviewed\nit 3x</li>": "3x",
}
UNTOLD = [
    "",
    "You bought this. It lasts 3 times longer.",
    "<p>Sie haben gekauft</p><p>vor 3 Tagen erschienen</p>",
    "Your order: 3 x Box",
    "Sie können bis zu 3 mal umtauschen",
    "Customers bought this 300 times",
    "Recently viewed by you",
    "{# You looked at this 7 times #}<!-- you viewed it 3 times -->fine",
    '<p title="you viewed">3 times</p>',
]


@pytest.mark.parametrize("text", TOLD)
def test_counts_and_days_of_what_somebody_did_are_found(text: str) -> None:
    found = told(text)
    assert found is not None
    assert " ".join(found[0].split()) == " ".join(TOLD[text].split())


@pytest.mark.parametrize("text", UNTOLD)
def test_other_numbers_are_left_alone(text: str) -> None:
    assert told(text) is None


@pytest.mark.parametrize(
    ("text", "warnings"),
    [
        ("{# parameters: headline #}<p>{{ headline }}</p>", []),
        (
            "{# parameters: visits #}\n<p>Nice: {{ visits }}</p>",
            ['2:13: warning: "visits" tells visitors that they are counted'],
        ),
        (
            "{# parameters: last-order #}\n{% set day = last_order %}\n<p>{{ t(day) }}</p>",
            ['3:1: warning: "last_order" tells visitors that they are counted'],
        ),
        (
            "{# parameters: visits #}<p>{% if visits > 3 %}Welcome back{% endif %}</p>",
            [],
        ),
        (
            '{# parameters: views #}<p>{{ "Often" if views > 3 else "Seldom" }}</p>',
            [],
        ),
        (
            "{# parameters: n #}\n\n<p>You have bought it {{ n }} times.</p>",
            ['3:23: warning: "{{ n }} times" tells visitors that they are counted'],
        ),
    ],
)
def test_a_template_is_warned_of_at_its_place(text: str, warnings: list[str]) -> None:
    found, said = library(text)
    hint = ": say what is in it for them, not what was counted"
    assert said == [f"fragments/a.html:{warning}{hint}" for warning in warnings]
    assert "a" in found.fragments, "a warning keeps no fragment away"


def test_what_is_printed_is_known_with_what_is_included() -> None:
    files = {
        "fragments/a.html": '{# parameters: #}\n{{ visitor.first_name }}{% include "b" %}',
        "fragments/b.html": "{# parameters: #}{% for item in items %}{{ item.title|upper }}{% endfor %}",
    }
    found, findings = read_library(files, Catalog(), "de")
    assert findings == []
    printed = found.fragments["a"].versions[""].printed
    assert printed == (("visitor.first_name", 2), ("item.title", 1))


def test_the_shipped_fragments_mind_their_manners() -> None:
    assert read_library({}, Catalog(), "de")[1] == []


@pytest.mark.parametrize(
    "text",
    [
        *("<!--" * 16_000, "{#" * 32_000, "<" * 65_000, "{%" * 32_000, "{{" * 32_000),
        *("you viewed " + "7" * 60_000, "you viewed " + "3 " * 30_000),
    ],
)
def test_hostile_texts_are_looked_through_once(text: str) -> None:
    assert told(text) is None
