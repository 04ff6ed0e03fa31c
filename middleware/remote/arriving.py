"""A page whose slots may show fragments of other servers: what stands before one never waits."""

from collections import deque
from collections.abc import Awaitable, Callable, Iterable

from ...fragments.rewrite import Hole, Piece
from ..visit import Visit

Fill = Callable[[list[Piece]], list[bytes]]
Leave = Callable[[list[bytes]], Awaitable[None]]


async def arriving(
    visit: Visit, pieces: Iterable[Piece], fill: Fill, leave: Leave | None
) -> list[bytes]:
    """The bytes of ``pieces``, made by ``fill``; all fragments are asked for at once.

    Before a slot whose fragment is on its way ``leave`` sends what stands before it; the page
    waits there until its deadline; None: the page leaves as a whole. Raises what ``leave`` does.
    """
    out: list[bytes] = []
    ahead: deque[Piece] = deque(pieces)
    _prepare(visit, ahead)
    while ahead:
        piece = ahead.popleft()
        if isinstance(piece, Hole):
            if _waits(visit, piece.slot):
                if leave is not None:
                    await leave(out)
                    out = []
                await _arrive(visit, piece.slot)
            if piece.within and not _shown(visit, piece.slot):
                # The slots within get their chance, and may have to be waited for, too.
                fill([Hole(piece.slot, b"")])
                _prepare(visit, piece.within)
                ahead.extendleft(reversed(piece.within))
                continue
        out += fill([piece])
    return out


def _prepare(visit: Visit, pieces: Iterable[Piece]) -> None:
    try:
        visit.display.prepare(pieces)
    except Exception as error:
        # Our own fault, whatever it is: each slot fails or not when it is filled.
        visit.window.warn("remote", "asking other servers failed: %r", error)


def _waits(visit: Visit, slot: str) -> bool:
    try:
        return visit.display.waits(slot)
    except Exception as error:
        # As above.
        visit.window.warn("remote", "asking other servers failed: %r", error)
        return False


async def _arrive(visit: Visit, slot: str) -> None:
    try:
        await visit.display.arrive(slot)
    except Exception as error:
        # As above.
        visit.window.warn("remote", "waiting for other servers failed: %r", error)


def _shown(visit: Visit, slot: str) -> bool:
    try:
        return visit.display.decision(slot).shown
    except Exception:
        return True  # fill says what is wrong, and keeps the default content
