"""Listening to how an answer of the app begins, before anybody has changed it."""

from collections.abc import Callable

from starlette.types import Message, Send

from ..response.start import listed

Hearing = Callable[[Send], Send]


def hearing(hear: Callable[[Message], None]) -> Hearing:
    """Lets ``hear`` know the start of each answer; it must not raise."""

    def around(send: Send) -> Send:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = listed(message)
                hear(message)
            await send(message)

        return sending

    return around
