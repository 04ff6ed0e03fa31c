"""The button by which visitors send away what a fragment shows them: ``dismiss()`` in templates."""

from markupsafe import Markup, escape

from .slotforms import SlotForm

ADDRESS = "/-/shopwindow/dismiss/"
FORM = SlotForm("sw-dismiss", ADDRESS)

_WORDS = {"de": "Kein Interesse", "en": "Not interested"}
_FORM = Markup(
    '<form class="sw-dismiss" method="post" action="{}">'
    '<button class="sw-dismiss-button">{}</button></form>'
)


def button(label: str, language: str) -> Markup:
    """The form, with ``label`` on its button or else what one says in ``language``."""
    said = label or _WORDS.get(language.partition("-")[0], _WORDS["en"])
    return _FORM.format(ADDRESS, escape(said))
