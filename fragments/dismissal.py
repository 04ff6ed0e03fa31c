"""The button by which visitors send away what a fragment shows them: ``dismiss()`` in templates."""

import re

from markupsafe import Markup, escape

#: Where every such form leads. Fragments are shared between pages: whoever fills a slot puts
#: the slot's own address in its place, or takes the form out.
ADDRESS = "/-/shopwindow/dismiss/"

_WORDS = {"de": "Kein Interesse", "en": "Not interested"}
_FORM = Markup(
    '<form class="sw-dismiss" method="post" action="{}">'
    '<button class="sw-dismiss-button">{}</button></form>'
)
_ACTION = ADDRESS.encode() + b'"'
_FOUND = re.compile(rb'<form class="sw-dismiss".{0,2000}?</form>', re.DOTALL)


def button(label: str, language: str) -> Markup:
    """The form, with ``label`` on its button or else what one says in ``language``."""
    said = label or _WORDS.get(language.partition("-")[0], _WORDS["en"])
    return _FORM.format(ADDRESS, escape(said))


def leading(content: bytes, address: bytes) -> bytes:
    """The fragment with its forms leading to ``address``, which has no quotes in it."""
    return content.replace(_ACTION, address + b'"')


def without(content: bytes) -> bytes:
    """The fragment without its forms: there is nobody who could be remembered."""
    return _FOUND.sub(b"", content)
