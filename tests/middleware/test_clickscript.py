"""Links that keep their addresses, and the script that tells of clicks on them."""

import pytest
from jinja2 import Environment
from markupsafe import escape
from starlette.types import Receive, Scope, Send

from shopwindow.fragments.plainlinks import plain
from shopwindow.middleware.clickscript import address, element
from shopwindow.middleware.settings import read_settings
from shopwindow.middleware.templating import SlotExtension
from tests.asgi import ask
from tests.middleware.test_settings import FOLDER
from tests.shop import (
    HTML,
    LANES,
    compiled,
    consented,
    mounted,
    open_window,
    page,
    whole,
)

pytestmark = pytest.mark.anyio
SCRIPT = '[clicks]\nby = "script"\n'
OFFERS = (
    "version: 1\nrules: [{id: a, slot: home.hero, show: offer},"
    " {id: b, slot: home.teaser, show: offer}]\n"
)
LINKS = {"/c/T.s": "/p/tea?a=1&b=\"2'", "/c/U.s": "https://shop.example/ä b"}


@pytest.mark.parametrize(
    ("text", "made"),
    [
        (
            '<a class="x" href="/c/T.s">',
            f'<a class="x" href="{escape(LINKS["/c/T.s"])}" data-sw-click="/c/T.s">',
        ),
        (
            "<a\nHREF = '/c/U.s'>",
            "<a\nHREF = 'https://shop.example/%C3%A4%20b' data-sw-click='/c/U.s'>",
        ),
        # Nowhere but in a quoted href, and only what is a link of ours: these stay.
        ('<a data-href="/c/T.s">', None),
        ('<form action="/c/T.s">', None),
        ("<a href=/c/T.s>", None),
        ('<a href="/c/T.sX">', None),
        ("<p>/c/T.s</p>", None),
    ],
)
def test_a_link_keeps_its_address_and_names_the_other(
    text: str, made: str | None
) -> None:
    assert plain(text, LINKS) == (text if made is None else made)


async def test_a_page_has_the_script_once_and_only_with_links() -> None:
    shop = whole(lambda: page(LANES["attribute"]))
    async with open_window(site=SCRIPT, rules=OFFERS) as window:
        async with consented(mounted(shop, window)) as client:
            text = (await client.get("/")).text
    assert text.count('href="/p/tea-1" data-sw-click="/-/shopwindow/click/~') == 2
    assert text.count(element("")) == text.count("<script") == 1
    async with open_window(site=SCRIPT) as window:
        async with consented(mounted(shop, window)) as client:
            text = (await client.get("/")).text
    assert "Hello" in text and "<script" not in text


async def test_below_a_root_everything_is_found_there() -> None:
    shop = whole(lambda: page(LANES["attribute"]))
    async with open_window(site=SCRIPT, rules=OFFERS) as window:
        app = mounted(shop, window)

        async def below(scope: Scope, receive: Receive, send: Send) -> None:
            await app({**scope, "root_path": "/shop"}, receive, send)

        async with consented(below) as client:
            text = (await client.get("/")).text
        assert 'data-sw-click="/shop/-/shopwindow/click/~' in text
        assert element("/shop") in text
        answer = await ask(app, address("/shop"), root_path="/shop")
        assert answer.status == 200


async def test_a_template_brings_the_script_for_fragments_that_come_later() -> None:
    environment = Environment(extensions=[SlotExtension], autoescape=True)
    template = environment.from_string(
        '<html>{{ shopwindow_clicks() }}{% slot "home.hero" %}x{% endslot %}</html>'
    )
    assert template.render() == "<html>x</html>"  # an e-mail, say
    shop = whole(lambda: template.render().encode())
    for by, number in (("script", 1), ("redirect", 0)):
        site = f'[clicks]\nby = "{by}"\n'
        async with open_window(site=site, rules=OFFERS) as window:
            async with consented(mounted(shop, window)) as client:
                answer = await client.get("/")
        assert answer.headers["content-type"] == HTML
        assert answer.text.count("<script") == number


def test_links_are_plain_for_everybody_where_a_script_tells() -> None:
    site = compiled(site=SCRIPT)
    made = site.renderer.render("offer", {}).decode()
    assert made.startswith('<a href="/p/tea-1" data-sw-click="/-/shopwindow/click/')
    assert compiled().renderer.render("offer", {}).decode().count("/p/tea-1") == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[clicks]\nby = "script"', ""),
        ('[clicks]\nby = "redirect"', ""),
        ('[clicks]\nby = "beacon"', 'clicks cannot be told by "beacon"'),
        ('[clicks]\nby = "scirpt"', 'did you mean "script"?'),
        ("[clicks]\nto = 1", 'unknown key "to" in [clicks]'),
    ],
)
def test_site_toml_says_how_clicks_are_told(text: str, said: str) -> None:
    settings, findings = read_settings(FOLDER, text, {})
    if said:
        (finding,) = findings
        assert said in str(finding)
        assert settings.clicks == "redirect"
    else:
        assert not findings and f'"{settings.clicks}"' in text
