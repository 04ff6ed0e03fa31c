"""Any other engine that speaks JSON: its request and its answer as site.toml describes them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import msgspec

from ..sources.paths import Path, at
from .protocol import Answer, Context, Deed, Question
from .reading import candidates, id_of, json_of, list_of

#: What can be filled in: of the body, ``{items}`` and ``{candidates}`` are lists.
HOLES = ("user", "item", "items", "candidates", "count", "slot", "language")
_LISTS = frozenset({"items", "candidates"})
_HOLE = re.compile(r"\{([A-Za-z_][\w-]*)\}")
_SPLITS = re.compile(r"%(?:2f|5c)", re.IGNORECASE)  # a slash, as quote() writes it

Paths = Mapping[str, Path]


class Template:
    """``paths`` lead to ``items``, the list, and ``id``, the answer's own; within each item to
    ``item``, ``score`` and ``reason``. ``events`` is where deeds are told, empty for nowhere."""

    def __init__(
        self,
        method: str,
        url: str,
        body: str,
        header: Mapping[str, str],
        paths: Paths,
        events: str = "",
    ) -> None:
        self._method, self._url, self._body = method, url, body
        self._header = {"Content-Type": "application/json", **header}
        self._paths = paths
        self._events = events
        self.tells = frozenset(_HOLE.findall(url + body)) & {"slot", "language"}
        self.reranks = "{candidates}" in url + body

    def question(self, context: Context, now: float, id: str) -> Question | None:
        url = filled_url(self._url, context)
        if url is None:
            return None
        body = filled_body(self._body, context).encode()
        return Question(self._method, url, self._header, body)

    def answer(self, body: bytes, id: str) -> Answer:
        said, paths = json_of(body), self._paths
        entries = list_of(at(said, paths["items"]) if "items" in paths else said)
        item, score, reason = (paths.get(key) for key in ("item", "score", "reason"))
        found = candidates(
            (
                at(entry, item) if item else entry,
                _score(entry, score),
                at(entry, reason) if reason else None,
            )
            for entry in entries
        )
        return Answer(found, id_of(at(said, paths["id"])) if "id" in paths else "")

    def feedback(self, deeds: Sequence[Deed], now: float) -> Question | None:
        if not self._events:
            return None
        body = msgspec.json.encode({"events": [_told(deed) for deed in deeds]})
        return Question("POST", self._events, self._header, body)

    def refused(self, body: bytes) -> int:
        return 0


def _score(entry: Any, path: Path | None) -> Any:
    """None where no score is asked for; one that is asked for and missing is no score."""
    if path is None:
        return None
    found = at(entry, path)
    return "" if found is None else found


def _told(deed: Deed) -> dict[str, Any]:
    told = {
        "id": deed.id,
        "event": deed.kind,
        "user": deed.user,
        "items": list(deed.items),
        "time": deed.at,
    }
    if deed.answer:
        told["recommendation"] = deed.answer
    return told


def _value(name: str, context: Context) -> Any:
    if name == "item":
        return context.session[-1] if context.session else ""
    if name == "items":
        return context.session
    return getattr(context, name)


def filled_url(url: str, context: Context) -> str | None:
    """``url`` with what its holes stand for, percent-encoded; lists with commas.

    None for an id that would lead to another path of that server.
    """

    def replaced(hole: re.Match[str]) -> str:
        if hole[1] not in HOLES:
            return hole[0]
        value = _value(hole[1], context)
        if isinstance(value, tuple):
            return ",".join(quote(one, safe="") for one in value)
        return quote(str(value), safe="")

    path, mark, query = url.partition("?")
    parts = path.split("/")
    for place, part in enumerate(parts):
        filled = parts[place] = _HOLE.sub(replaced, part)
        # Clients take dots for a way up, and servers may decode a path before they split it.
        if filled != part and (filled in (".", "..") or _SPLITS.search(filled)):
            return None
    return "/".join(parts) + mark + _HOLE.sub(replaced, query)


def filled_body(body: str, context: Context) -> str:
    """``body`` with what its holes stand for: lists and the count are JSON, the others a part of
    a JSON text."""

    def replaced(hole: re.Match[str]) -> str:
        if hole[1] not in HOLES:
            return hole[0]
        written = msgspec.json.encode(_value(hole[1], context)).decode()
        whole = hole[1] in _LISTS or hole[1] == "count"
        return written if whole else written[1:-1]

    return _HOLE.sub(replaced, body)


def mistakes(key: str, text: str) -> Iterator[tuple[str, str]]:
    """What is wrong with a ``url`` or a ``body``: messages with their hints."""
    for name in dict.fromkeys(_HOLE.findall(text)):
        if name not in HOLES:
            known = ", ".join(f"{{{one}}}" for one in HOLES)
            yield f'nothing fills "{{{name}}}"', f"there are {known}"
    if key == "body" and text:
        try:
            msgspec.json.decode(filled_body(text, Context("e.0", 1)).encode())
        except (ValueError, RecursionError):
            hint = 'for example {"user": "{user}", "items": {items}, "n": {count}}'
            yield "the body is no JSON once it is filled in", hint
