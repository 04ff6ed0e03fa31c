"""The colours of the shop's pictures, by category."""

from typing import NamedTuple
from zlib import crc32


class Colours(NamedTuple):
    """The colours of a category: behind things, under them, and of the things."""

    sky: str
    ground: str
    main: str
    light: str
    dark: str


COLOURS = {
    "rabbit": Colours("#fbe4da", "#c9dda9", "#d9795d", "#f8cbb8", "#7a3b2a"),
    "dog": Colours("#fcebc9", "#cfdd9f", "#c98a3b", "#f3d7a2", "#6b4415"),
    "puppy": Colours("#fde9d3", "#d6e2a8", "#e0913f", "#fad9ab", "#7a4b16"),
    "dogfood": Colours("#f6e8d2", "#c8d6a0", "#b0683a", "#ecc9a4", "#5c3018"),
    "cat": Colours("#e6e5f7", "#bfd2b3", "#7a6fb5", "#cdc6ec", "#3a3268"),
    "kitten": Colours("#f7e3f1", "#cbddb6", "#b9709f", "#ecc8e0", "#642f55"),
    "bird": Colours("#dff1f6", "#b5d7b0", "#3f93a8", "#aedde7", "#1b5060"),
    "fish": Colours("#d3ebfa", "#f0dfb4", "#2f7fc2", "#a9d3f2", "#174a78"),
    "hamster": Colours("#fcedd9", "#d5dda8", "#c9864a", "#f5d6b0", "#6e4219"),
    "reptile": Colours("#e5f3d5", "#e9d9a8", "#5e9a45", "#bfe0a9", "#2c5219"),
    "horse": Colours("#ece7de", "#b8ce98", "#8e6b4b", "#dcc6ad", "#4a331e"),
    "garden": Colours("#e3f2e3", "#a8cb98", "#4c8f5c", "#b9dcb9", "#22502e"),
}
ACCENTS = (("#4f8f9e", "#bfe0e4", "#22525d"), ("#c2566a", "#f3c3c8", "#6e2434"))


def shades(category: str, id: str) -> Colours:
    """The category's colours; one product in three wears another jacket."""
    own = COLOURS[category]
    choice = crc32(id.encode()) % 6
    return own if choice > 1 else Colours(own.sky, own.ground, *ACCENTS[choice])
