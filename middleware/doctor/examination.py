"""One look at a shop: two visitors who agreed, one who did not, and a program ask for a page."""

import secrets
from collections.abc import Generator, Iterator, Sequence
from http.cookies import Morsel
from urllib.parse import urlencode, urljoin, urlsplit

import httpx
import msgspec

from . import symptoms
from .comparison import Comparison, marked
from .remedies import on_the_way
from .symptoms import COOKIE, Symptom
from .visitors import PROGRAM, Answer, Unreachable, Visitor

ENDPOINTS = "/-/shopwindow/"
_FIRST, _SECOND = "the first visitor", "the second visitor"
_NOBODY, _PROGRAM = "somebody without a cookie", "a program"


class Report(msgspec.Struct, frozen=True):
    """What a look at ``url`` found; ``present`` are the caches that answers name."""

    url: str
    symptoms: Sequence[Symptom]
    present: list[str]
    answers: int


def examine(
    client: httpx.Client,
    url: str,
    cookies: Sequence[str] = (),
    visit: Sequence[str] = (),
) -> Report:
    """Look at the page at ``url``.

    Two visitors agree to everything, by the shop's own form, and are erased in the end; or
    ``cookies`` are those of two who are known to the shop. The first one looks at the pages
    ``visit`` before. Raises :class:`Unreachable`.
    """
    examination = Examination(client, url, cookies)
    try:
        found = [*examination.run(visit)]
    finally:
        lost = [*examination.erase()]
    once = {(each.code, each.message): each for each in reversed([*found, *lost])}
    ordered = [*reversed(once.values())]
    present = list(
        dict.fromkeys(n for a in examination.answers for n in on_the_way(a.headers))
    )
    return Report(examination.page.url, ordered, present, len(examination.answers))


class Examination:
    """The visitors, and all that they got."""

    def __init__(self, client: httpx.Client, url: str, cookies: Sequence[str]) -> None:
        self.answers: list[Answer] = []
        self.given = bool(cookies)
        first, second = cookies or ("", "")
        keeps = not cookies
        self.first = Visitor(_FIRST, client, keeps=keeps, cookie=first, home=url)
        self.second = Visitor(_SECOND, client, keeps=keeps, cookie=second, home=url)
        self.nobody = Visitor(_NOBODY, client)
        self.program = Visitor(_PROGRAM, client, agent=PROGRAM)
        self.url = url
        self.endpoints = ""  # the address of shopwindow's own answers, if it has any
        self.page = self.ask(self.nobody, url)

    def ask(self, who: Visitor, url: str, **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = who.ask(url, named)
        self.answers.append(answer)
        return answer

    def run(self, visit: Sequence[str]) -> Iterator[Symptom]:
        page = self.page
        if page.status != 200 or not page.html:
            kind = page.headers.get("content-type", "no type")
            raise Unreachable(f"{page.url} is no page: {page.status}, {kind}")
        yield from symptoms.redirects(page.hops, page)
        yield from symptoms.clock(page)
        intact = True
        people = [self.first, self.second, self.nobody, self.program]
        desk = self._desk()
        if desk is not None:
            intact = symptoms.is_private(desk)
            if not intact:
                words = "the Cache-Control of shopwindow's own answers was replaced or taken out on the way"
                yield symptoms.error(
                    "cache-control", words, desk, symptoms.caching(desk)
                )
        if not self.given:
            agreed = yield from self._agree()
            if not agreed:
                people = [self.nobody, self.program]
                visit = ()
        for path in visit:
            url = marked(urljoin(page.url, path), secrets.token_hex(8))
            looked = self.ask(self.first, url)
            if looked.status != 200:
                words = f"what the first visitor should look at answers {looked.status}"
                yield Symptom("visit", "note", words, url)
        compared = Comparison(self.ask, people, page.url)
        yield from compared.symptoms(touched=bool(self.endpoints) and intact)
        if len(people) == 4 and self.endpoints:
            yield from self._decisions()
        yield from symptoms.cached(
            answer
            for answer in self.answers
            if (self.endpoints and answer.url.startswith(self.endpoints))
            or (compared.personal and _path(answer.url) == _path(page.url))
        )

    # -- the shop's own answers --------------------------------------------------------------

    def _desk(self) -> Answer | None:
        """What GET answers where there is only something to post: shopwindow is there if that is 405."""
        parts = urlsplit(self.page.url)
        folders = parts.path.split("/")[1:-1]
        tried = []
        for depth in range(len(folders) + 1):
            root = "".join(f"/{folder}" for folder in folders[:depth])
            where = f"{parts.scheme}://{parts.netloc}{root}{ENDPOINTS}"
            answer = self.ask(self.nobody, where + "dismiss/")
            if answer.status == 405 and "post" in answer.words("allow"):
                self.endpoints = where
                return answer
            tried.append(f"{where}dismiss/ answers {answer.status}")
        if self.given:
            return None
        raise Unreachable(
            f"no shopwindow there: {'; '.join(tried)} (405 with Allow: POST was expected). Is it mounted, and does "
            f"the proxy pass {ENDPOINTS} on? Other shops can be examined with the cookies of two visitors"
        )

    def _agree(self) -> Generator[Symptom, None, bool]:
        """Let both visitors agree; returns whether both are known to the shop now."""
        form = {"choice": "granted", "next": _path(self.page.url)}
        ids: list[str] = []
        for who in (self.first, self.second):
            answer = who.post(self.endpoints + "consent", form)
            self.answers.append(answer)
            yield from symptoms.clock(answer)
            if answer.status == 409:
                yield symptoms.error(
                    "consent-elsewhere",
                    "the shop leaves consent to another tool, so the doctor's visitors cannot agree by its form",
                    answer,
                    "",
                    "agree in two browsers, and give the cookies of both with --cookie",
                )
                return False
            if answer.status != 303:
                yield symptoms.error(
                    "consent",
                    f"agreeing is answered with {answer.status}, not with 303",
                    answer,
                    symptoms.told(answer, "location", "server"),
                    "let the proxy pass POST, Host, Origin and Sec-Fetch-Site on as they are; redirect http with 308",
                )
                return False
            ours = _ours(answer)
            if not ours:
                words = "the visitor agrees and gets no cookie: Set-Cookie is taken out on the way"
                yield symptoms.error(
                    "cookie-stripped", words, answer, symptoms.caching(answer)
                )
                return False
            yield from symptoms.cookies(answer, ours)
            ids += [morsel.value for morsel in ours]
        if len(set(ids)) < 2:
            words = "two visitors agree and get the same cookie: the second one is the first one now"
            yield symptoms.error(
                "consent-cached", words, answer, symptoms.caching(answer)
            )
            return False
        return True

    def _decisions(self) -> Iterator[Symptom]:
        """Whether two visitors get one answer to the same question."""
        query = {"path": _path(self.page.url)}
        url = f"{self.endpoints}decide?{urlencode(query)}"
        found = []
        for who in (self.first, self.second):
            answer = self.ask(
                who,
                url,
                accept="application/json",
                sec_fetch_dest="empty",
                sec_fetch_site="same-origin",
            )
            try:
                found.append(msgspec.json.decode(answer.body)["decision"])
            except (msgspec.DecodeError, KeyError, TypeError):
                return
        if found[0] is not None and found[0] == found[1]:
            words = (
                "the second visitor got the decisions that were made for the first one"
            )
            yield symptoms.error(
                "decide-cached", words, answer, symptoms.caching(answer)
            )

    # -- leaving -----------------------------------------------------------------------------

    def erase(self) -> Iterator[Symptom]:
        """Take the visitors' consent back, which erases them."""
        for who in (self.first, self.second):
            if self.given or not any(COOKIE in name for name in who.kept):
                continue
            url = self.endpoints + "consent"
            try:
                answer = who.post(url, {"choice": "denied"})
                why = "" if answer.status == 303 else f"the answer was {answer.status}"
            except Unreachable as error:
                why = str(error)
            if why:
                words = f"{who.name} of this examination could not be erased: {why}"
                yield Symptom("not-erased", "warning", words, url)


def _path(url: str) -> str:
    return urlsplit(url).path or "/"


def _ours(answer: Answer) -> "list[Morsel[str]]":
    """The cookies that say who the visitor is."""
    names = (COOKIE, f"__Host-{COOKIE}", f"__Secure-{COOKIE}")
    return [
        morsel for morsel in answer.cookies() if morsel.key in names and morsel.value
    ]
