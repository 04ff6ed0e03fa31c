"""The visitor's own pages can be read and used by everybody: rules that a machine can check.

Each page, in each of its states and both languages: landmarks, one first heading and none left
out below it, a name for every field and button, ids once, a language, links that say where they
lead. Colours: text has a contrast of 4.5, edges of fields and the mark of the focus of 3 (WCAG
2.2 AA), in both schemes, worked out of the style sheet.
"""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest

from shopwindow.middleware.ownpages import templates, words
from shopwindow.middleware.ownpages.reasons import why
from tests.ownpages import HERE, SHOP, Element, filled_in, tree, visiting, window_of
from tests.shop import browser, mounted

pytestmark = pytest.mark.anyio
FOLDER = Path(templates.__file__).parent
STYLE = templates.our_style()
PAGES = ("", "consent", "preferences", "known", "erase")


async def every_page(language: str) -> dict[str, str]:
    """The pages in their states."""
    found: dict[str, str] = {}
    window = window_of(language=language)
    async with window, browser(mounted(SHOP, window)) as client:
        for page in PAGES:
            found[f"stranger {page}"] = (await client.get(HERE + page)).text
        answer = await client.post(window.dismissals.link("banner", "hello"))
        found["dismissed by a stranger"] = answer.text
    window = window_of(language=language)
    async with visiting(window, "/p/tea-1", "/p/cup-1", "/") as client:
        for page in PAGES:
            found[f"known {page}"] = (await client.get(HERE + page)).text
        form = filled_in(found["known preferences"])
        form |= {"say:pet-born": "yesterday", "say:pet-weight": "heavy"}
        answer = await client.post(HERE + "preferences", data=form)
        found["wrong answers"] = answer.text
        found["expired"] = (await client.post(HERE + "preferences", data={})).text
        answer = await client.post(HERE + "erase", data=filled_in(found["known erase"]))
        found["erased"] = answer.text
    return found


@pytest.mark.parametrize("language", ["en", "de"])
async def test_every_page_can_be_read_by_everybody(language: str) -> None:
    pages = await every_page(language)
    assert len(pages) == 14
    for name, html in pages.items():
        root = tree(html)
        problems = [*problems_of(root, language)]
        assert not problems, (name, problems)
        assert not re.search(r"\{\w+\}|None|Undefined|&amp;amp;", html), name


def problems_of(root: Element, language: str) -> list[str]:
    found: list[str] = []
    (html,) = root.find("html")
    if html["lang"] != language:
        found.append("the page's language is not said")
    for landmark in ("header", "nav", "main", "footer", "h1", "title"):
        if len(root.find(landmark)) != 1:
            found.append(f"{len(root.find(landmark))} x {landmark}")
    (title,), (heading,) = root.find("title"), root.find("h1")
    if title.text != heading.text:
        found.append("title and first heading differ")
    level = 0
    for element in walk(root):
        if re.fullmatch("h[1-6]", element.name):
            if int(element.name[1]) > level + 1:
                found.append(f"{element.name} {element.text!r} after h{level}")
            level = int(element.name[1])
            if not element.text:
                found.append("an empty heading")
    ids = [element["id"] for element in walk(root) if element["id"]]
    found += [f"the id {one} twice" for one in {*ids} if ids.count(one) > 1]
    for element in walk(root):
        for attribute in ("aria-labelledby", "aria-describedby", "for"):
            if element[attribute] and element[attribute] not in ids:
                found.append(f"{attribute} leads to no {element[attribute]}")
        if element.name in ("a", "button", "legend", "label", "summary", "dt"):
            if not element.text:
                found.append(f"a {element.name} without words")
        if element.name in ("input", "select") and element["type"] != "hidden":
            named = element.within("label") or element["id"] in {
                label["for"] for label in root.find("label")
            }
            if not named:
                found.append(f"{element['name']} has no label")
        if element["type"] in ("radio", "checkbox"):
            group = element.within("fieldset")
            if group is None or len(group.find("legend")) != 1:
                found.append(f"{element['name']} has no legend")
    (skip, *_) = root.find("a")
    if skip["href"] != "#content" or root.find("main")[0]["id"] != "content":
        found.append("nothing skips to the content")
    if root.find("nav")[0]["aria-label"] == "":
        found.append("the navigation has no name")
    return found


def walk(element: Element) -> list[Element]:
    found = [element]
    for part in element.inside:
        if isinstance(part, Element):
            found += walk(part)
    return found


def test_a_page_that_cannot_be_read_by_everybody_is_found() -> None:
    wrong = (
        '<html lang="en"><title>a</title><a href="#content">x</a><header></header>'
        '<nav aria-label="n"></nav><main id="content"><h1>a</h1><h3>b</h3><input name="c">'
        '<button></button><input type="radio" name="d"></main><footer></footer></html>'
    )
    assert problems_of(tree(wrong), "en") == [
        "h3 'b' after h1", "c has no label", "a button without words", "d has no label",
        "d has no legend",
    ]  # fmt: skip


# -- colours -------------------------------------------------------------------------------


def colours(scheme: str) -> Mapping[str, str]:
    light, dark = re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)[:2]
    found = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", light))
    if scheme == "dark":
        found |= dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", dark))
    return found


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [
        p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


TEXT = [
    ("ink", "page"), ("ink", "paper"), ("soft", "page"), ("soft", "paper"),
    ("accent", "page"), ("accent", "paper"), ("accent-deep", "page"),
    ("accent-deep", "paper"), ("on-accent", "accent"), ("on-accent", "accent-deep"),
    ("ink", "good-wash"), ("ink", "bad-wash"), ("bad", "paper"), ("paper", "bad"),
]  # fmt: skip
EDGES = [
    ("edge", "paper"), ("edge", "page"), ("accent", "page"), ("accent", "paper"),
    ("good", "good-wash"), ("bad", "bad-wash"), ("bad", "paper"),
]  # fmt: skip


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_can_be_told_apart(scheme: str) -> None:
    known = colours(scheme)
    weak = {
        f"{one} on {other}": round(contrast(known[one], known[other]), 2)
        for pairs, least in ((TEXT, 4.5), (EDGES, 3.0))
        for one, other in pairs
        if contrast(known[one], known[other]) < least
    }
    assert not weak
    assert round(contrast("#000000", "#ffffff"), 1) == 21.0


def test_the_focus_is_seen_and_both_schemes_have_all_colours() -> None:
    assert re.search(r":focus-visible \{ outline: 3px solid var\(--accent\)", STYLE)
    assert "outline: 0" not in STYLE and "color-scheme: light dark" in STYLE
    light, dark = re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)[:2]
    of_light, of_dark = (
        {*re.findall(r"--([\w-]+): #", part)} for part in (light, dark)
    )
    assert of_light == of_dark
    used = {*re.findall(r"var\(--([\w-]+)\)", STYLE)}
    assert used == of_light | {"round"}
    outside = STYLE.replace(light, "").replace(dark, "")
    assert not re.search(r"#[0-9a-f]{3,6}\b|rgb|url\(", outside)


# -- words ---------------------------------------------------------------------------------


def flat(language: str) -> dict[str, str]:
    def of(table: Mapping[str, object], above: str) -> dict[str, str]:
        found: dict[str, str] = {}
        for key, value in table.items():
            if isinstance(value, Mapping):
                found |= of(value, f"{above}{key}.")
            else:
                found[f"{above}{key}"] = str(value)
        return found

    text = FOLDER.joinpath("words", f"{language}.toml").read_text("utf-8")
    return of(tomllib.loads(text), "")


def test_every_language_says_the_same() -> None:
    assert words.languages() == ("de", "en")
    english, german = flat("en"), flat("de")
    assert [*english] == [*german]
    for key, said in english.items():
        holes = sorted(re.findall(r"\{\w+\}", said))
        assert holes == sorted(re.findall(r"\{\w+\}", german[key])), key
        assert said.strip() == said and said, key
    # Umlauts, not what old typewriters made of them.
    assert not re.search(
        r"\b(?:fuer|ueber|koennen|moech|loesch|gruess)", " ".join(german.values())
    )


def test_a_shop_in_another_language_gets_english() -> None:
    assert [words.spoken(each) for each in ("de-AT", "DE", "en-GB", "fr", "")] == [
        "de", "de", "en", "en", "en"
    ]  # fmt: skip


def test_no_word_is_there_in_vain() -> None:
    code = "\n".join(path.read_text() for path in FOLDER.glob("*.py"))
    code += "\n".join(path.read_text() for path in FOLDER.glob("templates/*.html"))
    dynamic = (
        "topics dimensions fields sources reasons purposes titles navigation".split()
    )
    for key in flat("en"):
        section, _, name = key.partition(".")
        if section not in (*dynamic, "overview"):
            name = name.removesuffix("-text") if section == "erase" else name
            written = name.replace("-", "_")
            assert name in code or written in code, key


def test_a_name_with_braces_in_it_is_no_hole() -> None:
    said = words.words("en", "The {days} {shop}")
    assert said["frame"]["home"] == "Back to The {days} {shop}"
    assert words.filled("a {b} {c}", b="{c}", c="d") == "a {c} d"


def test_reasons_are_joined_as_people_speak() -> None:
    window = window_of(
        more={
            "rules/start.yaml": """
version: 1
segments:
  buyer: [{bought: {product: tea-1}}]
rules:
  - {id: one, slot: home.hero, when: [{viewed: {category: any, as: cat}}, {affinity: {category: tea, at-least: 0.1}}], show: banner, with: {text: x}}
  - {id: two, slot: home.hero, when: [{segment: buyer}, {not-viewed: {product: cup-1}}], show: banner, with: {text: x}}
  - {id: three, slot: home.hero, when: [{any: [{pet: dog}, {hour: {at-least: 8}}]}], show: banner, with: {text: x}}
  - {id: four, slot: home.hero, when: [{device: mobile}], show: banner, with: {text: x}}
  - {id: five, slot: home.hero, show: banner, with: {text: x}}
  - {id: six, slot: home.hero, when: [{viewed: {product: tea-1}}, {searched: {query: tea}}, {visits: {at-least: 2}}], show: banner, with: {text: x}}
"""
        }
    )
    english = words.words("en", "Shop")
    said = {
        id: why(window.site.rules, id, english)
        for id in ("one", "two", "three", "four", "five", "six", "gone")
    }
    assert said == {
        "one": "Because you looked at something like it and you seem to like it.",
        "two": "Because it goes with what you bought.",
        "three": "Because you told us so.",
        "four": "Because it fits the moment: the page, the time, or the link that led you here.",
        "five": "Because everybody sees it there.",
        "six": "Because you looked at something like it, you searched for it and it fits how "
        "often you have been here.",
        "gone": "Because a rule wanted it that is no longer in use.",
    }
