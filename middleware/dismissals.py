"""Addresses at which visitors send away what a slot shows them."""

from collections.abc import Sequence

from ..fragments.dismissal import ADDRESS
from .formaddresses import FormAddresses

NOTHING = f"{ADDRESS}nothing".encode()  # on a preview: nobody is there


class Dismissals(FormAddresses):
    """As its base, for dismissals."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        super().__init__(keys, "dismissal", ADDRESS)
