"""The template block: two comments around its content, on page views only."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from jinja2 import DictLoader, Environment, TemplateSyntaxError
from markupsafe import Markup
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from starlette.templating import Jinja2Templates
from starlette.types import Receive, Scope, Send

from shopwindow import Shopwindow
from shopwindow.middleware.templating import SlotExtension
from tests.asgi import ask
from tests.shop import TEASER, mounted, open_window

pytestmark = pytest.mark.anyio


@pytest.fixture
async def window() -> AsyncIterator[Shopwindow]:
    async with open_window() as window:
        yield window


def environment(
    *, asynchronous: bool = False, autoescape: bool = True, **templates: str
) -> Environment:
    return Environment(
        loader=DictLoader(templates),
        extensions=[SlotExtension],
        autoescape=autoescape,
        enable_async=asynchronous,
    )


BLOCK = '{% slot "home.teaser" %}<i>{{ text }}</i>{% endslot %}'


async def rendered(
    window: Shopwindow, jinja: Environment, path: str = "/", **values: object
) -> bytes:
    """The page of the template "page", as it leaves."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        template = jinja.get_template("page")
        body = (
            await template.render_async(values)
            if jinja.is_async
            else template.render(values)
        )
        await HTMLResponse(body)(scope, receive, send)

    return (await ask(mounted(app, window), path)).body


async def test_outside_of_page_views_it_is_its_content() -> None:
    assert (
        environment(page=BLOCK).get_template("page").render(text="a<b")
        == "<i>a&lt;b</i>"
    )
    plain = environment(autoescape=False, page=BLOCK).get_template("page")
    assert plain.render(text="a<b") == "<i>a<b</i>"
    later = environment(asynchronous=True, page=BLOCK).get_template("page")
    assert await later.render_async(text="a<b") == "<i>a&lt;b</i>"


@pytest.mark.parametrize("asynchronous", [False, True])
@pytest.mark.parametrize("autoescape", [False, True])
async def test_on_a_page_its_content_is_swapped(
    window: Shopwindow, asynchronous: bool, autoescape: bool
) -> None:
    page = "<p>{{ text }}</p>" + BLOCK + "<hr>"
    jinja = environment(asynchronous=asynchronous, autoescape=autoescape, page=page)
    assert await rendered(window, jinja, text="x") == b"<p>x</p>" + TEASER + b"<hr>"


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_a_slot_that_shows_nothing_leaves_its_escaped_content(
    window: Shopwindow, asynchronous: bool
) -> None:
    page = '{% slot "home.hero" %}{{ text }}{{ markup }}{% endslot %}'
    jinja = environment(asynchronous=asynchronous, page=page)
    answer = await rendered(window, jinja, text="<b>", markup=Markup("<b>"))
    assert answer == b"&lt;b&gt;<b>"


async def test_it_works_with_inheritance_includes_loops_and_macros(
    window: Shopwindow,
) -> None:
    jinja = environment(
        base="<main>{% block body %}{% endblock %}</main>",
        part='{% slot "home.teaser" %}part{% endslot %}',
        page="""{% extends "base" %}{% block body %}{% macro m() %}{% include "part" %}{% endmacro -%}
{% for name in ["home.hero", "other"] %}{% slot name %}{{ loop.index }}{% endslot %}{% endfor %}{{ m() }}{% endblock %}""",
    )
    assert await rendered(window, jinja) == b"<main>12" + TEASER + b"</main>"


async def test_a_name_that_site_toml_lacks_is_said_once_and_stays_content(
    window: Shopwindow, caplog: pytest.LogCaptureFixture
) -> None:
    jinja = environment(page='{% slot "home.heroo" %}x{% endslot %}')
    for _ in range(3):
        assert await rendered(window, jinja) == b"x"
    assert [r.getMessage() for r in caplog.records] == [
        'a template has the slot "home.heroo", site.toml has not'
    ]


async def test_on_requests_that_open_no_page_there_are_no_markers(
    window: Shopwindow,
) -> None:
    texts: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        texts.append(environment(page=BLOCK).get_template("page").render(text="x"))
        await Response(texts[-1])(scope, receive, send)

    shop = mounted(app, window)
    await ask(shop, method="POST")
    await ask(shop, headers=[(b"sec-fetch-dest", b"empty")])
    await ask(shop)
    assert texts[:2] == ["<i>x</i>"] * 2 and "\x1e" in texts[2]


async def test_it_works_in_threads_and_with_the_templates_of_starlette(
    window: Shopwindow, tmp_path: Path
) -> None:
    (tmp_path / "page.html").write_text(BLOCK)
    jinja = environment(page=BLOCK)
    templates = Jinja2Templates(env=jinja)

    def threaded(request: Request) -> Response:
        return templates.TemplateResponse(request, "page", {"text": "x"})

    async def asynchronous(request: Request) -> Response:
        text = await run_in_threadpool(jinja.get_template("page").render, text="x")
        return HTMLResponse(text)

    app = mounted(
        Starlette(routes=[Route("/a", threaded), Route("/b", asynchronous)]), window
    )
    for path in ("/a", "/b"):
        answer = await ask(app, path)
        assert answer.body == TEASER
        assert answer.header(b"cache-control") == b"private, no-store"


@pytest.mark.parametrize(
    "source", ["{% slot %}x{% endslot %}", '{% slot "a" %}x', "{% endslot %}"]
)
def test_a_mistake_is_a_syntax_error_with_its_line(source: str) -> None:
    with pytest.raises(TemplateSyntaxError) as caught:
        environment().from_string("\n\n" + source)
    assert caught.value.lineno == 3
