"""Thumbs up and down for what a slot shows, without script; the last word counts."""

from pathlib import Path
from typing import Any

import pytest

from shopwindow import Shopwindow
from shopwindow.fragments.catalog import Catalog
from shopwindow.fragments.library import read_library
from shopwindow.fragments.thumbs import ADDRESS, FORM, buttons
from shopwindow.middleware.formaddresses import FormAddresses
from shopwindow.middleware.previews import Previews
from shopwindow.middleware.stores.memory import MemoryStore
from tests.ownpages import HERE, SHOP, Element, files, tree, visiting, window_of
from tests.shop import KEYS, browser, consent, events_of, mounted

pytestmark = pytest.mark.anyio
BANNER = (
    '{# parameters: text #}<div class="banner"><p>{{ text }}</p>'
    "{{ thumbs() }}{{ dismiss() }}</div>"
)
RATED: dict[str, str] = {"fragments/banner.html": BANNER}


def form_of(page: str) -> Element:
    """The form of the one fragment that can be rated."""
    forms = tree(page).find("form")
    (form,) = (form for form in forms if form["class"] == "sw-thumbs")
    return form


def told(window: Shopwindow, name: str) -> list[dict[str, Any]]:
    assert window.journal.wait_until_written()
    assert isinstance(window.store, MemoryStore)
    events = window.store.events.values()
    return [event.properties for event in events if event.name == name]


# -- the buttons ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["I like this", "I do not like this"]),
        ("de-AT", ["Gefällt mir", "Gefällt mir nicht"]),
        ("fr", ["I like this", "I do not like this"]),
    ],
)
def test_the_buttons_say_what_they_do(language: str, words: list[str]) -> None:
    (form,) = tree(str(buttons(language))).find("form")
    found = form.find("button")
    assert [button.text for button in found] == words
    assert [(button["name"], button["value"]) for button in found] == [
        ("rating", "up"),
        ("rating", "down"),
    ]
    assert form["method"] == "post" and form["aria-label"].endswith("?")
    content = f"<p>a</p>{buttons(language)}<p>b</p>".encode()
    assert FORM.without(content) == b"<p>a</p><p>b</p>"
    assert FORM.leading(content, b"/there").count(b'action="/there"') == 1


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ('<a href="{{ thumbs() }}">x</a>', "only stand in text"),
        ("{{ thumbs }}", '"thumbs" needs brackets'),
        ("{{ thumbs('a') }}", "takes nothing"),
        ("{{ thumbs()|upper }}", "stands alone"),
        ("{# parameters: thumbs #}", "cannot be a parameter"),
    ],
)
def test_a_wrong_use_is_found_before_it_is_shown(template: str, words: str) -> None:
    _, findings = read_library({"fragments/x.html": template}, Catalog(), "en")
    assert any(words in str(finding) for finding in findings), findings


def test_a_card_cannot_be_rated_by_itself() -> None:
    texts = {
        "fragments/shelf.html": '<ul>{{ cards(items, "one") }}</ul>',
        "fragments/one.html": "{# parameters: item #}<li>{{ item }}{{ thumbs() }}</li>",
    }
    _, (finding,) = read_library(texts, Catalog(), "en")
    assert "about the whole shelf" in str(finding)


def test_only_addresses_of_ours_are_opened() -> None:
    ratings = FormAddresses(KEYS, "rating", ADDRESS)
    token = ratings.link("banner", "hello").removeprefix(ADDRESS)
    assert ratings.open(token) == ("banner", "hello")
    # What sends a fragment away does not rate it.
    window = window_of()
    assert window.dismissals.open(token) is None
    assert ratings.open(token[:-1]) is None


# -- what they do --------------------------------------------------------------------------


async def test_the_last_of_two_votes_counts_and_carries_the_decision() -> None:
    window = window_of(more=RATED)
    async with visiting(window, "/") as client:
        page = await client.get("/?size=big")
        form = form_of(page.text)
        referer = {"referer": "http://127.0.0.1/?size=big"}
        for rating in ("up", "down"):
            data = {"rating": rating}
            answer = await client.post(form["action"], data=data, headers=referer)
            assert answer.status_code == 303
            assert answer.headers["location"] == "/?size=big"
        known = await client.get(HERE + "known")
        assert "You said that you do not like this." in known.text
        assert "You said that you like this." not in known.text
        # It goes on being shown: it was rated, and not sent away.
        assert "Hello" in (await client.get("/")).text
    decisions = [
        promotion["decision"]
        for page in told(window, "Promotion Viewed")
        for promotion in page["promotions"]
    ]
    first, second = told(window, "Promotion Rated")
    assert first == {
        "promotion_id": "banner",
        "rule": "hello",
        "rating": "up",
        "decision": first["decision"],
    }
    assert second == {**first, "rating": "down"}
    assert first["decision"] == decisions[1]


async def test_a_dismissal_carries_the_decision_too() -> None:
    window = window_of(more=RATED)
    async with visiting(window) as client:
        forms = tree((await client.get("/")).text).find("form")
        (away,) = (form for form in forms if form["class"] == "sw-dismiss")
        await client.post(away["action"])
    ((shown,),) = (page["promotions"] for page in told(window, "Promotion Viewed"))
    (dismissed,) = told(window, "Promotion Dismissed")
    assert dismissed["decision"] == shown["decision"]


@pytest.mark.parametrize(
    ("data", "status"),
    [
        ({}, 400),
        ({"rating": "sideways"}, 400),
        ({"rating": ["up", "down"]}, 400),
        ({"rating": "x" * 2_000}, 413),
    ],
)
async def test_what_is_neither_up_nor_down_is_refused(
    data: dict[str, Any], status: int
) -> None:
    window = window_of(more=RATED)
    async with visiting(window, "/") as client:
        form = form_of((await client.get("/")).text)
        answer = await client.post(form["action"], data=data)
        assert answer.status_code == status
    assert told(window, "Promotion Rated") == []


async def test_it_takes_a_post_of_this_site_and_a_signed_address() -> None:
    window = window_of(more=RATED)
    up = {"rating": "up"}
    async with visiting(window, "/") as client:
        link = form_of((await client.get("/")).text)["action"]
        answer = await client.get(link)
        assert answer.status_code == 405 and answer.headers["allow"] == "POST"
        headers = {"sec-fetch-site": "cross-site"}
        answer = await client.post(link, data=up, headers=headers)
        assert answer.status_code == 403
        assert (await client.post(ADDRESS + "x.y", data=up)).status_code == 404
    assert told(window, "Promotion Rated") == []


async def test_who_cannot_be_remembered_is_not_offered_it() -> None:
    window = window_of(more=RATED)
    async with window, browser(mounted(SHOP, window)) as client:
        page = await client.get("/")
        assert "Hello" in page.text and "<form" not in page.text
        link = window.ratings.link("banner", "hello")
        answer = await client.post(link, data={"rating": "up"})
        assert answer.status_code == 200 and "have not agreed" in answer.text
        await consent(client, "statistics")
        assert "<form" not in (await client.get("/")).text
        assert not events_of(window)


async def test_the_buttons_of_a_preview_lead_nowhere(tmp_path: Path) -> None:
    personas = "now: 2026-11-21 10:00\npersonas:\n  ann: {consent: [personalization]}\n"
    more = {**RATED, "rules/tests/personas.yaml": personas}
    for name, text in files(more=more).items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    async with Shopwindow(tmp_path, keys=KEYS) as window:
        async with browser(mounted(SHOP, window)) as client:
            link = Previews(KEYS).link("http://127.0.0.1/", "ann")
            action = form_of((await client.get(link)).text)["action"]
            assert action == ADDRESS + "nothing"
            headers = {"referer": link}
            answer = await client.post(action, data={"rating": "up"}, headers=headers)
            assert answer.status_code == 303
