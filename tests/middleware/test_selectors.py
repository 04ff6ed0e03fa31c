"""Selectors in site.toml: pages of a shop whose templates cannot be touched."""

import logging
import subprocess
import sys
from pathlib import Path

import pytest
from starlette.types import Message

from shopwindow import PageCache, PersonalizationMiddleware, Shopwindow
from shopwindow.findings import SiteError
from shopwindow.fragments import selectors
from shopwindow.middleware.site import read_site
from shopwindow.middleware.stores.memory import MemoryStore
from tests.asgi import ask, chunk, cut, replaying, start
from tests.shop import FILES, HTML, KEYS, SITE, TEASER, mounted

pytestmark = pytest.mark.anyio
SELECTING = SITE.replace(
    '"home.teaser" = "below it"',
    '[slots."home.teaser"]\ndescription = "below it"\nselector = "main > div.teaser"',
)
PAGE = b"<!DOCTYPE html><main><h1>Tea</h1><div class='a teaser'>default</div></main>"
DRESSED = PAGE.replace(b"default", TEASER)
TYPE = (b"content-type", HTML.encode())


def messages(
    page: bytes, size: int, content_type: bytes = HTML.encode()
) -> list[Message]:
    parts = cut(page, *range(size, len(page), size))
    return [
        start((b"content-type", content_type)),
        *(chunk(part, more=True) for part in parts),
        chunk(),
    ]


def selecting(selector: str = "main > div.teaser") -> Shopwindow:
    files = {**FILES, "site.toml": SELECTING.replace("main > div.teaser", selector)}
    site = read_site(Path("no such folder"), files)
    return Shopwindow(site, store=MemoryStore(), keys=KEYS)


@pytest.mark.parametrize("size", [1, 7, 1000])
async def test_a_selected_element_is_dressed(size: int) -> None:
    async with selecting() as window:
        window.routes.learn("/", True)
        answer = await ask(mounted(replaying(*messages(PAGE, size)), window))
        assert answer.body == DRESSED
        assert answer.header(b"cache-control") == b"private, no-store"
        assert answer.complete


async def test_the_other_lanes_go_on() -> None:
    page = b"<div data-shopwindow='home.teaser'>1</div>" + PAGE
    async with selecting() as window:
        answer = await ask(mounted(replaying(*messages(page, 1000)), window))
        assert answer.body == page.replace(b"1</div>", TEASER + b"</div>")


async def test_a_page_in_which_nothing_is_selected_leaves_as_the_same_messages() -> (
    None
):
    sent = [start(TYPE), chunk(b"<main><p>x</p></main>")]
    async with selecting() as window:
        answer = await ask(mounted(replaying(*sent), window))
        assert all(a is b for a, b in zip(answer.messages, sent, strict=True))


async def test_an_element_that_cannot_be_one_is_named_in_a_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    page = b"<main><ul><li class=teaser>x</ul></main>"
    async with selecting(".teaser") as window:
        with caplog.at_level(logging.WARNING, "shopwindow"):
            answer = await ask(mounted(replaying(*messages(page, 1000)), window))
    assert answer.body == page
    assert "the slot home.teaser of / keeps its default content" in caplog.text


async def test_letters_beyond_ascii_on_a_page_that_is_not_utf_8_are_warned_about(
    caplog: pytest.LogCaptureFixture,
) -> None:
    page = "<div title='é'>x</div>".encode("latin-1")
    sent = messages(page, 1000, b"text/html; charset=iso-8859-1")
    async with selecting("[title=é]") as window:
        window.routes.learn("/", True)
        with caplog.at_level(logging.WARNING, "shopwindow"):
            answer = await ask(mounted(replaying(*sent), window))
    assert answer.body == page
    assert "home.teaser of / keeps its default content: its selector" in caplog.text


def test_without_the_extra_the_site_says_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selectors, "lolhtml", None)
    with pytest.raises(SiteError) as error:
        read_site(tmp_path, {**FILES, "site.toml": SELECTING})
    line = SELECTING[: SELECTING.index("selector =")].count("\n") + 1
    (finding,) = error.value.findings
    assert str(finding).startswith(
        f"site.toml:{line}:1: error: selectors need an extra that is not installed: "
        'pip install "shopwindow[selectors]"'
    )


def test_a_site_without_selectors_never_imports_what_finds_them(tmp_path: Path) -> None:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    code = (
        "import sys; from shopwindow import Shopwindow;"
        f"window = Shopwindow({str(tmp_path)!r});"
        "print(window.site.selectors, 'lolhtml' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ran.stdout.split() == ["None", "False"], ran.stderr


async def test_a_page_that_is_kept_is_cut_anew_for_another_selector() -> None:
    page = (
        b"<!DOCTYPE html><main><div class='a teaser'>1</div><div class=b>2</div></main>"
    )
    app = replaying(start((b"content-type", HTML.encode())), chunk(page))
    async with selecting() as window:
        shop = PersonalizationMiddleware(app, window, cache=PageCache({"/*": 60}))
        assert (await ask(shop)).body == page.replace(b"1", TEASER)
        window._swap(window._made(selecting("main > .b").site, window.site))
        assert (await ask(shop)).body == page.replace(b"2", TEASER)
