"""What a view of a page says about whoever looks at it."""

from typing import TYPE_CHECKING, Any

from ..rules.facts import Context, Profile
from ..rules.learning import VISIT_PAUSE
from .stores import VISITED
from .tracking import Sighting

if TYPE_CHECKING:
    from .site import Site

SEEN_AGAIN = 60.0  # seconds after which one more page of the same visit is worth a note


def sightings(
    site: "Site", context: Context, query: bytes, profile: Profile
) -> list[Sighting]:
    """The events that one look at a page stands for, by somebody who is known as ``profile``."""
    found: list[Sighting] = []
    away = context.now - profile.last_seen
    if away > SEEN_AGAIN:
        properties: dict[str, Any] = {"path": context.path}
        if away > VISIT_PAUSE:  # the facts of a new visit
            for name in ("campaign", "referrer"):
                if value := getattr(context, name):
                    properties[name] = value
        found.append(Sighting(VISITED, properties))
    sighting = site.tracks.sighting(context.path, query)
    if sighting is not None:
        found.append(sighting)
    return found
