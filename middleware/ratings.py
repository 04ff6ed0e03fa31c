"""Addresses at which visitors say whether they like what a slot shows them."""

from collections.abc import Sequence

from ..fragments.thumbs import ADDRESS
from .formaddresses import FormAddresses

NOTHING = f"{ADDRESS}nothing".encode()  # on a preview: nobody is there


class Ratings(FormAddresses):
    """As its base, for thumbs up and down."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        super().__init__(keys, "rating", ADDRESS)
