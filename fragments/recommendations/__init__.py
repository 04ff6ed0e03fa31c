"""Products for shelves, and what is learned for them: see :class:`Recommender`."""

from .model import Model as Model
from .model import ModelError as ModelError
from .reasons import Recommendation as Recommendation
from .recommender import Recommender as Recommender
