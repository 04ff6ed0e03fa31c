"""A shop whose visitors have pages of their own, and those pages as a reader of HTML sees them."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx

from shopwindow import Shopwindow
from shopwindow.middleware.clicks import ClickLinks
from shopwindow.middleware.site import read_site
from shopwindow.middleware.stores import Store
from shopwindow.middleware.stores.memory import MemoryStore
from tests.shop import FILES, KEYS, by_attribute, consented, mounted, page, whole

HERE = "/-/shopwindow/"
SAID = """
[attributes.pet]
type = "text"
one-of = ["dog", "cat"]
from = "preference"
label = "Who lives with you?"
[attributes.pet-born]
type = "date"
from = "preference"
[attributes.pet-weight]
type = "number"
from = "preference"
[attributes.newsletter]
type = "yes-no"
from = "preference"
[attributes.likes]
type = "list"
from = "preference"
[attributes.nickname]
type = "text"
from = "preference"
"""
CATALOG = {
    "catalog/categories.csv": "id,title,url,image,headline,parent\n"
    "tea,Tea & herbs,/c/tea,,,\n"
    "green,Green tea,/c/green,,,tea\n"
    "cups,Cups,/c/cups,,,\n",
    "catalog/products.csv": "id,title,url,image,price,category,brand,tags\n"
    "tea-1,Sencha,/p/tea-1,/i/tea.jpg,5.90,green,Leaf,organic\n"
    "cup-1,White cup,/p/cup-1,/i/cup.jpg,9.90,cups,Kiln,\n",
}
RULES = """
version: 1
rules:
  - id: tea-hero
    slot: home.hero
    priority: 20
    why: You came back for tea.
    when: [{viewed: {product: tea-1, at-least: 1}}]
    show: banner
    with: {text: More tea}
  - id: pet-hero
    slot: home.hero
    priority: 30
    when: [{pet: dog}]
    show: banner
    with: {text: For dogs}
  - id: secret-hero
    slot: home.hero
    priority: 40
    why: We know your illness.
    when: [{health: ill}]
    show: banner
    with: {text: Get well}
  - id: hello
    slot: home.teaser
    show: banner
    with: {text: Hello}
"""
BANNER = (
    '{# parameters: text #}<div class="banner"><p>{{ text }}</p>{{ dismiss() }}</div>'
)
SECRET = """
[attributes.health]
type = "text"
from = "app"
sensitive = true
"""
SHOP = whole(lambda: page(by_attribute))


def files(
    language: str = "en", more: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The files of the site, of a shop in ``language``, with ``more`` by their names."""
    shop = {name: text for name, text in FILES.items() if ".de." not in name}
    toml = shop["site.toml"].replace("[slots]", f'language = "{language}"\n[slots]', 1)
    return {
        **shop,
        **CATALOG,
        "site.toml": toml + SAID + SECRET,
        "rules/start.yaml": RULES,
        "fragments/banner.html": BANNER,
        **(more or {}),
    }


def window_of(
    store: Store | None = None,
    more: Mapping[str, str] | None = None,
    language: str = "en",
) -> Shopwindow:
    """A window over the site in memory, with ``more`` files, or others, by their names."""
    site = read_site(
        Path("no such folder"), files(language, more), ClickLinks(KEYS).link
    )
    return Shopwindow(site, store=store or MemoryStore(), keys=KEYS)


@asynccontextmanager
async def visiting(window: Shopwindow, *paths: str) -> AsyncIterator[httpx.AsyncClient]:
    """A person who agreed, and looked at these pages of the shop."""
    async with window, consented(mounted(SHOP, window)) as client:
        for path in paths:
            assert (await client.get(path)).status_code == 200
        yield client


class Element:
    """An element of a page: its name, attributes, and the text in it."""

    def __init__(self, name: str, attributes: dict[str, str], above: "Element | None"):
        self.name = name
        self.attributes = attributes
        self.above = above
        self.inside: list[Element | str] = []

    @property
    def text(self) -> str:
        parts = [p if isinstance(p, str) else p.text for p in self.inside]
        return " ".join("".join(parts).split())

    def find(self, name: str) -> "list[Element]":
        found = [self] if self.name == name else []
        for part in self.inside:
            if isinstance(part, Element):
                found += part.find(name)
        return found

    def __getitem__(self, attribute: str) -> str:
        return self.attributes.get(attribute, "")

    def within(self, name: str) -> "Element | None":
        above = self.above
        while above is not None and above.name != name:
            above = above.above
        return above


_EMPTY = frozenset("meta input br img link hr".split())


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = self.here = Element("", {}, None)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {k: v or "" for k, v in attrs}, self.here)
        self.here.inside.append(element)
        if tag not in _EMPTY:
            self.here = element

    def handle_endtag(self, tag: str) -> None:
        assert self.here.name == tag, f"</{tag}> closes <{self.here.name}>"
        assert self.here.above is not None
        self.here = self.here.above

    def handle_data(self, data: str) -> None:
        self.here.inside.append(data)


def tree(html: str) -> Element:
    """A page as a tree; fails where elements do not close in their order."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    assert reader.here is reader.root, f"<{reader.here.name}> is not closed"
    return reader.root


def filled_in(html: str) -> dict[str, Any]:
    """What a browser would send of the last form of a page, as it is."""
    form = tree(html).find("form")[-1]
    sent: dict[str, Any] = {}
    for element in form.find("input"):
        kind = element["type"] or "text"
        if kind in ("radio", "checkbox") and "checked" not in element.attributes:
            continue
        sent[element["name"]] = element["value"]
    for select in form.find("select"):
        options = select.find("option")
        chosen = [o for o in options if "selected" in o.attributes] or options[:1]
        sent[select["name"]] = chosen[0]["value"]
    return sent
