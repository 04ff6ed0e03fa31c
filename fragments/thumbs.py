"""The two buttons by which visitors say whether they like what a fragment shows them:
``thumbs()`` in templates."""

import re

from markupsafe import Markup

#: Where every such form leads, as with :mod:`.dismissal`.
ADDRESS = "/-/shopwindow/rate/"
FIELD = "rating"  # of the form; it says "up" or "down"

# Of the group, of its first button and of its second.
_WORDS = {
    "de": ("Gefällt Ihnen das?", "Gefällt mir", "Gefällt mir nicht"),
    "en": ("Do you like this?", "I like this", "I do not like this"),
}
_FORM = Markup(
    '<form class="sw-thumbs" method="post" action="{}" aria-label="{}">'
    '<button class="sw-thumbs-button sw-thumbs-up" name="{}" value="up">{}</button> '
    '<button class="sw-thumbs-button sw-thumbs-down" name="{}" value="down">{}</button></form>'
)
_ACTION = ADDRESS.encode() + b'"'
_FOUND = re.compile(rb'<form class="sw-thumbs".{0,2000}?</form>', re.DOTALL)


def buttons(language: str) -> Markup:
    """The form, with what one says in ``language`` on its buttons."""
    group, up, down = _WORDS.get(language.partition("-")[0], _WORDS["en"])
    return _FORM.format(ADDRESS, group, FIELD, up, FIELD, down)


def leading(content: bytes, address: bytes) -> bytes:
    """The fragment with its forms leading to ``address``, which has no quotes in it."""
    return content.replace(_ACTION, address + b'"')


def without(content: bytes) -> bytes:
    """The fragment without its forms: there is nobody who could be remembered."""
    return _FOUND.sub(b"", content)
