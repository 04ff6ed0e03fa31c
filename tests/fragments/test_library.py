"""Fragments at load: names, declarations, versions, and what the linter refuses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shopwindow.fragments.catalog import Catalog
from shopwindow.fragments.library import Parameters, read_library
from tests.fragments.pets import library, read


def complaints(template: str, name: str = "x") -> list[str]:
    return [str(finding) for finding in read({name: template})[1]]


SHIPPED = {
    "article-teaser",
    "cart-reminder",
    "category-hero",
    "notice",
    "own-first",
    "product-card",
    "product-shelf",
    "refill-reminder",
    "running-out",
}


def test_every_shop_has_the_shipped_fragments() -> None:
    shipped = library()
    assert set(shipped.fragments) == SHIPPED
    assert shipped.fragments["own-first"].reorder == "category"


def test_a_fragment_declares_its_parameters_in_its_first_comment() -> None:
    text = "{# parameters: category, sub-line?\n image? #}{{ category }}{{ sub_line }}"
    parameters = library({"x": text}).fragments["x"].parameters
    assert parameters == Parameters(
        frozenset({"category"}), frozenset({"sub-line", "image"}), False
    )


def test_a_fragment_without_a_declaration_takes_anything() -> None:
    fragment = library({"x": "{# a hero #}{{ headline }}"}).fragments["x"]
    assert fragment.parameters == Parameters(open=True)


def test_a_declaration_of_nothing_takes_nothing() -> None:
    fragment = library({"x": "{# parameters: #}Hello"}).fragments["x"]
    assert fragment.parameters == Parameters(open=False)


def test_the_best_version_for_a_language_is_found() -> None:
    fragments = library({"x": "plain", "x.en": "en", "x.en-GB": "gb"}).fragments
    for language, expected in [("en-GB", "en-GB"), ("en-US", "en"), ("fr", "")]:
        assert fragments["x"].version(language).language == expected
    only = library({"y.de": "de", "y.en": "en"}).fragments["y"]
    assert only.version("fr", "de").language == "de"
    assert only.version("fr", "it").language == "de"


def test_a_file_of_the_site_replaces_all_shipped_ones_of_that_name() -> None:
    notice = library({"notice.en": "Hello"}).fragments["notice"]
    assert set(notice.versions) == {"en"}
    assert notice.parameters.open


NAMES = [
    ("Hero", '"Hero" cannot be a fragment\'s name'),
    ("hero_1", '"hero_1" cannot be a fragment\'s name'),
    ("hero.v2", '"v2" is not a language'),
    ("a b", '"a b" cannot be a fragment\'s name'),
]


@pytest.mark.parametrize(("name", "expected"), NAMES)
def test_file_names_are_checked(name: str, expected: str) -> None:
    (complaint,) = complaints("Hello", name)
    assert complaint.startswith(f"fragments/{name}.html:1:1: error: {expected}")


def test_only_html_files_are_fragments() -> None:
    _, findings = read_library({"fragments/x.htm": ""}, Catalog(), "en")
    assert findings[0].hint == "name it for example hero.html"


# Template and what is said about it, from the line on.
REFUSED = [
    # Declarations
    ("{# parametrs: a #}", '1:4: error: "parametrs" declares nothing: did you mean'),
    ("{# parameters: a, a? #}", '1:19: error: "a" is declared twice'),
    ("{# parameters: a b=1 #}", '1:18: error: "b=1" is not a name'),
    ("{# parameters: items #}", '1:16: error: "items" cannot be a parameter'),
    ("{# reorder: colour #}", '1:13: error: "colour" is nothing to reorder by'),
    ("{# reorder: tag #}\n <p>", "2:2: error: a reordering fragment has no text"),
    # Names
    (
        "{# parameters: headline #}\n<p>{{ headlin }}</p>",
        '2:7: error: "headlin" is not declared: did you mean "headline"?',
    ),
    ("{# parameters: #}{{ x }}", "declare it in the first comment"),
    ("{{ item.titel }}", '1:9: error: there is no "titel": did you mean "title"?'),
    ("{{ category.colou }}", 'did you mean "colour"?'),
    ("{{ visitor.id }}", '1:12: error: there is no "id"'),
    ("{{ visitor }}", "1:4: error: say what of the visitor"),
    ("{{ loop.cycles }}", 'there is no "cycles"'),
    ("{{ t }}", '1:4: error: "t" needs brackets: t(...)'),
    ("{% set t = 1 %}", '1:8: error: "t" cannot be set'),
    ("{% set category = x %}", '1:8: error: "category" cannot be set: take another'),
    ("{% for item in goods %}{% endfor %}", '"item" cannot be set'),
    ("{{ x|uper }}", '1:6: error: there is no filter "uper": did you mean "upper"?'),
    ("{% if x is definde %}{% endif %}", 'there is no test "definde": did you mean'),
    ('{% include "nothing" %}', '1:13: error: there is no fragment "nothing"'),
    ('{{ cards(items, "crad") }}', 'there is no fragment "crad"'),
    # Syntax
    ("a\n{% if %}", "2:1: error: Expected an expression, got 'end of statement block'"),
    ("{{ x", "1:1: error: unexpected end of template"),
    ("{{ " + "(" * 3000 + " }}", "1:1: error: this template is nested too deeply"),
    ("{{ " + "1" * 5000 + " }}", "1:1: error: this template cannot be read"),
    ("{{ x }}" * 500, "1:1: error: this template has 501 parts, at most 400 are"),
    ("{{ " + "-" * 399 + "1 }}", "1:1: error: this template has 401 parts"),
    ("x" * 70_000, "1:1: error: this template is too large"),
    # What Jinja2 can do and fragments must not
    ("{% macro m() %}{% endmacro %}", '1:4: error: "macro" is not for fragments'),
    ("{% call m() %}{% endcall %}", '"call" is not for fragments'),
    ('{% extends "x" %}', '"extends" is not for fragments'),
    ('{% import "x" as y %}', '"import" is not for fragments'),
    ('{% from "x" import y %}', '"from ... import" is not for fragments'),
    ("{% block b %}{% endblock %}", '"block" is not for fragments'),
    ("{% filter upper %}x{% endfilter %}", '"filter" is not for fragments'),
    ("{% set a %}x{% endset %}", '"set ... endset" is not for fragments'),
    ("{% with a = 1 %}{% endwith %}", '"with" is not for fragments'),
    ("{% autoescape false %}{{ x }}{% endautoescape %}", "is not for fragments"),
    ("{{ x|safe }}", '1:6: error: there is no filter "safe"'),
    ("{{ x|attr('y') }}", 'there is no filter "attr"'),
    ("{{ x|map('y') }}", 'there is no filter "map"'),
    ("{{ x.upper() }}", "1:6: error: this cannot be called"),
    ("{{ lipsum(5) }}", "1:4: error: this cannot be called"),
    ("{% for a in b recursive %}{% endfor %}", "1:15: error: a loop cannot call itself"),
    (
        "{% for a in x %}{% for b in x %}{% for c in x %}"
        "{% endfor %}{% endfor %}{% endfor %}",
        "more than 2 loops inside each other",
    ),
    ("{{ 'x' * 900000000 }}", '1:1: error: "*" is for numbers only'),
    ("{{ '%900000000d' % 1 }}", '"%" is for numbers only'),
    ("{{ 9 ** 9 }}", '"**" is not for fragments'),
    ("{% for i in range(1000000) %}{% endfor %}", "range() counts to 100 at most"),
    ("{% set a = a ~ a %}", "texts cannot be put together here"),
    ("{% set a = a + a %}", "texts cannot be put together here"),
    ("{% set a = [a ~ a] %}", "texts cannot be put together here"),
    ("{{ x.__class__ }}", '1:6: error: "__class__" is not for templates'),
    ("{{ x['__class__'] }}", '"__class__" is not for templates'),
    ("{% include x %}", "write the fragment's name in quotes"),
    ('{% include ["notice"] %}', "write the fragment's name in quotes"),
    ('{% include "notice" ignore missing %}', "write only the name after include"),
    ('{% include "x" %}', '1:13: error: "x" cannot be included: it has errors, or'),
    ("{{ cards() }}", '1:4: error: cards() takes the items: cards(items, "product'),
    ("{{ cards(items, card) }}", "write the card's name in quotes"),
    ("{{ cards(items, 'x') }}", "the card \"x\" has errors"),
    ("{% for a in b if c.__d__ %}{% endfor %}", '"__d__" is not for templates'),
    ("{% for t, a in b %}{% endfor %}", '1:8: error: "t" cannot be set'),
    ("{{ cards(goods) }}", "cards() takes the items"),
    ("{{ cards(items)|upper }}", "cards() stands alone"),
    ('{{ cards(items, "product-shelf") }}', '"product-shelf" cannot be a card'),
    ("{{ click(u)|upper }}", "click() stands alone"),
    ("{{ t() }}", "t() needs one value"),
]  # fmt: skip


@pytest.mark.parametrize(("template", "expected"), REFUSED, ids=lambda t: t[:40])
def test_what_is_wrong_in_a_template_is_said_with_its_place(
    template: str, expected: str
) -> None:
    found = complaints(template)
    assert found
    assert all(one.startswith("fragments/x.html:") for one in found)
    assert any(expected in one for one in found), found


FINE = [
    "{% for item in items %}<a href='{{ item.url }}'>{{ item.title }}</a>{% endfor %}",
    "{% for one in items[:3] %}<img src=\"{{ one.image }}\" alt=''>{% endfor %}",
    "{% for row in rows %}{% for cell in row %}{{ loop.index }}{% endfor %}{% endfor %}",
    "{% for i in range(3) %}{{ i * 2 + 1 }}{% endfor %}",
    "{% set n = rows|length %}{{ n }}",
    "{{ a ~ ' ' ~ b }}",
    "{{ price * 2 }} {{ price % 3 }}",
    '{% include "notice" %}',
    "{% if a is defined and a is not none and a in ['b'] %}{{ a[0] }}{% endif %}",
    "{{ visitor.first_name or 'you' }} {{ visitor.language }}",
    "{{ rows|join(', ')|truncate(20) }}",
    "{{ category.colour }}",
    "{# only a comment: with a colon #}<p>",
]


@pytest.mark.parametrize("template", FINE)
def test_what_editors_need_is_allowed(template: str) -> None:
    assert complaints(template) == []


def test_all_that_is_wrong_is_said_at_once() -> None:
    text = "{# parameters: a #}\n{{ b }}\n{{ a|c }}\n<a href={{ a }}>\n"
    lines = [one.split(":")[1:3] for one in complaints(text)]
    assert lines == [["2", "4"], ["3", "6"], ["4", "12"]]


def test_a_fragment_with_errors_is_not_in_the_library() -> None:
    assert "x" not in read({"x": "{{ y"})[0].fragments


def test_fragments_that_include_each_other_are_refused() -> None:
    _, findings = read({"a": '{% include "b" %}', "b": '{% include "a" %}'})
    assert any("cannot be included" in str(finding) for finding in findings)


def test_an_included_fragment_may_have_other_languages_only() -> None:
    made, findings = read({"a.en": "A", "b.it": '{% include "a" %}'})
    assert findings == []
    assert set(made.fragments["b"].versions) == {"it"}


def test_what_an_included_fragment_needs_must_be_declared() -> None:
    inner = "{# parameters: headline, text? #}{{ headline }}"
    outer = '{# parameters: title #}{{ title }}{% include "inner" %}'
    _, findings = read({"inner": inner, "outer": outer})
    assert ['"inner" needs headline'] == [finding.message for finding in findings]
    outer = '{# parameters: headline #}{% include "inner" %}'
    assert read({"inner": inner, "outer": outer})[1] == []


def test_versions_of_a_fragment_take_the_same_parameters() -> None:
    text = "{# parameters: a #}{{ a }}"
    assert read({"x": text, "x.en": "{{ a }}"})[1] == []
    (finding,) = read({"x": text, "x.en": "{# parameters: b #}{{ b }}"})[1]
    assert finding.file == "fragments/x.en.html"
    (finding,) = read({"x": text, "x.en": "{{ b }}"})[1]
    assert finding.message == '"b" is not declared'


def test_what_a_fragment_depends_on_is_known() -> None:
    text = (
        "{% include 'inner' %}{{ cards(items) }}"
        "<a href=\"{{ click('/') }}\">{{ visitor.first_name }}</a>"
    )
    fragments = library({"x": text, "inner": "{{ items|length }}"}).fragments
    mentions = fragments["x"].version("de").mentions
    assert mentions.visitor and mentions.click and mentions.items
    assert mentions.cards == {"product-card"}
    assert not fragments["product-shelf"].version("de").mentions.items
    assert fragments["product-card"].version("de").mentions.reason


pieces = st.sampled_from(
    ["{{", "}}", "{%", "%}", "{#", "#}", "<a href=", '"', "'", ">", "<", "script", "/"]
    + [
        "if",
        "for",
        "in",
        "end",
        "x",
        " ",
        "\n",
        "|",
        "(",
        ")",
        ".",
        "items",
        "set",
        "=",
    ]
    + ["endif", "endfor", "else", "é", "-", "\\", "parameters:", "include", "1", "~"]
)


@given(st.lists(pieces, max_size=30).map("".join))
def test_any_text_gives_findings_inside_it_or_a_fragment(text: str) -> None:
    made, findings = read({"x": text})
    assert ("x" in made.fragments) is (not findings)
    for finding in findings:
        assert 1 <= finding.line <= text.count("\n") + 1
        assert finding.excerpt == text.split("\n")[finding.line - 1]
        assert 1 <= finding.column <= max(1, len(finding.excerpt) + 1)
