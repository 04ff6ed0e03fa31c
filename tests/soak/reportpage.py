"""The report as a page in a real browser: what it looks like, and what a screen reader hears."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from shopwindow.middleware.reporting.page import html
from shopwindow.rules.reporting.writing import Writing
from tests.chromium import Chromium, chromium
from tests.chromium import found as browser
from tests.rules.reporting.madeup import Book, experiment, rule, split

from .soaked import KEPT, Soaked

WIDTHS = (320, 640, 1280)  # 1280 at 400, 200 and 100 %
_TAB = 9
_NAMED = frozenset(
    "table heading link image region navigation rowheader columnheader "
    "DisclosureTriangle".split()
)
# The least contrast of all text that is drawn, with whose it is.
_CONTRAST = """(() => {
  const light = text => {
    const [r, g, b] = text.match(/[\\d.]+/g).slice(0, 3).map(part => {
      part /= 255; return part <= .04045 ? part / 12.92 : ((part + .055) / 1.055) ** 2.4 });
    return .2126 * r + .7152 * g + .0722 * b };
  const paper = light(getComputedStyle(document.body).backgroundColor);
  let least = [99, ''];
  for (const one of document.body.querySelectorAll('*')) {
    if (!one.getClientRects().length) continue;
    if (![...one.childNodes].some(node => node.nodeType == 3 && node.data.trim())) continue;
    const style = getComputedStyle(one);
    const ink = light(one instanceof SVGElement ? style.fill : style.color);
    const ratio = (Math.max(ink, paper) + .05) / (Math.min(ink, paper) + .05);
    if (ratio < least[0]) least = [ratio, one.outerHTML.slice(0, 60)];
  }
  return least })()"""
_FOCUS = """(() => { const style = getComputedStyle(document.activeElement);
  return [style.outlineStyle, document.activeElement.outerHTML.slice(0, 60)] })()"""
_OVERFLOW = (
    "document.documentElement.scrollWidth - document.documentElement.clientWidth"
)


def soak_report_page(runs: int, seed: int, advance: Callable[[], None]) -> Soaked:
    """``runs`` reports of other numbers; without a Chromium on this machine none."""
    faults, looked = list[str](), 0
    if browser() is None:
        return Soaked("pages of reports", 0, 0, {"no Chromium here": 1}, [])
    with tempfile.TemporaryDirectory() as folder:
        for number in range(runs):
            place = Path(folder, f"{number}.html")
            place.write_text(_page(seed + number), "utf-8")
            with chromium() as page:
                page.open(place.as_uri())
                faults += _looks(page) + _sounds(page) + _by_keyboard(page)
            looked += 1
            advance()
    figures = {"widths": len(WIDTHS) * looked}
    return Soaked("pages of reports", looked, len(faults), figures, faults[:KEPT])


def _page(seed: int) -> str:
    book = Book(seed)
    experiment(book, arms={"control": (80, 0.1), "plain": (85, 0.1), "cosy": (85, 0.3)})
    name = "begrüßung-für-züchter-mit-übergroßem-gartenteich-und-leidenschaft"
    for day in range(book.chance.randrange(1, 4)):
        book.daily("rule", name, range(20_750 + day, 20_780), impressions=400, clicks=9)
        book.daily("slot", "hero", range(20_750, 20_780), impressions=400)
    about = {"hypothesis": "Wärme & Ruhe", "review-by": "2026-01-01"}
    return html(
        book.report(rule(name, split=split(control=0.32), about=about)), Writing()
    )


def _looks(page: Chromium) -> list[str]:
    found = []
    for scheme in ("light", "dark"):
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        page.call("Emulation.setEmulatedMedia", features=features)
        contrast, whose = page.run(_CONTRAST)
        if contrast < 4.5:
            found.append(f"{scheme}: contrast {contrast:.1f} of {whose}")
    for width in WIDTHS:
        size: dict[str, Any] = {"width": width, "height": 900, "deviceScaleFactor": 1}
        page.call("Emulation.setDeviceMetricsOverride", **size, mobile=False)
        if (over := page.run(_OVERFLOW)) > 0:
            found.append(f"{over} pixels lie outside of {width}")
    return found


def _sounds(page: Chromium) -> list[str]:
    page.run("document.querySelectorAll('details').forEach(one => one.open = true)")
    page.call("Accessibility.enable")
    found, level, seen = [], 0, set()
    for node in page.call("Accessibility.getFullAXTree")["nodes"]:
        if node.get("ignored"):
            continue
        role, name = node["role"]["value"], node.get("name", {}).get("value", "")
        seen.add(role)
        if role in _NAMED and not name:
            found.append(f"a {role} without a name")
        if role == "heading":
            told = {one["name"]: one["value"]["value"] for one in node["properties"]}
            if told["level"] > level + 1:
                found.append(f"from level {level} to {told['level']}: {name}")
            level = told["level"]
    missing = {"banner", "navigation", "main", "image", "caption"} - seen
    return found + [f"there is no {role}" for role in sorted(missing)]


def _by_keyboard(page: Chromium) -> list[str]:
    number = page.run(
        "document.querySelectorAll('a[href], summary, [tabindex=\"0\"]').length"
    )
    found = []
    for _ in range(number):
        page.press("Tab", _TAB)
        outline, whose = page.run(_FOCUS)
        if outline == "none":
            found.append(f"no outline around {whose}")
    return found
