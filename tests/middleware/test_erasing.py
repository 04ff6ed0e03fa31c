"""``shopwindow erase`` and ``purge``: what goes is gone, beside a shop that goes on."""

import json
import os
import pty
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from shopwindow.middleware.engines.users import user_of
from shopwindow.middleware.keys import pseudonym
from shopwindow.middleware.settings import read_keys
from shopwindow.middleware.stores import Retired, StoreError
from shopwindow.middleware.stores.rows import mark_of
from shopwindow.middleware.stores.sqlite import SqliteStore
from shopwindow.middleware.visitor import VisitorCookie, new_visitor
from tests.commands import run
from tests.kept import (
    ANNA,
    BEFORE,
    CUSTOMER,
    LOGGED_IN,
    OLD_KEY,
    SECRET,
    STRANGER,
    keep,
    people,
    set_keys,
    write_site,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = write_site(tmp_path / "site")
    people(made)
    return made


def logged(folder: Path) -> int:
    sizes = json.loads(run("stats", folder, "--format", "json").stdout)
    events = sizes["events"]
    assert isinstance(events, int)
    return events


def retired(folder: Path, visitor: str) -> bool:
    store = SqliteStore(folder / "shop.db")
    try:
        store.fetch(visitor)
    except Retired:
        return True
    finally:
        store.close()
    return False


def bytes_of(folder: Path) -> bytes:
    return b"".join(
        each.read_bytes() for each in sorted(folder.iterdir()) if "shop.db" in each.name
    )


# -- erase -----------------------------------------------------------------------------


def whole_cookie() -> str:
    cookie = VisitorCookie((OLD_KEY.encode(),))
    visitor = new_visitor(frozenset(["personalization"]), time.time())
    value = cookie.value(visitor).decode()
    return STRANGER + value[len(STRANGER) :]


NAMES: dict[str, Callable[[], str]] = {
    "id": lambda: STRANGER,
    "cookie": whole_cookie,
    "mark": lambda: mark_of(STRANGER),
}


@pytest.mark.parametrize("kind", NAMES)
def test_a_visitor_is_erased_by_each_of_their_names(folder: Path, kind: str) -> None:
    name = NAMES[kind]()
    assert SECRET.encode() in bytes_of(folder)
    said = run("erase", folder, name, "--yes")
    assert (
        "the profile and 3 events (2 Product Viewed, 1 Products Searched)"
        in said.output
    )
    assert retired(folder, STRANGER)
    assert not retired(folder, LOGGED_IN)
    assert logged(folder) == 2
    assert SECRET.encode() not in bytes_of(folder)
    assert STRANGER.encode() not in bytes_of(folder)


def test_a_customer_is_erased_by_the_shops_own_id(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_keys(monkeypatch)
    said = run("erase", folder, "--customer", CUSTOMER, "--yes", "--format", "json")
    assert json.loads(said.stdout) == {
        "erased": True,
        "profiles": 1,
        "events": {"Order Completed": 1, "Product Viewed": 1},
    }
    assert retired(folder, LOGGED_IN) and retired(folder, BEFORE)
    assert ANNA.encode() not in bytes_of(folder)
    assert logged(folder) == 3


ENGINE = """
[recommendations.engines.recs]
kind = "gorse"
url = "https://recs.example"
"""


def test_engines_that_know_them_are_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (folder / "site.toml").open("a") as file:
        file.write(ENGINE)
    monkeypatch.delenv("SHOPWINDOW_SECRET_KEYS", raising=False)
    said = run("erase", folder, STRANGER, "--yes").output
    assert "Erase them at recs, too: with SHOPWINDOW_SECRET_KEYS set" in said
    set_keys(monkeypatch)
    said = run("erase", folder, "--customer", CUSTOMER, "--yes").output
    user = user_of(read_keys(), "recs", pseudonym(read_keys(), CUSTOMER))
    assert f"Erase them at recs, too, where they are {user}" in said


def test_any_device_of_a_customer_leads_to_them(folder: Path) -> None:
    assert "2 events" in run("erase", folder, BEFORE, "--yes").output
    assert retired(folder, LOGGED_IN)


def test_without_the_keys_of_the_shop_customers_cannot_be_found(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SHOPWINDOW_SECRET_KEYS", raising=False)
    said = run("erase", folder, "--customer", CUSTOMER, "--yes", code=2)
    assert "SHOPWINDOW_SECRET_KEYS" in said.output
    monkeypatch.setenv("SHOPWINDOW_SECRET_KEYS", "quite another key of nobody")
    said = run("erase", folder, "--customer", CUSTOMER, "--yes", code=1)
    assert f"nothing is kept of customer {CUSTOMER}" in said.output
    assert logged(folder) == 5


def test_of_whom_nothing_is_kept_is_refused_all_the_same(folder: Path) -> None:
    unwritten = "u" * 22
    said = run("erase", folder, unwritten, "--yes", code=1)
    assert f"nothing is kept of the visitor {unwritten}" in said.stderr
    assert retired(folder, unwritten)
    keep(folder, (unwritten, "Product Viewed", {"product_id": "tea-1"}, 0))
    assert logged(folder) == 5


def test_nothing_is_erased_without_a_yes(folder: Path) -> None:
    assert "--yes" in run("erase", folder, STRANGER, code=2).output
    assert logged(folder) == 5


@pytest.mark.parametrize(("answer", "code", "left"), [("y", 0, 2), ("n", 1, 5)])
def test_at_a_terminal_it_asks(folder: Path, answer: str, code: int, left: int) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "shopwindow", "erase", str(folder), STRANGER]
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    said = b""
    while b"[y/N]" not in said:
        said += os.read(ours, 1_000)
    os.write(ours, f"{answer}\n".encode())
    assert process.wait(20) == code
    os.close(ours)
    assert b"there is kept: the profile and 3 events" in said
    assert logged(folder) == left


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "say whom"),
        (("short",), '"short" is no visitor'),
        ((STRANGER, "--customer", "17"), "not both"),
        ((STRANGER, "more"), "too many arguments: more"),
    ],
)
def test_whom_it_does_not_understand_it_says(
    folder: Path, arguments: tuple[str, ...], words: str
) -> None:
    said = run("erase", folder, *arguments, code=2)
    assert words in " ".join(said.output.split())
    assert logged(folder) == 5


def test_a_running_worker_does_not_bring_anybody_back(folder: Path) -> None:
    """It writes for the visitor all the time, before, while and after they are erased."""
    worker = SqliteStore(folder / "shop.db")
    from shopwindow.middleware.site import read_site
    from shopwindow.rules.facts import Event

    site = read_site(folder)
    done = threading.Event()
    failed: list[str] = []

    def work() -> None:
        for number in range(100_000):
            try:
                worker.fetch(STRANGER)
            except Retired:
                pass
            now = time.time()
            day = site.context.day(now)
            properties = {"query": f"{SECRET}-{number}"}
            event = Event(
                f"w{number}", "Products Searched", STRANGER, now, day, properties
            )
            try:
                worker.commit([event], site.learn, {})
            except StoreError as error:
                failed.append(str(error))
            if done.is_set():
                return

    thread = threading.Thread(target=work)
    thread.start()
    time.sleep(0.2)
    run("erase", folder, STRANGER, "--yes")
    time.sleep(0.2)
    done.set()
    thread.join()
    worker.close()
    assert failed == []
    assert retired(folder, STRANGER)
    assert logged(folder) == 2
    assert SECRET.encode() not in bytes_of(folder)


def test_a_store_that_is_not_there_is_said(tmp_path: Path) -> None:
    folder = write_site(tmp_path)
    said = run("erase", folder, STRANGER, "--yes", code=1)
    assert "there is no store at" in said.stderr


# -- purge -----------------------------------------------------------------------------

KEEP = """
keep = "100 days"
[events]
keep = "30 days"
keep-statistics = "10 days"
"""


@pytest.fixture
def aged(tmp_path: Path) -> Path:
    folder = write_site(tmp_path / "site", KEEP)
    view = {"product_id": "tea-1"}
    shown = {"promotions": [{"promotion_id": "banner", "slot": "home.hero"}]}
    keep(
        folder,
        ("v1", "Product Viewed", view, 200),
        ("v2", "Product Viewed", view, 40),
        ("v2", "Promotion Viewed", shown, 20),
        ("v2", "Promotion Clicked", {"promotion_id": "banner"}, 12),
        ("v2", "Promotion Viewed", shown, 5),
        ("v2", "Product Viewed", view, 5),
    )
    return folder


def test_each_purpose_is_kept_as_long_as_site_toml_says(aged: Path) -> None:
    said = run("purge", aged, "--format", "json")
    assert json.loads(said.stdout) == {
        "dry-run": False,
        "deleted": {"events": 2, "statistics": 2, "profiles": 1},
        "keep": {"events": "30 days", "statistics": "10 days", "profiles": "100 days"},
    }
    assert logged(aged) == 2
    again = json.loads(run("purge", aged, "--format", "json").stdout)
    assert set(again["deleted"].values()) == {0}


def test_a_dry_run_only_counts(aged: Path) -> None:
    said = run("purge", aged, "--dry-run")
    assert "2 events  what visitors did, kept 30 days" in said.stdout
    assert "2 events  what was shown and clicked, kept 10 days" in said.stdout
    assert "1 profile  visitors not seen for so long, kept 100 days" in said.stdout
    assert "would be deleted" in said.stdout
    assert logged(aged) == 6


def test_without_keys_everything_is_kept_400_days(folder: Path) -> None:
    keep(folder, (STRANGER, "Product Viewed", {"product_id": "tea-1"}, 399.9))
    assert "0 events" in run("purge", folder).stdout
    keep(folder, (STRANGER, "Product Viewed", {"product_id": "tea-1"}, 400.1))
    assert "1 event  what visitors did" in run("purge", folder).stdout


def test_nothing_to_purge_in_is_an_error(tmp_path: Path) -> None:
    assert "there is no store" in run("purge", write_site(tmp_path), code=1).stderr


# -- stats -----------------------------------------------------------------------------


def test_what_is_kept_is_counted(folder: Path) -> None:
    said = json.loads(run("stats", folder, "--format", "json").stdout)
    assert (said["profiles"], said["customers"], said["visitors"]) == (2, 1, 2)
    assert (said["events"], said["retired"], said["too-old"]) == (5, 1, 0)
    assert said["bytes"] > 4_096
    views = said["events-by-day"]["Product Viewed"]
    assert len(views) == 3 and set(views.values()) == {1}
    assert said["oldest"] < said["newest"]


def test_counts_can_be_read(folder: Path) -> None:
    said = run("stats", folder, "--days", "3").stdout
    assert "profiles              2" in said
    row = next(line for line in said.splitlines() if "Order Completed" in line)
    assert row.split()[-1] == "1"
    assert "ids given up          1" in said


def test_an_empty_store_has_counts_too(tmp_path: Path) -> None:
    folder = write_site(tmp_path)
    keep(folder)
    assert "oldest event          none" in run("stats", folder).stdout
    said = json.loads(run("stats", folder, "--format", "json").stdout)
    assert said["events-by-day"] == {} and said["oldest"] is None
