"""Real servers: what each way to answer costs in CPU per request, all its processes together.

The servers share one core, who asks them has another. Each takes its turn in every round,
and answers random visitors over sixteen connections.
"""

import http.client
import json
import os
import random
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from starlette.types import Scope

from tests.servers import free_port, serving

from . import serverpeers
from .contenders import BARE, BUFFERING, HANDWRITTEN, PERSONALISED
from .fragmentapp import FRAGMENTS_ONLY
from .reference import Reference
from .rounds import Cost, Timings, turns
from .serverapps import ATTRIBUTES, LOST, UNRECORDED
from .serverload import Load, as_bytes
from .serverpages import CACHED, ESI_PAGE, JINJA, SERVED, SSI_PAGE, STATIC
from .serverprocesses import cores, family, missing, pinned, settled
from .work import VISITORS, Work, attributed

NGINX = "nginx SSI"
VARNISH = "Varnish ESI, page kept"
VARNISH_ALL = "Varnish ESI, all kept"
PAGE_CACHE = "shopwindow, page kept"  # no part of it yet
OWN = (PERSONALISED, ATTRIBUTES, UNRECORDED)
# Of each contender in each round. A second of pages that take milliseconds says too little.
SECONDS = {JINJA: 2}
USUAL_SECONDS = 1
LOG = "log"  # of each process in Python
WARMING = 1  # seconds that are not counted
COMPARED = 40  # visitors whose pages are compared byte for byte first
# Who keeps everything needs each visitor's fragments once before it is measured.
FEW_VISITORS = 1_000

Step = Callable[[], None]


class Served(NamedTuple):
    """A way to answer that is up: where, and the processes that it takes."""

    name: str
    port: int
    pids: list[int]


class Servers(NamedTuple):
    """What was measured, by kind of page; who could not be run and why; who sent the load."""

    pages: dict[str, Timings]
    missing: dict[str, str]
    load: str


class Visitors:
    """The site's folder with everybody's profile in its store, and what each one sends."""

    def __init__(self, folder: Path, progress: Step) -> None:
        self.work = Work(folder / "site", time.time(), progress)
        self.scopes: list[Scope] = [self.work.request(n) for n in range(VISITORS)]
        self.work.store.close()
        every = [as_bytes(scope) for scope in self.scopes]
        self.many = Load(folder / "many", every)
        self.few = Load(folder / "few", every[:FEW_VISITORS])

    def load(self, kind: str) -> Load:
        return self.few if kind == CACHED else self.many


class Starting:
    """Starts everybody who answers with pages of ``kind``; all stop with ``stack``."""

    def __init__(self, stack: ExitStack, kind: str, site: Path, folder: Path) -> None:
        self._stack = stack
        self._kind = kind
        self._site = site
        self._folder = folder
        self.missing: dict[str, str] = {}

    def _fresh(self) -> Path:
        """A folder of its own for each process, with the site and its store as they were."""
        folder = self._folder / str(len(list(self._folder.iterdir())))
        return Path(shutil.copytree(self._site, folder))

    def python(self, name: str) -> Served:
        folder, port = self._fresh(), free_port()
        command = [sys.executable, "-m", "tests.benchmarks.serverapps"]
        command += [name, self._kind, str(port), str(folder)]
        process = self._stack.enter_context(serving(command, port, folder / LOG))
        return Served(name, port, [process.pid])

    def peer(self, name: str) -> Served | None:
        """nginx or Varnish with the apps behind it, or None and a reason in ``missing``."""
        program = "nginx" if name == NGINX else "varnishd"
        if reason := serverpeers.absent(program):
            self.missing[name] = reason
            return None
        fragments = self.python(FRAGMENTS_ONLY)
        behind = [fragments]
        folder = self._fresh()
        if name == NGINX and self._kind == STATIC:
            front = serverpeers.nginx(folder, fragments.port, None)
        else:
            app = self.python(SSI_PAGE if name == NGINX else ESI_PAGE)
            behind.append(app)
            if name == NGINX:
                front = serverpeers.nginx(folder, fragments.port, app.port)
            else:
                front = serverpeers.varnish(
                    folder,
                    fragments.port,
                    app.port,
                    keeps_fragments=name == VARNISH_ALL,
                )
        port, pid = self._stack.enter_context(front)
        return Served(name, port, [pid, *(pid for one in behind for pid in one.pids)])

    def everybody(self) -> list[Served]:
        peers = {STATIC: (NGINX, VARNISH), JINJA: (NGINX,), CACHED: (VARNISH_ALL,)}
        own = (BARE,) if self._kind == CACHED else (BARE, *OWN, BUFFERING, HANDWRITTEN)
        served: list[Served | None] = [self.python(name) for name in own]
        served += [self.peer(name) for name in peers.get(self._kind, ())]
        up = [one for one in served if one is not None]
        return [one._replace(pids=family(one.pids)) for one in up]


def page_of(port: int, scope: Scope) -> bytes:
    """The body that a server answers with."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    headers = {name.decode(): value.decode() for name, value in scope["headers"]}
    connection.request("GET", "/", headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    if answer.status != 200:
        raise RuntimeError(f"port {port} answered {answer.status}: {body[:200]!r}")
    return body


def compare(kind: str, served: Iterable[Served], visitors: Visitors) -> None:
    """Who personalises must give every visitor the page that the reference gives."""
    reference = Reference()
    among = FEW_VISITORS if kind == CACHED else VISITORS
    for number in random.Random(kind).sample(range(among), COMPARED):
        expected = reference.page(visitors.work.visitor(number), time.time())
        named = attributed(expected.decode()).encode()
        for one in served:
            body = page_of(one.port, visitors.scopes[number])
            wanted = named if one.name == ATTRIBUTES else expected
            if one.name not in (BARE, BUFFERING) and body != wanted:
                place = len(os.path.commonprefix([body, wanted]))
                raise SystemExit(
                    f"{kind}, {one.name}: visitor {number} got another page than the reference\n"
                    f"got  {body[max(0, place - 60) : place + 60]!r}\n"
                    f"want {wanted[max(0, place - 60) : place + 60]!r}"
                )


def cost(one: Served, load: Load, seconds: int, seed: int) -> Cost:
    """CPU seconds per request, what is done after the answers included."""
    before = settled(one.pids)
    answered = load.send(one.port, seconds, seed)
    spent = settled(one.pids).since(before)
    return Cost(spent.total / answered, spent.behind / answered)


def race(
    served: Sequence[Served], load: Load, seconds: int, rounds: int, progress: Step
) -> Timings:
    """Everybody in turn, forwards and backwards; one uncounted round comes first."""
    timings = Timings()
    for one in served:
        cost(one, load, WARMING, rounds)
        progress()
    for number, order in enumerate(turns(served, rounds)):
        for one in order:
            timings.add_cost(one.name, cost(one, load, seconds, number))
            progress()
    return timings


def lost(folder: Path) -> dict[str, int]:
    """What the processes of ``folder`` said at their end that they lost, by name."""
    found: dict[str, int] = {}
    for log in folder.glob(f"*/{LOG}"):
        report = json.loads(log.with_name(LOST).read_text())
        for what, count in report.items():
            found[what] = found.get(what, 0) + count
    return found


def measure(folder: Path, rounds: int, steps: Callable[[str, int], Step]) -> Servers:
    """All kinds of pages, one after the other; ``steps`` shows how far it is."""
    if reason := missing():
        return Servers({}, {"servers": reason}, "")
    visitors = Visitors(folder, steps("servers' visitors", VISITORS))
    pages: dict[str, Timings] = {}
    absent: dict[str, str] = {}
    for kind in SERVED:
        place = folder / kind
        place.mkdir()
        with ExitStack() as stack:
            starting = Starting(stack, kind, folder / "site", place)
            with pinned(cores()[0]):
                served = starting.everybody()
            compare(kind, served, visitors)
            if kind == CACHED:
                for scope in visitors.scopes[:FEW_VISITORS]:
                    for one in served[1:]:
                        page_of(one.port, scope)
            step = steps(f"{kind}, served", (rounds + 1) * len(served))
            seconds = SECONDS.get(kind, USUAL_SECONDS)
            pages[kind] = race(served, visitors.load(kind), seconds, rounds, step)
        absent |= {f"{kind}: {name}": why for name, why in starting.missing.items()}
        if missed := lost(place):
            raise SystemExit(f"{kind}: nothing was measured: {missed}")
        shutil.rmtree(place)
    return Servers(pages, absent, visitors.many.by)
