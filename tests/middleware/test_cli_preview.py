"""``shopwindow preview``: a page of the real app through a persona's eyes, and what it leaves."""

import json
import os
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import click
import pytest

from shopwindow.examples.petshop.app import SITE as PETSHOP
from shopwindow.middleware.journal import Journal
from shopwindow.middleware.visit import current
from tests.commands import PERSONAS, change, run

APP = """
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import HTMLResponse, RedirectResponse
from starlette.routing import Route

from shopwindow import PersonalizationMiddleware

PAGE = '<html><section data-shopwindow="home.hero">Default</section>%s</html>'
LIVED = Path(__file__).with_name("lived.txt")


@asynccontextmanager
async def lifespan(app):
    LIVED.write_text("started")
    yield {"greeting": "from the lifespan"}
    LIVED.write_text("stopped")


async def home(request):
    request.state.shopwindow.track("Product Added", {"product_id": "x"})
    request.state.shopwindow.grant()
    greeting = request.state.greeting + str(dict(request.query_params))
    return HTMLResponse(PAGE % greeting, headers={"set-cookie": "basket=1"})


async def away(request):
    return RedirectResponse("/c/garden?a=1")


async def broken(request):
    raise RuntimeError("out of tea")


routes = [Route("/", home), Route("/c/garden", home), Route("/away", away), Route("/broken", broken)]
bare = Starlette(routes=routes, lifespan=lifespan)
site = Path(__file__).with_name("shop")
wrapped = PersonalizationMiddleware(bare, site)
inside = Starlette(routes=routes, lifespan=lifespan, middleware=[
    Middleware(GZipMiddleware, minimum_size=1), Middleware(PersonalizationMiddleware, site=site)])
apps = {"bare": bare}


async def raw(scope, receive, send):
    assert scope["type"] == "http"
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
    await send({"type": "http.response.body", "body": (PAGE % "raw").encode()})


async def ill(scope, receive, send):
    await receive()
    await send({"type": "lifespan.startup.failed", "message": "no database"})


def make():
    return bare
"""
NUMBERS = count()


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The name of a module with apps, in the current folder, beside the site ``shop``."""
    run("new", tmp_path / "shop")
    name = f"shop_to_preview_{next(NUMBERS)}"  # imported once each
    (tmp_path / f"{name}.py").write_text(APP)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.delenv("SHOPWINDOW_SECRET_KEYS", raising=False)
    yield name
    sys.modules.pop(name, None)


def seen(module: str, app: str, *options: str, persona: str = "gardener") -> str:
    asked = ["--personas", f"shop/{PERSONAS}", "--persona", persona, *options]
    return run("preview", "shop", f"{module}:{app}", *asked).stdout


@pytest.mark.parametrize("app", ["bare", "wrapped", "inside", "make()", "apps.get"])
def test_a_page_is_shown_with_the_personas_decisions(module: str, app: str) -> None:
    if app == "apps.get":  # a callable, but no app
        result = run(
            "preview", "shop", f"{module}:{app}", "--persona", "gardener",
            "--personas", f"shop/{PERSONAS}", code=1,
        )  # fmt: skip
        assert "failed on /: " in result.stderr
        return
    page = seen(module, app)
    assert page.startswith('<html><section data-shopwindow="home.hero">')
    assert "Default" not in page and "from the lifespan{}" in page
    assert "Default" in seen(module, app, persona="newcomer")
    assert Path("lived.txt").read_text() == "stopped"


def test_an_app_without_a_lifespan_is_just_there(module: str) -> None:
    assert "Default" not in seen(module, "raw")


def test_it_says_which_rule_won_each_slot_beside_the_page(module: str) -> None:
    asked = ("--personas", f"shop/{PERSONAS}", "--persona", "gardener")
    result = run("preview", "shop", f"{module}:bare", *asked)
    assert result.stderr == (
        "gardener on /\n"
        "  home.hero: category-hero, by garden-hero (rules/start.yaml:6)\n"
        "  home.shelf: not on this page\n"
    )
    said = seen(module, "bare", "--out", "page.html", "--format", "json")
    line = json.loads(said)
    assert list(line["slots"]) == ["home.hero"] and line["path"] == "/"
    assert line["slots"]["home.hero"]["rule"] == "garden-hero"
    assert Path("page.html").read_text() == result.stdout


def test_redirects_are_followed_through_the_same_eyes(module: str) -> None:
    change(Path("shop") / PERSONAS, "times: 3", "times: 2")
    page = seen(module, "wrapped", "--path", "/away")
    assert "{'a': '1'}" in page, "the app sees the address as it is"
    assert "Default" not in page, "the look at the category is the third one"


def test_the_browser_opens_the_page(
    module: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(click, "launch", opened.append)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert "home.hero: category-hero" in seen(module, "bare", "--open")
    (path,) = opened
    assert "from the lifespan" in Path(path).read_text()


def _files() -> dict[Path, bytes]:
    return {
        path: path.read_bytes() for path in Path("shop").rglob("*") if path.is_file()
    }


def test_nothing_is_counted_or_kept(
    module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[object] = []
    monkeypatch.setattr(Journal, "note", lambda journal, *told: counted.append(told))
    before = _files()
    environment = dict(os.environ)
    seen(module, "wrapped")
    seen(module, "inside")
    assert _files() == before and counted == []
    assert dict(os.environ) == environment
    assert current() is None


SPLIT = """
rules:
  - id: two-ways
    slot: home.hero
    split:
      experiment: way
      variants:
        - {name: left, show: notice, with: {headline: To the left}}
        - {name: right, show: notice, with: {headline: To the right}}
"""


@pytest.mark.parametrize(
    ("variant", "words"),
    [("left", "To the left"), ("right", "To the right"), ("control", "Default")],
)
def test_a_variant_can_be_chosen(module: str, variant: str, words: str) -> None:
    Path("shop/rules/start.yaml").write_text(SPLIT)
    assert words in seen(module, "bare", "--variant", f"way={variant}")


def test_the_rules_are_those_of_the_folder_whatever_the_app_has(module: str) -> None:
    run("new", "draft")
    change(Path("draft/rules/start.yaml"), "id: garden-hero", "id: a-draft")
    asked = ("--personas", f"draft/{PERSONAS}", "--persona", "gardener")
    result = run("preview", "draft", f"{module}:wrapped", *asked)
    assert "by a-draft" in result.stderr


def test_the_example_shop_with_its_templates(tmp_path: Path) -> None:
    app = "shopwindow.examples.petshop.app:create_app()"
    asked = ("--personas", PETSHOP / PERSONAS, "--persona", "rabbit-friend")
    result = run("preview", PETSHOP, app, *asked, "--now", "2026-11-21T10:00")
    assert "home.hero: category-hero, by rabbit-hero" in result.stderr
    assert "shopwindow:" not in result.stdout, "no marker is left over"


@pytest.mark.parametrize(
    ("app", "options", "code", "why"),
    [
        ("{m}:bare", ["--persona", "nobody"], 2, 'no persona "nobody"; there are: gard'),
        ("{m}:bare", ["--path", "/nowhere"], 1, "answered /nowhere with 404"),
        ("{m}:bare", ["--path", "/broken"], 1, "failed on /broken: RuntimeError('out of"),
        ("{m}:ill", [], 1, "failed on /: RuntimeError('no database')"),
        ("{m}:none", [], 2, "cannot be imported: AttributeError"),
        ("{m}", [], 2, "write module:attribute"),
        ("no_such_shop:app", [], 2, "cannot be imported: ModuleNotFoundError"),
        ("{m}:bare", ["--variant", "way=left"], 2, 'unknown experiment "way"'),
        ("{m}:bare", ["--now", "soon"], 2, "write it like 2026-11-21T10:00"),
        ("{m}:bare", ["--path", "start"], 2, "a path starts with /"),
        ("{m}:bare", ["--out", "no/such/folder.html"], 1, "cannot be written: No such file"),
        ("{m}:bare", ["--link", "https://shop.example/"], 2, "name either APP or --link"),
    ],
)  # fmt: skip
def test_what_cannot_be_shown_is_said(
    module: str, app: str, options: list[str], code: int, why: str
) -> None:
    named = [] if "--persona" in options else ["--persona", "gardener"]
    asked = ["--personas", f"shop/{PERSONAS}", *named, *options]
    result = run("preview", "shop", app.replace("{m}", module), *asked, code=code)
    assert why in result.stderr


def test_the_persona_is_found_beside_the_rules(module: str) -> None:
    result = run("preview", "shop", f"{module}:bare", "--persona", "gardener")
    assert "garden-hero" in result.stderr
