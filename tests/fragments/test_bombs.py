"""Files that are made to break their reader: findings come back, soon, and nothing else."""

import time
from collections.abc import Mapping

import pytest

from shopwindow.findings import Finding
from shopwindow.fragments.catalog import Catalog, read_catalog
from shopwindow.fragments.library import INCLUDE_DEPTH, read_library
from shopwindow.fragments.render import FragmentError, Renderer
from tests.fragments.pets import catalog, library

SOON = 3.0  # seconds; each takes far less, and took minutes or all memory without its limit
MANY = 3000

TEMPLATES = {
    "attributes": "{{ a" + ".a" * MANY + " }}",
    "items": "{{ a" + "[0]" * MANY + " }}",
    "sums": "{{ 1" + " + 1" * MANY + " }}",
    "filters": "{{ 1" + "|abs" * MANY + " }}",
    "few filters": "{{ 1" + "|abs" * 300 + " }}",
    "tests": "{{ 1" + " is odd" * MANY + " }}",
    "ands": "{{ 1" + " and 1" * MANY + " }}",
    "few ands": "{{ 1" + " and 1" * 150 + " }}",
    "ors in an if": "{% if 1" + " or 1" * MANY + " %}{% endif %}",
    "tildes": "{{ 1" + " ~ 1" * MANY + " }}",
    "comparisons": "{{ 1" + " < 1" * MANY + " }}",
    "choices": "{{ " + "1 if 1 else " * MANY + "1 }}",
    "nots": "{{ " + "not " * MANY + "1 }}",
    "signs": "{{ " + "-" * MANY + "1 }}",
    "brackets": "{{ " + "(" * MANY + "1" + ")" * MANY + " }}",
    "lists": "{{ " + "[" * MANY + "]" * MANY + " }}",
    "few lists": "{{ " + "[" * 90 + "]" * 90 + " }}",
    "dicts": "{{ " + "{1:" * MANY + "1" + "}" * MANY + " }}",
    "calls": "{{ a" + "()" * MANY + " }}",
    "ifs": "{% if a %}" * MANY + "{% endif %}" * MANY,
    "few ifs": "{% if a %}" * 90 + "x" + "{% endif %}" * 90,
    "elifs": "{% if a %}" + "{% elif a %}" * MANY + "{% endif %}",
    "loops": "{% for a in b %}" * 900 + "{% endfor %}" * 900,
    "backslashes": '{{ "\\\\"' + "|tojson" * 45 + " }}",
    "a large number": "{{ 1e999 }}",
    "a long number": "{{ " + "1" * 60_000 + " }}",
    "a long word": "{# parameters: a #}{{ " + "b" * 60_000 + " }}",
    "many parameters": "{# parameters: " + ",".join(f"p{i}" for i in range(9000)) + "?!#}",
    "braces": '{{ "' + "{{" * 30_000 + '" }}{{ ' + "|".join("abcdefgh" * 9) + " }}",
    "open braces": "{{" * 30_000,
    "branches in an address": "<a href='" + "{% if a %}b{% else %}c{% endif %}" * 60 + "'>",
    "comment begins": "<!--" * 16_000 + "{{ x }}",
    "script begins": "<script>" + "</script" * 8000 + "{{ x }}",
    "control characters": "\0\x1e{{ '\0\ud800' }}\ud800<a href='\0{{ x }}'>",
}  # fmt: skip
FINE = {
    "elements": "<div>" * 5000 + "</div>" * 5000,
    "attributes of an element": "<p" + " a='b'" * 10_000 + ">",
    "an attribute": "<p title='" + "a" * 60_000 + "'>",
    "an address": "<a href='/" + "a" * 60_000 + "'>",
}


def read(files: Mapping[str, str]) -> list[Finding]:
    """What is wrong with the fragments ``files``, which is said in time."""
    begun = time.perf_counter()
    named = {f"fragments/{name}.html": text for name, text in files.items()}
    made, findings = read_library(named, catalog(), "de")
    assert time.perf_counter() - begun < SOON
    for finding in findings:
        text = named[finding.file]
        assert 1 <= finding.line <= text.count("\n") + 1
    return findings


@pytest.mark.parametrize("text", TEMPLATES.values(), ids=TEMPLATES)
def test_a_template_made_to_break_its_reader_is_a_finding(text: str) -> None:
    findings = read({"x": text})
    assert findings or "tojson" in text


@pytest.mark.parametrize("text", FINE.values(), ids=FINE)
def test_long_and_deep_html_is_fine(text: str) -> None:
    assert read({"x": text}) == []


def test_what_is_nested_too_deeply_is_said_with_its_line() -> None:
    (finding,) = read({"x": "<p>\n{{ a" + ".a" * 60 + " }}"})
    assert str(finding).startswith(
        "fragments/x.html:2:1: error: this is nested more than 50 deep"
    )


def test_a_text_that_doubles_again_and_again_stops_at_its_limit() -> None:
    doubling = "{% set a = a|tojson %}" * 90 + "<p>{{ a }}</p>"
    with pytest.raises(FragmentError, match="a text of more than"):
        Renderer(library({"x": doubling}), catalog()).render("x", {"a": "\\"})


@pytest.mark.parametrize("order", [1, -1], ids=["outer first", "inner first"])
@pytest.mark.parametrize(
    "inner", ["{% include 'NEXT' %}", "{{ cards(items, 'NEXT') }}"]
)
def test_fragments_inside_each_other_have_a_limit(inner: str, order: int) -> None:
    many = 600
    names = [f"f{number:05}" for number in range(many + 1)]
    texts = [inner.replace("NEXT", f"f{n + order:05}") for n in range(many + 1)]
    texts[-1 if order == 1 else 0] = "the end"
    findings = read(dict(zip(names, texts, strict=True)))
    assert findings
    if "include" in inner:
        assert f"at most {INCLUDE_DEPTH} fragments" in "".join(map(str, findings))


def test_as_many_fragments_inside_each_other_as_allowed_are_fine() -> None:
    last = INCLUDE_DEPTH - 1
    files = {f"f{number}": f"{{% include 'f{number + 1}' %}}" for number in range(last)}
    files[f"f{last}"] = "the end"
    assert Renderer(library(files), catalog()).render("f0", {}) == b"the end"
    one_more = {**files, "f": "{% include 'f0' %}"}
    assert [finding.file for finding in read(one_more)] == ["fragments/f.html"]


def read_shop(name: str, text: str) -> tuple[Catalog, list[Finding]]:
    begun = time.perf_counter()
    made, findings = read_catalog({f"catalog/{name}": text})
    assert time.perf_counter() - begun < SOON
    return made, findings


DEEP = 5000


def chain(parent_of_first: str) -> str:
    rows = (f"c{n},T{n},c{n - 1}\n" for n in range(1, DEEP))
    return f"id,title,parent\nc0,T0,{parent_of_first}\n" + "".join(rows)


def test_categories_have_a_limit_of_parents() -> None:
    made, findings = read_shop("categories.csv", chain(""))
    assert [str(finding) for finding in findings] == [
        "catalog/categories.csv:23:9: error: more than 20 categories above this one: "
        "name a parent that is higher up"
    ]
    assert len(made.line("c20")) == 21 and len(made.line("c21")) == 1


def test_a_large_circle_of_parents_is_one_finding() -> None:
    made, findings = read_shop("categories.csv", chain(f"c{DEEP - 1}"))
    assert len(findings) == 2
    assert findings[0].message == (
        "these categories are their own parents: "
        "c0 > c4999 > c4998 > c4997 > c4996 > c4995 > ... > c0"
    )
    assert made.line("c0") == ("c0",)


CATALOGS = {
    "nested lists": ("products.jsonl", '{"id": ' + "[" * 600 + "]" * 600 + "}"),
    "lists too deep to read": ("products.jsonl", '{"id": ' + "[" * 90_000),
    "objects in a list": ("products.jsonl", '{"id": [{"a": 1}]}'),
    "a long number": ("products.jsonl", '{"id": ' + "1" * 90_000 + "}"),
    "a long price": ("products.csv", "id,title,url,price\na,a,/," + "9" * 90_000),
    "quotes": ("products.csv", '"' * 900_001),
    "names of no category": (
        "categories.csv",
        "id,title,parent\n" + "".join(f"a{n},a{n},nothing\n" for n in range(4000)),
    ),
}


@pytest.mark.parametrize(("name", "text"), CATALOGS.values(), ids=CATALOGS)
def test_a_catalogue_made_to_break_its_reader_is_a_finding(
    name: str, text: str
) -> None:
    assert read_shop(name, text)[1]
