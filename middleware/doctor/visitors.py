"""The visitors that the doctor sends to a shop, and the answers that they bring back."""

import ssl
import time
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from http.cookies import CookieError, Morsel, SimpleCookie
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx
import msgspec

LARGEST = 8_388_608  # bytes of an answer
MOST_REDIRECTS = 10
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
PROGRAM = "shopwindow-doctor/1 (checks how pages are cached)"
_NAVIGATION = {
    "accept": "text/html,application/xhtml+xml,*/*;q=0.8",
    "accept-encoding": "gzip",
    "accept-language": "en",
    "sec-fetch-dest": "document",
    "sec-fetch-mode": "navigate",
}


class Unreachable(Exception):
    """The shop gave no answer; the text says why, and what to do."""


class Answer(msgspec.Struct, frozen=True):
    """What somebody got. ``hops`` are the redirects before it, ``asked`` and ``took`` seconds."""

    who: str
    url: str
    status: int
    headers: httpx.Headers
    body: bytes
    asked: float
    took: float
    hops: "tuple[Answer, ...]" = ()

    @property
    def html(self) -> bool:
        kind: str = self.headers.get("content-type", "").lower()
        return kind.startswith(("text/html", "application/xhtml+xml"))

    def words(self, name: str) -> set[str]:
        """The words of a header that is a list, in lower case."""
        listed = self.headers.get(name, "").lower().split(",")
        return {word.strip() for word in listed} - {""}

    @property
    def skew(self) -> float | None:
        """By how many seconds the answer's clock is ahead of ours, if it says."""
        try:
            date = parsedate_to_datetime(self.headers.get("date", "")).timestamp()
        except ValueError:
            return None
        return date - (self.asked + self.took / 2)

    def cookies(self) -> "Iterator[Morsel[str]]":
        """The cookies that the answer sets."""
        for value in self.headers.get_list("set-cookie"):
            try:
                yield from SimpleCookie(value).values()
            except CookieError:
                continue


class Visitor:
    """Somebody with a browser, or a program that has none. Follows redirects, keeps cookies.

    ``keeps``: whether cookies that answers set come back with the next request. ``cookie``: what
    to send besides, as it stands in a Cookie header: to the host of the address ``home`` alone,
    with or without www., and not wherever that redirects to, because it opens somebody's account.
    """

    def __init__(
        self,
        name: str,
        client: httpx.Client,
        *,
        agent: str = BROWSER,
        keeps: bool = False,
        cookie: str = "",
        home: str = "",
    ) -> None:
        self.name = name
        self.kept: dict[str, str] = {}
        self._client = client
        self._agent = agent
        self._keeps = keeps
        self._cookie = cookie
        self._home = _host(home)

    def ask(
        self, url: str, headers: Mapping[str, str] | None = None, *, follow: bool = True
    ) -> Answer:
        """Open the page at ``url``. Raises :class:`Unreachable`."""
        hops: tuple[Answer, ...] = ()
        while True:
            answer = self._send(
                "GET", url, {"sec-fetch-site": "none", **(headers or {})}
            )
            leads = answer.headers.get("location")
            if not follow or not 300 <= answer.status < 400 or leads is None:
                return msgspec.structs.replace(answer, hops=hops)
            hops = (*hops, answer)
            if len(hops) > MOST_REDIRECTS:
                raise Unreachable(f"{hops[0].url} redirects without end, to {url}")
            url = urljoin(url, leads)

    def post(self, url: str, form: Mapping[str, str]) -> Answer:
        """Send a form of the shop's own page, without following. Raises :class:`Unreachable`."""
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        headers = {"sec-fetch-site": "same-origin", "origin": origin}
        return self._send("POST", url, headers, form)

    def _send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        form: Mapping[str, str] | None = None,
    ) -> Answer:
        kept = [f"{name}={value}" for name, value in self.kept.items()]
        if self._cookie and _host(url) == self._home:
            kept.insert(0, self._cookie)
        cookie = "; ".join(kept)
        sent: dict[str, str] = {**_NAVIGATION, "user-agent": self._agent, **headers}
        if cookie:
            sent["cookie"] = cookie
        asked, began = time.time(), time.monotonic()
        try:
            with self._client.stream(method, url, headers=sent, data=form) as got:
                body = self._read(got, began)
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise Unreachable(_why(error, url)) from error
        finally:
            self._client.cookies.clear()  # they are the visitor's, not the client's
        took = time.monotonic() - began
        answer = Answer(self.name, url, got.status_code, got.headers, body, asked, took)
        if self._keeps:
            for morsel in answer.cookies():
                self.kept.pop(morsel.key, None)
                if morsel["max-age"] != "0":
                    self.kept[morsel.key] = morsel.coded_value
        return answer

    def _read(self, got: httpx.Response, began: float) -> bytes:
        limit = self._client.timeout.read or 0.0
        body = bytearray()
        for part in got.iter_bytes():
            body += part
            if len(body) > LARGEST:
                raise Unreachable(f"{got.url} is larger than {LARGEST >> 20} MB")
            # httpx counts anew with every part.
            if time.monotonic() - began > 3 * limit:
                raise httpx.ReadTimeout("the answer has no end", request=got.request)
        return bytes(body)


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").removeprefix("www.")


def _why(error: Exception, url: str) -> str:
    """Why there is no answer, and what to do."""
    host = urlsplit(url).netloc if "//" in url else url
    cause: Any = error
    while cause is not None and not isinstance(cause, ssl.SSLError):
        cause = cause.__cause__ or cause.__context__
    text = str(error) or type(error).__name__
    if cause is not None:
        return (
            f"the certificate or the TLS of {host} is not accepted ({text}): open the address in a "
            "browser; a private authority is named by SSL_CERT_FILE"
        )
    if isinstance(error, httpx.TimeoutException):
        return f"{url} did not answer in time: is it reachable from here? --timeout waits longer"
    if "Name or service" in text or "getaddrinfo" in text or "nodename" in text:
        return f"the host {host} is unknown: is the address spelled right?"
    if isinstance(error, httpx.ConnectError):
        return f"{host} takes no connection ({text}): does the shop run, on this port?"
    if isinstance(error, (httpx.UnsupportedProtocol, httpx.InvalidURL, ValueError)):
        return (
            f"{url} leads nowhere ({text}): write an address like https://shop.example/"
        )
    return f"{url} gave no proper answer ({text})"
