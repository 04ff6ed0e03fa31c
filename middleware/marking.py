"""What a template's slot block becomes: its content between two comments, on page views only."""

from markupsafe import Markup

from .clicks import SCRIPT
from .clickscript import element
from .visit import current


def marked(name: str, content: str) -> str:
    """``content`` of the slot ``name`` as it goes into the page; what is in it is trusted markup.

    While a page view is being answered it stands between two comments that the middleware
    takes out again; everywhere else (e-mails, parts of pages) it is the content alone.
    """
    visit = current()
    if visit is None or not visit.arrival.navigation or visit.aside:
        return content
    if name not in visit.site.settings.slots:
        visit.window.warn(
            f"slot {name}", 'a template has the slot "%s", site.toml has not', name
        )
        return content
    visit.marked = True
    marker = visit.window.marker
    return Markup(marker.open(name)) + Markup(content) + Markup(marker.close)


def clicks_script() -> str:
    """What brings the script onto a page that tells of clicks, for pages that fetch their fragments
    later; empty where clicks are told by redirects, and where no request is answered."""
    visit = current()
    if visit is None or visit.site.settings.clicks != SCRIPT:
        return Markup("")
    visit.display.scripted = True
    return Markup(element(visit.root))
