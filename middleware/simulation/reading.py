"""What a visitor sees on a page of the pet shop: what stands in which slot, and what can be done
with it.

Which rule and which variant that is says the strip that the demo has at the foot of its start
page. It says so too of what was held back, which nothing else on the page tells.
"""

import re
from collections.abc import Mapping
from html import unescape

import msgspec

LOGO = "site.logo"
LOGO_RULE = "logo-with-name"

# Slot -> where its content begins and where it ends, on the start page.
_PLACES: Mapping[str, tuple[str, str]] = {
    "home.notice": ('<div class="notice-place">', '<section class="hero'),
    "home.hero": ('<section class="hero', 'aria-labelledby="tiles-title"'),
    "home.categories": ('<ul class="tiles">', "</ul>"),
    "home.recommendations": ('<section class="shelf"', '<section class="teaser'),
    "home.advice": ('<section class="teaser', 'id="new-title"'),
}
_ANSWER = re.compile(
    r'<div class="answer[^"]*" data-slot="([^"]*)"(?: data-rule="([^"]*)"'
    r' data-experiment="([^"]*)" data-variant="([^"]*)" data-held="([^"]*)")?>'
)
_CLICK = re.compile(r'href="([^"]*/-/shopwindow/click/[^"]*)"')
_DISMISS = re.compile(r'<form class="sw-dismiss" method="post" action="([^"]*)"')
_THUMBS = re.compile(r'<form class="sw-thumbs" method="post" action="([^"]*)"')
_DECISION = re.compile(r"/click/~([^/]+)/")


class Seen(msgspec.Struct, frozen=True, eq=False):
    """One slot that counts. ``held`` says why it was held back; ``arm`` is that of ``experiment``.

    ``links``, ``dismissal`` and ``thumbs`` lead to where it can be followed, sent away and rated.
    """

    slot: str
    rule: str
    experiment: str = ""
    arm: str = ""
    held: str = ""
    links: tuple[str, ...] = ()
    dismissal: str = ""
    thumbs: str = ""

    @property
    def decision(self) -> str:
        """Its id, as its links say it; empty: they say none."""
        found = _DECISION.search(self.links[0]) if self.links else None
        return found[1] if found else ""


class Strange(Exception):
    """A page that is not one of the pet shop's demo."""


def seen(page: str) -> list[Seen]:
    """What counts on a start page, in the order of the page.

    Raises :class:`Strange` for a page without the demo's strip.
    """
    answers = _ANSWER.findall(page)
    if not answers:
        raise Strange(
            "the page does not say why it looks as it does: only the demo shop does, "
            "start one with shopwindow demo"
        )
    found = []
    for slot, rule, experiment, arm, held in answers:
        if not rule:
            continue
        content = "" if held else content_of(page, slot)
        links = tuple(unescape(link) for link in _CLICK.findall(content))
        found.append(
            Seen(
                *(slot, rule, experiment, arm, held, links),
                *(_action(_DISMISS, content), _action(_THUMBS, content)),
            )
        )
    order = (LOGO, *_PLACES)
    return sorted(found, key=lambda one: order.index(one.slot))


def _action(form: re.Pattern[str], content: str) -> str:
    found = form.search(content)
    return unescape(found[1]) if found else ""


def content_of(page: str, slot: str) -> str:
    """The part of a start page that stands in ``slot``."""
    if slot not in _PLACES:
        return ""
    begin, end = _PLACES[slot]
    start = page.find(begin)
    stop = page.find(end, start + len(begin))
    return page[start:stop] if 0 <= start < stop else ""


def logo(page: str) -> bool:
    """Whether the shop's name stands there with the visitor's."""
    return '<span class="for">' in page


def products(page: str) -> list[str]:
    """The ids of the products that a page leads to."""
    return list(dict.fromkeys(re.findall(r'href="/p/([a-z0-9-]+)"', page)))


def sold(page: str) -> bool:
    """Whether a product's page offers it."""
    return 'action="/cart/add"' in page


def cents(page: str) -> int:
    """What the goods of a cart cost together.

    Raises :class:`Strange` for a page without a cart.
    """
    found = re.search(r'>Goods</th><td class="number">\D*([\d,]+)\.(\d\d)<', page)
    if found is None:
        raise Strange("the checkout does not say what the goods cost")
    return int(found[1].replace(",", "")) * 100 + int(found[2])


def ticket(page: str) -> str:
    """What the form of one of shopwindow's own pages carries. Raises :class:`Strange`."""
    found = re.search(r'name="ticket" value="([^"]+)"', page)
    if found is None:
        raise Strange("the page has no form of shopwindow's")
    return unescape(found[1])
