"""Gorse: strangers by what they look at in this visit, others by what it has learned of them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import msgspec

from .protocol import Answer, Context, Deed, Kind, Question
from .reading import candidates, json_of, list_of


class Gorse:
    """``types`` are the names of feedback that the engine's own configuration has; one that is
    empty is not told. ``category`` narrows all answers down."""

    reranks = False
    tells: frozenset[str] = frozenset()

    def __init__(
        self,
        url: str,
        key: str,
        header: Mapping[str, str],
        types: Mapping[Kind, str],
        category: str = "",
    ) -> None:
        self._url = url.rstrip("/")
        self._header = {
            **header,
            "X-API-Version": "2",  # with scores
            "Content-Type": "application/json",
        }
        if key:
            self._header["X-API-Key"] = key
        self._types = types
        self._category = f"/{quote(category, safe='')}" if category else ""

    def question(self, context: Context, now: float, id: str) -> Question | None:
        count = f"?n={context.count}"
        if context.known:
            user = quote(context.user, safe="")
            url = f"{self._url}/api/recommend/{user}{self._category}{count}"
            return Question("GET", url, self._header)
        viewed = self._types.get("viewed")
        if not context.session or not viewed:
            return None
        # Their order counts, and is told by their times alone.
        first = now - len(context.session)
        session = [
            self._feedback(viewed, context.user, item, first + place)
            for place, item in enumerate(context.session)
        ]
        url = f"{self._url}/api/session/recommend{self._category}{count}"
        return Question("POST", url, self._header, msgspec.json.encode(session))

    def answer(self, body: bytes, id: str) -> Answer:
        said = json_of(body)
        # Without any item it says null; of older versions users get ids alone.
        entries = [] if said is None else list_of(said)
        return Answer(
            candidates(
                (entry.get("Id"), entry.get("Score"), None)
                if isinstance(entry, dict)
                else (entry, None, None)
                for entry in entries
            )
        )

    def feedback(self, deeds: Sequence[Deed], now: float) -> Question | None:
        told = [
            self._feedback(type, deed.user, item, deed.at)
            for deed in deeds
            if (type := self._types.get(deed.kind))
            for item in deed.items
        ]
        if not told:
            return None
        url = f"{self._url}/api/feedback"
        return Question("PUT", url, self._header, msgspec.json.encode(told))

    def refused(self, body: bytes) -> int:
        return 0

    def _feedback(self, type: str, user: str, item: str, at: float) -> dict[str, Any]:
        time = datetime.fromtimestamp(at, UTC)
        return {
            "FeedbackType": type,
            "UserId": user,
            "ItemId": item,
            "Timestamp": time.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        }
