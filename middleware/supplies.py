"""What runs out when, for commands: by the catalogue of a site and the model that is current."""

from ..fragments.recommendations.model import Model, ModelError
from ..fragments.recommendations.replenishment import Replenishment
from .site import Site


def supplies_of(site: Site) -> Replenishment:
    """As pages of the site know it; without a model that can be used, the catalogue alone."""
    try:
        model = Model.current(site.settings.model)
    except ModelError:
        model = None  # `shopwindow check` says what is wrong with it
    return Replenishment(site.catalog, model)
