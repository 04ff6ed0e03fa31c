"""Ten thousand visitors: what is stored about each, and the request each one sends."""

import random
from base64 import urlsafe_b64encode
from typing import Any, NamedTuple

from shopwindow.rules.facts import DAY, Counter, Interest, Profile

from .rulebook import CLUBS, COUNTRIES, DEVICES
from .shop import CATEGORIES, PRODUCTS

HOST = "kettle-and-crumb.example"
AGENTS = {
    "desktop": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/142.0.0.0 Safari/537.36",
    "mobile": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1",
    "tablet": "Mozilla/5.0 (Linux; Android 15; SM-X510) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/142.0.0.0 Safari/537.36",
}


class Known(NamedTuple):
    """A visitor who was here before. ``id`` is written as visitor cookies hold it."""

    id: str
    device: str
    profile: Profile


def make_visitor(number: int, now: float) -> Known:
    """Visitor ``number``; equal numbers and times make equal visitors.

    No moment lies near an edge: nothing happened 21 to 44 days or up to an hour ago, so
    that a window of 30 days and the start of a new visit mean the same all through a run.
    """
    chance = random.Random(number * 7919 + 1)
    ids = list(PRODUCTS)
    counts: dict[str, dict[str, dict[int, int]]] = {}
    latest: dict[tuple[str, str], float] = {}

    def happened(verb: str, id: str, days_ago: int) -> None:
        product = PRODUCTS[id]
        time = int(now) - days_ago * DAY - 3600 - chance.randrange(7200)
        for dimension, key in (("product", id), ("category", product.category)):
            kind = f"{verb} {dimension}"
            days = counts.setdefault(kind, {}).setdefault(key, {})
            day = int(time // DAY)
            days[day] = days.get(day, 0) + 1
            latest[kind, key] = max(latest.get((kind, key), 0.0), time)

    def ago() -> int:
        return chance.choice((chance.randint(1, 20), chance.randint(45, 200)))

    favourites = chance.sample(list(CATEGORIES), chance.randint(3, 8))
    for _ in range(18):
        happened(
            "viewed", f"{chance.choice(favourites)}-{chance.randrange(40):02}", ago()
        )
    orders = chance.choice((0, 0, 1, 2, 3))
    for _ in range(orders):
        for id in chance.sample(ids, chance.randint(1, 3)):
            happened("bought", id, ago())
    cart = chance.sample(ids, chance.choice((0, 0, 0, 1, 2, 3)))
    visits = int(chance.expovariate(1 / 6)) + 1
    profile = Profile(
        first_seen=now - 300 * DAY,
        last_seen=now - DAY,
        visits=visits,
        previous_visit=now - 2 * DAY if visits > 1 else 0.0,
        orders=orders,
        order_value=round(sum(chance.uniform(20, 400) for _ in range(orders)), 2),
        last_order=now - 50 * DAY if orders else 0.0,
        cart=dict.fromkeys(cart, 1),
        cart_since=now - DAY if cart else 0.0,
        visit={"entry-page": "/"},
        attributes={
            "clubs": chance.sample(CLUBS, chance.randint(0, 5)),
            "country": chance.choice(COUNTRIES),
        },
        counts={
            kind: {
                key: Counter(
                    latest[kind, key],
                    tuple(number for day in sorted(days.items()) for number in day),
                )
                for key, days in keys.items()
            }
            for kind, keys in counts.items()
        },
        interests={
            "category": {
                category: Interest(round(chance.expovariate(1 / 4), 3), now - DAY)
                for category in favourites
            }
        },
    )
    id = urlsafe_b64encode(chance.randbytes(16)).rstrip(b"=").decode()
    return Known(id, chance.choice(DEVICES), profile)


def request(visitor: Known, cookie: bytes) -> dict[str, Any]:
    """The ASGI scope of ``visitor`` opening the start page with ``cookie`` (name and value)."""
    fields = {
        "host": HOST,
        "user-agent": AGENTS[visitor.device],
        "accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        "accept-language": "en-GB,en;q=0.7",
        "accept-encoding": "gzip, deflate, br",
        "sec-fetch-dest": "document",
        "sec-fetch-mode": "navigate",
        "sec-fetch-site": "none",
        "upgrade-insecure-requests": "1",
        "connection": "keep-alive",
    }
    headers = [(name.encode(), value.encode()) for name, value in fields.items()]
    headers.append((b"cookie", b"theme=dark; " + cookie + b"; basket=open"))
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "server": ("127.0.0.1", 8000),
        "client": ("192.0.2.7", 50_000),
        "scheme": "https",
        "method": "GET",
        "root_path": "",
        "path": "/",
        "raw_path": b"/",
        "query_string": b"",
        "headers": headers,
        "state": {},
    }
