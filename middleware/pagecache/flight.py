"""One question to the app that many requests wait for."""

import asyncio
from time import monotonic


class Flight:
    """Is on its way until somebody says that it is ``over``.

    ``void``: what it brings must not be kept, because something has changed meanwhile.
    """

    __slots__ = ("void", "_awaited", "_done", "_until")

    def __init__(self, wait: float, *, awaited: bool = True) -> None:
        """``wait``: seconds from now for which it is worth waiting, whenever one begins.

        ``awaited``: somebody should wait at all.
        """
        self._awaited = awaited
        self.void = False
        self._done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._until = monotonic() + wait

    def over(self, kept: bool) -> None:
        """Let those who wait go on; ``kept``: they had better look again."""
        if not self._done.done():
            self._done.set_result(kept)

    @property
    def late(self) -> bool:
        """Whether it has taken longer than anybody would wait."""
        return not self._done.done() and monotonic() >= self._until

    async def wait(self) -> bool:
        """Whether looking again is worth while; False: ask the app yourself."""
        left = self._until - monotonic()
        if self._awaited and not self._done.done() and left > 0:
            await asyncio.wait((self._done,), timeout=left)
        return self._done.done() and self._done.result()
