"""What a template's slot block becomes: its content between two comments, on page views only."""

from markupsafe import Markup

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
