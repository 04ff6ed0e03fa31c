"""Visits of Matomo: from a file or from its API, as events of customers who say who they are."""

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from shopwindow.middleware.cli import import_matomo
from shopwindow.middleware.keys import pseudonym
from shopwindow.middleware.sources import matomo
from shopwindow.middleware.sources.matomo import Matomo, MatomoError, read_visits
from shopwindow.middleware.stores.sqlite import SqliteStore
from shopwindow.rules.facts import Profile
from tests.commands import run
from tests.servers import free_port
from tests.shop import site_folder
from tests.stores import fetched, logged

KEY = "a-key-for-the-tests-of-imports"
NOW = int(time.time()) - 86_400
TOKEN = "0123456789abcdef-t0ken"


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOPWINDOW_SECRET_KEYS", KEY)
    monkeypatch.setenv("SHOPWINDOW_ALLOWED_HOSTS", "127.0.0.1")
    monkeypatch.setenv("SHOPWINDOW_STORE", "sqlite:///shopwindow.db")
    monkeypatch.setenv(import_matomo.TOKEN, TOKEN)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return site_folder(tmp_path / "site")


def visit(number: int = 1, customer: Any = "7", **changes: Any) -> dict[str, Any]:
    """As Matomo has it, with much that nobody wants."""
    return {
        "idVisit": str(number),
        "visitorId": "2c8b4ba2a3d1c3b1",
        "userId": customer,
        "visitIp": "192.0.2.0",
        "firstActionTimestamp": NOW,
        "actionDetails": [
            {
                "type": "action",
                "url": "https://shop.example/p/tea-1?x=1",
                "timestamp": NOW,
            },
            {"type": "action", "url": "https://shop.example/imprint", "timestamp": NOW},
            {
                "type": "action",
                "url": "https://shop.example/x",
                "productViewSku": "cup-1",
                "timestamp": NOW + 5,
            },
            {"type": "search", "siteSearchKeyword": "Green Tea", "timestamp": NOW + 7},
            {
                "type": "ecommerceAbandonedCart",
                "revenue": "1.00",
                "timestamp": NOW + 8,
            },
            {
                "type": "ecommerceOrder",
                "orderId": f"M-{number}",
                "revenue": "19.90",
                "itemDetails": [
                    {"itemSKU": "tea-1", "price": "9.95", "quantity": "2"},
                    {"itemName": "no number", "price": 1},
                ],
                "timestamp": NOW + 9,
            },
            "nonsense",
        ],
        **changes,
    }


def file(site: Path, visits: list[Any], name: str = "visits.json") -> Path:
    path = site.parent / name
    path.write_text(json.dumps(visits))
    return path


def profile(site: Path, customer: str = "7") -> Profile | None:
    with closing(SqliteStore(site / "shopwindow.db")) as store:
        return fetched(store, "customer:" + pseudonym((KEY.encode(),), customer))


def events(site: Path) -> list[str]:
    with closing(SqliteStore(site / "shopwindow.db")) as store:
        return logged(store)


def test_a_visit_becomes_events(site: Path) -> None:
    path = file(site, [visit(), visit(2, None), visit(3, "")])
    output = run("import", site, path, "--format", "matomo").output
    assert "1 visit taken in, with 4 events" in output
    assert "2 visits without a userId" in output
    known = profile(site)
    assert known is not None and known.visits == 0
    assert (known.orders, known.order_value) == (1, 19.9)
    assert known.last_order == NOW + 9
    assert set(known.counts["viewed product"]) == {"tea-1", "cup-1"}
    assert set(known.counts["bought product"]) == {"tea-1"}
    assert set(known.counts["searched query"]) == {"green tea"}


def test_taken_in_twice_it_changes_nothing(site: Path) -> None:
    path = file(site, [visit(n, str(n % 3)) for n in range(20)])
    states = []
    for _ in range(2):
        run("import", site, path, "--format", "matomo")
        states.append(([profile(site, str(n)) for n in range(3)], events(site)))
    assert states[0] == states[1] and len(states[0][1]) == 80


def test_a_visit_in_every_line_is_read_too(site: Path) -> None:
    path = site.parent / "visits.jsonl"
    lines = [json.dumps(visit()), "{", "", json.dumps(visit(2, "8"))]
    path.write_text("\n".join(lines))
    output = run("import", site, path, "--format", "matomo", code=1).output
    assert "line 2: no JSON" in output and "2 visits taken in" in output
    assert profile(site, "8") is not None


@pytest.mark.parametrize(
    "broken",
    [
        visit(actionDetails=None),
        visit(idVisit=None),
        {"userId": "7"},
        7,
        [],
        "x",
    ],
)
def test_a_visit_that_is_none_does_not_stop_the_others(site: Path, broken: Any) -> None:
    path = file(site, [broken, visit(2, "8")])
    output = run("import", site, path, "--format", "matomo", code=1).output
    assert "visit 1: no visit" in output and "1 visit taken in" in output


@pytest.mark.parametrize(
    "changes",
    [
        {"timestamp": "soon"},
        {"timestamp": 10**30},
        {"url": "https://[x/p/tea-1"},
        {"url": 7},
        {"productViewSku": ["x"]},
        {"type": "ecommerceOrder", "revenue": "1e999", "itemDetails": "x"},
        {"type": "search", "siteSearchKeyword": {"a": 1}},
    ],
)
def test_strange_values_are_passed_over(site: Path, changes: dict[str, Any]) -> None:
    action = {"type": "action", "timestamp": NOW, **changes}
    path = file(site, [visit(actionDetails=[action])])
    assert "1 visit taken in" in run("import", site, path, "--format", "matomo").output


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "no JSON"),
        (b"<html>", "no JSON"),
        (b"{}", "no list of visits"),
        (b'{"result": "error", "message": "token s3cret"}', "Matomo refuses"),
        (b"[" * 1_000_000, "no JSON"),
    ],
)
def test_an_answer_without_visits_is_an_error(data: bytes, said: str) -> None:
    with pytest.raises(MatomoError, match=said) as raised:
        read_visits(data)
    assert "s3cret" not in str(raised.value)


# -- a server ------------------------------------------------------------------------------


@contextmanager
def server(visits: list[Any], status: int = 200) -> Iterator[tuple[str, list[Any]]]:
    """A Matomo with these visits; what it was asked."""
    asked: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["content-length"])
            form = parse_qs(self.rfile.read(length).decode())
            asked.append((self.path, form))
            offset, limit = (
                int(form[key][0]) for key in ("filter_offset", "filter_limit")
            )
            body = json.dumps(visits[offset : offset + limit]).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: Any) -> None:
            pass

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{running.server_port}/stats/", asked
    finally:
        running.shutdown()
        running.server_close()
        thread.join()


def test_a_server_is_asked_page_by_page(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matomo, "PAGE", 3)
    monkeypatch.setattr(import_matomo, "PAGE", 3)
    with server([visit(n, str(n)) for n in range(7)]) as (url, asked):
        output = run("import", site, "--url", url, "--since", "2d").output
    assert "7 visits taken in, with 28 events" in output
    assert [form["filter_offset"] for _, form in asked] == [["0"], ["3"], ["6"]]
    path, form = asked[0]
    assert path == "/stats/index.php"  # no token in it
    assert form["token_auth"] == [TOKEN] and form["period"] == ["range"]
    assert form["method"] == ["Live.getLastVisitsDetails"] and form["idSite"] == ["1"]


def test_a_server_s_faults_are_said_without_the_token(site: Path) -> None:
    with server([], 500) as (url, _):
        output = run("import", site, "--url", url, code=1).output
    assert "it answered with status 500" in output and TOKEN not in output
    dead = f"http://127.0.0.1:{free_port()}/"
    output = run("import", site, "--url", dead, code=1).output
    assert "it gave no answer: ConnectError" in output and TOKEN not in output


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        (import_matomo.TOKEN, "", "SHOPWINDOW_SOURCE_MATOMO_TOKEN is not set"),
        ("SHOPWINDOW_ALLOWED_HOSTS", "", "SHOPWINDOW_ALLOWED_HOSTS is not set"),
        ("SHOPWINDOW_ALLOWED_HOSTS", "x.example", "is not in SHOPWINDOW_ALLOWED_HOSTS"),
    ],
)
def test_what_has_to_be_set_is_said(
    site: Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, said: str
) -> None:
    monkeypatch.setenv(variable, value)
    output = run("import", site, "--url", "http://127.0.0.1:9/", code=2).output
    assert said in " ".join(output.split())


def test_a_file_or_a_url_and_not_both(site: Path) -> None:
    path = file(site, [])
    for arguments in ([path, "--url", "http://127.0.0.1:9/"], ["--format", "matomo"]):
        assert "not both" in run("import", site, *arguments, code=2).output


def test_a_redirect_is_not_followed() -> None:
    async def ask() -> None:
        one = Matomo(url, TOKEN, 1, frozenset({"127.0.0.1"}))
        with pytest.raises(MatomoError, match="status 302"):
            await one.visits("2026-11-20", 0)
        await one.close()

    with server([], 302) as (url, _):
        asyncio.run(ask())
