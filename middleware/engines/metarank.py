"""Metarank: proposes by one of its models, or brings the shop's own proposals in order by one."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import msgspec

from .protocol import Answer, Context, Deed, Kind, Question
from .reading import candidates, json_of, list_of


class Metarank:
    """``model`` is one of its recommendation models; with ``rank``, a ranking model orders what
    the shop itself proposes. ``types`` are the names of interactions in its configuration."""

    tells: frozenset[str] = frozenset()

    def __init__(
        self,
        url: str,
        header: Mapping[str, str],
        types: Mapping[Kind, str],
        model: str = "",
        rank: str = "",
    ) -> None:
        self._url = url.rstrip("/")
        self._header = {**header, "Content-Type": "application/json"}
        self._types = types
        self._model = quote(model, safe="")
        self._rank = quote(rank, safe="")
        self.reranks = bool(rank)

    def question(self, context: Context, now: float, id: str) -> Question | None:
        if self.reranks:
            if not context.candidates:
                return None
            url = f"{self._url}/rank/{self._rank}"
            asked: dict[str, Any] = {
                "id": id,
                "timestamp": _millis(now),
                "user": context.user,
                "items": [{"id": item} for item in context.candidates],
            }
        else:
            url = f"{self._url}/recommend/{self._model}"
            asked = {
                "count": context.count,
                "user": context.user,
                "items": list(context.session),
            }
        return Question("POST", url, self._header, msgspec.json.encode(asked))

    def answer(self, body: bytes, id: str) -> Answer:
        said = json_of(body)
        entries = list_of(said.get("items") if isinstance(said, dict) else None)
        found = candidates(
            (entry.get("item"), entry.get("score"), None)
            for entry in entries
            if isinstance(entry, dict)
        )
        return Answer(found, id)  # it has no ids of its own

    def feedback(self, deeds: Sequence[Deed], now: float) -> Question | None:
        told: list[dict[str, Any]] = []
        for deed in deeds:
            type = self._types.get(deed.kind)
            if not type:
                continue
            about = {"timestamp": _millis(deed.at), "user": deed.user}
            if deed.kind == "shown":
                # What was shown has the id that clicks on it refer to.
                items = [{"id": item} for item in deed.items]
                about |= {"event": "ranking", "id": deed.answer or deed.id}
                told.append({**about, "items": items})
                continue
            if deed.answer:
                about["ranking"] = deed.answer
            for place, item in enumerate(deed.items):
                id = f"{deed.id}-{place}" if place else deed.id
                about |= {"event": "interaction", "id": id, "type": type}
                told.append({**about, "item": item})
        if not told:
            return None
        url = f"{self._url}/feedback"
        return Question("POST", url, self._header, msgspec.json.encode(told))

    def refused(self, body: bytes) -> int:
        return 0


def _millis(at: float) -> str:
    return str(int(at * 1000))
