"""Clicks as real browsers and servers tell them: by redirects, and by the script."""

import json
import os
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from shopwindow.middleware.clickscript import script
from tests.asgi import BROWSER
from tests.chromium import chromium
from tests.servers import free_port, serving
from tests.shop import site_folder

FRAGMENT = """\
<a id="tea" href="{{ click('/p/tea-1') }}">Tea</a>
<a id="cup" target="_blank" href="{{ click('/p/cup-1?a=1&b=2') }}"><b id="within">Cup</b></a>
<a id="away" href="{{ click('https://elsewhere.example/x') }}">Elsewhere</a>
"""
RULES = "version: 1\nrules: [{id: links, slot: home.hero, show: links}]\n"
KEY = "a key of sixteen or more characters"
FOR_PEOPLE = {"user-agent": BROWSER.decode(), "accept": "text/html"}


class Shop(NamedTuple):
    url: str
    store: Path

    def events(self, name: str, number: int = 0) -> list[dict[str, Any]]:
        """What is told by all events of this name, once there are so many."""
        end = time.monotonic() + 10
        while True:
            with sqlite3.connect(self.store) as database:
                found = database.execute(
                    "SELECT properties FROM events WHERE name = ? ORDER BY time, id",
                    (name,),
                ).fetchall()
            if len(found) >= number or time.monotonic() > end:
                return [json.loads(text) for (text,) in found]
            time.sleep(0.05)


@contextmanager
def served(tmp_path: Path, by: str) -> Iterator[Shop]:
    """The shop behind uvicorn, its links told by a redirect or by the script."""
    site = site_folder(
        tmp_path / "site",
        site=f'[clicks]\nby = "{by}"\n',
        rules=RULES,
    )
    (site / "fragments/links.html").write_text(FRAGMENT)
    store, port = tmp_path / "events.db", free_port()
    environment = os.environ | {
        "SHOP_SITE": str(site),
        "SHOPWINDOW_STORE": f"sqlite:///{store}",
        "SHOPWINDOW_SECRET_KEYS": KEY,
    }
    command = [sys.executable, "-m", "uvicorn", "tests.serve_clicks:app"]
    command += ["--port", str(port), "--log-level", "warning"]
    with serving(command, port, tmp_path / "uvicorn.log", environment):
        yield Shop(f"http://127.0.0.1:{port}", store)


@contextmanager
def person(shop: Shop) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=shop.url, headers=FOR_PEOPLE) as client:
        client.post("/-/shopwindow/consent", data={"choice": "granted"})
        yield client


def links(page: str, name: str) -> list[str]:
    """The addresses in an attribute of the page's links."""
    parts = page.split(f' {name}="')[1:]
    return [part.partition('"')[0] for part in parts if "/-/shopwindow/click" in part]


def test_a_link_leads_on_counts_and_tells_nobody(tmp_path: Path) -> None:
    with served(tmp_path, "redirect") as shop, person(shop) as client:
        page = client.get("/").text
        assert "<script" not in page
        tea, cup, away = links(page, "href")
        for number, link in enumerate((tea, tea, cup, away)):
            answer = client.get(link)
            assert answer.status_code == 303
            assert answer.headers["cache-control"] == "private, no-store"
            policy = answer.headers["referrer-policy"]
            assert policy == "strict-origin-when-cross-origin", number
        assert answer.headers["location"] == "https://elsewhere.example/x"
        # Not these: nobody looks, or has only asked what there is, or altered something.
        client.get(tea, headers={"sec-purpose": "prefetch;prerender"})
        client.head(tea)
        assert client.get(tea[:-1]).status_code == 404
        foreign = {"sec-fetch-site": "cross-site"}
        assert client.post(tea, headers=foreign).status_code == 403
        # What is no decision is not believed, and leads on all the same.
        forged = tea.replace("~", "~x", 1)
        assert client.get(forged).headers["location"] == "/p/tea-1"
        clicks = shop.events("Promotion Clicked", 5)
        (shown,) = shop.events("Promotion Viewed", 1)
    decision = shown["promotions"][0]["decision"]
    assert [one.get("decision") for one in clicks] == [decision] * 4 + [None]
    assert {one["promotion_id"] for one in clicks} == {"links"}


def test_the_script_is_small_of_our_own_and_kept_by_its_name(tmp_path: Path) -> None:
    content, mark = script()
    assert len(content) <= 1024
    with served(tmp_path, "script") as shop, person(shop) as client:
        page = client.get("/").text
        name = f"/-/shopwindow/clicks.{mark}.js"
        assert page.count("<script") == page.count(f'src="{name}" async></script>') == 1
        answer = client.get(name)
        assert answer.content == content
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers["content-type"].startswith("text/javascript")
        assert "set-cookie" not in answer.headers and "vary" not in answer.headers
        tag = {"if-none-match": answer.headers["etag"]}
        assert client.get(name, headers=tag).status_code == 304
        assert client.head(name).headers["content-length"] == str(len(content))
        for other in ("/-/shopwindow/clicks.js", "/-/shopwindow/clicks.0123.js"):
            answer = client.get(other)
            assert answer.content == content
            assert answer.headers["cache-control"] == "public, max-age=3600"
    with served(tmp_path, "script") as shop:
        stranger = httpx.get(shop.url, headers=FOR_PEOPLE).text
        assert 'href="/p/tea-1"' in stranger
        assert "<script" not in stranger and "~" not in stranger


def test_a_browser_tells_of_every_way_to_follow_a_link(tmp_path: Path) -> None:
    with served(tmp_path, "script") as shop, chromium() as browser:
        home = f"{shop.url}/"
        browser.open(home)
        browser.run(
            "fetch('/-/shopwindow/consent', {method: 'POST', redirect: 'manual',"
            " body: new URLSearchParams({choice: 'granted'})}).then(() => 1)"
        )
        browser.open(f"{home}?again")
        address = browser.run("document.querySelector('#cup').getAttribute('href')")
        assert address == "/p/cup-1?a=1&b=2"
        browser.until("window.shopwindowClicks")
        told = 0

        def counted(number: int) -> list[dict[str, Any]]:
            nonlocal told
            told += number
            found = shop.events("Promotion Clicked", told)
            assert len(found) == told
            return found

        browser.run("document.querySelector('#tea').click()")  # nobody's hand
        browser.until("location.pathname == '/p/tea-1'")
        browser.open(f"{home}?again")
        browser.until("window.shopwindowClicks")
        browser.click("#within")  # in a tab of its own
        counted(1)
        browser.click("#within", button="middle")
        counted(1)
        browser.click("#tea", ctrl=True)
        counted(1)
        browser.click("#tea", button="right")
        assert browser.run("location.search") == "?again"  # nothing of it has left
        browser.enter("#tea")
        browser.until("location.pathname == '/p/tea-1' && window.shopwindowClicks")
        counted(1)
        browser.run("history.back()")
        browser.until("location.search == '?again' && window.shopwindowClicks")
        browser.click("#tea")
        browser.until("location.pathname == '/p/tea-1'")
        clicks = counted(1)
        shown = shop.events("Promotion Viewed")
        assert browser.complaints() == []
    decisions = {one["decision"] for page in shown for one in page["promotions"]}
    assert {one["decision"] for one in clicks} <= decisions
    assert {one["promotion_id"] for one in clicks} == {"links"}


@pytest.mark.parametrize("by", ["redirect", "script"])
def test_what_browsers_post_counts_on_this_site_alone(tmp_path: Path, by: str) -> None:
    with served(tmp_path, by) as shop, person(shop) as client:
        page = client.get("/").text
        link = links(page, "href" if by == "redirect" else "data-sw-click")[0]
        answer = client.post(link, headers={"sec-fetch-site": "same-origin"})
        assert (answer.status_code, answer.content) == (204, b"")
        for headers in (
            {"sec-fetch-site": "cross-site"},
            {"sec-fetch-site": "same-site"},
            {"origin": "https://evil.example"},
        ):
            assert client.post(link, headers=headers).status_code == 403
        ahead = client.post(link, headers={"sec-purpose": "prefetch"})
        assert ahead.status_code == 204  # nobody is there yet
        client.cookies.clear()
        assert client.post(link).status_code == 204  # of nobody: nothing to count
        assert len(shop.events("Promotion Clicked", 1)) == 1
