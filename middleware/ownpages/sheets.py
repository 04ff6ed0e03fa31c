"""A page of ours as it leaves: its frame, its style, and headers that keep it to one person."""

from base64 import b64encode
from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import msgspec
from markupsafe import Markup, escape
from starlette.types import Send

from ...fragments.formats import text as formatted
from ..replies import Headers, reply
from ..visit import Visit
from .templates import NONE, Overrides, our_style, ours
from .words import Section, Words, spoken, words

PREFIX = "/-/shopwindow/"
PAGES = ("overview", "consent", "preferences", "known", "erase")  # in their order
_HTML = b"text/html; charset=utf-8"
_HEADERS: Headers = [
    (b"x-robots-tag", b"noindex, nofollow"),
    # Not less: a form of a page without any referrer comes with `Origin: null`.
    (b"referrer-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
]


class Sheet(msgspec.Struct, frozen=True):
    """What is to be shown: the template ``page`` with ``values``.

    ``title`` is a key of the words' titles, the page's own by default. ``notice`` stands above
    all else; ``bad``: something is wrong.
    """

    page: str
    values: Mapping[str, Any]
    title: str = ""
    notice: str = ""
    bad: bool = False
    status: HTTPStatus = HTTPStatus.OK
    headers: tuple[tuple[bytes, bytes], ...] = ()


def address(visit: Visit, page: str) -> str:
    """Where a page of ours is; the overview has no name."""
    return f"{visit.root}{PREFIX}{'' if page == 'overview' else page}"


def language(visit: Visit) -> str:
    return spoken(visit.site.settings.language)


def said(visit: Visit) -> Words:
    """All words, in the language of the shop."""
    return words(language(visit), visit.site.settings.name)


def day(visit: Visit, at: float) -> str:
    """A moment as its day, in the words of the shop's language."""
    return dated(at, visit.site.context.day(at), language(visit))


def dated(at: float, day: int, spoken: str) -> str:
    from datetime import date, timedelta

    return formatted(date(1970, 1, 1) + timedelta(days=day), "date", spoken, "EUR")


def private(headers: Headers | tuple[tuple[bytes, bytes], ...] = ()) -> Headers:
    """``headers`` with those of all answers that are about one person."""
    return [*_HEADERS, *headers]


async def show(visit: Visit, send: Send, sheet: Sheet) -> None:
    """Send the page; where the shop's own template fails, ours stands in its place."""
    overrides = _overrides(visit)
    body = _whole(visit, sheet, overrides)
    style = _style(overrides)
    policy = (
        f"default-src 'none'; style-src '{_hash(style)}'; img-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    headers = private([*sheet.headers, (b"content-security-policy", policy.encode())])
    await reply(visit, send, sheet.status, headers, body.encode(), _HTML)


def _whole(visit: Visit, sheet: Sheet, overrides: Overrides) -> str:
    every = said(visit)
    title = every["titles"][sheet.title or sheet.page]
    common = common_values(visit)
    values = {
        **common,
        "words": worded(every.get(sheet.page, {})),
        **sheet.values,
    }
    content = _rendered(visit, sheet.page, values, overrides)
    framed = {
        **common,
        "words": worded(every["frame"]),
        "shop": visit.site.settings.name,
        "navigation": navigation(visit, sheet.title or sheet.page),
        "notice": sheet.notice,
        "bad": sheet.bad,
        "title": title,
        "content": Markup(content),
    }
    body = _rendered(visit, "frame", framed, overrides)
    return (
        f'<!doctype html>\n<html lang="{language(visit)}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n<meta name="robots" content="noindex">\n'
        f"<title>{escape(title)}</title>\n<style>{_style(overrides)}</style>\n</head>\n"
        f"<body>\n{body}\n</body>\n</html>\n"
    )


def _rendered(
    visit: Visit, page: str, values: Mapping[str, Any], overrides: Overrides
) -> str:
    own = overrides.pages.get(page)
    if own is not None:
        try:
            return own.render(values)
        except Exception as error:
            # A template of an editor may raise anything; the page must go out.
            visit.window.warn(
                f"ownpage {page}", "%s cannot be shown: %r", own.file, error
            )
    return ours(page).render(values)


def common_values(visit: Visit) -> dict[str, Any]:
    """What every template may name."""
    spoken = language(visit)
    currency = visit.site.settings.currency

    def t(value: object, kind: str | None = None) -> str:
        return formatted(value, kind, spoken, currency)

    links = {page: address(visit, page) for page in (*PAGES, "download")}
    return {"home": f"{visit.root}/", "links": links, "t": t}


def navigation(visit: Visit, here: str) -> list[dict[str, Any]]:
    titles = said(visit)["navigation"]
    return [
        {"url": address(visit, page), "title": titles[page], "here": page == here}
        for page in PAGES
    ]


def worded(section: Section) -> dict[str, Any]:
    """A section as templates can name it: with ``_`` for ``-``."""
    return {key.replace("-", "_"): value for key, value in section.items()}


def attachment(name: str) -> tuple[bytes, bytes]:
    """A header that makes browsers save the answer under ``name``."""
    plain = "".join(
        c if c.isascii() and (c.isalnum() or c in "-_.") else "-" for c in name
    )
    written = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name)}"
    return b"content-disposition", written.encode()


def _overrides(visit: Visit) -> Overrides:
    return visit.site.pages or NONE


def _style(overrides: Overrides) -> str:
    return our_style() + overrides.style


@lru_cache(8)
def _hash(style: str) -> str:
    digest = sha256(style.encode()).digest()
    return f"sha256-{b64encode(digest).decode()}"
