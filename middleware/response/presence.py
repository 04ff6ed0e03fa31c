"""Whether the visitor is still there: a page that nobody received has shown nothing."""

import asyncio

from starlette.types import Receive

QUICK = 0.1  # seconds after a request in which hardly anybody leaves


async def has_left(receive: Receive) -> bool:
    """Whether the client is known to have gone away; never waits for it.

    Servers say so only to who asks, and mean it only before the end of the answer: after that
    they say it always. The app has read the request by then. It takes some 40 microseconds, so
    ask where somebody had the time to leave.
    """
    asking = asyncio.ensure_future(_disconnected(receive))
    try:
        await asyncio.sleep(0)
    finally:
        if not asking.done():
            asking.cancel()
    if not asking.done() or asking.cancelled() or asking.exception() is not None:
        return False  # a server that cannot say
    return asking.result()


async def _disconnected(receive: Receive) -> bool:
    for _ in range(2):  # the request, if the app did not want it, and what came after
        message = await receive()
        if message["type"] == "http.disconnect":
            return True
        if message.get("more_body", False):
            break
    return False
