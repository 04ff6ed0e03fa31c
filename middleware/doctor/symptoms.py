"""What answers tell about their way: pure, from answers to symptoms."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from http.cookies import Morsel
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from ..context import is_loopback
from ..visitor import TOLERANCE
from .visitors import Answer

Severity = Literal["error", "warning", "note"]
COOKIE = "shopwindow"
CLOCKS = 60  # seconds that Date may differ from our clock

_SLOTS = re.compile(rb"""\sdata-shopwindow\s*=|<!--\s*shopwindow:[^\s>]+\s*-->""")
_OPENED = re.compile(rb"<!--\s*shopwindow:[^\s>]+\s*-->")
_CLOSED = re.compile(rb"<!--\s*/shopwindow\s*-->")
_HIT = re.compile(
    r"\bhit\b(?!-for)|\bcached\b|\bstale\b|\bupdating\b|\brevalidated\b", re.I
)
_TOLD = (
    "cf-cache-status", "x-cache", "x-cache-status", "x-proxy-cache", "x-vercel-cache",
    "x-nginx-cache", "x-litespeed-cache", "x-drupal-cache", "x-cache-remote",
)  # fmt: skip


class Symptom(msgspec.Struct, frozen=True):
    """One thing that is wrong: what, and where it was seen. A note is no finding."""

    code: str
    severity: Severity
    message: str
    url: str
    header: str = ""  # the header or cookie that shows it, with its value
    hint: str = ""  # what to do, whoever is on the way


def error(
    code: str, message: str, seen: Answer, header: str = "", hint: str = ""
) -> Symptom:
    return Symptom(code, "error", message, seen.url, header, hint)


def warning(
    code: str, message: str, seen: Answer, header: str = "", hint: str = ""
) -> Symptom:
    return Symptom(code, "warning", message, seen.url, header, hint)


# -- what an answer is -----------------------------------------------------------------------


def told(answer: Answer, *names: str) -> str:
    """Headers of an answer, in one line."""
    headers = answer.headers
    return ", ".join(f"{name}: {headers[name]}" for name in names if name in headers)


def caching(answer: Answer) -> str:
    """What an answer says about being kept."""
    return told(answer, "cache-control", "vary") or "cache-control is missing"


def shown_slots(answer: Answer) -> bool:
    """Whether the page has slots that everybody can see."""
    return _SLOTS.search(answer.body) is not None


def is_private(answer: Answer) -> bool:
    """Whether the answer still forbids every cache between us and the visitor to keep it."""
    said = answer.words("cache-control")
    # With [pages] revalidate the visitor's own browser may keep it, and asks each time.
    return "private" in said and not said.isdisjoint(("no-store", "no-cache"))


def validators(answer: Answer) -> str:
    """The headers by which a browser may ask whether it has the page."""
    return told(answer, "etag", "last-modified")


def dressed(answer: Answer) -> bool:
    """Whether the answer leaves as shopwindow's answers do."""
    said = answer.words("cdn-cache-control") | answer.words("surrogate-control")
    return "no-store" in said or (
        is_private(answer) and "cookie" in answer.words("vary")
    )


def from_cache(answer: Answer) -> str:
    """The header by which a cache says that it had the answer already, or nothing."""
    headers = answer.headers
    age = headers.get("age", "").strip()
    if age.isdigit() and int(age) > 0:
        return f"age: {age}"
    for name in _TOLD:
        if name in headers and _HIT.search(headers[name]):
            return told(answer, name)
    if len(headers.get("x-varnish", "").split()) == 2:
        return told(answer, "x-varnish")
    status = headers.get("cache-status", "").lower()
    for cache in status.split(","):
        if "hit" in [part.strip() for part in cache.split(";")[1:]]:
            return told(answer, "cache-status")
    return ""


# -- what is wrong ---------------------------------------------------------------------------


def cached(answers: Iterable[Answer]) -> Iterator[Symptom]:
    """Answers that come out of a cache, one for all of an address's path."""
    seen = set()
    for answer in answers:
        path = urlsplit(answer.url).path
        if path not in seen and (says := from_cache(answer)):
            seen.add(path)
            words = f"the answer for {answer.who} comes out of a cache"
            yield error("cached", words, answer, says)


def leaks(
    rounds: Sequence[Sequence[Answer]],
    alone: Sequence[Sequence[Answer]],
    marks: Sequence[str],
) -> Iterator[Symptom]:
    """Who got somebody else's page.

    In each of ``rounds`` the same visitors asked one address, one after the other; ``alone``
    holds what each of them got at an address of their own, just before or after. ``marks`` are what the
    addresses differ in, which pages may repeat.
    """
    plain = _unmarked(marks)
    own = [plain(answer) for answer in alone[0]]
    got: dict[str, list[Answer]] = {}  # by whom the page was made for
    for number, later in enumerate(rounds[0]):
        # Every time, and never when alone: chance and caps do not look like that.
        if later.status != 200 or any(
            plain(each[number]) == plain(apart[number])
            for each, apart in zip(rounds, alone, strict=True)
        ):
            continue
        same = [
            earlier
            for earlier in range(number)
            if all(each[number].body == each[earlier].body for each in rounds)
        ]
        if same:
            owners = [earlier for earlier in same if own[earlier] == plain(later)]
            owner = rounds[0][owners[-1] if owners else same[0]].who
            got.setdefault(owner, []).append(later)
    for owner, answers in got.items():
        *others, last = (answer.who for answer in answers)
        people = f"{', '.join(others)} and {last}" if others else last
        words = f"{people} got the page that was made for {owner}"
        yield error("leak", words, answers[0], caching(answers[0]))


def differ(alone: Sequence[Sequence[Answer]], marks: Sequence[str]) -> bool:
    """Whether people get pages of their own, beyond what changes with every request."""
    plain = _unmarked(marks)
    people = [
        {plain(answer) for answer in answers} for answers in zip(*alone, strict=True)
    ]
    same = [pages for pages in people if len(pages) == 1]
    return any(pages != same[0] for pages in same[1:])


def _unmarked(marks: Sequence[str]) -> Callable[[Answer], bytes]:
    mark = re.compile("|".join(marks).encode())
    return lambda answer: mark.sub(b"", answer.body)


def page_headers(page: Answer) -> Iterator[Symptom]:
    """What is wrong with the headers of a page that shopwindow has made private."""
    if "cookie" not in page.words("vary") and "*" not in page.words("vary"):
        words = "Vary: Cookie was taken out on the way: caches that keep pages cannot tell visitors apart"
        yield warning("vary", words, page, told(page, "vary") or "vary is missing")
    if "no-store" in page.words("cache-control") and (says := validators(page)):
        words = "somebody on the way gives the page a validator, which is good for one visitor only"
        yield warning("validators", words, page, says)


def page_body(page: Answer) -> Iterator[Symptom]:
    """What is wrong with the bytes of a page."""
    if b"\x1e" in page.body:
        yield error(
            "markers",
            "the page still has the marks of template slots, so shopwindow could not read it",
            page,
            told(page, "content-encoding", "content-type"),
            "mount the compressor outside of shopwindow, and nothing that encrypts or encodes "
            "pages inside of it; fragments that are kept in a cache must be made outside of slots",
        )
    opened, closed = (len(find.findall(page.body)) for find in (_OPENED, _CLOSED))
    if opened != closed:
        yield warning(
            "comments",
            f"{opened} comments open a slot and {closed} close one",
            page,
            "",
            "an HTML minifier may take comments out: let it keep those with shopwindow, run it on "
            "templates, or mark slots with the attribute data-shopwindow",
        )


def minified(page: Answer) -> bool:
    """Whether somebody has taken comments and line ends out of a page."""
    body = page.body
    return (
        len(body) > 500
        and b"<!--" not in body
        and body.count(b"\n") < len(body) / 2_000
    )


def cookies(answer: Answer, ours: "Sequence[Morsel[str]]") -> Iterator[Symptom]:
    """What is wrong with the cookies by which the shop knows its visitors."""
    parts = urlsplit(answer.url)
    secure = parts.scheme == "https"
    for morsel in ours:
        shown = f"set-cookie: {morsel.key}=...; {_attributes(morsel)}"
        wrong = []
        if not morsel["httponly"]:
            wrong.append("HttpOnly is gone")
        if morsel["domain"]:
            wrong.append(f"it is good for all of {morsel['domain']}")
        if morsel["path"] != "/":
            wrong.append(f"its path is {morsel['path'] or 'missing'}")
        if secure and not morsel["secure"]:
            wrong.append("Secure is gone")
        if secure and not morsel.key.startswith("__Host-"):
            yield warning(
                "cookie-name",
                "on https the cookie has to be __Host-, so that no other host can plant it",
                answer,
                shown,
                "set SHOPWINDOW_ENV=production where the shop runs, or let the proxy send "
                "X-Forwarded-Proto: the shop takes itself for one on this machine",
            )
        if wrong:
            words = f"the cookie was changed on the way: {', '.join(wrong)}"
            yield error("cookie-changed", words, answer, shown)
        if not secure and morsel["secure"] and not is_loopback(parts.netloc.encode()):
            yield error(
                "plain-http",
                "the page is served by plain http, where browsers do not keep the cookie",
                answer,
                shown,
                "redirect http to https",
            )


def _attributes(morsel: "Morsel[str]") -> str:
    return morsel.OutputString().partition("; ")[2]


def clock(answer: Answer) -> Iterator[Symptom]:
    """Whether the shop's clock and ours agree."""
    skew = answer.skew
    if skew is None or abs(skew) <= CLOCKS + answer.took:
        return
    side = "ahead of" if skew > 0 else "behind"
    words = f"the shop's clock is {abs(skew):.0f} s {side} this machine's"
    hint = (
        f"set both by NTP: schedules run by the shop's clock, and with more than {TOLERANCE} s between "
        "its machines one refuses the cookies that another has issued"
    )
    yield warning("clock", words, answer, told(answer, "date"), hint)


def redirects(hops: Sequence[Answer], page: Answer) -> Iterator[Symptom]:
    """What gets lost on the way from the address that was given to the page."""
    for hop in hops:
        if hop.url.startswith("http:") and any(COOKIE in m.key for m in hop.cookies()):
            words = "a redirect on plain http sets the cookie, which everybody on the line can read"
            yield error(
                "redirect-cookie",
                words,
                hop,
                told(hop, "location"),
                "redirect before the shop is asked",
            )
    if page.url.startswith("http:") and any(
        hop.url.startswith("https:") for hop in hops
    ):
        words = "https leads to plain http, where browsers do not send the cookie"
        yield error(
            "redirect-down",
            words,
            hops[-1],
            told(hops[-1], "location"),
            "stay on https",
        )
