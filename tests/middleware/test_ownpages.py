"""The visitor's own pages: what they say, and what their forms do."""

import asyncio
import json
import re
from threading import Event as Signal
from time import monotonic
from typing import Any

import httpx
import msgspec
import pytest
from starlette.requests import Request
from starlette.responses import HTMLResponse

from shopwindow.middleware.ownpages import records
from shopwindow.middleware.ownpages.download import plain
from shopwindow.middleware.stores import StoreError
from shopwindow.middleware.stores.memory import MemoryStore
from shopwindow.rules.encoding import decode
from shopwindow.rules.facts import Event, Profile
from tests.ownpages import (
    HERE,
    SHOP,
    files,
    filled_in,
    tree,
    visiting,
    window_of,
)
from tests.shop import browser, consent, events_of, mounted

pytestmark = pytest.mark.anyio
PAGES = ("", "consent", "preferences", "known", "erase")


def main(answer: httpx.Response) -> str:
    (element,) = tree(answer.text).find("main")
    return element.text


# -- consent -------------------------------------------------------------------------------


async def test_consent_says_what_holds_and_changes_it() -> None:
    window = window_of()
    async with window, browser(mounted(SHOP, window)) as client:
        first = await client.get(HERE + "consent")
        assert "You have not answered yet" in main(first)
        assert not client.cookies, "a page set a cookie before anybody answered"
        form = filled_in(first.text)
        for choice, holds in [
            ("granted", "Personalised pages, Statistics."),
            ("statistics", "to: Statistics."),
            ("personalization", "to: Personalised pages."),
            ("denied", "You said no."),
        ]:
            after = await client.post(
                HERE + "consent", data=form | {"choice": choice}, follow_redirects=True
            )
            assert holds in main(after)
            assert after.url.path == HERE + "consent" and "Saved." in main(after)
            (current,) = [
                one for one in tree(after.text).find("button") if one["aria-current"]
            ]
            assert current["value"] == choice


async def test_what_is_withdrawn_is_erased() -> None:
    window = window_of()
    async with visiting(window, "/p/tea-1") as client:
        assert events_of(window)
        page = await client.get(HERE + "consent")
        (button,) = [b for b in tree(page.text).find("button") if b["class"] == "grave"]
        assert button["value"] == "denied"
        await client.post(
            HERE + "consent", data=filled_in(page.text) | {"choice": "denied"}
        )
        assert not events_of(window)
        assert isinstance(window.store, MemoryStore) and not window.store.profiles


async def test_a_browser_that_objects_is_told_what_that_does() -> None:
    window = window_of()
    async with window, browser(mounted(SHOP, window), **{"sec-gpc": "1"}) as client:
        assert "Global Privacy Control" in main(await client.get(HERE + "consent"))
        await consent(client, "denied")
        assert "You said no" in main(await client.get(HERE + "consent"))


@pytest.mark.parametrize(
    ("provider", "said"),
    [
        ('provider = "cookiebot"', "with Cookiebot"),
        ('provider = { cookie = "x", granted-when = "contains:yes" }', "itself"),
    ],
)
async def test_another_tool_that_asks_is_named(provider: str, said: str) -> None:
    toml = files()["site.toml"] + f"\n[consent]\n{provider}\n"
    window = window_of(more={"site.toml": toml})
    async with window, browser(mounted(SHOP, window)) as client:
        page = await client.get(HERE + "consent")
        assert said in main(page) and not tree(page.text).find("form")


async def test_a_program_is_told_that_nothing_is_kept() -> None:
    window = window_of()
    robot = {"user-agent": "Mozilla/5.0 (compatible; somebot/1.0)"}
    async with window, browser(mounted(SHOP, window), **robot) as client:
        for page in PAGES:
            answer = await client.get(HERE + page)
            assert answer.status_code == 200 and "looks like a program" in main(answer)


# -- interests -----------------------------------------------------------------------------


async def test_an_answer_is_kept_and_taken_back() -> None:
    window = window_of()
    async with visiting(window, "/p/tea-1") as client:
        page = await client.get(HERE + "preferences")
        legends = [one.text for one in tree(page.text).find("legend")]
        # The main categories; then what the visitor looked at, a level deeper, too.
        assert legends[:5] == ["Tea & herbs", "Cups", "Green tea", "Leaf", "organic"]
        form = filled_in(page.text)
        assert {form[name] for name in form if name.startswith("category:")} == {""}
        for wanted in ("never", "more", ""):
            answer = await client.post(
                HERE + "preferences",
                data=form | {"category:cups": wanted},
                follow_redirects=True,
            )
            assert "Saved." in main(answer)
            form = filled_in(answer.text)
            assert form["category:cups"] == wanted
        assert events_of(window).count("Preference Set") == 3, "only what changed"


async def test_what_nobody_asked_is_not_kept() -> None:
    window = window_of()
    async with visiting(window) as client:
        form = filled_in((await client.get(HERE + "preferences")).text)
        form |= {"category:" + "x" * 50: "more", "category:cups": "always", "x": "more"}
        await client.post(HERE + "preferences", data=form)
        assert "Preference Set" not in events_of(window)


SAY: list[tuple[str, str, Any]] = [
    ("pet", "dog", "dog"),
    ("pet-born", "2024-02-29", "2024-02-29"),
    ("pet-weight", "7.5", 7.5),
    ("pet-weight", "7", 7),
    ("newsletter", "true", True),
    ("newsletter", "false", False),
    ("likes", "mint,  Ähren ,", ["mint", "Ähren"]),
    ("nickname", "Grüße {words} <b>", "Grüße {words} <b>"),
]


@pytest.mark.parametrize(("name", "said", "kept"), SAY)
async def test_visitors_say_attributes_themselves(
    name: str, said: str, kept: Any
) -> None:
    window = window_of()
    async with visiting(window, "/") as client:
        form = filled_in((await client.get(HERE + "preferences")).text)
        answer = await client.post(
            HERE + "preferences",
            data=form | {f"say:{name}": said},
            follow_redirects=True,
        )
        assert "Saved." in main(answer)
        assert isinstance(window.store, MemoryStore)
        window.journal.wait_until_written()
        (profile,) = window.store.profiles.values()
        assert profile.attributes == {name: kept}
        assert profile.told[name].source == "preference"
        form = filled_in(answer.text)
        again = form[f"say:{name}"]
        assert again == (said if name != "likes" else "mint, Ähren")
        await client.post(HERE + "preferences", data=form | {f"say:{name}": ""})
        window.journal.wait_until_written()
        (profile,) = window.store.profiles.values()
        assert profile.attributes == {}


@pytest.mark.parametrize(
    ("name", "said", "words"),
    [
        ("pet", "horse", "“horse” is not one of the answers."),
        ("pet-born", "2024-02-30", "“2024-02-30” is not a date."),
        ("pet-weight", "heavy", "“heavy” is not a number."),
        ("pet-weight", "nan", "“nan” is not a number."),
        ("nickname", "x" * 501, "too long"),
    ],
)
async def test_what_cannot_be_read_is_said_beside_its_field(
    name: str, said: str, words: str
) -> None:
    window = window_of()
    async with visiting(window) as client:
        form = filled_in((await client.get(HERE + "preferences")).text)
        form |= {f"say:{name}": said, "say:likes": "mint", "category:tea": "more"}
        answer = await client.post(HERE + "preferences", data=form)
        assert answer.status_code == 422 and "Nothing was changed yet" in main(answer)
        if name != "pet":  # a browser sends nothing else of a list
            (field,) = [
                one
                for one in tree(answer.text).find("input")
                if one["name"] == f"say:{name}"
            ]
            assert field["aria-invalid"] == "true" and field["value"] == said
            (about,) = [
                one
                for one in tree(answer.text).find("p")
                if one["id"] == field["aria-describedby"]
            ]
            assert words in about.text
        kept = filled_in(answer.text)
        assert kept["say:likes"] == "mint" and kept["category:tea"] == "more"
        assert not {"Preference Set", "Attributes Set"} & {*events_of(window)}


async def test_the_very_next_page_knows() -> None:
    window = window_of()
    async with visiting(window, "/p/tea-1") as client:
        assert "More tea" in (await client.get("/")).text
        form = filled_in((await client.get(HERE + "preferences")).text)
        await client.post(HERE + "preferences", data=form | {"say:pet": "dog"})
        assert "For dogs" in (await client.get("/")).text


# -- what is known -------------------------------------------------------------------------


async def test_all_is_told_with_its_source_and_why() -> None:
    window = window_of()
    async with visiting(window, "/p/tea-1", "/") as client:
        form = filled_in((await client.get(HERE + "preferences")).text)
        await client.post(HERE + "preferences", data=form | {"say:pet": "cat"})
        said = main(await client.get(HERE + "known"))
        for words in (
            "the large picture", "You came back for tea.", "Sencha", "Green tea",
            "Who lives with you?", "cat", "Told by you, on these pages",
            "Observed in this shop", "Because everybody sees it there.",
        ):  # fmt: skip
            assert words in said, words
        assert "tea-hero" not in said and "rules/" not in said


async def test_what_a_rule_says_about_something_sensitive_stays_inside() -> None:
    window = window_of()
    async with visiting(window, "/") as client:
        assert window.journal.wait_until_written()
        assert isinstance(window.store, MemoryStore)
        ((visitor, profile),) = window.store.profiles.items()
        shown = {"promotion_id": "banner", "slot": "home.hero", "rule": "secret-hero"}
        properties = {"promotions": [shown]}
        now = profile.last_seen
        event = Event("e1", "Promotion Viewed", visitor, now, 1, properties)
        window.journal.note(event, None, False)
        said = main(await client.get(HERE + "known"))
        assert "Because the shop knows you as a customer." in said
        assert "illness" not in said and "secret" not in said


async def test_nothing_known_is_said_so() -> None:
    window = window_of()
    async with visiting(window) as client:
        said = main(await client.get(HERE + "known"))
        assert "Nothing is kept about you yet." in said


def marked(profile: type[msgspec.Struct]) -> tuple[dict[str, Any], list[str]]:
    """A profile with something to be found again in every field, and what that is."""
    values: dict[str, Any] = {}
    marks: list[str] = []
    for number, field in enumerate(msgspec.structs.fields(profile)):
        mark = 7_000_000 + number
        text = f"mark{mark}"
        sample = {
            "float": float(mark),
            "int": mark,
            "str": text,
            "dict[str, int]": {text: mark},
            "dict[str, str]": {text: text},
            "dict[str, typing.Any]": {text: [text]},
            "tuple[str, ...]": (text,),
            "tuple[int, ...]": (mark,),
        }
        kind = field.type.__name__ if isinstance(field.type, type) else ""
        kind = kind if str(field.type).startswith("<") else str(field.type)
        if kind not in sample:
            made = {
                "Counter": [float(mark), [mark, 1]],
                "Interest": [float(mark), 1.0],
                "Told": [text, float(mark)],
                "Answer": [text, float(mark)],
            }
            # Tables are read one by one: their fields say nothing of what is in them.
            tables = {"counts": "Counter", "interests": "Interest"}
            kind = (
                f"dict[str, dict[str, {tables[field.name]}]]" if "Raw" in kind else kind
            )
            (inner,) = [name for name in made if name in kind]
            deep = kind.count("dict[") == 2
            table: Any = {text: made[inner]}
            sample[kind] = {f"viewed {text}": table} if deep else table
        values[field.name] = sample[kind]
        marks.append(str(mark))
    return values, marks


def test_a_download_has_every_field_of_a_profile() -> None:
    values, marks = marked(Profile)
    profile = decode(msgspec.msgpack.encode([*values.values()]))
    said = json.dumps(plain(profile))
    assert [mark for mark in marks if mark not in said] == []
    assert [*plain(profile)] == [*Profile.__struct_fields__]


async def test_a_download_is_a_file_with_all_of_it() -> None:
    window = window_of()
    async with visiting(window, "/p/tea-1", "/search?q=x") as client:
        answer = await client.get(HERE + "download")
        assert answer.headers["content-type"] == "application/json"
        name = answer.headers["content-disposition"]
        assert re.match(
            r'attachment; filename="Tea---Cups-\d{4}-\d\d-\d\d\.json"', name
        )
        said = answer.json()
        assert said["profile"]["counts"]["viewed product"]["tea-1"]["days"][1] == 1
        names = {event["name"] for event in said["events"]}
        assert names == {"Product Viewed", "Promotion Viewed"}
        assert said["consent"]["purposes"] == ["personalization", "statistics"]


# -- erase ---------------------------------------------------------------------------------


async def test_erase_asks_and_then_leaves_nothing() -> None:
    window = window_of()
    async with visiting(window, "/p/tea-1") as client:
        question = await client.get(HERE + "erase")
        assert events_of(window), "asking erased"
        before = dict(client.cookies)
        answer = await client.post(HERE + "erase", data=filled_in(question.text))
        assert answer.status_code == 200 and "Erased." in main(answer)
        assert not client.cookies and before
        assert isinstance(window.store, MemoryStore)
        assert not window.store.profiles and not window.store.events
        # The old cookie is one of nobody any more.
        client.cookies.update(before)
        assert "Nothing is kept about you" in main(await client.get(HERE + "known"))
        assert not events_of(window)


class Frozen(MemoryStore):
    """A store that cannot be written to, or read, for a while."""

    writing = reading = True

    def commit(self, *arguments: Any, **named: Any) -> None:
        if not self.writing:
            raise StoreError("not now")
        super().commit(*arguments, **named)

    def fetch(self, visitor: str) -> Profile | None:
        if not self.reading:
            raise StoreError("not now")
        return super().fetch(visitor)


async def test_what_is_not_done_yet_is_not_said_to_be_done() -> None:
    store = Frozen()
    window = window_of(store)
    async with visiting(window, "/p/tea-1") as client:
        window.journal.wait_until_written()
        erase = filled_in((await client.get(HERE + "erase")).text)
        prefer = filled_in((await client.get(HERE + "preferences")).text)
        store.writing = False
        answer = await client.post(
            HERE + "preferences",
            data=prefer | {"say:pet": "cat"},
            follow_redirects=True,
        )
        assert "Our memory is slow" in main(answer)
        assert filled_in(answer.text)["say:pet"] == "cat", "it was lost"
        answer = await client.post(HERE + "erase", data=erase)
        assert "is carried out as soon as it does" in main(answer)
        assert not client.cookies and store.profiles
        store.writing = True
        assert window.journal.wait_until_written()
        assert not store.profiles


async def test_a_store_that_cannot_be_read_is_said_so() -> None:
    store = Frozen()
    window = window_of(store)
    async with visiting(window, "/p/tea-1") as client:
        window.journal.wait_until_written()
        store.reading = False
        for page in ("preferences", "known", "download"):
            answer = await client.get(HERE + page)
            assert answer.status_code == 503 and int(answer.headers["retry-after"]) > 0
            assert "Nothing is lost" in main(answer)
        for page in ("", "consent", "erase"):
            assert (await client.get(HERE + page)).status_code == 200
        store.reading = True


# -- one visitor's data is not another's ---------------------------------------------------


async def test_after_logout_a_shared_browser_shows_nothing() -> None:
    async def shop(scope: Any, receive: Any, send: Any) -> None:
        visit = Request(scope).state.shopwindow
        if scope["path"] == "/login":
            visit.identify("customer-17")
        elif scope["path"] == "/logout":
            visit.forget()
        await HTMLResponse("<p>ok</p>")(scope, receive, send)

    window = window_of()
    async with window, browser(mounted(shop, window)) as client:
        await consent(client)
        await client.get("/p/tea-1")
        await client.post("/login")
        assert "Sencha" in main(await client.get(HERE + "known"))
        assert "as a customer" in main(await client.get(HERE + "erase"))
        await client.post("/logout")
        for page in ("known", "preferences"):
            assert "Sencha" not in main(await client.get(HERE + page))
        said = (await client.get(HERE + "download")).json()
        assert said["profile"] is None and said["events"] == []
        assert "Nothing is kept about you yet" in main(await client.get(HERE + "known"))


class Hanging(MemoryStore):
    """A store whose answers never come, and whose rows are never read to their end."""

    async def never(self) -> Profile | None:
        await asyncio.sleep(60)
        return None

    def fetch(self, visitor: str) -> Any:
        return self.never()


async def test_a_store_that_hangs_is_not_waited_for_without_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(records, "PATIENCE", 0.2)
    window = window_of(Hanging())
    async with visiting(window) as client:
        for page in ("known", "preferences", "download"):
            started = monotonic()
            answer = await client.get(HERE + page)
            assert answer.status_code == 503 and monotonic() - started < 1.0
        form = {"ticket": "x", "category:tea": "more"}
        assert (await client.post(HERE + "preferences", data=form)).status_code == 503


async def test_readings_that_hang_take_a_few_threads_and_no_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(records, "PATIENCE", 0.2)
    release, reading = Signal(), []
    window = window_of()

    def keeper(day: Any) -> Any:
        reading.append(1)
        release.wait(10)
        raise StoreError("not now")

    async with visiting(window, "/p/tea-1") as client:
        window.journal.wait_until_written()
        monkeypatch.setattr(window.store, "keeper", keeper)
        asked = [client.get(HERE + "known") for _ in range(3 * records.AT_ONCE)]
        answers = await asyncio.gather(*asked)
        assert {answer.status_code for answer in answers} == {503}
        assert len(reading) == records.AT_ONCE
        release.set()
        monkeypatch.undo()
        while records._places._value < records.AT_ONCE:
            await asyncio.sleep(0.01)
        assert (await client.get(HERE + "known")).status_code == 200


async def test_who_is_logged_in_is_not_asked_before_the_app_could_know() -> None:
    def customer(scope: Any) -> None:
        raise AssertionError("the app's own authentication has not run")

    window = window_of()
    window.customer = customer
    async with window, browser(mounted(SHOP, window)) as client:
        await consent(client)
        for page in PAGES:
            assert (await client.get(HERE + page)).status_code == 200
        assert not window.counters["warning customer"]
