"""The report as a page: what a browser and a screen reader make of it."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from io import StringIO
from typing import Any
from xml.etree import ElementTree

import jsonschema
import msgspec
import pytest
from justhtml import JustHTML
from rich.console import Console

from shopwindow.middleware.reporting.charts import whiskers
from shopwindow.middleware.reporting.page import html
from shopwindow.middleware.reporting.terminal import Terminal
from shopwindow.rules.goals import Goal, Guardrail
from shopwindow.rules.measurement.cells import Cell
from shopwindow.rules.reporting.report import Effect, Report
from shopwindow.rules.reporting.writing import Writing
from tests.rules.reporting.madeup import TODAY, Book, experiment, rule, split

SVG = re.compile(r"<svg.*?</svg>", re.DOTALL)
LONG = "begrüßung-für-züchter-mit-übergroßem-gartenteich-und-noch-mehr-leidenschaft"
WRITE = Writing(lambda amount: f"€{amount:,.2f}")


@pytest.fixture(scope="module")
def report() -> Report:
    book = Book()
    days = range(TODAY - 10, TODAY)
    experiment(
        book, arms={"control": (100, 0.1), "plain": (100, 0.1), "cosy": (100, 0.3)}
    )
    experiment(book, "uneven", {"control": (60, 0.1), "bold": (20, 0.1)})
    experiment(book, context="segment:gärtner")
    for day in days:
        for kind, name, held in (
            ("site", "", "holdout"),
            ("rule", LONG, "held"),
            ("rule", "harm", "held"),
            ("slot", "hero", "held"),
            ("stage", "new", "held"),
            ("segment", "gärtner", "held"),
            ("campaign", "advent", "held"),
        ):
            rate = 0.02 if name == "harm" else 0.3
            book.units(Cell(day, kind, name, "", "shown"), 80, ordered=rate)
            book.units(Cell(day, kind, name, "", held), 80, ordered=0.15)
    book.daily("slot", "hero@new", days, impressions=50)
    book.daily("slot", "hero", range(TODAY - 30, TODAY - 2), impressions=50)
    book.daily("rule", LONG, days, impressions=50, clicks=5, first_revenue=12_345)
    goal = Goal("conversion-rate", 0.25)
    told = rule(
        LONG,
        split=split(control=1 / 3),
        goal=goal,
        guardrails=(Guardrail("bounce-rate", at_most=0.02),),
        about={"hypothesis": 'Wärme <b>& "Ruhe"</b>'},
    )
    bold = rule("bold", "shelf", split=split("uneven", "bold", control=0.5))
    return book.report(told, rule("harm"), bold, holdout=0.5)


@pytest.fixture(scope="module")
def page(report: Report) -> str:
    return html(report, WRITE)


class Tags(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def named(self, *names: str) -> list[dict[str, str | None]]:
        return [attrs for tag, attrs in self.found if tag in names]


def nodes(page: str) -> Iterator[Any]:
    todo = [JustHTML(page, sanitize=False).root]
    while todo:
        node = todo.pop()
        yield node
        todo += node.children or ()


def test_the_page_needs_nothing_but_itself(page: str) -> None:
    tags = Tags(page)

    assert not tags.named("script", "link", "img", "iframe", "object", "form")
    for tag, attrs in tags.found:
        assert "src" not in attrs and not any(name.startswith("on") for name in attrs)
        assert (attrs.get("href") or "#").startswith("#"), tag
    assert "url(" not in page and "@import" not in page
    policy = tags.named("meta")[2]
    assert policy["content"] == "default-src 'none'; style-src 'unsafe-inline'"


def test_headings_go_down_step_by_step_and_nothing_is_nameless(page: str) -> None:
    tags = Tags(page)
    levels = [int(tag[1]) for tag, _ in tags.found if re.fullmatch("h[1-6]", tag)]

    assert levels[0] == 1 and levels.count(1) == 1
    assert all(
        after <= before + 1 for before, after in zip(levels, levels[1:], strict=False)
    )
    assert tags.named("html")[0]["lang"] == "en"
    assert len(tags.named("main")) == len(tags.named("header")) == 1
    assert tags.named("nav")[0]["aria-label"]
    ids = [attrs["id"] for _, attrs in tags.found if "id" in attrs]
    assert len(ids) == len(set(ids))
    for _, attrs in tags.found:
        for name in (attrs.get("aria-labelledby") or "").split():
            assert name in ids
        if (attrs.get("href") or "").startswith("#"):
            assert (attrs["href"] or "")[1:] in ids
        if (
            attrs.get("role") == "region"
        ):  # what scrolls is reached by keyboard, and named
            assert attrs["tabindex"] == "0" and attrs["aria-label"]


def test_tables_have_captions_and_headers_for_every_cell(page: str) -> None:
    tables = [node for node in nodes(page) if node.name == "table"]

    assert len(tables) > 10
    for table in tables:
        children = {
            child.name: child for child in table.children if child.name != "#text"
        }
        assert children["caption"].to_text().strip()
        heads = [one for row in _rows(children["thead"]) for one in row]
        assert all(one.attrs["scope"] == "col" for one in heads)
        for row in _rows(children["tbody"]):
            assert row[0].name == "th" and row[0].attrs["scope"] == "row"
            assert len(row) == len(heads)


def _rows(part: Any) -> list[list[Any]]:
    rows = [child for child in part.children if child.name == "tr"]
    return [[one for one in row.children if one.name in ("th", "td")] for row in rows]


def test_each_chart_is_told_in_words_and_has_a_table_with_the_same_numbers(
    page: str,
) -> None:
    charts = [ElementTree.fromstring(svg) for svg in SVG.findall(page)]
    rest = SVG.sub("", page)

    assert len(charts) >= 5
    for chart in charts:
        assert chart.get("role") == "img"
        title, words = chart.find("title"), chart.find("desc")
        assert title is not None and title.text and words is not None and words.text
        assert chart.get("aria-labelledby") == f"{title.get('id')} {words.get('id')}"
        numbers = re.findall(
            r"([−+]?[\d.]+)\N{NO-BREAK SPACE}% \(([^)]*)\)", words.text
        )
        assert numbers
        for uplift, between in numbers:
            assert (
                f'{uplift}\N{NO-BREAK SPACE}%</td><td class="number">{between}' in rest
            )


def test_what_is_proven_has_a_shape_of_its_own_beside_its_colour(page: str) -> None:
    charts = "".join(SVG.findall(page))

    assert '<circle class="dot better"' in charts
    assert '<path class="dot worse"' in charts
    assert '<circle class="dot open"' in charts
    assert "surely better" in charts and "surely worse" in charts


def test_names_are_escaped_whole_and_told_apart(page: str) -> None:
    assert "Wärme &lt;b&gt;&amp;" in page and "<b>" not in page
    assert f'<th scope="row">{LONG}' in page
    assert "züchter" in page and "…</text>" in page  # cut in the chart alone


def test_everything_that_was_asked_for_is_there(page: str) -> None:
    text = re.sub(r"\s+", " ", JustHTML(page, sanitize=False).root.to_text())
    for words in (
        "To act on now",
        "Slot hero has shown nothing",
        "What everything together earned",
        "Personalisation earned €",
        "Do not read this",
        "Keep it.",
        "Stop it.",
        "Goal: +25.0 % in how many visitors order.",
        "Hypothesis “Wärme",
        "Guardrail",
        "First touch",
        "€1,234.50",
        "nobody",
        "All metrics of",
        "by segment",
        "How to read this",
    ):
        assert words in text, words


@pytest.mark.parametrize("dark", [False, True])
def test_text_stands_out_from_its_ground(page: str, dark: bool) -> None:
    """WCAG 2.2, 1.4.3: 4.5 to 1."""
    style = page[page.index("<style>") : page.index("</style>")]
    parts = re.findall(r"(@media \([^{]*\)\s*\{\s*)?:root \{([^}]*)\}", style)
    colours: dict[str, str] = {}
    for media, values in parts:
        if not media or (dark and "dark" in media):
            if "--paper: #fff; --ink: #000" not in values:  # that of paper
                colours |= dict(re.findall(r"--(\w+): (#\w+)", values))
    assert (colours["paper"] == "#fff") != dark
    for name in ("ink", "soft", "one", "good", "bad", "wait"):
        assert _contrast(colours[name], colours["paper"]) >= 4.5, name


def _contrast(one: str, other: str) -> float:
    def light(colour: str) -> float:
        digits = colour[1:] if len(colour) == 7 else "".join(c * 2 for c in colour[1:])
        parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
        linear = [
            part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
            for part in parts
        ]
        return sum(
            w * part for w, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True)
        )

    low, high = sorted((light(one), light(other)))
    return (high + 0.05) / (low + 0.05)


def test_an_empty_report_is_a_page_that_says_what_to_do() -> None:
    page = html(Book().report(events=0), WRITE)

    assert (
        "There are no events yet" in page and "<code>shopwindow simulate</code>" in page
    )
    assert not Tags(page).named("nav")


def effect(relative: float, low: float, high: float) -> Effect:
    return Effect(
        *("conversion-rate", "a", "b", "goal", "more", ""),
        *(relative, low, high, 0.5, 0.5, 0.0, 0.0, 0.0, 0.1, 0.1),
    )


def test_marks_stand_where_their_numbers_say() -> None:
    found = whiskers(
        [("a", effect(0.1, -0.1, 0.3)), ("b", effect(0.0, -0.2, 0.2))], WRITE
    )

    assert found is not None
    a, b = found.rows
    assert b.dot == found.zero and not any(a.cut + b.cut)
    span = (a.high - found.zero) / 0.3
    for place, value in ((a.low, -0.1), (a.dot, 0.1), (b.low, -0.2), (b.high, 0.2)):
        assert abs(place - found.zero - value * span) < 1e-6


def test_one_wide_interval_does_not_press_the_others_together() -> None:
    rows = [("a", effect(0.05, -0.05, 0.15))] * 3 + [("wide", effect(0.1, -4.0, 9.0))]
    found = whiskers(rows, WRITE)

    assert found is not None
    assert found.rows[3].cut == (True, True) and found.rows[0].cut == (False, False)
    assert found.rows[0].high - found.rows[0].low > found.width / 8
    assert whiskers([], WRITE) is None


def test_json_is_what_its_schema_says(report: Report) -> None:
    told: Any = msgspec.json.decode(msgspec.json.encode(report))

    jsonschema.validate(told, msgspec.json.schema(Report))
    assert told["schema"] == 1
    assert told["experiments"][0]["arms"][0]["funnel"]["exposed"] == 1_000


def shown(report: Report, width: int, *, terminal: bool = False) -> str:
    text = StringIO()
    console = Console(
        file=text,
        width=width,
        force_terminal=terminal,
        color_system="standard" if terminal else None,
        highlight=False,
    )
    Terminal(console, WRITE).show(report)
    return text.getvalue()


@pytest.mark.parametrize("width", [40, 80, 100, 200])
def test_it_fits_the_terminal(report: Report, width: int) -> None:
    text = shown(report, width)

    assert "\x1b" not in text
    assert max(len(line.rstrip()) for line in text.splitlines()) <= width
    flat = re.sub(r"\s+", " ", text)
    for words in ("To act on now", "Keep it.", "Stop it.", "Do not read this", "Goal:"):
        assert words in flat, words
    assert not re.search(r"\d\n\s*%", text)  # a number keeps its unit
    assert re.search(
        r"^control +1,000", text, re.MULTILINE
    )  # so do names their letters


def test_a_terminal_that_shows_colours_gets_them(report: Report) -> None:
    assert "\x1b[" in shown(report, 100, terminal=True)


def test_an_empty_report_says_in_the_terminal_what_to_do() -> None:
    assert "There are no events yet" in shown(Book().report(events=0), 80)


def test_no_name_commands_a_terminal_or_turns_the_text_around() -> None:
    evil = "\x1b]0;owned\x07\x9b31m\u202ered"  # as visitors may name a campaign
    book = Book()
    for kind, name in (("site", ""), ("campaign", evil), ("rule", evil)):
        for arm in ("shown", "holdout" if kind == "site" else "held"):
            book.units(Cell(TODAY - 2, kind, name, "", arm), 300, ordered=0.3)
    book.daily("campaign", evil, range(TODAY - 2, TODAY), impressions=50)
    experiment(book, evil, {"control": (100, 0.1), evil: (100, 0.3)})
    made = book.report()
    for width in (60, 140):
        text = StringIO()
        Terminal(Console(file=text, width=width, highlight=False), WRITE).show(made)
        assert not set(text.getvalue()) & set("\x1b\x07\x9b\u202e")
        assert "owned" in text.getvalue()
    page = html(made, WRITE)
    assert not set(page) & set("\x1b\x07\x9b\u202e") and "owned" in page


def test_of_one_experiment_the_page_says_that_it_is_about_that_one_only() -> None:
    book = Book()
    book.units(Cell(TODAY, "site", "", "", "shown"), 10)
    experiment(book)
    book.daily("rule", "hero", range(TODAY, TODAY + 1), impressions=9, clicks=1)
    report = book.report(rule("hero", split=split()), experiment="tone")
    page = html(report, WRITE)
    out = StringIO()
    Terminal(Console(file=out, width=90), WRITE).show(report)

    assert "Only tone and its rules." in page and 'id="coverage"' not in page
    assert "every rule of tone is seen and clicked" in page
    assert "Only tone and its rules" in out.getvalue()


def test_what_no_waiting_helps_is_not_called_too_early() -> None:
    book = Book()
    for day in range(TODAY - 27, TODAY, 13):
        for arm in ("shown", "held"):
            book.units(Cell(day, "rule", "hardly", "", arm), 1, ordered=1.0)
            book.units(Cell(day, "rule", "soon", "", arm), 60, ordered=0.2)
    report = book.report(rule("hardly"), rule("soon"))
    page = html(report, WRITE)
    out = StringIO()
    Terminal(Console(file=out, width=120), WRITE).show(report)

    assert "Too few visitors to be said within a year: hardly." in out.getvalue()
    assert "Too early to say: hardly" not in out.getvalue()
    assert "at the traffic of these days that takes more than 2 years" in page
