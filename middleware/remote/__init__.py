"""Fragments fetched from other servers, and kept for the pages that come next."""

import asyncio
import logging
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING

import msgspec
from cachetools import LRUCache

from ...fragments.remote import Remote, Unshowable, content_of
from ..breaker import Breaker
from .outgoing import Outgoing, Packed, TooLarge, told

if TYPE_CHECKING:
    from collections.abc import Iterable

    import httpx

log = logging.getLogger("shopwindow")

LARGEST = 262_144  # bytes of one fragment
LONGEST = 2.0  # seconds that a question may go on after its page has left
KEPT = 16_777_216  # bytes of all fragments together, per worker
AGAIN = 5.0  # seconds before an address that failed is asked once more
MOST = 200  # questions at the same time
_OVERHEAD = 600  # bytes that one kept answer takes besides its content
_NOTHING = frozenset((204, 404, 410))  # there is no such fragment, says who must know

Key = tuple[str, str, str]  # fragment, address, the page's language


class Content(msgspec.Struct, frozen=True):
    """What is known of one address: ``html`` in UTF-8, empty for nothing to show.

    ``reason`` says why there is none: "late", "too-large", "unsupported" or "error". Until
    ``fresh`` nobody asks again, until ``end`` it may be shown while somebody does.
    """

    html: bytes = b""
    reason: str = ""
    why: str = ""
    fresh: float = 0.0
    end: float = 0.0


class _Host(msgspec.Struct, frozen=True):
    server: Outgoing
    breaker: Breaker


class Remotes:
    """All remote fragments of a window, whatever site names them.

    ``client`` is one of the shop's own that asks instead of ours.
    """

    def __init__(self, client: "httpx.AsyncClient | None" = None) -> None:
        self._client = client
        self._hosts: dict[tuple[str, frozenset[str]], _Host] = {}
        self._kept: LRUCache[Key, Content] = LRUCache(KEPT, getsizeof=_size)
        self._lock = Lock()  # handlers may ask from threads of their own
        self._asking: dict[Key, asyncio.Task[Content]] = {}

    def __repr__(self) -> str:
        return f"<Remotes {len(self._kept)} kept, {len(self._asking)} on their way>"

    def ready(self, remotes: "Iterable[Remote]", allowed_hosts: frozenset[str]) -> None:
        """Prepare for the fragments of a site; this may take a while."""
        for remote in remotes:
            key = (remote.origin, allowed_hosts)
            if key in self._hosts:
                continue
            server = Outgoing(remote.origin, allowed_hosts, self._client)
            self._hosts[key] = _Host(server, Breaker())
            if not server.allowed:
                log.error(
                    "fragment %s: %s, so it is never asked", remote.name, server.refusal
                )

    def fetch(
        self, remote: Remote, address: str, language: str, allowed: frozenset[str]
    ) -> "Content | asyncio.Task[Content]":
        """What ``address`` says, at once if it is kept, else what to wait for.

        The task is shared by all pages that want the same: nobody may cancel it. It never
        raises. Where no event loop runs nothing is asked.
        """
        key = (remote.name, address, language)
        with self._lock:
            kept = self._kept.get(key)
        now = monotonic()
        if kept is not None and now < kept.fresh:
            return kept
        task = self._asking.get(key)
        if task is None:
            host = self._hosts.get((remote.origin, allowed))
            if host is None or not host.server.allowed:
                return Content(reason="error", why="its host is not allowed")
            loop = _running()
            if loop and len(self._asking) < MOST and host.breaker.allows():
                task = loop.create_task(self._ask(host, remote, key))
                self._asking[key] = task
                task.add_done_callback(lambda _: self._asking.pop(key, None))
        if kept is not None and now < kept.end:
            return kept
        if task is None:
            return Content(reason="late", why="its server does not answer")
        return task

    async def _ask(self, host: _Host, remote: Remote, key: Key) -> Content:
        started = monotonic()
        try:
            content = await self._answer(host, remote, key[1])
            host.breaker.succeeded()
        except (TooLarge, Packed, Unshowable) as error:
            host.breaker.succeeded()  # the server is well
            reason = "too-large" if isinstance(error, TooLarge) else "unsupported"
            content = Content(reason=reason, why=str(error))
        except Exception as error:
            # The server may answer anything, and the client may be the shop's own: whatever
            # went wrong in there, the page goes on with its default content.
            host.breaker.failed()
            why = str(error) if isinstance(error, _Status) else told(error)
            reason = "late" if isinstance(error, TimeoutError) else "error"
            content = Content(reason=reason, why=why)
        now = monotonic()
        if content.reason:
            took = (now - started) * 1000
            log.warning(
                "fragment %s failed after %.0f ms: %s", remote.name, took, content.why
            )
            with self._lock:
                before = self._kept.get(key)
            if before is not None and now < before.end and not before.reason:
                content = before  # better what was there than nothing
            fresh = now + AGAIN
            end = max(fresh, content.end)
        else:
            fresh = now + remote.cache
            end = fresh + remote.stale
        content = msgspec.structs.replace(content, fresh=fresh, end=end)
        with self._lock:
            self._kept[key] = content
        return content

    async def _answer(self, host: _Host, remote: Remote, address: str) -> Content:
        answer = await host.server.get(
            address, remote.header, most=LARGEST, seconds=LONGEST
        )
        if answer.status in _NOTHING:
            return Content()
        if answer.status != 200:
            raise _Status(f"it answered with status {answer.status}")
        if not answer.body.strip():
            return Content()
        return Content(content_of(answer.content_type, answer.body))

    async def close(self) -> None:
        """End what is still being asked, and close the connections."""
        asking = list(self._asking.values())
        for task in asking:
            task.cancel()
        if asking:
            await asyncio.wait(asking, timeout=LONGEST)
        for host in list(self._hosts.values()):
            await host.server.close()


def _running() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


class _Status(Exception):
    """An answer that is none; its number is no secret."""


def _size(content: Content) -> int:
    return len(content.html) + _OVERHEAD
