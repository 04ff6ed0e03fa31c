"""What a shelf goes by, of the one who looks at it."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Protocol


class Shopper(Protocol):
    """What is known about a visitor, each asked for when a shelf wants it.

    Products are their ids, articles their keys (see :func:`.model.article_key`).
    """

    @property
    def viewed(self) -> Sequence[str]:
        """What was looked at or read, the latest first."""
        ...

    @property
    def lately(self) -> Sequence[str]:
        """Of ``viewed`` what belongs to what the visitor is doing now, or did when last here."""
        ...

    @property
    def cart(self) -> Sequence[str]:
        """What is in the cart."""
        ...

    @property
    def ordered(self) -> Sequence[str]:
        """What was bought last, all at once."""
        ...

    @property
    def bought(self) -> Collection[str]:
        """All that was ever bought, here or in the store."""
        ...

    @property
    def due(self) -> Mapping[str, float]:
        """Of what was bought: what is used up soon, and how probable that is."""
        ...

    @property
    def dismissed(self) -> Collection[str]:
        """What was sent away."""
        ...

    @property
    def unwanted(self) -> Mapping[str, Collection[str]]:
        """What they never want to see: dimension -> keys."""
        ...

    @property
    def usual(self) -> Collection[str]:
        """The ids of the categories that they know their way in."""
        ...

    @property
    def dormant(self) -> Sequence[str]:
        """The ids of the categories that they liked long ago, the best liked first."""
        ...

    @property
    def interests(self) -> Mapping[str, Mapping[str, float]]:
        """What they lean to: dimension (category, brand, tag) -> key -> how strongly, from 0."""
        ...

    @property
    def chance(self) -> str:
        """What luck is drawn from: the same text, the same luck."""
        ...

    @property
    def leaning(self) -> Callable[[str], float]:
        """How much they lean towards a category, 0 to 1."""
        ...


#: A purchase is no reason to leave a product out once it is needed again with this probability.
DUE = 0.5


def _none(category: str) -> float:
    return 0.0


class Stranger:
    """Somebody of whom nothing is known. Others begin as this one, and know more."""

    viewed: Sequence[str] = ()
    lately: Sequence[str] = ()
    cart: Sequence[str] = ()
    ordered: Sequence[str] = ()
    bought: Collection[str] = ()
    due: Mapping[str, float] = {}
    dismissed: Collection[str] = ()
    unwanted: Mapping[str, Collection[str]] = {}
    usual: Collection[str] = ()
    dormant: Sequence[str] = ()
    interests: Mapping[str, Mapping[str, float]] = {}
    chance: str = ""

    leaning: Callable[[str], float] = staticmethod(_none)
