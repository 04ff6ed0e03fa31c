"""A request that may be read twice: its server says it once, and after that only who leaves."""

from starlette.types import Message, Receive

LONGEST = 65_536  # bytes of a request that are remembered


class Rereading:
    """The ``receive`` of an app that may be asked once more; then :meth:`again` is."""

    __slots__ = ("_heard", "_receive", "_size")

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._heard: list[Message] = []
        self._size = 0

    async def __call__(self) -> Message:
        message = await self._receive()
        if self._size <= LONGEST:
            self._size += len(message.get("body", b""))
            # Too much to be remembered: who reads it again finds nobody there any more.
            much = self._size > LONGEST
            self._heard.append({"type": "http.disconnect"} if much else message)
        return message

    async def again(self) -> Message:
        """What was received before, from its beginning, and then what comes."""
        return self._heard.pop(0) if self._heard else await self._receive()
