"""A shop restyles the visitor's own pages; what it breaks is ours again, and said."""

import logging
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner

from shopwindow import Shopwindow
from shopwindow.middleware.cli import main as command
from shopwindow.middleware.ownpages import templates
from shopwindow.middleware.ownpages.samples import SAMPLES
from shopwindow.middleware.ownpages.templates import NAMES, STYLE, read_overrides
from tests.ownpages import HERE, SHOP, files, visiting, window_of
from tests.shop import KEYS, browser, mounted

pytestmark = pytest.mark.anyio
OURS = Path(templates.__file__).parent / "templates"


def written(folder: Path, more: Mapping[str, str] | None = None) -> Path:
    for name, text in files(more=more).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return folder


async def test_a_shop_s_own_templates_and_style_are_shown() -> None:
    window = window_of(
        more={
            "pages/frame.html": '<main id="content"><h1>{{ title }}</h1>{{ content }}'
            '<p>{{ shop }}, since 1899</p><a href="{{ home|safe_url }}">Home</a></main>',
            "pages/consent.html": "<p>OUR WORDS {{ words.lead }}</p>"
            '<form method="post" action="{{ action|safe_url }}">{% for one in choices %}'
            '<button name="choice" value="{{ one.value }}">{{ one.title }}</button>{% endfor %}</form>',
            "pages/style.css": ":root { --accent: #123456; }",
        }
    )
    assert not [w for w in window.site.warnings if w.file.startswith("pages/")]
    async with window, browser(mounted(SHOP, window)) as client:
        answer = await client.get(HERE + "consent")
        assert "OUR WORDS You can change" in answer.text
        assert "Tea &amp; Cups, since 1899" in answer.text
        assert answer.text.index("--accent: #1f5f8b") < answer.text.index("#123456")
        # The document around it stays ours: its language, its title, its policy.
        assert '<html lang="en">' in answer.text and "<title>" in answer.text
        assert "What interests you?" in (await client.get(HERE)).text


@pytest.mark.parametrize(
    ("file", "text", "words"),
    [
        ("consent.html", "{{ words.leed }}", "cannot be shown"),
        ("consent.html", "{% if %}", "Expected an expression"),
        ("consent.html", "{{ nobody }}", '"nobody" is not declared'),
        ("consent.html", "{{ words.__class__ }}", "is not for templates"),
        ("consent.html", "{{ words.lead.upper() }}", "cannot be called"),
        ("consent.html", '<a href="{{ state }}">x</a>', "safe_url"),
        ("consent.html", '<a onclick="{{ state }}">x</a>', "nothing can be printed"),
        ("consent.html", "<script>{{ state }}</script>", "tojson"),
        ("consent.html", '{% include "frame" %}', "there is no fragment"),
        ("consent.html", "{% for a in range(9999999) %}x{% endfor %}", "range()"),
        ("consent.html", "x" * 70_000, "too large"),
        ("concent.html", "x", 'did you mean "consent.html"'),
        ("known.css", "x", "no page is made of"),
        ("style.css", "p { } </style><script>", "neither </"),
        ("style.css", "x" * 70_000, "larger than 64 KB"),
    ],
)
async def test_what_is_broken_is_warned_about_and_ours_is_shown(
    file: str, text: str, words: str
) -> None:
    window = window_of(more={f"pages/{file}": text})
    (warning,) = [w for w in window.site.warnings if w.file.startswith("pages/")]
    assert warning.severity == "warning" and warning.file == f"pages/{file}"
    assert words in warning.words and "our own is shown" in warning.words
    async with window, browser(mounted(SHOP, window)) as client:
        answer = await client.get(HERE + "consent")
        assert "You can change your answer at any time" in answer.text
        assert "<script>" not in answer.text


async def test_what_breaks_only_when_it_is_shown_falls_back_too(
    caplog: pytest.LogCaptureFixture,
) -> None:
    # The samples have one section: nothing says that a real visitor has none of this name.
    text = '<p>THEIRS</p>{% for s in sections %}{{ s.title / 2 if s.title == "Products" }}{% endfor %}'
    window = window_of(more={"pages/known.html": text})
    assert not [w for w in window.site.warnings if w.file.startswith("pages/")]
    async with visiting(window, "/p/tea-1") as client:
        with caplog.at_level(logging.WARNING, "shopwindow"):
            answer = await client.get(HERE + "known")
        assert answer.status_code == 200
        assert "Sencha" in answer.text and "THEIRS" not in answer.text
        assert "pages/known.html cannot be shown" in caplog.text


def test_our_own_templates_pass_for_a_shop_s() -> None:
    texts = {f"pages/{path.name}": path.read_text() for path in OURS.iterdir()}
    overrides, findings = read_overrides(texts, SAMPLES)
    assert not findings and {*overrides.pages} == {*NAMES} and overrides.style
    assert {path.name for path in OURS.iterdir()} == {
        *(f"{n}.html" for n in NAMES),
        STYLE,
    }
    assert {*SAMPLES} == {*NAMES}


def test_check_says_what_is_wrong_with_a_page(tmp_path: Path) -> None:
    site = written(tmp_path, {"pages/erase.html": "<p>ok</p>\n{{ nobody }}"})
    said = CliRunner().invoke(command, ["check", str(site)])
    assert said.exit_code == 0 and "pages/erase.html:2:4: warning:" in said.output
    assert CliRunner().invoke(command, ["check", str(site), "--strict"]).exit_code == 1


async def test_a_saved_page_goes_live(tmp_path: Path) -> None:
    site = written(tmp_path)
    async with Shopwindow(site, keys=KEYS) as window:
        assert window.site.pages is None
        (site / "pages").mkdir()
        (site / "pages" / "consent.html").write_text("<p>NEW</p>")
        window.reload()
        async with browser(mounted(SHOP, window)) as client:
            assert "NEW" in (await client.get(HERE + "consent")).text
