"""The two buttons by which visitors say whether they like what a fragment shows them:
``thumbs()`` in templates."""

from markupsafe import Markup

from .slotforms import SlotForm

ADDRESS = "/-/shopwindow/rate/"
FORM = SlotForm("sw-thumbs", ADDRESS)
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


def buttons(language: str) -> Markup:
    """The form, with what one says in ``language`` on its buttons."""
    group, up, down = _WORDS.get(language.partition("-")[0], _WORDS["en"])
    return _FORM.format(ADDRESS, group, FIELD, up, FIELD, down)
