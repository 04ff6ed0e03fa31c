"""The pages of the shop: what is to be shown in, HTML out."""

from collections.abc import Sequence
from decimal import Decimal

from .customers import CUSTOMERS, Company
from .markup import Html, euros, fill, tag, together
from .parts import (
    Buyer,
    card,
    guide_item,
    order_form,
    own_links,
    price,
    privacy_choice,
    product_cards,
    purpose_switch,
)
from .stock import Article, Category, Product, Stock

BESTSELLERS = (
    "schraube-5x60",
    "universalduebel-8x50",
    "bolzenanker-m10x95",
    "bit-tx25-25",
    "topfscharnier-110",
)
GUIDES = ("schraubenlaenge-bestimmen", "duebel-und-untergrund", "bolzenanker-setzen")


class Pages:
    """Every page of the shop over one stock; each answers a whole HTML document."""

    def __init__(self, stock: Stock) -> None:
        self.stock = stock

    def start(self, buyer: Buyer) -> str:
        stock = self.stock
        first, *others = (guide_item(stock.articles[id]) for id in GUIDES)
        rows = together(
            tag(
                '<tr><th scope="row"><a href="$url">$title</a></th><td>$size</td>'
                '<td>$pack</td><td class="number">$price</td></tr>',
                url=product.url,
                title=product.title,
                size=product.size,
                pack=product.pack,
                price=euros(product.price),
            )
            for product in map(stock.products.__getitem__, BESTSELLERS)
        )
        content = fill(
            "start.html",
            consent=fill("consent.html") if buyer.consent == "unknown" else "",
            tiles=together(card(c, c.summary) for c in stock.categories.values()),
            rows=rows,
            guide=first,
            guides=together(others),
        )
        return self._page(buyer, "Schrauben, Dübel, Holzverbinder", content)

    def category(self, buyer: Buyer, category: Category) -> str:
        rows = together(
            tag(
                '<tr><td class="thumb"><img src="$image" alt="" width="96" height="72"'
                ' loading="lazy"></td><th scope="row"><a href="$url">$title</a>'
                "<small>$sku · $material</small></th><td>$size</td><td>$pack</td>"
                '<td>$stock</td><td class="number">$price</td><td>$order</td></tr>',
                **_facts(product),
                price=euros(product.net if buyer.net else product.price),
                order=order_form(product),
            )
            for product in self.stock.of_category(category.id)
        )
        content = fill(
            "category.html",
            title=category.title,
            summary=category.summary,
            image=category.image,
            price_head="Preis, netto" if buyer.net else "Preis, brutto",
            rows=rows,
            advice=self._advice(category.id),
        )
        return self._page(buyer, category.title, content)

    def product(self, buyer: Buyer, product: Product) -> str:
        category = self.stock.categories[product.category]
        others = [p for p in self.stock.of_category(category.id) if p is not product]
        content = fill(
            "product.html",
            **_facts(product),
            summary=product.summary,
            brand=product.brand,
            category=category.title,
            category_url=category.url,
            price=price(buyer, product),
            order=order_form(product),
            cards=product_cards(buyer, others[:4]),
            advice=self._advice(category.id),
        )
        return self._page(buyer, product.title, content)

    def article(self, buyer: Buyer, article: Article) -> str:
        category = self.stock.categories[article.category]
        content = fill(
            "article.html",
            title=article.title,
            summary=article.summary,
            minutes=article.minutes,
            image=article.image,
            category=category.title,
            category_url=category.url,
            body=fill(f"ratgeber/{article.id}.html"),
            cards=product_cards(buyer, self.stock.of_category(category.id)[:4]),
        )
        return self._page(buyer, article.title, content)

    def guides(self, buyer: Buyer) -> str:
        articles = self.stock.articles.values()
        content = fill(
            "guides.html", cards=together(card(a, a.summary) for a in articles)
        )
        return self._page(buyer, "Ratgeber", content)

    def search(self, buyer: Buyer, query: str) -> str:
        found = self.stock.search(query)
        if query.strip():
            words = f"{len(found) or 'Kein'} Artikel für „{query}“"
        else:
            words = "Geben Sie ein Maß, eine Artikelnummer oder ein Stichwort ein."
        content = fill("search.html", found=words, cards=product_cards(buyer, found))
        return self._page(buyer, "Suche", content, query)

    def login(self, buyer: Buyer, wrong: str | None = None) -> str:
        problem = tag(
            '<p class="problem" id="problem" role="alert">Die Kundennummer „$wrong“'
            " kennen wir nicht.</p>",
            wrong=wrong or "",
        )
        number = tag(
            'value="$wrong" aria-invalid="true" aria-describedby="problem"',
            wrong=wrong or "",
        )
        customers = together(
            tag(
                '<tr><td>$number</td><th scope="row">$name</th><td>$note</td><td>'
                '<form method="post" action="/anmelden"><button class="button quiet"'
                ' name="number" value="$number">Anmelden<span class="unseen"> als'
                " $name</span></button></form></td></tr>",
                number=company.number,
                name=company.name,
                note=company.note,
            )
            for company in CUSTOMERS.values()
        )
        content = fill(
            "login.html",
            problem=Html("") if wrong is None else problem,
            number=Html("") if wrong is None else number,
            customers=customers,
        )
        return self._page(buyer, "Anmelden", content)

    def account(self, buyer: Buyer, company: Company) -> str:
        orders = together(
            tag(
                "<li>$number <strong>$total</strong></li>",
                number=o.number,
                total=euros(o.total),
            )
            for o in buyer.orders
        )
        content = fill(
            "account.html",
            name=company.name,
            number=company.number,
            orders=tag("<ul>$orders</ul>", orders=orders)
            if orders
            else Html("<p>Noch keine Bestellung.</p>"),
        )
        return self._page(buyer, "Konto", content)

    def cart(self, buyer: Buyer) -> str:
        lines = self.stock.lines(buyer.cart)
        rows = together(
            tag(
                '<tr><th scope="row"><a href="$url">$title</a></th><td>$count × $pack'
                '</td><td class="number">$total</td><td><form method="post"'
                ' action="/warenkorb/entfernen"><button class="button quiet"'
                ' name="product" value="$id">Entfernen<span class="unseen"> $title'
                "</span></button></form></td></tr>",
                **_facts(product),
                count=count,
                total=euros(count * product.price),
            )
            for product, count in lines
        )
        table = fill(
            "cart-lines.html",
            rows=rows,
            total=euros(total(lines)),
        )
        empty = Html("<p>Ihr Warenkorb ist leer.</p>")
        content = fill("cart.html", lines=table if lines else empty)
        return self._page(buyer, "Warenkorb", content)

    def application(self, buyer: Buyer) -> str:
        return self._page(buyer, "Geschäftskonto", fill("application.html"))

    def message(self, buyer: Buyer, title: str, text: str) -> str:
        return self._page(buyer, title, fill("message.html", title=title, text=text))

    def _advice(self, category: str) -> Html:
        cards = together(
            card(a, f"{a.minutes} Minuten") for a in self.stock.advice_on(category)
        )
        return tag(
            '<section><h2>Ratgeber dazu</h2><ul class="cards">$cards</ul></section>',
            cards=cards,
        )

    def _page(self, buyer: Buyer, title: str, content: Html, query: str = "") -> str:
        here = buyer.address
        links = together(
            tag(
                '<li><a href="$url"$current>$title</a></li>',
                url=category.url,
                current=Html(' aria-current="page"') if category.url == here else "",
                title=category.title,
            )
            for category in self.stock.categories.values()
        )
        guides = Html(' aria-current="page"' if here == "/ratgeber" else "")
        guide_link = tag('<li><a href="/ratgeber"$here>Ratgeber</a></li>', here=guides)
        return fill(
            "frame.html",
            title=title,
            query=query,
            content=content,
            range=together((links, guide_link)),
            own=own_links(buyer),
            purpose=purpose_switch(buyer),
            privacy=privacy_choice(buyer),
        )


def total(lines: Sequence[tuple[Product, int]]) -> Decimal:
    return sum((count * product.price for product, count in lines), Decimal(0))


def _facts(product: Product) -> dict[str, str]:
    names = ("id", "url", "image", "title", "sku", "material", "size", "pack")
    facts: dict[str, str] = {name: getattr(product, name) for name in names}
    return facts | {"stock": "ab Lager" if product.in_stock else "auf Anfrage"}
