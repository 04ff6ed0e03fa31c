"""What may be printed where: no value of a visitor or an editor becomes markup."""

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shopwindow.fragments.render import FragmentError, Renderer
from tests.fragments.pets import catalog, library, read

UNSAFE = [
    ("<p class={{ x }}>a</p>", 'needs quotes: write class="{{ ... }}"'),
    ("<p class=a{{ x }}>a</p>", "needs quotes"),
    ("<p {{ x }}>a</p>", "nothing can be printed inside a tag"),
    ("<{{ x }}>a</p>", "nothing can be printed inside a tag"),
    ("<p{{ x }}>a</p>", "nothing can be printed inside a tag"),
    ("<p class='a'{{ x }}>a</p>", "nothing can be printed inside a tag"),
    ("</p{{ x }}>", "nothing can be printed inside a tag"),
    ("<!-- {{ x }} -->", "nothing can be printed in a comment"),
    ("<!doctype {{ x }}>", "nothing can be printed in a comment"),
    ("<? {{ x }}>", "nothing can be printed in a comment"),
    ("<style>{{ x }}</style>", "nothing can be printed inside <style>"),
    ("<iframe>{{ x }}</iframe>", "nothing can be printed inside <iframe>"),
    ('<p style="{{ x }}">a</p>', "nothing can be printed in `style`"),
    ('<p ONCLICK="f(\'{{ x }}\')">a</p>', "nothing can be printed in `onclick`"),
    ('<p x-data="{{ x }}">', "nothing can be printed in `x-data`"),
    ('<p v-html="{{ x }}">', "nothing can be printed in `v-html`"),
    ('<p @Click="{{ x }}">', "nothing can be printed in `@click`"),
    ('<p :class="{{ x }}">', "nothing can be printed in `:class`"),
    ('<p hx-vals="{{ x }}">', "nothing can be printed in `hx-vals`"),
    ('<p data-hx-on="{{ x }}">', "nothing can be printed in `data-hx-on`"),
    ('<p ng-click="{{ x }}">', "nothing can be printed in `ng-click`"),
    ('<p data-ng-click="{{ x }}">', "nothing can be printed in `data-ng-click`"),
    ('<p (click)="{{ x }}">', "nothing can be printed in `(click)`"),
    ('<p _="{{ x }}">', "nothing can be printed in `_`"),
    ('<iframe srcdoc="{{ x }}"></iframe>', "nothing can be printed in `srcdoc`"),
    ('<meta content="{{ x }}">', "nothing can be printed in `content`"),
    ('<a href="{{ x }}">a</a>', "this is not safe in `href`: use |safe_url"),
    ('<a href=" {{ x|safe_url }}">a</a>', "print the whole address at once"),
    ('<a href="java{{ x|safe_url }}">a</a>', "print the whole address at once"),
    ('<a href="{{ x|safe_url }}{{ y|safe_url }}">a</a>', "print the whole address"),
    ('<a href="{% if x %}b{% endif %}{{ x|safe_url }}">', "print the whole address"),
    ('<a href="&#106;{{ x|safe_url }}">a</a>', "print the whole address at once"),
    ('<a href="&#{{ x|safe_url }}">a</a>', "print the whole address at once"),
    ('<a href="{{ x|urlencode }}:{{ y|urlencode }}">a</a>', "does not belong in href"),
    ('<a href="javascript:f({{ x|urlencode }})">a</a>', "does not belong in href"),
    ('<a href="javascript&colon;{{ x|urlencode }}">', "does not belong in href"),
    ("<a href=javascript:f()>a</a>", "this address does not belong in href"),
    ('<a href="{{ category.title }}">a</a>', "use |safe_url"),
    ('<a href="{{ x.url }}">a</a>', "use |safe_url"),
    ('<a href="{{ category.url or x }}">a</a>', "use |safe_url"),
    ('<a href="{{ category.url if x else x }}">a</a>', "use |safe_url"),
    ('<a href="{{ x|safe_url|upper }}">a</a>', "use |safe_url"),
    ('<svg><a xlink:href="{{ x }}"></a></svg>', "not safe in `xlink:href`"),
    ('<form action="{{ x }}"></form>', "this is not safe in `action`"),
    ('<button formaction="{{ x }}">a</button>', "this is not safe in `formaction`"),
    ('<script src="{{ x|safe_url }}"></script>', "in the address of <script>"),
    ('<base href="{{ x|safe_url }}">', "in the address of <base>"),
    ('<svg><animate to="{{ x }}"/></svg>', "nothing can be printed in `to`"),
    ("<script>var a = {{ x }}</script>", "in a script only |tojson"),
    ('<script>var a = "{{ x|tojson }}"</script>', "only |tojson can be printed, out"),
    ("<script>var a = '\\'{{ x|tojson }}'</script>", "outside quotes"),
    ("<script>var a = `{{ x|tojson }}`</script>", "outside quotes"),
    ("<script>// {{ x|tojson }}\n</script>", "outside quotes"),
    ("<script>/* {{ x|tojson }} */</script>", "outside quotes"),
    ("<script>a = /[{{ x|tojson }}]/</script>", "outside quotes"),
    ("<script><!-- {{ x|tojson }} --></script>", "leave <!-- out of scripts"),
    ('<p title="{{ x|tojson }}">a</p>', "|tojson is for scripts only"),
    ("<p title=\"{{ cards(items) }}\">a</p>", "cards can only stand in text"),
    ("<p title=\"{% include 'notice' %}\">a</p>", "a fragment can only stand in text"),
    ("<script>/*/ '*/ ' + {{ x|tojson }} + ' </script>", "outside quotes"),
    # Branches that end in different places
    ("{% if x %}<p {% endif %}>{{ x }}", "end in different places"),
    ('{% if x %}<a href="{% endif %}{{ x }}', "end in different places"),
    ("{% for a in x %}<!-- {% endfor %}{{ x }}", "end in different places"),
    ('<p {% if x %}onclick{% endif %}="{{ x }}">', "leave a space after this `if`"),
    ('<p {% if x %}on{% endif %}click="{{ x }}">', "leave a space after this `if`"),
    ("<p {% if x %}onclick{% else %}title{% endif %}='{{ x }}'>", "leave a space after"),
    ("<s{% if x %}cript{% endif %}>{{ y }}</s>", "end in different places"),
    (
        "{% for r in items %}{% endfor %}{% for r in x %}<a href='{{ r.url }}'>"
        "{% endfor %}",
        "use |safe_url",
    ),
    ("{% for r in items %}{% endfor %}{% set r = x %}<a href='{{ r.url }}'>", "safe_"),
    ("{% for r, s in items %}<a href='{{ r.url }}'>{% endfor %}", "use |safe_url"),
    ("<p {% if x %}onclick{% endif %} ='{{ x }}'>", "no attribute name before it"),
    (
        '<a href="{% if x %}javascript:{% endif %}{{ y|urlencode }}">',
        "does not belong in href",
    ),
    ('<a href="{% if x %}java{% else %}b{% endif %}script:">', "does not belong in"),
    ('<a href="{% for a in x %}{{ a|safe_url }}{% endfor %}">', "a loop cannot write"),
    ('<a href="{% for a in x %}j{% endfor %}{{ y|urlencode }}">', "a loop cannot"),
    ("<!-- {% if x %}--{% endif %}><script>-->{{ y }}", "end in different places"),
    ("<!--{% if x %}a{% endif %}><script>-->{{ y }}", "end in different places"),
    ("<!{% if x %}-{% endif %}->{{ y }}", "end in different places"),
    ("<script>{% if x %}</scrip{% endif %}t><a href={{ y|tojson }}>", "end in differ"),
    ("<script>/*{% if x %}*{% endif %}/'*/{{ y|tojson }}'</script>", "end in differ"),
    ("<script>{% if x %}<{% endif %}!-- <script></script>", "end in different places"),
    # What is printed is no text
    ("{{ self }}", '1:4: error: "self" is not for fragments'),
    ("{{ self.x }}", '"self" is not for fragments'),
    ("{# parameters: self #}{{ self }}", '"self" cannot be a parameter'),
    ("{% set self = 1 %}{{ self }}", '"self" cannot be set'),
    ("{% for a in x %}{{ loop }}{% endfor %}", "say what of the loop: loop.first"),
    # Open ends
    ("<p class='a", "is not closed at the end"),
    ("<script>", "<script> is not closed at the end"),
    ("<!-- a", "is not closed at the end"),
    ("<plaintext>{{ x }}", "a page cannot go on after <plaintext>"),
]  # fmt: skip


@pytest.mark.parametrize(("template", "expected"), UNSAFE, ids=lambda t: t[:40])
def test_printing_where_escaping_does_not_protect_is_refused(
    template: str, expected: str
) -> None:
    found = [str(finding) for finding in read({"x": template})[1]]
    assert any(expected in one for one in found), found


SAFE = [
    "<p>{{ x }}</p>",
    "{{ x }}",
    "a < b {{ x }} <3 {{ y }}",
    "<!-- a --><!----><!--> {{ x }}",
    "<p class='{{ x }}' title=\"{{ y }} z\">a</p>",
    '<p {% if x %}hidden{% endif %} class="{% if y %}a{% else %}{{ x }}{% endif %}">',
    '<li{% if x %} class="{{ x }}"{% endif %}>a</li>',
    "<textarea>{{ x }}</textarea><title>{{ y }}</title>",
    '<a href="{{ x|safe_url }}">a</a>',
    '<a href="/p/{{ x|urlencode }}?a={{ y|urlencode }}">a</a>',
    '<a href="/p/{{ x|safe_url }}">a</a>',
    '<a href="tel:{{ x|urlencode }}">a</a>',
    '<a href="{% if x %}/a/{% else %}/b?{% endif %}{{ y|urlencode }}">a</a>',
    '<a href="/a?{% for c in y %}{{ c|urlencode }}+{% endfor %}">a</a>',
    '<p x="{{ x }}" data-x="{{ x }}" data-view="{{ y }}" aria-label="{{ x }}">a</p>',
    "<!-- {% if x %}a{% else %}b - c{% endif %} --><p>{{ y }}</p>",
    "<script>{% if x %}a = b < 3;{% else %}c(){% endif %}</script><p>{{ y }}</p>",
    "<style>{% if x %}a{}{% else %}b{c: d}{% endif %}</style><p>{{ y }}</p>",
    '<a href="{{ click(x) }}">a</a>',
    '<a href="{{ category.url or product.url }}"><img src="{{ item.image }}"></a>',
    '<a href="{{ category.url if x else "/" }}">a</a>',
    '<form action="/s"><input value="{{ x }}"></form>',
    "<script>var a = {{ x|tojson }}, b = 'c', d = [{{ y|tojson }}];</script>",
    "<script>// it's\nvar a = {{ x|tojson }}</script><p>{{ y }}</p>",
    '<script type="application/ld+json">{"a": {{ x|tojson }}}</script>',
    "<style>a{}</style>{{ x }}",
    "<svg><path d='M0'/><title>{{ x }}</title></svg>",
]


class Shape(HTMLParser):
    """Elements and names of attributes, in order; addresses with their schemes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.seen: list[object] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, [name for name, _ in attrs]))
        for name, value in attrs:
            if name in ("href", "src"):
                address = "".join((value or "").split()).lower()
                assert not address.startswith(("javascript:", "data:"))

    def handle_endtag(self, tag: str) -> None:
        self.seen.append(tag)

    def handle_comment(self, data: str) -> None:
        self.seen.append("comment")


HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    " jAva\tscript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "--><b>",
    "</title></textarea></script><b>",
    '\\";alert(1)//',
    "{{ 7*7 }}",
    "{% raw %}",
    "&lt;b&gt;",
    "\ue0000\ue001",
    "ünïcödé",
]


def shape(renderer: Renderer, x: str, y: str) -> list[object] | None:
    """None where the fragment was refused at render."""
    parameters = {"x": x, "y": y, "category": "rabbit", "product": "hay", "item": "hay"}
    try:
        return Shape(renderer.render("x", parameters).decode()).seen
    except FragmentError:
        return None


@pytest.mark.parametrize("template", SAFE)
def test_no_value_changes_the_markup_around_it(template: str) -> None:
    renderer = Renderer(library({"x": template}), catalog())
    # The same words as texts that are true in an `if`, so that only escaping matters.
    plain = shape(renderer, "/a", "b")
    assert plain is not None
    for value in HOSTILE:
        for x, y in ((value, "b"), ("/a", value), (value, value)):
            assert shape(renderer, x, y) in (plain, None), (template, value)


parts = st.sampled_from(
    ["<p>", "</p>", '<a href="', "<a href='/x?", '"', "'", ">", " ", ' title="', "="]
    + ["{{ x }}", "{{ x|safe_url }}", "{{ x|urlencode }}", "{{ x|tojson }}", "class"]
    + ["<script>", "</script>", "<!--", "-->", "<textarea>", "</textarea>", "text", "/"]
    + ["{% if y %}", "{% else %}", "{% endif %}", 'onclick="', "<", ";", ":", "&#106;"]
)


@given(st.lists(parts, max_size=12).map("".join), st.sampled_from(HOSTILE))
def test_a_template_that_passes_keeps_its_markup_whatever_it_prints(
    template: str, value: str
) -> None:
    made, findings = read({"x": template})
    if findings:
        return
    renderer = Renderer(made, catalog())
    plain = Shape(renderer.render("x", {"x": "/a", "y": "b"}).decode()).seen
    hostile = Shape(renderer.render("x", {"x": value, "y": "b"}).decode()).seen
    assert hostile == plain
