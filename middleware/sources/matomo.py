"""What Matomo knows of customers: the visits of its API method ``Live.getLastVisitsDetails``.

A visit is kept if it has a ``userId``, the shop's own id of a customer: of others nobody can say
who they are. Orders, views of products, site searches, and pages that a ``[[track]]`` of site.toml
knows become events. Versions of Matomo differ in what they send; what is missing is passed over.
"""

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlencode, urlsplit

import msgspec

from ...rules.events import ORDER_COMPLETED, PRODUCT_VIEWED, PRODUCTS_SEARCHED
from ..remote.outgoing import Outgoing
from ..site import Site
from .importing import PRODUCTS, Fact
from .lines import LINE

if TYPE_CHECKING:
    import httpx

LARGEST = (
    16_777_216  # bytes of a page of visits, or of a file with all of them in one list
)
PATIENCE = 60.0  # seconds for a page of visits
PAGE = 100  # visits
TEXT = 200  # characters of an id

_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_ORDER = "ecommerceOrder"


class MatomoError(Exception):
    """Matomo gave no visits; says why, without what was asked with."""


def read_visits(data: bytes) -> list[msgspec.Raw]:
    """The visits of an answer, each as JSON. Raises :class:`MatomoError`."""
    try:
        if b'"idVisit"' not in data and data.strip() != b"[]":
            data = data[:LINE]  # a million of anything else is not worth reading
        return msgspec.json.decode(data, type=list[msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    try:
        said = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise MatomoError("this is no JSON") from None
    if isinstance(said, dict) and said.get("result") == "error":
        # Its words may repeat the token.
        raise MatomoError("Matomo refuses: are token, site and permissions right?")
    raise MatomoError("this is no list of visits")


def facts(site: Site, visit: bytes) -> list[Fact] | None:
    """What a visit says; None: of nobody. Raises :class:`ValueError` for what is no visit."""
    try:
        said = msgspec.json.decode(visit)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ValueError("no JSON") from None
    if not isinstance(said, dict):
        raise ValueError("no visit: no JSON object")
    customer = _text(said.get("userId"))
    if not customer:
        return None
    id = _text(said.get("idVisit"))
    actions = said.get("actionDetails")
    if not id or not isinstance(actions, list):
        raise ValueError("no visit: idVisit or actionDetails are missing")
    start = _number(said.get("firstActionTimestamp") or said.get("serverTimestamp"))
    found = []
    for action in actions:
        if not isinstance(action, dict):
            continue
        time = _number(action.get("timestamp")) or start
        if time is None or not 0 < time < 1e11:
            continue
        for name, properties in _happened(site, action):
            # Where it stands in the list changes as long as the visit goes on.
            key = f"visit {id} {name} {sorted(properties.items())} {time}"
            found.append(Fact(customer, time, {}, name, properties, key))
    return found


def _happened(
    site: Site, action: Mapping[str, Any]
) -> Iterator[tuple[str, dict[str, Any]]]:
    kind = action.get("type")
    if kind == _ORDER:
        yield ORDER_COMPLETED, _order(action)
    elif kind == "search":
        if query := _text(action.get("siteSearchKeyword")):
            yield PRODUCTS_SEARCHED, {"query": query}
    elif product := _text(action.get("productViewSku")):
        yield PRODUCT_VIEWED, {"product_id": product}
    elif kind == "action" and isinstance(url := action.get("url"), str):
        try:
            parts = urlsplit(url[:2_000])
        except ValueError:
            return
        asked = parts.query.encode("utf-8", "replace")
        sighting = site.tracks.sighting(unquote(parts.path), asked)
        if sighting is not None:
            yield sighting.name, sighting.properties


def _order(action: Mapping[str, Any]) -> dict[str, Any]:
    order: dict[str, Any] = {}
    if id := _text(action.get("orderId")):
        order["order_id"] = id
    revenue = _number(action.get("revenue"))
    if revenue is not None and revenue >= 0:
        order["revenue"] = revenue
    items = action.get("itemDetails")
    products = []
    for item in items[:PRODUCTS] if isinstance(items, list) else ():
        if isinstance(item, dict) and (sku := _text(item.get("itemSKU"))):
            line: dict[str, Any] = {"product_id": sku}
            if (price := _number(item.get("price"))) is not None:
                line["price"] = price
            if quantity := _number(item.get("quantity")):
                line["quantity"] = max(1, int(quantity))
            products.append(line)
    if products:
        order["products"] = products
    return order


def _text(raw: Any) -> str:
    if isinstance(raw, int) and not isinstance(raw, bool) and abs(raw) < 10**18:
        return str(raw)
    return raw.strip() if isinstance(raw, str) and len(raw) <= TEXT else ""


def _number(raw: Any) -> float | None:
    """Matomo writes some numbers as texts."""
    if isinstance(raw, bool) or not isinstance(raw, (int, float, str)):
        return None
    try:
        number = float(raw) if len(str(raw)) <= 40 else math.nan
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) and abs(number) < 1e12 else None


class Matomo:
    """A Matomo that is asked; ``url`` is where its ``index.php`` lies."""

    def __init__(
        self,
        url: str,
        token: str,
        number: int,
        allowed_hosts: frozenset[str],
        client: "httpx.AsyncClient | None" = None,
    ) -> None:
        self._url = url if url.endswith(".php") else url.rstrip("/") + "/index.php"
        self._token = token
        self._site = number
        self._server = Outgoing(self._url, allowed_hosts, client)

    @property
    def refusal(self) -> str:
        """Why it is not asked; empty if it is."""
        return self._server.refusal

    async def visits(self, since: str, offset: int) -> list[msgspec.Raw]:
        """A page of visits since a day like 2026-11-20, newest first.

        Raises :class:`MatomoError`.
        """
        query = {
            "module": "API", "method": "Live.getLastVisitsDetails", "format": "JSON",
            "idSite": self._site, "period": "range", "date": f"{since},today",
            "filter_limit": PAGE, "filter_offset": offset,
            "token_auth": self._token,  # in the body: addresses stand in logs
        }  # fmt: skip
        try:
            answer = await self._server.ask(
                "POST", self._url, _FORM, urlencode(query).encode(),
                most=LARGEST, seconds=PATIENCE,
            )  # fmt: skip
        except Exception as error:
            # A server may fail in any way; its words may hold what was asked with.
            kind = type(error).__name__
            words = f": {error}" if kind == "Forbidden" else ""
            raise MatomoError(f"it gave no answer: {kind}{words}") from None
        if answer.status != 200:
            raise MatomoError(f"it answered with status {answer.status}")
        return read_visits(answer.body)

    async def close(self) -> None:
        await self._server.close()
