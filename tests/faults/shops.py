"""A shop on uvicorn over a store, people who are known to it, and the same shop without us."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from shopwindow.middleware.journal import new_id
from shopwindow.middleware.stores import VISITED
from shopwindow.middleware.visitor import VisitorCookie, new_visitor
from shopwindow.rules.facts import DAY, PURPOSES, Event
from tests.databases import Place
from tests.servers import free_port, wait_for_port
from tests.shop import KEYS, by_attribute, page, site_folder, site_of
from tests.stores import open_at

HERO, TEASER = '<p class="banner">More tea</p>', '<p class="banner">Hello</p>'
DEFAULT = page(by_attribute)
KNOWN = page(by_attribute, HERO, TEASER)
STRANGER = page(by_attribute, teaser=TEASER)
LATE = 15.0  # seconds that a server may take to end


class Person(NamedTuple):
    """Somebody whom the shop knows."""

    id: str
    cookie: bytes


def persons(count: int) -> list[Person]:
    cookies, now = VisitorCookie(KEYS), time.time()
    visitors = [new_visitor(frozenset(PURPOSES), now) for _ in range(count)]
    return [Person(one.id, b"shopwindow=" + cookies.value(one)) for one in visitors]


def make_known(place: Place, folder: Path, people: Sequence[Person]) -> None:
    """They have looked at what the shop's first rule asks for."""
    now = time.time() - DAY
    day = int(now // DAY)
    seen = {"product_id": "tea-1"}
    events = []
    for person in people:
        events += [
            Event(new_id(now), VISITED, person.id, now, day, {}),
            Event(new_id(now), "Product Viewed", person.id, now, day, seen),
        ]
    with closing(open_at(place, folder)) as store:
        store.commit(events, site_of().learn, {})


class Server:
    """A running shop."""

    def __init__(self, process: "subprocess.Popen[bytes]", port: int, log: Path):
        self.process = process
        self.port = port
        self.log = log

    @property
    def tracebacks(self) -> int:
        return self.log.read_text(errors="replace").count("Traceback")

    def end(self, by: int = signal.SIGTERM) -> float:
        """Seconds until it has ended."""
        begun = time.monotonic()
        self.process.send_signal(by)
        self.process.wait(LATE)
        return time.monotonic() - begun


@contextmanager
def shop(
    folder: Path,
    place: Place | None,
    *options: str,
    environment: Mapping[str, str] | None = None,
    before: Any = None,
) -> Iterator[Server]:
    """A shop over ``place``, its site in ``folder``; None: the shop alone, without us.

    ``before`` is called in the process that becomes the server.
    """
    what = "bare" if place is None else "app"
    port = free_port()
    variables = {**os.environ, "STATE_FOLDER": str(folder), **(environment or {})}
    if place is not None:
        site = folder / "site"
        if not site.exists():
            site_folder(site)
        variables |= {
            "SHOP_SITE": str(site),
            "SHOPWINDOW_STORE": place.store,
            "SHOPWINDOW_EVENTS": place.events,
            "SHOPWINDOW_RELOAD": "off",
            "SHOPWINDOW_SECRET_KEYS": KEYS[0].decode(),
        }
    command = [
        sys.executable, "-m", "uvicorn", f"tests.faults.serve:{what}", "--port", str(port),
        "--no-access-log", "--timeout-graceful-shutdown", "5", *options,
    ]  # fmt: skip
    log = folder / f"{what}-{port}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=output, env=variables, preexec_fn=before
        )
    try:
        wait_for_port(port, process, log)
        yield Server(process, port, log)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGCONT)
            process.terminate()
            try:
                process.wait(LATE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def last_states(folder: Path) -> list[dict[str, Any]]:
    """What the processes of a shop that has ended said at their end."""
    return [json.loads(path.read_text()) for path in folder.glob("*.json")]
