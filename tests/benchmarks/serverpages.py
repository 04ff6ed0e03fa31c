"""Kinds of pages that servers answer with, and the shop's page with fragments to be included."""

from jinja2 import Template

from .fragmentapp import PATH
from .shop import SLOTS
from .work import page

STATIC, JINJA, STREAM, CACHED = "static", "jinja", "8 chunks", "cached"
SERVED = (STATIC, JINJA, STREAM, CACHED)

SSI_PAGE, ESI_PAGE = "page with SSI", "page with ESI"
_INCLUDES = {
    SSI_PAGE: '<!--# include virtual="{}" -->',
    ESI_PAGE: '<esi:include src="{}"/>',
}


def included_page(name: str) -> Template:
    """The page with an include where each slot is, in the words that ``name`` says."""
    include = _INCLUDES[name]
    holes = {slot: include.format(PATH + slot) for slot in SLOTS}
    # "<!--#" is text, as long as no line comment is set.
    return page(holes)
