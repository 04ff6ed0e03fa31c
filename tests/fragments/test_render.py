"""Rendering: the right bytes, safely, and only once."""

from collections.abc import Mapping
from datetime import date
from html.parser import HTMLParser
from typing import Any

import pytest
from markupsafe import escape

from shopwindow.fragments.formats import text as formatted
from shopwindow.fragments.items import Price
from shopwindow.fragments.recommendations.reasons import Reason, Recommendation
from shopwindow.fragments.render import FragmentError, Renderer, VisitorView
from tests.fragments.pets import catalog, library

AGAIN = Reason("viewed-again")
HAY = Recommendation("hay", 1.0, AGAIN)
BONE = Recommendation("bone", 0.5, Reason("similar", "hay"))
GONE = Recommendation("gone", 0.5, AGAIN)


def renderer(templates: Mapping[str, str] | None = None, **options: Any) -> Renderer:
    return Renderer(library(templates), catalog(), **options)


def once(template: str, language: str = "de", **parameters: Any) -> str:
    return renderer({"x": template}).render("x", parameters, language=language).decode()


def why(template: str, **parameters: Any) -> str:
    with pytest.raises(FragmentError) as raised:
        once(template, **parameters)
    assert raised.value.fragment == "x"
    return raised.value.why


def test_a_shipped_fragment_renders_with_the_catalogue() -> None:
    hero = renderer().render("category-hero", {"category": "rabbit"}).decode()
    assert hero == (
        '<section class="sw-hero">\n'
        '  <img class="sw-hero-image" src="/i/rabbit.svg" alt="">\n'
        '  <h2 class="sw-hero-title">Alles für Hasen</h2>\n'
        '  <a class="sw-button" href="/c/rabbit">Hasen &amp; Co</a>\n'
        '  <form class="sw-dismiss" method="post" action="/-/shopwindow/dismiss/">'
        '<button class="sw-dismiss-button">Kein Interesse</button></form>\n'
        "</section>"
    )


@pytest.mark.parametrize("name", ["rabbit", "Hasen & Co", "Rabbits"])
def test_a_category_is_named_by_id_or_title_and_prints_as_its_title(name: str) -> None:
    template = "{{ category }}|{{ category.id }}|{{ category.image }}"
    expected = "Hasen &amp; Co|rabbit|/i/rabbit.svg"
    assert once(template, category=name) == expected


def test_records_and_templates_follow_the_language_of_the_page() -> None:
    shop = renderer({"x": "de {{ category }}", "x.en": "en {{ category }}"})
    parameters = {"category": "dog"}
    expected = {"de": "de Hunde", "en": "en Dogs", "en-GB": "en Dogs", "fr": "de Hunde"}
    for language, text in expected.items():
        assert shop.render("x", parameters, language=language).decode() == text
    assert shop.render("x", parameters).decode() == "de Hunde"


def test_without_a_category_file_any_word_will_do() -> None:
    shop = Renderer(library({"x": "{{ category }}"}), catalog({}))
    assert shop.render("x", {"category": "Hasen"}) == b"Hasen"


FILLED = [
    ("Neu: {category.title}", "Neu: Hasen & Co"),
    ("Neu: {category}", "Neu: Hasen & Co"),
    ("{product.price} {product.colour}", "12,90\N{NO-BREAK SPACE}€ green"),
    ("{product.added}", "1. Januar 2026"),
    ("Hallo {visitor.first_name}", "Hallo Anna"),
    ("Hallo {visitor.first-name}", "Hallo Anna"),
    ("{sub-line}!", "1.234,5!"),
    ("{ no place } {} {1}", "{ no place } {} {1}"),
]


@pytest.mark.parametrize(("text", "expected"), FILLED)
def test_places_in_texts_are_filled(text: str, expected: str) -> None:
    shop = renderer({"x": "{{ text|replace('&', '+') }}"})
    parameters = {
        "text": text,
        "category": "rabbit",
        "product": "hay",
        "sub-line": 1234.5,
    }
    shown = shop.render("x", parameters, visitor=VisitorView("Anna", "de")).decode()
    assert shown == expected.replace("&", "+")


UNFILLED = [
    ("{missing}", {}, "{missing} cannot be filled"),
    ("{category.nothing}", {"category": "rabbit"}, "{category.nothing} cannot be"),
    ("{category.headline}", {"category": "dog"}, "{category.headline} cannot be"),
    ("{visitor.first_name}", {}, "{visitor.first_name} cannot be filled"),
    ("{visitor.__class__}", {}, ""),
    ("{category.__class__}", {"category": "dog"}, ""),
    ("{other}", {"other": "{text}"}, "{other} cannot be filled"),
    ("{other}", {"other": ["a"]}, "{other} cannot be filled"),
    ("{visitor}", {}, "{visitor} cannot be filled"),
]


@pytest.mark.parametrize(("text", "parameters", "expected"), UNFILLED)
def test_what_cannot_be_filled_drops_the_fragment(
    text: str, parameters: dict[str, Any], expected: str
) -> None:
    if expected:
        assert expected in why("{{ text }}", text=text, **parameters)
    else:  # a name that no place can have: it stays as it was written
        assert once("{{ text }}", text=text, **parameters) == text


THINGS = {"cat": ("category", "rabbit"), "who": ("brand", "Wiese")}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Neu in {cat.title}", "Neu in Hasen &amp; Co"),
        ("{cat} von {who}", "Hasen &amp; Co von Wiese"),
        ("{cat.headline}", "Alles für Hasen"),
    ],
)
def test_texts_are_filled_from_the_things_that_a_rule_names(
    text: str, expected: str
) -> None:
    shop = renderer({"x": "{{ text }}"})
    assert shop.render("x", {"text": text}, things=THINGS).decode() == expected


def test_a_parameter_that_is_a_thing_is_its_record() -> None:
    shop = renderer({"x": "{{ topic }}/{{ category.id }}/{{ maker }}"})
    things = {"topic": ("category", "dog"), "maker": ("brand", "Wiese")}
    given = {"topic": "dog", "category": "dog", "maker": "Wiese"}
    for language, title in (("de", "Hunde"), ("en", "Dogs")):
        shown = shop.render("x", given, things=things, language=language)
        assert shown.decode() == f"{title}/dog/Wiese"


def test_equal_texts_about_different_things_are_kept_apart() -> None:
    shop = renderer({"x": "{{ text }}"})
    given = {"text": "{cat}"}
    for key, title in (("dog", "Hunde"), ("pets", "Haustiere")):
        things = {"cat": ("category", key)}
        assert shop.render("x", given, things=things).decode() == title
        own = dict(given)  # a plate knows its parameters by their identity
        plate = shop.plate("x", own, "de", things=things)
        assert plate.content == title.encode()


@pytest.mark.parametrize(
    ("text", "things", "expected"),
    [
        ("{cat.headline}", {"cat": ("category", "dog")}, "{cat.headline} cannot be"),
        ("{cat.colour}", {"cat": ("brand", "Wiese")}, "{cat.colour} cannot be filled"),
        ("hello", {"cat": ("category", "gone")}, 'the category "gone" is not in'),
    ],
)
def test_a_thing_that_cannot_be_filled_in_drops_the_fragment(
    text: str, things: dict[str, tuple[str, str]], expected: str
) -> None:
    with pytest.raises(FragmentError, match=expected):
        renderer({"x": "{{ text }}"}).render("x", {"text": text}, things=things)


def test_lists_and_maps_are_filled_too() -> None:
    rows = [{"a": "{category}!"}, ["{category}?"]]
    template = "{{ rows[0].a }}{{ rows[1][0] }}"
    assert once(template, rows=rows, category="dog") == "Hunde!Hunde?"


def test_an_optional_parameter_that_is_left_out_prints_nothing() -> None:
    template = (
        "{# parameters: a, b?, category? #}"
        "{{ a }}{{ b }}{% if b %}!{% endif %}{{ category.title }}"
        "{{ b is defined }}{{ b|default('-') }}{% for c in b %}!{% endfor %}"
    )
    assert once(template, a="A") == "AFalse-"


BROKEN = [
    ("{# parameters: a, b #}{{ a }}", {}, "the parameter a, b is missing"),
    ("{{ a }}", {}, "UndefinedError: 'a' is undefined"),
    ("{{ a.b }}", {}, "UndefinedError: 'a' is undefined"),
    ("{{ a.b.c }}", {"a": {}}, "has no attribute 'b'"),
    ("{{ category }}", {"category": "cat"}, 'the category "cat" is not in the'),
    ("{{ category.url }}", {"category": {"url": "javascript:1"}}, "is not the name"),
    ("{{ category }}", {"category": ["dog"]}, "category is not the name of one"),
    ('<a href="{{ click(a) }}">', {"a": "javascript:x"}, "cannot lead to 'javascript:"),
    ('<a href="{{ click(a) }}">', {"a": ""}, "cannot lead to ''"),
    ("{{ t(a, 'money') }}", {"a": "x"}, "ValueError"),
    ("{{ a / 0 }}", {"a": 1}, "ZeroDivisionError"),
    ("{{ a * 9 }}", {"a": "x"}, "SecurityError: * is for numbers only"),
    ("{{ a % 9 }}", {"a": "%900000000d"}, "SecurityError"),
    ("{{ a * a }}", {"a": 10**16}, "SecurityError: a number is too large"),
    ("{{ a + a }}", {"a": "x" * 40_000 + "y" * 30_000}, "SecurityError"),
    ("{{ a|replace('x', a)|length }}", {"a": "x" * 2000}, "SecurityError"),
    ("{{ a|replace('', b) }}", {"a": "x" * 2000, "b": "y" * 200}, "SecurityError"),
    ("{{ a|join(b) }}", {"a": "x" * 2000, "b": "y" * 200}, "SecurityError"),
    ("{% for i in a %}{% endfor %}", {"a": "x" * 101}, "a loop runs 100 times at most"),
    ("{% for i in range(a) %}{% endfor %}", {"a": 10**9}, "SecurityError"),
    ("{{ a }}{{ a }}", {"a": "x" * 40_000}, "its output is larger than 65536 bytes"),
    ("{{ a }}", {"a": "ü" * 40_000}, "its output is larger than 65536 bytes"),
    ("{{ cards(items) }}", {}, "none of its items is in the catalogue"),
    ("{% for i in items %}{% endfor %}", {}, "none of its items is in the catalogue"),
]  # fmt: skip


@pytest.mark.parametrize(("template", "parameters", "expected"), BROKEN)
def test_a_fragment_that_goes_wrong_says_why(
    template: str, parameters: dict[str, Any], expected: str
) -> None:
    assert expected in why(template, **parameters)


COMPUTED = [
    ("{{ a + '!' }}", "x&y!"),
    ("{{ n + 1 }} {{ n * 2 }} {{ n - 1 }} {{ n / 4 }} {{ n // 4 }} {{ n % 4 }}", "10 18 8 2.25 2 1"),
    ("{% for i in range(3) %}{{ i }}{% endfor %}", "012"),
    ("{{ rows|join(', ') }}", "a, <b>"),
    ("{{ a|replace('&', '<') }}", "x<y"),
    ("{{ 2.346|round(2) }} {{ 2.5|round }}", "2.35 2.0"),
    ("{{ a|upper|truncate(2, True, '', 0) }}", "X&"),
    ("{% set m = n %}{% if m is odd and m > 8 %}{{ m }}{% endif %}", "9"),
    ("{{ 'yes' if n else 'no' }} {{ nothing }} {{ a ~ n }}", "yes  x&y9"),
    ("{{ words.a }} {{ words['a'] }}", "1 1"),
]  # fmt: skip


@pytest.mark.parametrize(("template", "expected"), COMPUTED)
def test_templates_compute_what_editors_need(template: str, expected: str) -> None:
    printed = once(
        template, a="x&y", n=9, rows=["a", "<b>"], words={"a": 1}, nothing=None
    )
    assert printed == str(escape(expected))


# What reached Python in older sandboxes, or looks as if it might.
ESCAPES = [
    "{{ a.__class__.__mro__ }}",
    "{{ a['__class__'] }}",
    "{{ a|attr('__class__') }}",
    "{{ a.format.__globals__ }}",
    "{{ '{0.__class__}'.format(a) }}",
    "{{ ''.format_map(a) }}",
    "{{ self._TemplateReference__context }}",
    "{{ self.__init__.__globals__ }}",
    "{{ cycler.__init__.__globals__.os }}",
    "{{ lipsum.__globals__['os'].popen('id') }}",
    "{{ namespace.__init__ }}",
    "{{ joiner.__init__ }}",
    "{{ config }}{{ config.items() }}",
    "{{ a|map('format') }}",
    "{{ (a|list).__add__ }}",
    "{% set x = a.__class__ %}",
    "{{ range.__self__ }}",
    "{{ t.__globals__ }}",
    "{{ t.__closure__ }}",
    "{{ click.__code__ }}",
    "{{ visitor.__class__ }}",
    "{{ items.__class__ }}",
    "{{ item.__struct_config__ }}",
    "{{ caller() }}{{ varargs }}",
    "{% if a.__class__ %}x{% endif %}",
    "{% for x in a.__class__.__subclasses__() %}{% endfor %}",
    "{% include a.__class__ %}",
    "{{ a[b] }}",
    "{{ a.upper }}",
    "{{ c.append }}{{ c.pop }}",
]


@pytest.mark.parametrize("template", ESCAPES)
def test_no_template_reaches_python(template: str) -> None:
    from tests.fragments.pets import read

    made, findings = read({"x": template})
    if not findings:
        parameters = {"a": "text", "b": "__class__", "c": [1], "item": "hay"}
        with pytest.raises(FragmentError):
            Renderer(made, catalog()).render("x", parameters, items=[HAY])


NASTY = "\"><script>alert(1)</script>'&"


class Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.addresses: list[str] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        if tag != "img":
            self.open.append(tag)
        names = dict(attrs)
        assert not [name for name in names if name.startswith("on") or name == "style"]
        assert tag != "img" or "alt" in names
        self.addresses += [names[n] or "" for n in ("href", "src") if n in names]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


@pytest.mark.parametrize("address", ["/x", "javascript:alert(1)", " java\nscript:x"])
@pytest.mark.parametrize(
    "name",
    sorted(name for name, one in library().fragments.items() if one.reorder is None),
)
def test_shipped_fragments_are_whole_and_safe_whatever_they_show(
    name: str, address: str
) -> None:
    rows = (
        "id,title,url,image,price,headline\n"
        f'nasty,"{NASTY.replace(chr(34), chr(34) * 2)}",/p/1,/i/1,1,'
        f'"{NASTY.replace(chr(34), chr(34) * 2)}"\n'
    )
    files = {f"catalog/{kind}.csv": rows for kind in ("categories", "articles")}
    files["catalog/products.csv"] = rows.replace("headline", "words")
    files["catalog/categories.csv"] = rows.replace("price", "cost")
    files["catalog/articles.csv"] = rows.replace("price", "cost")
    shop = Renderer(library(), catalog(files), click=lambda name, url: f"/go?{url}")
    parameters = shop.library.fragments[name].parameters
    values = dict.fromkeys(parameters.required | parameters.optional, NASTY)
    for key in values.keys() & {"category", "product", "article", "item"}:
        values[key] = "nasty"
    for key in values.keys() & {"url", "image"}:
        values[key] = address
    items = [Recommendation("nasty", 1, Reason("similar", "nasty"))]
    try:
        html = shop.render(name, values, items=items).decode()
    except FragmentError as error:
        assert "click() cannot lead to" in error.why
        assert address != "/x"
        return
    tags = Tags(html)
    assert tags.open == []
    assert "script" not in tags.seen
    assert NASTY in "".join(tags.texts)
    assert all(one.startswith(("/", "#")) for one in tags.addresses)
    # Only what is required is enough.
    Tags(
        shop.render(
            name, {k: values[k] for k in parameters.required}, items=items
        ).decode()
    )


def test_a_shelf_holds_its_cards_in_order_with_their_reasons() -> None:
    html = renderer().render(
        "product-shelf", {"headline": "Für Sie"}, items=[BONE, HAY]
    )
    text = html.decode()
    assert text.index("/p/bone") < text.index("/p/hay")
    assert "Weil Sie Häu 1 kg angesehen haben" in text
    assert "Zuletzt angesehen" in text
    assert "1.234,50\N{NO-BREAK SPACE}€" in text
    assert text.count("<li") == 2


def test_a_shelf_speaks_the_language_of_the_page() -> None:
    html = renderer().render(
        "product-shelf", {"headline": "For you"}, items=[HAY, BONE], language="en-GB"
    )
    text = html.decode()
    assert "Hay 1 kg" in text
    assert "Because you viewed Hay 1 kg" in text
    assert "€1,234.50" in text


def test_a_product_that_left_the_catalogue_leaves_the_shelf() -> None:
    shop = renderer()
    parameters = {"headline": "Für Sie"}
    whole = shop.render("product-shelf", parameters, items=[HAY])
    assert shop.render("product-shelf", parameters, items=[GONE, HAY]) == whole
    with pytest.raises(FragmentError):
        shop.render("product-shelf", parameters, items=[GONE])


def test_a_site_can_have_its_own_cards() -> None:
    templates = {
        "tile": "{# parameters: item, size? #}<b>{{ item }}{{ size }}</b>",
        "x": '<div>{{ cards(items, "tile") }}</div><p>{{ cards(items, "tile") }}</p>',
    }
    html = renderer(templates).render("x", {}, items=[HAY, BONE]).decode()
    cards = "<b>Häu 1 kg</b><b>Knochen</b>"
    assert html == f"<div>{cards}</div><p>{cards}</p>"


def test_a_loop_over_items_sees_the_same_as_a_card() -> None:
    template = (
        "{% for item in items %}{{ loop.index }} {{ item }} {{ t(item.price) }} "
        "{{ item.colour }} {{ item.reason }};{% endfor %}"
    )
    html = renderer({"x": template}).render("x", {}, items=[GONE, HAY]).decode()
    price = "12,90\N{NO-BREAK SPACE}€"
    assert html == f"1 Häu 1 kg {price} green Zuletzt angesehen;"


def test_a_fragment_runs_once_for_all_visitors() -> None:
    shop = renderer()
    for _ in range(3):
        for category in ("rabbit", "dog"):
            shop.render("category-hero", {"category": category})
            shop.render(
                "category-hero", {"category": category}, visitor=VisitorView("A")
            )
    assert shop.runs == 2
    shop.render("category-hero", {"category": "dog"}, language="en")
    assert shop.runs == 3
    shop.render("category-hero", {"category": "dog"}, charset="latin-1")
    assert shop.runs == 4


def test_only_fragments_that_mention_the_visitor_run_for_each() -> None:
    shop = renderer({"x": "{{ visitor.first_name }}", "y": "{{ text }}"})
    for name in ("Anna", "Bert", "Anna"):
        view = VisitorView(name)
        assert shop.render("x", {}, visitor=view).decode() == name
        text = "Hallo {visitor.first_name}"
        assert (
            shop.render("y", {"text": text}, visitor=view).decode() == f"Hallo {name}"
        )
        assert shop.render("y", {"text": "Hallo"}, visitor=view) == b"Hallo"
    assert shop.runs == 5


def test_cards_run_once_per_product_and_reason() -> None:
    shop = renderer()
    shelf = {"headline": "Für Sie"}
    shop.render("product-shelf", shelf, items=[HAY, BONE])
    shop.render("product-shelf", shelf, items=[BONE, HAY])
    shop.render("product-shelf", shelf, items=[BONE])
    assert shop.runs == 3
    other = Recommendation("hay", 1.0, Reason("trending"))
    assert b"Beliebt" in shop.render("product-shelf", shelf, items=[other])
    assert shop.runs == 4


def test_cards_that_do_not_mention_the_reason_are_shared() -> None:
    shop = renderer({"tile": "{{ item }}", "x": '{{ cards(items, "tile") }}'})
    for kind in ("trending", "viewed-again"):
        shop.render("x", {}, items=[Recommendation("hay", 1.0, Reason(kind))])
    assert shop.runs == 2


def test_loops_over_items_run_once_per_list() -> None:
    shop = renderer({"x": "{% for item in items %}{{ item }}{% endfor %}"})
    for items in ([HAY], [HAY, BONE], [HAY], [BONE, HAY]):
        shop.render("x", {}, items=items)
    assert shop.runs == 3


@pytest.mark.parametrize(
    ("value", "printed"),
    [
        (1, "1"),
        (1.0, "1.0"),
        (True, "True"),
        ("1", "1"),
        (None, ""),
        ([1], "[1]"),
        ({"a": 1}, "{&#39;a&#39;: 1}"),
    ],
)
def test_values_that_are_equal_but_print_differently_are_kept_apart(
    value: object, printed: str
) -> None:
    shop = renderer({"x": "{{ a }}"})
    for other in (1, 1.0, True, "1", None, [1], {"a": 1}):
        shop.render("x", {"a": other})
    assert shop.render("x", {"a": value}).decode() == printed


def test_the_cache_stays_within_its_bytes() -> None:
    shop = renderer({"x": "{{ a }}" * 100}, cache_bytes=200_000)
    for number in range(500):
        shop.render("x", {"a": f"{number:030}"})
        shelf = [Recommendation("hay", 1.0, Reason("similar", f"p{number}"))]
        shop.render("product-shelf", {"headline": "x"}, items=shelf)
    assert shop._cache.currsize <= 100_000
    assert len(shop._cache) > 5
    assert sum(len(card) + 300 for card in shop._cards.values()) <= 100_000
    assert len(shop._cards) > 5
    runs = shop.runs
    shop.render("x", {"a": f"{499:030}"})
    assert shop.runs == runs


def test_a_cache_too_small_for_anything_still_renders() -> None:
    shop = renderer(cache_bytes=10)
    for _ in range(2):
        assert b"H\xc3\xa4u" in shop.render(
            "product-shelf", {"headline": "x"}, items=[HAY]
        )


@pytest.mark.parametrize(
    ("charset", "expected"),
    [
        ("utf-8", "Häu ☃".encode()),
        ("latin-1", b"H\xe4u &#9731;"),
        ("windows-1252", b"H\xe4u &#9731;"),
        ("ascii", b"H&#228;u &#9731;"),
    ],
)
def test_what_an_encoding_lacks_is_written_as_a_reference(
    charset: str, expected: bytes
) -> None:
    shop = renderer({"x": "{{ a }}"})
    assert shop.render("x", {"a": "Häu ☃"}, charset=charset) == expected


@pytest.mark.parametrize("charset", ["no-such-charset", "base64", "rot13"])
def test_an_unknown_encoding_keeps_the_default_content(charset: str) -> None:
    with pytest.raises(FragmentError):
        renderer({"x": "{{ a }}"}).render("x", {"a": "b"}, charset=charset)


def test_click_links_name_their_fragment_and_are_escaped() -> None:
    shop = renderer(click=lambda name, url: f'/go/{name}?a&b="{url}')
    hero = shop.render("category-hero", {"category": "dog"}).decode()
    assert 'href="/go/category-hero?a&amp;b=&#34;/c/dog"' in hero
    shelf = shop.render("product-shelf", {"headline": "x"}, items=[HAY]).decode()
    assert 'href="/go/product-shelf?a&amp;b=&#34;/p/hay"' in shelf
    card = shop.render("product-card", {"item": "hay"}).decode()
    assert "/go/product-card" in card


def test_a_click_on_a_card_counts_for_the_shelf_that_it_stands_on() -> None:
    templates = {"other": "<ul>{{ cards(items) }}</ul>"}
    shop = renderer(templates, click=lambda name, url: f"/go/{name}")
    for name in ("product-shelf", "other"):
        html = shop.render(name, {"headline": "x"}, items=[HAY]).decode()
        assert f'href="/go/{name}"' in html


def test_included_fragments_see_the_same_names() -> None:
    templates = {
        "inner": "{# parameters: a #}<b>{{ a }}</b>",
        "inner.en": "{# parameters: a #}<i>{{ a }}</i>",
        "x": '{# parameters: a #}{% include "inner" %}!',
        "x.en": '{% include "inner" %}!',
    }
    shop = renderer(templates)
    assert shop.render("x", {"a": "<"}) == b"<b>&lt;</b>!"
    assert shop.render("x", {"a": "<"}, language="en") == b"<i>&lt;</i>!"


def test_unknown_and_bodiless_fragments_cannot_be_rendered() -> None:
    for name in ("nothing", "own-first"):
        with pytest.raises(FragmentError):
            renderer().render(name, {})


def test_reordering_goes_by_the_fragment_and_is_kept() -> None:
    shop = renderer()
    default = b'<li data-key="a">1</li> <li data-key="b">2</li>'
    swapped = b'<li data-key="b">2</li> <li data-key="a">1</li>'
    for _ in range(2):
        assert shop.reorder("own-first", default, {"b": 0.5}) == swapped
        assert shop.reorder("own-first", default, {}) == default
    for name, content in (("notice", default), ("none", default), ("own-first", b"x")):
        with pytest.raises(FragmentError):
            shop.reorder(name, content, {})


MONEY = Price(1234.5)
FORMATS = [
    (MONEY, None, "de", "EUR", "1.234,50 €"),
    (MONEY, None, "de-AT", "EUR", "1.234,50 €"),
    (MONEY, None, "en", "EUR", "€1,234.50"),
    (MONEY, None, "en-GB", "GBP", "£1,234.50"),
    (MONEY, None, "en", "CHF", "CHF 1,234.50"),
    (MONEY, "number", "de", "EUR", "1.234,5"),
    (Price(12.9), None, "de", "EUR", "12,90 €"),
    (-3, "money", "en", "USD", "-$3.00"),
    ("2.5", "money", "de", "EUR", "2,50 €"),
    (1234567, None, "de", "EUR", "1.234.567"),
    (100, None, "en", "EUR", "100"),
    (0.1, None, "en", "EUR", "0.1"),
    (100.0, None, "de", "EUR", "100"),
    (date(2026, 3, 1), None, "de", "EUR", "1. März 2026"),
    (date(2026, 3, 1), None, "en", "EUR", "1 March 2026"),
    (date(2026, 3, 1), None, "fr", "EUR", "2026-03-01"),
    ("2026-12-24", None, "de", "EUR", "24. Dezember 2026"),
    ("some text", None, "de", "EUR", "some text"),
    (None, None, "de", "EUR", ""),
]


@pytest.mark.parametrize(("value", "kind", "language", "currency", "expected"), FORMATS)
def test_numbers_money_and_dates_are_written_as_the_language_does(
    value: object, kind: str | None, language: str, currency: str, expected: str
) -> None:
    written = formatted(value, kind, language, currency)
    assert written.replace("\N{NO-BREAK SPACE}", " ") == expected


@pytest.mark.parametrize(
    ("value", "kind"), [(True, None), ([], None), ("x", "money"), (1, "colour")]
)
def test_what_has_no_such_form_is_refused(value: object, kind: str | None) -> None:
    with pytest.raises(ValueError):
        formatted(value, kind, "en", "EUR")


def test_a_price_among_the_parameters_is_money() -> None:
    assert once("{{ t(price) }}", price=12.9) == "12,90\N{NO-BREAK SPACE}€"
    assert once("{{ t(count) }}", count=12.9) == "12,9"
