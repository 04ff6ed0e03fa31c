"""The benchmark's shop: 480 products in 12 categories and a start page of about 60 KB."""

import csv
import io
import random
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from jinja2 import Environment
from jinja2.ext import Extension

SHOP = "Kettle & Crumb"
SLOTS = ("home.hero", "home.teaser", "home.shelf")

# id: (title, the word for one of them)
CATEGORIES = {
    "kettles": ("Kettles", "Kettle"),
    "teapots": ("Teapots", "Teapot"),
    "cups": ("Cups & Saucers", "Cup"),
    "grinders": ("Grinders", "Grinder"),
    "brewers": ("Brewers", "Brewer"),
    "filters": ("Filters & Sieves", "Filter"),
    "scales": ("Scales", "Scale"),
    "coffee": ("Coffee", "Roast"),
    "tea": ("Tea & Herbs", "Blend"),
    "syrups": ("Syrups", "Syrup"),
    "biscuits": ("Biscuits", "Biscuit"),
    "books": ("Books", "Book"),
}
FINISHES = (
    "Copper Birch Slate Amber Linen Cobalt Olive Chalk Walnut Saffron Cedar Ivory"
).split()
BRANDS = ("Hearth & Co", "Nordhus", "Teal Street", "Morning Mill", "Pour Over Ltd")
SUBPAGES = ("new", "favourites", "gifts", "for two", "spare parts", "reduced")
EACH = 40  # products per category


class Product(NamedTuple):
    id: str
    title: str
    url: str
    image: str
    price: float
    category: str
    brand: str
    rating: float
    badge: str


def make_products() -> dict[str, Product]:
    """All products by id; the same ones in every run."""
    chance = random.Random(20)
    products = {}
    for number in range(EACH):
        for category, (_, word) in CATEGORIES.items():
            id = f"{category}-{number:02}"
            title = f"{chance.choice(FINISHES)} {word} & Tray {number}"
            products[id] = Product(
                id=id,
                title=title,
                url=f"/p/{id}",
                image=f"/picture/{id}",
                price=chance.randrange(290, 24_900) / 100,
                category=category,
                brand=chance.choice(BRANDS),
                rating=round(chance.uniform(3, 5), 1),
                badge=chance.choice(("", "", "New", "Last ones")),
            )
    return products


PRODUCTS = make_products()


class Category(NamedTuple):
    id: str
    title: str
    url: str
    image: str
    headline: str

    def __str__(self) -> str:
        return self.title


CATEGORY = {
    id: Category(id, title, f"/c/{id}", f"/picture/{id}.webp", f"All our {title}")
    for id, (title, _) in CATEGORIES.items()
}


def products_csv() -> str:
    head = ("id", "title", "url", "image", "price", "category", "brand", "tags")
    rows = (
        (p.id, p.title, p.url, p.image, f"{p.price:.2f}", p.category, p.brand)
        + (p.badge.split(" ")[0].lower(), "yes", f"{p.rating}", p.badge)
        for p in PRODUCTS.values()
    )
    return as_csv((*head, "in-stock", "rating", "badge"), rows)


def categories_csv() -> str:
    return as_csv(Category._fields, CATEGORY.values())


def as_csv(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return text.getvalue()


# The page as the shop's own template: a macro per card, addresses and prices through
# functions, as such pages are built. The holes take whatever the contender writes there.
CARD = """\
{%- macro picture(source, title) -%}
<img loading="lazy" src="{{ source|sized(320) }}" alt="{{ title }}" width="320" height="320" \
srcset="{% for width in (320, 480, 640) %}{{ source|sized(width) }} {{ width }}w{{ ", " if not loop.last }}{% endfor %}">
{%- endmacro -%}
{%- macro stars(rating) -%}
<span class="stars" title="{{ "%.1f"|format(rating) }} of 5">\
{% for star in range(1, 6) %}{{ "★" if rating >= star else "☆" }}{% endfor %}</span>
{%- endmacro -%}
{%- macro card(p) -%}
<li class="card" data-id="{{ p.id }}"><a href="{{ link("product", p.id) }}">\
{{ picture(p.image, p.title) }}<h3>{{ p.title }}</h3></a>\
<span class="price">{{ p.price|money }}</span>{{ stars(p.rating) }}\
{% if p.badge %}<b class="badge">{{ p.badge }}</b>{% endif %}</li>
{% endmacro -%}
"""
GRID = """\
<section class="grid"><h2>{{ heading }}</h2><ul class="cards">
{% for p in products %}{{ card(p) }}{% endfor %}</ul></section>
"""
STYLE = "".join(
    f".tile-{n}{{order:{n};padding:{n % 9}px {n % 5}px;color:#{n * 7919 % 0xFFFFFF:06x}}}\n"
    for n in range(230)
)
DATA = ",\n".join(
    f'{{"tile":{n},"lazy":true,"source":"/api/tiles/{n}"}}' for n in range(230)
)


def page_source(holes: Mapping[str, str]) -> str:
    """The page's Jinja2 template with ``holes[slot]`` written where a slot is."""
    return f"""\
{CARD}<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{{{{ shop }}}}: everything for the table</title>
<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="/static/shop.css">
<style>
{STYLE}</style></head>
<body><header><a class="logo" href="/">{{{{ shop }}}}</a><nav><ul>
{{% for c in categories %}}<li><a href="{{{{ link("category", c.id) }}}}">{{{{ c.title }}}}</a><ul>\
{{% for s in c.subpages %}}<li><a href="{{{{ link("category", c.id, s.id) }}}}">{{{{ s.title }}}}</a></li>\
{{% endfor %}}</ul></li>
{{% endfor %}}</ul></nav></header>
<main>
<div class="window">{holes["home.hero"]}</div>
{{% with heading = "Often bought", products = often %}}{GRID}{{% endwith %}}
<div class="window">{holes["home.teaser"]}</div>
{{% with heading = "Just arrived", products = arrived %}}{GRID}{{% endwith %}}
<div class="window">{holes["home.shelf"]}</div>
<section class="stories">
{{% for s in stories %}}<article><h3>{{{{ s.title }}}}</h3><p>{{{{ s.text }}}}</p>\
<a href="{{{{ link("notes", s.id) }}}}">Read on</a></article>
{{% endfor %}}</section>
</main><footer>{{% for c in categories %}}<a href="{{{{ link("category", c.id) }}}}">{{{{ c.title }}}}</a> \
{{% endfor %}}<p>© {{{{ shop }}}} {{{{ year }}}}</p></footer>
<script type="application/json" id="tiles">[{DATA}]</script></body></html>
"""


def money(amount: float) -> str:
    return f"€{amount:,.2f}"


def page_environment(*extensions: type[Extension]) -> Environment:
    """The shop's own Jinja2, with the filters and globals that its page uses."""
    environment = Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, extensions=extensions
    )
    environment.filters["money"] = money
    environment.filters["sized"] = lambda source, width: f"{source}-{width}.webp"
    paths = {"product": "p", "category": "c", "notes": "notes"}
    environment.globals["link"] = lambda kind, *ids: "/".join(("", paths[kind], *ids))
    return environment


def page_values() -> dict[str, object]:
    """What the shop's handler gives its template on every request."""
    chance = random.Random(21)
    ids = chance.sample(sorted(PRODUCTS), 56)
    words = "steam slow bloom pour press rinse warm cup leaf crumb".split()
    return {
        "shop": SHOP,
        "year": 2026,
        "categories": [
            {
                "id": id,
                "title": title,
                "subpages": [
                    {"id": s.replace(" ", "-"), "title": s.title()} for s in SUBPAGES
                ],
            }
            for id, (title, _) in CATEGORIES.items()
        ],
        "often": [PRODUCTS[id] for id in ids[:28]],
        "arrived": [PRODUCTS[id] for id in ids[28:]],
        "stories": [
            {
                "title": f"Notes & numbers {n}",
                "text": " ".join(chance.choices(words, k=60)),
                "id": str(n),
            }
            for n in range(12)
        ],
    }


def default_content() -> dict[str, str]:
    """What stands in each slot before anybody is known: plain HTML, as a designer left it."""
    ids = random.Random(22).sample(sorted(PRODUCTS), 8)
    cards = "".join(
        f'<li class="card"><a href="/p/{id}"><img loading="lazy" src="/picture/{id}-320.webp" '
        f'alt="" width="320" height="320"><h3 class="card-title">Number {n}</h3></a></li>\n'
        for n, id in enumerate(ids, 1)
    )
    return {
        "home.hero": '<section class="hero"><h1>Good morning</h1><p>Everything for the table.</p></section>',
        "home.teaser": '<section class="teaser"><h2>Which grind for which brewer?</h2></section>',
        "home.shelf": f'<section class="shelf"><h2>Bestsellers</h2><ul class="cards">\n{cards}</ul></section>',
    }


def popularity() -> dict[str, float]:
    """Product id -> weight in the shop's traffic; no two are equal, so the order is certain."""
    ids = sorted(PRODUCTS)
    random.Random(23).shuffle(ids)
    return {id: 1 / place for place, id in enumerate(ids, 1)}


# What the editors wrote: the site's fragments, in the order in which a page shows them.
FRAGMENTS = {
    "hero": """\
{# parameters: name, headline, text, category #}
<section class="hero" data-name="{{ name }}"><img class="hero-image" src="{{ category.image }}" \
width="1600" height="640" alt="{{ headline }}" fetchpriority="high"><div class="hero-body">\
<h1>{{ headline }}</h1><p class="hero-text">{{ text }}</p>\
<a class="button" href="{{ category.url }}">See {{ category.title }}</a></div></section>
""",
    "teaser": """\
{# parameters: name, headline, text, category #}
<section class="teaser" data-name="{{ name }}" data-category="{{ category.id }}">\
<h2>{{ headline }} {{ category }}</h2><p>{{ text }}</p><ul>
{% for page in ("new", "favourites", "reduced") %}
<li><a href="{{ category.url }}">{{ category.title }}, {{ page }}</a></li>
{% endfor %}
</ul><a class="button" href="{{ category.url }}">{{ category.headline }}</a></section>
""",
    "shelf": """\
{# parameters: name #}
<section class="shelf" data-name="{{ name }}"><h2>Chosen for you</h2><ul class="cards">
{{ cards(items, "product-card") }}</ul></section>
""",
    "product-card": """\
{# parameters: item #}
<li class="card" data-id="{{ item.id }}"><a href="{{ item.url }}"><img loading="lazy" \
src="{{ item.image }}" alt="{{ item.title }}" width="320" height="320">\
<h3>{{ item.title }}</h3></a><span class="price">{{ t(item.price) }}</span>\
<span class="stars" title="{{ item.rating }} of 5">{{ item.rating }}</span>
{%- if item.badge %}<b class="badge">{{ item.badge }}</b>{% endif %}</li>
""",
}
