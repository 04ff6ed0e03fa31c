"""What a site's shelves may hold, made ready beside the pages."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from ..fragments.recommendations.assortment import Assortment
from ..fragments.recommendations.model import Model
from ..rules.facts import Recommend

if TYPE_CHECKING:
    from .site import Site


def assorted(
    site: "Site", popularity: Mapping[str, float], model: Model | None
) -> Assortment:
    """The products and articles of ``site``, with what each of its rules asks for ready.

    ``popularity`` maps product ids to how popular they are. This may take a while.
    """
    cap = site.settings.recommendations.category_cap
    made = Assortment(site.catalog, popularity, model, cap)
    for wish in _wishes(site):
        made.selection(wish)
    return made


def _wishes(site: "Site") -> Iterator[Recommend]:
    for rule in site.rules.rules:
        for decision in (rule.decision, *rule.variants.values()):
            wish = decision.recommend
            if wish is not None and not rule.bindings:  # else it depends on the visitor
                yield wish
