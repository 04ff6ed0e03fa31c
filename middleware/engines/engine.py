"""One recommendation engine, asked over HTTP within the time that a page has."""

import asyncio
import logging
from collections import Counter as Tally
from collections.abc import Mapping, Sequence
from secrets import token_hex
from threading import Lock
from time import monotonic, time
from typing import TYPE_CHECKING

import msgspec
from cachetools import LRUCache

from ..remote.outgoing import Outgoing
from .breaker import EngineBreaker
from .failing import Status, why
from .gorse import Gorse
from .metarank import Metarank
from .outbox import Outbox
from .protocol import Adapter, Answer, Context, Deed, Question
from .reading import LARGEST
from .recombee import Recombee
from .settings import EngineSettings
from .template import Template

if TYPE_CHECKING:
    import httpx

log = logging.getLogger("shopwindow")

MOST = 64  # questions at the same time
KEPT = 50_000  # products of all answers together, per worker: some 10 MB
LONGEST = 1.0  # seconds that a question may go on after its page has left
TELLING = 5.0  # seconds that telling a batch may take

NOTHING = Answer()


class _Kept(msgspec.Struct, frozen=True):
    answer: Answer
    fresh: float


class Engine:
    """An engine of site.toml, as :class:`~.protocol.Recommending` says.

    ``fetch`` never waits and never raises. One question for the same context is asked once, and
    its answer kept for a while. What has not come after ``timeout`` counts as failed: nobody waits
    for it any longer. Its question may go on for a moment, because a connection that is thrown
    away is one that the next page would have to open again; what it brings is for that page.
    ``tally`` counts by name and outcome.
    """

    def __init__(
        self,
        settings: EngineSettings,
        allowed_hosts: frozenset[str],
        questions: "Tally[str]",
        feedback: "Tally[str]",
        client: "httpx.AsyncClient | None" = None,
    ) -> None:
        self.settings = settings
        self.allowed_hosts = allowed_hosts
        self.adapter = adapter_of(settings)
        self.breaker = EngineBreaker()
        self.outbox = Outbox(settings.name, self._tell, feedback)
        self._tally = questions
        self._server = Outgoing(settings.url, allowed_hosts, client)
        self._listener = self._server
        if not self.allowed:
            words = "engine %s: %s, so it is never asked"
            log.error(words, settings.name, self._server.refusal)
        events = settings.options.get("events")
        if events:  # perhaps another server
            self._listener = Outgoing(events, allowed_hosts, client)
            if not self._listener.allowed:
                words = "engine %s: %s, so it is never told anything"
                log.error(words, settings.name, self._listener.refusal)
        self._kept: LRUCache[Context, _Kept] = LRUCache(KEPT, getsizeof=_size)
        self._lock = Lock()  # handlers may ask from threads of their own
        self._asking: dict[Context, asyncio.Task[Answer | None]] = {}
        self._going: set[asyncio.Task[Answer]] = set()  # requests on their way

    def __repr__(self) -> str:
        return f"<Engine {self.settings.name} {self.settings.kind} {self.breaker!r}>"

    @property
    def allowed(self) -> bool:
        return self._server.allowed

    # -- asking ----------------------------------------------------------------------------

    async def recommend(self, context: Context) -> Answer:
        """What it proposes, empty where it does not answer in time. Never raises."""
        found = self.fetch(context)
        if isinstance(found, asyncio.Task):
            await asyncio.wait((found,))
            found = None if found.cancelled() else found.result()
        return found or NOTHING

    def fetch(self, context: Context) -> "Answer | asyncio.Task[Answer | None] | None":
        """The answer, at once if it is kept, else what to wait for; None: nothing is coming.

        The task is shared by all pages that want the same: nobody may cancel it. It ends within
        ``timeout``, and never raises.
        """
        with self._lock:
            kept = self._kept.get(context)
        if kept is not None and monotonic() < kept.fresh:
            self._count("kept")
            return kept.answer
        if not self.allowed:
            return None
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return None
        task = self._asking.get(context)
        if task is not None and task.get_loop() is loop:
            return task
        # Some of those that were asked just now are not on their way yet.
        most = max(len(self._asking), len(self._going))
        if most >= MOST or self.breaker.open:
            self._count("refused")
            return None
        id = token_hex(16)
        try:
            question = self.adapter.question(context, time(), id)
        except Exception as error:
            # Our own fault, whatever it is: the shop's own tables answer.
            log.warning("engine %s cannot be asked: %r", self.settings.name, error)
            question = None
        if question is None or not self.breaker.allows():
            return None
        task = loop.create_task(self._ask(context, question, id))
        self._asking[context] = task
        task.add_done_callback(lambda _: self._asking.pop(context, None))
        return task

    async def _ask(
        self, context: Context, question: Question, id: str
    ) -> Answer | None:
        going = asyncio.create_task(self._answer(question, id))
        self._going.add(going)
        going.add_done_callback(lambda task: self._came(context, task))
        began = monotonic()
        await asyncio.wait((going,), timeout=self.settings.timeout)
        if not going.done():
            self._failed("late", began, "it did not come in time")
            return None
        if going.cancelled():
            return None  # shopwindow is being stopped
        error = going.exception()
        if error is not None:
            self._failed("error", began, why(error))
            return None
        self.breaker.succeeded()
        self._count("answered")
        return going.result()

    async def _answer(self, question: Question, id: str) -> Answer:
        settings = self.settings
        answer = await self._server.ask(
            question.method,
            question.url,
            question.header,
            question.body,
            most=LARGEST,
            seconds=max(LONGEST, settings.timeout),
            connect=settings.connect,
        )
        if answer.status != 200:
            raise Status(f"it answered with status {answer.status}")
        return self.adapter.answer(answer.body, id)

    def _came(self, context: Context, task: "asyncio.Task[Answer]") -> None:
        self._going.discard(task)
        if not task.cancelled() and task.exception() is None and self.settings.cache:
            fresh = monotonic() + self.settings.cache
            with self._lock:
                self._kept[context] = _Kept(task.result(), fresh)

    def _failed(self, outcome: str, began: float, because: str) -> None:
        self.breaker.failed()
        self._count(outcome)
        took = (monotonic() - began) * 1000
        words = "engine %s gave no answer after %.0f ms: %s"
        log.warning(words, self.settings.name, took, because)

    def _count(self, outcome: str) -> None:
        self._tally[f"{self.settings.name} {outcome}"] += 1

    # -- telling ---------------------------------------------------------------------------

    def tell(self, deed: Deed) -> None:
        """Tell ``deed`` beside the requests, if the engine wants to know any; on any thread."""
        if self.settings.feedback and self._listener.allowed:
            self.outbox.put(deed)

    async def _tell(self, deeds: Sequence[Deed]) -> int:
        question = self.adapter.feedback(deeds, time())
        if question is None:
            return 0
        answer = await self._listener.ask(
            question.method,
            question.url,
            question.header,
            question.body,
            most=LARGEST * 4,
            seconds=TELLING,
        )
        if answer.status in (400, 413, 422):
            return len(deeds)  # no other try would change that
        if not 200 <= answer.status < 300:
            raise Status(f"it answered with status {answer.status}")
        try:
            return min(len(deeds), self.adapter.refused(answer.body))
        except ValueError:
            return 0  # it has taken them, whatever it says

    async def close(self, seconds: float) -> None:
        """Tell what is left, for so long, end what is being asked, and close the connections."""
        await self.outbox.close(seconds)
        loop = asyncio.get_running_loop()
        # Of another loop, long closed, nothing goes on.
        all = (*self._asking.values(), *self._going)
        tasks = [task for task in all if task.get_loop() is loop]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=1.0)
        await self._server.close()
        if self._listener is not self._server:
            await self._listener.close()


def _size(kept: _Kept) -> int:
    return len(kept.answer.items) + 5


def adapter_of(settings: EngineSettings) -> Adapter:
    """Who speaks the words of the engine's kind."""
    url, key, header = settings.url, settings.key, settings.header
    options: Mapping[str, str] = settings.options
    match settings.kind:
        case "gorse":
            return Gorse(url, key, header, settings.types, **options)
        case "metarank":
            return Metarank(url, header, settings.types, **options)
        case "recombee":
            database = options["database"]
            others = {name: options[name] for name in ("scenario", "logic")}
            return Recombee(url, database, key, header, **others)
        case _:
            return Template(
                options.get("method", "GET"),
                url,
                options.get("body", ""),
                header,
                settings.paths,
                options.get("events", ""),
            )
