"""How much of a shelf one category may take."""

import msgspec


class CategoryCap(msgspec.Struct, frozen=True):
    """At most ``number`` places, or if that is 0 this ``share`` of them, but never less than one.

    ``strict``: the shop has said so itself, and it is kept whatever a shelf is about. What is taken
    for granted does not cut short the strategies that go by one thing, as "similar" does.
    """

    number: int = 0
    share: float = 0.5
    strict: bool = False

    def places(self, limit: int) -> int:
        """How many of ``limit`` places one category may have."""
        return self.number or max(1, int(self.share * limit + 1e-9))


USUAL = CategoryCap()
#: A shop with fewer categories than these could not fill its shelves from others.
FEW_CATEGORIES = 3
