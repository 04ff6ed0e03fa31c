"""An ASGI app's startup and shutdown, around requests that are made in this process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.types import ASGIApp, Message


@asynccontextmanager
async def lifespan(app: ASGIApp) -> AsyncIterator[dict[str, Any]]:
    """Start ``app``, and stop it at the end of the block; yields the state for its requests.

    An app without a lifespan is just there. Raises :class:`RuntimeError` if it says that it
    cannot start.
    """
    asked: asyncio.Queue[Message] = asyncio.Queue()
    answered: asyncio.Queue[Message] = asyncio.Queue()
    state: dict[str, Any] = {}
    scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": state}
    living = asyncio.ensure_future(_quietly(app, scope, asked, answered))

    async def ask(kind: str) -> Message | None:
        asked.put_nowait({"type": kind})
        answer = asyncio.ensure_future(answered.get())
        await asyncio.wait((answer, living), return_when=asyncio.FIRST_COMPLETED)
        if answer.done():
            return answer.result()
        answer.cancel()
        return None  # it has no lifespan

    said = await ask("lifespan.startup")
    if said is not None and said["type"] == "lifespan.startup.failed":
        await living
        raise RuntimeError(said.get("message") or "the app cannot start")
    try:
        yield state
    finally:
        if said is not None:
            await ask("lifespan.shutdown")
        await living


async def _quietly(
    app: ASGIApp,
    scope: dict[str, Any],
    asked: "asyncio.Queue[Message]",
    answered: "asyncio.Queue[Message]",
) -> None:
    try:
        await app(scope, asked.get, answered.put)
    except Exception:
        # By the specification this is how an app says that it knows no lifespan.
        return
