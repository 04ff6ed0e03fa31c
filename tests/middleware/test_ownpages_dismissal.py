"""Not interested: what a slot shows is sent away, without script, and stays away for a while."""

from collections.abc import Sequence
from pathlib import Path

import httpx
import pytest

from shopwindow import Shopwindow
from shopwindow.fragments.catalog import Catalog
from shopwindow.fragments.dismissal import ADDRESS, FORM, button
from shopwindow.fragments.library import read_library
from shopwindow.middleware.formaddresses import FormAddresses
from shopwindow.middleware.previews import Previews
from shopwindow.rules.facts import DAY, Event, Profile
from shopwindow.rules.outcome import DISMISSED
from tests.ownpages import SHOP, files, tree, visiting, window_of
from tests.shop import KEYS as SHOP_KEYS
from tests.shop import browser, consent, events_of, mounted

pytestmark = pytest.mark.anyio
ROOT = Path(__file__).parents[2]
KEYS = (b"new key, sixteen letters", b"old key, sixteen letters")


def forms(answer: httpx.Response) -> dict[str, str]:
    """Where the forms of a page lead, by the text of the fragment that they stand in."""
    return {
        str(form.above.find("p")[0].text): form["action"]
        for form in tree(answer.text).find("form")
        if form.above is not None
    }


# -- addresses -----------------------------------------------------------------------------


def test_only_addresses_of_ours_are_opened() -> None:
    def made(keys: Sequence[bytes]) -> FormAddresses:
        return FormAddresses(keys, "dismissal", ADDRESS)

    dismissals = made(KEYS)
    link = dismissals.link("banner", "tea-hero")
    assert link.startswith(ADDRESS)
    token = link.removeprefix(ADDRESS)
    assert dismissals.open(token) == ("banner", "tea-hero")
    old = made(KEYS[1:]).link("banner", "").removeprefix(ADDRESS)
    assert dismissals.open(old) == ("banner", "")
    content, _, seal = token.rpartition(".")
    for wrong in (
        "", ".", token + "A", token[:-1], f"{content}=.{seal}", f".{seal}", "ä." + seal,
        content, token.upper(), f"{content}.{seal}é", f"{content[:-1]}.{seal}",
    ):  # fmt: skip
        assert dismissals.open(wrong) is None, wrong
    assert made(KEYS[:1]).open(old) is None


def test_a_button_says_what_it_is_told_and_nothing_breaks_out_of_it() -> None:
    assert "Kein Interesse" in button("", "de-AT") and "Not interested" in button(
        "", "fr"
    )
    made = button('</button><script>"', "en")
    assert "<script" not in made and made.count("</form>") == 1
    content = f"<p>a</p>{made}<p>b</p>{button('', 'en')}".encode()
    assert FORM.without(content) == b"<p>a</p><p>b</p>"
    assert FORM.leading(content, b"/there").count(b'action="/there"') == 2


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ('<a href="{{ dismiss() }}">x</a>', "only stand in text"),
        ('<p title="{{ dismiss() }}">x</p>', "only stand in text"),
        ("<title>{{ dismiss() }}</title>", "only stand in text"),
        ("{{ dismiss }}", '"dismiss" needs brackets'),
        ("{{ dismiss('a', 'b') }}", "takes the words on its button"),
        ("{{ dismiss()|upper }}", "stands alone"),
        ("{# parameters: dismiss #}", "cannot be a parameter"),
        ("{% set dismiss = 1 %}", "cannot be set"),
    ],
)
def test_a_wrong_use_is_found_before_it_is_shown(template: str, words: str) -> None:
    _, findings = read_library({"fragments/x.html": template}, Catalog(), "en")
    assert any(words in str(finding) for finding in findings), findings


def test_a_card_cannot_be_sent_away_by_itself() -> None:
    files = {
        "fragments/shelf.html": '<ul>{{ cards(items, "one") }}</ul>',
        "fragments/one.html": "{# parameters: item #}<li>{{ item }}{{ dismiss() }}</li>",
        "fragments/whole.html": '<div>{% include "part" %}</div>',
        "fragments/part.html": "{{ dismiss() }}",
    }
    library, findings = read_library(files, Catalog(), "en")
    (finding,) = findings
    assert "sends the whole shelf away" in str(finding)
    assert library.fragments["whole"].version("").mentions.dismiss


def test_fragments_that_come_with_us_have_the_way_where_a_button_can_stand() -> None:
    folders = ["fragments/templates", "examples/recipes/fragments"]
    folders += [
        f"examples/{s}/personalization/fragments" for s in ("petshop", "fasteners")
    ]
    missing = {
        path.name
        for folder in folders
        for path in (ROOT / folder).glob("*.html")
        if "{{ dismiss() }}" not in path.read_text()
    }
    # Cards of a shelf, rows of a table, entries of a list, the shop's own order, and a word inside
    # of a link.
    assert missing == {
        "product-card.html", "product-row.html", "guide-entry.html", "guide-lines.html",
        "own-first.html", "logo-for.html",
    }  # fmt: skip


# -- what it does --------------------------------------------------------------------------


async def test_what_was_sent_away_is_gone_on_the_very_next_page() -> None:
    window = window_of()
    async with visiting(window, "/p/tea-1?size=big") as client:
        page = await client.get("/p/tea-1?size=big")
        sent = forms(page)
        assert {*sent} == {"More tea", "Hello"}
        referer = "http://127.0.0.1/p/tea-1?size=big"
        answer = await client.post(sent["More tea"], headers={"referer": referer})
        assert answer.status_code == 303
        assert answer.headers["location"] == "/p/tea-1?size=big"
        after = await client.get("/p/tea-1")
        # The other rule with the same fragment goes on.
        assert {*forms(after)} == {"Hello"} and "Default" in after.text
        assert events_of(window).count("Promotion Dismissed") == 1


@pytest.mark.parametrize(
    ("referer", "back"),
    [
        ("", "/p/tea-1"),  # the shop tells nobody: as the address says
        ("https://evil.example/x", "/p/tea-1"),
        ("http://127.0.0.1.evil.example/x", "/p/tea-1"),
        ("http://127.0.0.1//evil.example", "/p/tea-1"),
        ("http://127.0.0.1/c/tea?page=2", "/c/tea?page=2"),
    ],
)
async def test_it_leads_back_to_where_it_stood_and_nowhere_else(
    referer: str, back: str
) -> None:
    window = window_of()
    async with visiting(window, "/p/tea-1") as client:
        sent = forms(await client.get("/p/tea-1"))["Hello"]
        headers = {"referer": referer} if referer else {}
        answer = await client.post(sent, headers=headers)
        assert answer.headers["location"] == back
        evil = sent.partition("?")[0] + "?to=//evil.example"
        assert (await client.post(evil)).headers["location"] == "/"


async def test_who_cannot_be_remembered_is_not_offered_it() -> None:
    window = window_of()
    async with window, browser(mounted(SHOP, window)) as client:
        page = await client.get("/")
        assert "Hello" in page.text and "<form" not in page.text
        link = window.dismissals.link("banner", "hello")
        answer = await client.post(link)
        assert answer.status_code == 200 and "have not agreed" in answer.text
        await consent(client, "statistics")
        assert "<form" not in (await client.get("/")).text
        assert not events_of(window)


async def test_it_takes_a_post_of_this_site_and_a_signed_address() -> None:
    window = window_of()
    async with visiting(window, "/") as client:
        link = forms(await client.get("/"))["Hello"]
        answer = await client.get(link)
        assert answer.status_code == 405 and answer.headers["allow"] == "POST"
        headers = {"sec-fetch-site": "cross-site"}
        assert (await client.post(link, headers=headers)).status_code == 403
        assert (await client.post(ADDRESS + "x.y")).status_code == 404
        assert (await client.post(ADDRESS)).status_code == 404
        assert "Promotion Dismissed" not in events_of(window)


def test_a_dismissal_lasts_thirty_days_for_that_rule_alone() -> None:
    from shopwindow.rules.attributes import facts
    from shopwindow.rules.decide import decide, one_by_one
    from shopwindow.rules.explain import explain
    from shopwindow.rules.facts import Context

    site = window_of().site
    properties = {"promotion_id": "banner", "rule": "hello"}
    profile = site.learn(
        Profile(), Event("1", "Promotion Dismissed", "v", 0.0, 0, properties)
    )
    both = frozenset(("personalization", "statistics"))
    assert DISMISSED == 30 * DAY
    for seconds, shown in [
        (1.0, False),
        (DISMISSED - 1.0, False),
        (DISMISSED + 0.0, True),
    ]:
        context = Context(seconds, int(seconds // DAY))
        known = facts(site.rules, profile, context, both, {})
        for way in (decide, one_by_one):
            decision = way(site.rules, known, "home.teaser")
            assert decision.shown is shown
            assert shown or decision.skipped == (("hello", "dismissed"),)
        if not shown:
            words = str(explain(site.rules, known, "home.teaser"))
            assert "dismissed" in words and "pauses for 30 days" in words


async def test_the_button_of_a_preview_leads_nowhere(tmp_path: Path) -> None:
    personas = "now: 2026-11-21 10:00\npersonas:\n  ann: {consent: [personalization]}\n"
    for name, text in files(more={"rules/tests/personas.yaml": personas}).items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    async with Shopwindow(tmp_path, keys=SHOP_KEYS) as window:
        async with browser(mounted(SHOP, window)) as client:
            link = Previews(SHOP_KEYS).link("http://127.0.0.1/", "ann")
            sent = forms(await client.get(link))["Hello"]
            assert sent == ADDRESS + "nothing"
            answer = await client.post(sent, headers={"referer": link})
            assert answer.status_code == 303
