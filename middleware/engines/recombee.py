"""Recombee: every request is signed, and lasts for half a minute."""

import hmac
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlsplit

import msgspec

from .protocol import Answer, Context, Deed, Kind, Question
from .reading import candidates, id_of, json_of, list_of

URL = "https://rapi.recombee.com"
_PATHS: Mapping[Kind, str] = {
    "viewed": "/detailviews/",
    "added": "/cartadditions/",
    "bought": "/purchases/",
}
_THERE_ALREADY = 409  # an interaction that was told before


class Recombee:
    """``database`` and ``key`` are those of its own console, ``scenario`` a name made there."""

    reranks = False
    tells: frozenset[str] = frozenset()

    def __init__(
        self,
        url: str,
        database: str,
        key: str,
        header: Mapping[str, str],
        scenario: str = "",
        logic: str = "",
    ) -> None:
        self._url = url.rstrip("/")
        # What is signed begins behind the host.
        self._prefix = urlsplit(self._url).path + f"/{quote(database, safe='')}"
        self._host = self._url.removesuffix(urlsplit(self._url).path)
        self._key = key.encode()
        self._header = {**header, "Content-Type": "application/json"}
        self._options: dict[str, Any] = {
            "cascadeCreate": True,
            "returnProperties": False,
        }
        if scenario:
            self._options["scenario"] = scenario
        if logic:
            self._options["logic"] = {"name": logic}

    def question(self, context: Context, now: float, id: str) -> Question | None:
        user = quote(context.user, safe="")
        asked = {"count": context.count, **self._options}
        return self._signed(f"/recomms/users/{user}/items/", asked, now)

    def answer(self, body: bytes, id: str) -> Answer:
        said = json_of(body)
        if not isinstance(said, dict):
            said = {}
        found = candidates(
            (entry.get("id"), None, None)
            for entry in list_of(said.get("recomms"))
            if isinstance(entry, dict)
        )
        return Answer(found, id_of(said.get("recommId")))

    def feedback(self, deeds: Sequence[Deed], now: float) -> Question | None:
        requests = [
            {"method": "POST", "path": path, "params": _params(deed, place)}
            for deed in deeds
            if (path := _PATHS.get(deed.kind))
            for place in range(len(deed.items))
        ]
        if not requests:
            return None
        return self._signed("/batch/", {"requests": requests}, now)

    def refused(self, body: bytes) -> int:
        codes = [
            entry.get("code")
            for entry in list_of(json_of(body))
            if isinstance(entry, dict)
        ]
        return sum(
            isinstance(code, int) and code >= 400 and code != _THERE_ALREADY
            for code in codes
        )

    def _signed(self, path: str, said: dict[str, Any], now: float) -> Question:
        path = f"{self._prefix}{path}?hmac_timestamp={int(now)}"
        sign = hmac.new(self._key, path.encode(), "sha1").hexdigest()
        url = f"{self._host}{path}&hmac_sign={sign}"
        return Question("POST", url, self._header, msgspec.json.encode(said))


def _params(deed: Deed, place: int) -> dict[str, Any]:
    params: dict[str, Any] = {
        "userId": deed.user,
        "itemId": deed.items[place],
        "timestamp": deed.at,
        "cascadeCreate": True,
    }
    if deed.answer:
        params["recommId"] = deed.answer
    if deed.amounts:
        amount = deed.amounts[place]
        params["amount"] = amount
        if deed.prices:
            params["price"] = deed.prices[place] * amount
    return params
