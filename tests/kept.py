"""A shop's site on disk with a store beside it, and people in it, for commands that look after both."""

import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from shopwindow.middleware.journal import new_id
from shopwindow.middleware.keys import pseudonym
from shopwindow.middleware.settings import address
from shopwindow.middleware.site import read_site
from shopwindow.middleware.stores import IDENTIFIED
from shopwindow.middleware.stores.opening import open_store
from shopwindow.rules.facts import DAY, Event
from tests.shop import FILES

OLD_KEY, NEW_KEY = "the oldest key of the shop", "a newer key of the shop"
CUSTOMER = "kundin-17"
ANNA = pseudonym((OLD_KEY.encode(),), CUSTOMER)
STRANGER = "s" * 22
LOGGED_IN, BEFORE = "a" * 22, "b" * 22
SECRET = "geheime-suche"

SQLITE = "sqlite:///shop.db"

Happened = tuple[str, str, Mapping[str, Any], float]


def set_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOPWINDOW_SECRET_KEYS", f"{NEW_KEY},{OLD_KEY}")


def noon() -> str:
    """A time zone in which it is about noon now: what was an hour ago was today."""
    return f"Etc/GMT{time.gmtime().tm_hour - 12:+d}"


def write_site(folder: Path, more: str = "", store: str = SQLITE) -> Path:
    """``store`` is its URL; ``more`` is added to site.toml, which ends in the table [store]."""
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("memory:", store), "utf-8")
    with (folder / "site.toml").open("a", encoding="utf-8") as file:
        file.write(more)
    return folder


def keep(folder: Path, *happened: Happened) -> list[Event]:
    """Each is a visitor, a name, properties and how many days ago it was."""
    site, now = read_site(folder), time.time()
    events = []
    for visitor, name, properties, ago in happened:
        at = now - ago * DAY
        day = site.context.day(at)
        events.append(Event(new_id(at), name, visitor, at, day, dict(properties)))
    with closing(open_store(address(site.settings))) as store:
        store.commit(events, site.learn, {})
    return events


def people(folder: Path) -> list[Event]:
    """A stranger, and a customer who was one: three and two events in the log."""
    return keep(
        folder,
        (STRANGER, "Product Viewed", {"product_id": "tea-1"}, 3),
        (STRANGER, "Products Searched", {"query": SECRET}, 2),
        (STRANGER, "Product Viewed", {"product_id": "cup-1"}, 1),
        (BEFORE, "Product Viewed", {"product_id": "tea-1"}, 5),
        (BEFORE, IDENTIFIED, {"customer": ANNA, "visitor": LOGGED_IN}, 4),
        (LOGGED_IN, "Order Completed", {"order_id": "A1", "revenue": 9.5}, 0.5),
    )
