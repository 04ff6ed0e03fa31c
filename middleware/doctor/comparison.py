"""One page, asked for by different people: each at an address of their own, and all at one."""

import secrets
import time
from collections.abc import Iterator, Sequence
from typing import Protocol
from urllib.parse import urlsplit

from . import symptoms
from .symptoms import Symptom, caching
from .visitors import Answer, Visitor

PARAMETER = "shopwindow-doctor"  # makes an address that no cache has seen
ROUNDS = 3
PAUSE = 1.1  # seconds after which a cache says an Age


def marked(url: str, mark: str) -> str:
    """``url`` as an address that no cache knows yet."""
    parts = urlsplit(url)
    query = "&".join(filter(None, (parts.query, f"{PARAMETER}={mark}")))
    return parts._replace(query=query, fragment="").geturl()


class Ask(Protocol):
    """Lets somebody open an address, with headers besides those of every browser."""

    def __call__(self, who: Visitor, url: str, **headers: str) -> Answer: ...


class Comparison:
    """What ``people`` get at ``url``: the two visitors, if they could agree, and the others.

    In every round each of them asks at an address of their own, then all at one, in turn.
    """

    def __init__(self, ask: Ask, people: Sequence[Visitor], url: str) -> None:
        self.ask = ask
        self.people = people
        self.url = url
        self.alone: list[list[Answer]] = []
        self.rounds: list[list[Answer]] = []
        self.marks: list[str] = []  # what the addresses differ in
        for number in range(ROUNDS):
            found: dict[int, Answer] = {}
            # Half of them first: the pages of two who come as often may count alike.
            early = range(number % 2, len(people), 2)
            for position in early:
                found[position] = ask(people[position], self.address())
            shared = self.address()
            together = []
            for position, who in enumerate(people):
                if number == 0 and position == 1:
                    time.sleep(PAUSE)
                together.append(ask(who, shared))
            for position in {*range(len(people))} - {*early}:
                found[position] = ask(people[position], self.address())
            self.alone.append([found[position] for position in range(len(people))])
            self.rounds.append(together)
        asked = [answer for each in (*self.alone, *self.rounds) for answer in each]
        self.pages = [answer for answer in asked if answer.status == 200] or asked[:1]
        self.both = len(people) == 4
        own = [answers[:3] for answers in self.alone]
        self.differ = self.both and symptoms.differ(own, self.marks)
        #: Whether it can be somebody's own page at all: any other one may lie in caches.
        self.personal = self.differ or any(map(symptoms.dressed, self.pages))

    def address(self) -> str:
        """The page at an address that nobody has asked for before."""
        mark = secrets.token_hex(8)
        self.marks.append(mark)
        return marked(self.url, mark)

    def symptoms(self, *, touched: bool) -> Iterator[Symptom]:
        """What is wrong with the page; ``touched``: whether shopwindow's headers would be there."""
        first = self.pages[0]
        if first.status != 200:
            words = f"the page answers {first.status} to {PARAMETER}=... in its address"
            yield symptoms.warning("no-page", words, first)
            return
        yield from symptoms.leaks(self.rounds, self.alone, self.marks)
        for page in self.pages:
            yield from symptoms.page_body(page)
        yield from self._headers(touched)
        if self.both and self.personal:
            yield from self._held()
            if not self.differ:
                words = "both visitors saw the same page, so that little but headers could tell a leak"
                hint = (
                    "let the first one look at something before, "
                    "as often as a rule asks for: --visit /products/tea"
                )
                yield Symptom("same", "note", words, self.url, "", hint)

    def _headers(self, touched: bool) -> Iterator[Symptom]:
        public = [page for page in self.pages if not symptoms.is_private(page)]
        page = public[0] if public else self.pages[0]
        if not public:
            for each in self.pages:
                if symptoms.dressed(each):
                    yield from symptoms.page_headers(each)
            return
        if self.personal:
            words = (
                "the page differs between visitors, and its headers let caches keep it"
            )
            if any(map(symptoms.dressed, self.pages)):
                words = "the page's Cache-Control was replaced or taken out on the way"
            yield symptoms.error("public", words, page, caching(page))
        elif symptoms.shown_slots(page):
            yield self._undressed(page)
        elif touched:
            yield _slotless(page)

    def _undressed(self, page: Answer) -> Symptom:
        """Why a page has slots that shopwindow has not touched."""
        plain = self.ask(self.people[-2], self.address(), accept_encoding="identity")
        if "content-encoding" in page.headers and symptoms.is_private(plain):
            words = "the page is compressed before shopwindow can read it, so its slots keep their default content"
            hint = "mount the compressor outside of shopwindow"
            return symptoms.error(
                "compressed", words, page, symptoms.told(page, "content-encoding"), hint
            )
        words = "the page has slots, and shopwindow has not touched it"
        hint = (
            "is its path left out by [pages] in site.toml, or its encoding none that can be changed? The log says "
            "so. Compressors belong outside of shopwindow, and pages that are streamed under [pages] include"
        )
        return symptoms.error("undressed", words, page, caching(page), hint)

    def _held(self) -> Iterator[Symptom]:
        """Whether what the first visitor holds of a page is good for the second one."""
        url = self.address()
        held = self.ask(self.people[0], url)
        known = {
            "if_none_match": held.headers.get("etag"),
            "if_modified_since": held.headers.get("last-modified"),
        }
        conditions = {name: said for name, said in known.items() if said}
        if conditions:
            answer = self.ask(self.people[1], url, **conditions)
            # Two who see the same page may well be told so.
            if answer.status == 304 and self.ask(self.people[1], url).body != held.body:
                words = "the second visitor was told to go on with the page that the first one has"
                says = symptoms.validators(held)
                yield symptoms.error("not-modified", words, answer, says)
        part = self.ask(self.people[0], url, range="bytes=0-9")
        tag = part.headers.get("etag", "W/")
        strong = not tag.startswith("W/") or "last-modified" in part.headers
        if part.status == 206 and strong:
            words = "a part of the page is sent, with a validator that puts it together with another visitor's"
            yield symptoms.warning("range", words, part, symptoms.validators(part))


def _slotless(page: Answer) -> Symptom:
    words = "no slot was seen on this page, so shopwindow has left it alone"
    hint = "give an address that has slots, or mark them: README, Mount it"
    if symptoms.minified(page):
        hint += ". The page has no comment at all: a minifier inside of shopwindow takes comment slots out"
    return symptoms.warning("no-slot", words, page, caching(page), hint)
