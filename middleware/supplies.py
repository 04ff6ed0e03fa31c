"""What a site's model has learned, for commands: the model itself, and what runs out when."""

from ..fragments.recommendations.model import Model, ModelError
from ..fragments.recommendations.replenishment import Replenishment
from .site import Site


def model_of(site: Site) -> Model | None:
    """The current model of a site; None without one that can be used."""
    try:
        return Model.current(site.settings.model)
    except ModelError:
        return None  # `shopwindow check` says what is wrong with it


def supplies_of(site: Site) -> Replenishment:
    """What runs out when, as pages of the site know it; without a model by the catalogue alone."""
    return Replenishment(site.catalog, model_of(site))
