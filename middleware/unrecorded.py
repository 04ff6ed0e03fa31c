"""What a store keeps, and what nobody can say of a visitor afterwards."""

from .site import Site

_OF_REQUEST = frozenset(
    {
        "device",
        "language",
        "referrer",
        "campaign",
        "campaign-source",
        "campaign-medium",
        "logged-in",
        "first-name",
    }
)
_OF_SHOWING = _OF_REQUEST | {"entry-page"}  # the log has events, and no visits


def of_log(site: Site) -> frozenset[str]:
    """The attributes that the log of events does not tell: all that the shop declared, too."""
    hidden = _OF_SHOWING | site.settings.attributes.keys()
    # Whoever speaks one language speaks it always.
    return hidden if site.context.polyglot else hidden - {"language"}


def of_profile(site: Site) -> frozenset[str]:
    """The attributes that a stored profile may lack: what requests bring, and what was declared."""
    return _OF_REQUEST | {"path"} | site.settings.attributes.keys()


def of_requests(site: Site) -> frozenset[str]:
    """The attributes that no profile has: without a request there is nothing to read them of."""
    hidden = frozenset({"path", "logged-in", "first-name"})
    return hidden | {"language"} if site.context.polyglot else hidden
