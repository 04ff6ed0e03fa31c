"""What several pages are made of, and who looks at them."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Literal

import msgspec

from .customers import Company
from .markup import Html, euros, tag, together
from .stock import Article, Category, Product


class Order(msgspec.Struct, frozen=True):
    number: str
    total: Decimal


class Buyer(msgspec.Struct, frozen=True):
    """Who looks at the page, as far as the shop itself knows.

    ``trade`` is the visitor's own word on buying for a business, None before it was given.
    ``consent`` is None where nothing is personalised.
    """

    address: str = "/"
    company: Company | None = None
    trade: bool | None = None
    cart: Mapping[str, int] = {}
    orders: Sequence[Order] = ()
    consent: Literal["granted", "denied", "unknown"] | None = None

    @property
    def net(self) -> bool:
        return bool(self.trade)


def price(buyer: Buyer, product: Product) -> Html:
    """Both prices; which one stands first depends on who buys."""
    gross, net = f"{euros(product.price)} brutto", f"{euros(product.net)} netto"
    first, second = (net, gross) if buyer.net else (gross, net)
    return tag(
        '<p class="price"><strong>$first</strong> <span>$second</span></p>',
        first=first,
        second=second,
    )


def order_form(product: Product) -> Html:
    if not product.in_stock:
        return Html('<p class="away">Derzeit nicht lieferbar</p>')
    return tag(
        '<form class="order" method="post" action="/warenkorb">'
        '<input type="hidden" name="product" value="$id">'
        '<label class="unseen" for="n-$id">Menge $title</label>'
        '<input id="n-$id" name="quantity" type="number" value="1" min="1" max="999">'
        '<button class="button">In den Warenkorb</button></form>',
        id=product.id,
        title=product.title,
    )


def card(thing: Product | Article | Category, note: str, extra: str = "") -> Html:
    return tag(
        '<li class="card"><a href="$url"><img src="$image" alt="" width="320"'
        ' height="200" loading="lazy"><h3>$title</h3><p>$note</p>$extra</a></li>',
        url=thing.url,
        image=thing.image,
        title=thing.title,
        note=note,
        extra=extra,
    )


def product_cards(buyer: Buyer, products: Sequence[Product]) -> Html:
    return together(card(p, f"{p.size} · {p.pack}", price(buyer, p)) for p in products)


def guide_item(article: Article) -> Html:
    return tag(
        '<li><a href="$url">$title</a> <span>$minutes Min.</span></li>',
        url=article.url,
        title=article.title,
        minutes=article.minutes,
    )


def own_links(buyer: Buyer) -> Html:
    who = buyer.company
    return tag(
        '<a href="$url">$name</a> <a href="/warenkorb">Warenkorb <b>$count</b></a>',
        url="/konto" if who else "/anmelden",
        name=who.name if who else "Anmelden",
        count=sum(buyer.cart.values()),
    )


def purpose_switch(buyer: Buyer) -> Html:
    return tag(
        '<form class="purpose" method="post" action="/gewerblich">'
        '<input type="hidden" name="next" value="$here">'
        '<button name="gewerblich" value="$value" aria-pressed="$pressed">'
        "Ich kaufe gewerblich</button></form>",
        here=buyer.address,
        value="nein" if buyer.trade else "ja",
        pressed="true" if buyer.trade else "false",
    )


def privacy_choice(buyer: Buyer) -> Html:
    if buyer.consent is None:
        return Html("<p>Die Startseite ist für alle gleich.</p>")
    if buyer.consent == "granted":
        words, choice, label = (
            "Die Startseite merkt sich, was Sie interessiert.",
            "denied",
            "Nicht mehr merken",
        )
    else:
        words, choice, label = (
            "Die Startseite merkt sich nichts.",
            "granted",
            "Merken erlauben",
        )
    return tag(
        '<p>$words</p><form method="post" action="/-/shopwindow/consent">'
        '<input type="hidden" name="next" value="/">'
        '<button class="link" name="choice" value="$choice">$label</button></form>'
        '<p><a href="/-/shopwindow/">Alles über Ihre Daten</a></p>',
        words=words,
        choice=choice,
        label=label,
    )
