"""The templates of the pages: ours, and those by which a shop replaces them."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from ...findings import Finding, suggest
from ...fragments.pagetemplates import PageTemplate, read_page
from ..texts import below

FOLDER = "pages/"
STYLE = "style.css"
STYLE_LIMIT = 64 * 1024
_OURS = Path(__file__).with_name("templates")
_EVERYWHERE = frozenset({"words", "home", "links", "t"})
#: What each page's template may name; ``frame`` stands around all of them.
NAMES: Mapping[str, frozenset[str]] = {
    "frame": _EVERYWHERE | {"navigation", "notice", "bad", "title", "content", "shop"},
    "overview": _EVERYWHERE | {"state", "entries"},
    "consent": _EVERYWHERE
    | {"state", "period", "purposes", "elsewhere", "choices", "withdraw", "action"}
    | {"next"},
    "preferences": _EVERYWHERE | {"nothing", "groups", "fields", "action", "ticket"},
    "known": _EVERYWHERE | {"nothing", "seen", "sections"},
    "erase": _EVERYWHERE
    | {"done", "outcome", "about", "frame", "consent", "customer", "action", "ticket"},
    "problem": _EVERYWHERE | {"text", "url", "link"},
}
# What would end the element that holds the style.
_ENDING = re.compile(r"</|<!--", re.IGNORECASE)


class Overrides(msgspec.Struct, frozen=True, eq=False):
    """A shop's own templates by page, and its style."""

    pages: Mapping[str, PageTemplate] = {}
    style: str = ""


NONE = Overrides()


@cache
def ours(page: str) -> PageTemplate:
    """Our own template of a page."""
    text = _OURS.joinpath(f"{page}.html").read_text("utf-8")
    template, findings = read_page(f"{page}.html", text, NAMES[page])
    assert template is not None, findings
    return template


@cache
def our_style() -> str:
    return _OURS.joinpath(STYLE).read_text("utf-8")


def read_overrides(
    texts: Mapping[str, str], samples: Mapping[str, list[Mapping[str, Any]]]
) -> tuple[Overrides, list[Finding]]:
    """The shop's templates in ``pages/``, and warnings about those that cannot be used.

    Each is tried with ``samples``, the values of a page in some of its states: what a template
    asks for that is not there comes out here, and not when somebody opens it.
    """
    pages: dict[str, PageTemplate] = {}
    style, findings = "", []
    for file, text in below(FOLDER, texts).items():
        name = file.removeprefix(FOLDER)
        if name == STYLE:
            problem = _style_problem(text)
            style, found = ("", [_wrong(file, problem)]) if problem else (text, [])
        else:
            template, found = _page(file, name, text, samples)
            if template is not None:
                pages[name.removesuffix(".html")] = template
        findings += [_only_warned(finding) for finding in found]
    return Overrides(pages, style), findings


def _page(
    file: str, name: str, text: str, samples: Mapping[str, list[Mapping[str, Any]]]
) -> tuple[PageTemplate | None, list[Finding]]:
    page = name.removesuffix(".html")
    if page not in NAMES or page == name:
        files = [*(f"{known}.html" for known in NAMES), STYLE]
        hint = suggest(name, files)
        return None, [_wrong(file, f'no page is made of "{name}"', hint)]
    template, findings = read_page(file, text, NAMES[page])
    if template is None:
        return None, findings
    for values in samples.get(page, ()):
        try:
            template.render(values)
        except Exception as error:
            # A template of an editor may raise anything.
            return None, [_wrong(file, f"this cannot be shown: {error}")]
    return template, []


def _style_problem(text: str) -> str:
    if len(text) > STYLE_LIMIT:
        return f"this style is larger than {STYLE_LIMIT >> 10} KB"
    return "a style has neither </ nor <!-- in it" if _ENDING.search(text) else ""


def _wrong(file: str, message: str, hint: str = "") -> Finding:
    return Finding(file, 1, 1, message, hint)


def _only_warned(finding: Finding) -> Finding:
    """The shop goes on with our own page, so nothing has to be held back for it."""
    hint = "; ".join(
        part for part in (finding.hint, "until then our own is shown") if part
    )
    return msgspec.structs.replace(finding, severity="warning", hint=hint, code="page")
