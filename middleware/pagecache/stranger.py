"""The visit of a request whose answer many visitors will get."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ...rules.facts import Context, Profile
from ..context import Arrival
from ..journal import NOTHING_TO_KEEP, Receipt
from ..visit import Visit
from ..visitor import Visitor

if TYPE_CHECKING:
    from ..window import Shopwindow


class Stranger(Visit):
    """Nobody: without an id, without consent, without a profile.

    Whoever asks about the visitor, or says something of them, makes the answer one that
    belongs to one visitor: ``decided`` is true then, and it is not kept. Only attributes
    that are given for this request alone go by unnoticed.
    """

    def __init__(self, window: "Shopwindow", arrival: Arrival) -> None:
        super().__init__(window, arrival)
        self.decided = False  # reading the request asked, too

    @property
    def visitor(self) -> Visitor | None:
        self.decided = True
        return None

    @visitor.setter
    def visitor(self, visitor: Visitor | None) -> None:
        pass

    @property
    def context(self) -> Context:
        # The device, the campaign: of one visitor, and in no address.
        self.decided = True
        return self._context

    @context.setter
    def context(self, context: Context) -> None:
        self._context = context

    def __repr__(self) -> str:
        return f"<Stranger on {self.arrival.path}>"

    @property
    def purposes(self) -> frozenset[str]:
        self.decided = True
        return frozenset()

    @property
    def remembers(self) -> bool:
        self.decided = True
        return False

    @property
    def profile(self) -> Profile | None:
        self.decided = True
        return None

    def track(
        self,
        event: str,
        properties: Mapping[str, Any] | None = None,
        *,
        at: float | None = None,
    ) -> Receipt:
        self.decided = True
        return NOTHING_TO_KEEP

    def set(self, *, keep: bool = False, **attributes: Any) -> None:
        self.decided = self.decided or keep
        super().set(**attributes)

    def identify(self, customer: str) -> None:
        self.decided = True

    def forget(self) -> None:
        self.decided = True

    def grant(self, *purposes: str) -> None:
        self.decided = True

    def deny(self) -> None:
        self.decided = True
