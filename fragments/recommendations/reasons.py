"""Why an item is on a shelf, in words."""

import msgspec

from ..catalog import Catalog

# `{title}` is that of the product that a reason follows from.
_WORDS = {
    "viewed-again": {
        "en": "You looked at this recently",
        "de": "Zuletzt angesehen",
    },
    "similar": {
        "en": "Because you viewed {title}",
        "de": "Weil Sie {title} angesehen haben",
    },
    "trending": {
        "en": "Popular in this shop",
        "de": "Beliebt in diesem Shop",
    },
}


class Reason(msgspec.Struct, frozen=True):
    """Why a product is on the shelf: the strategy, and the product it follows from."""

    kind: str
    product: str = ""

    def text(self, catalog: Catalog, language: str) -> str:
        """The reason in words; English where the language has none."""
        words = _WORDS.get(self.kind, {})
        sentence = words.get(language.partition("-")[0], words.get("en", ""))
        if "{title}" not in sentence:
            return sentence
        product = catalog.item("product", self.product, language)
        return sentence.replace("{title}", str(product)) if product else ""


class Recommendation(msgspec.Struct, frozen=True):
    """One product for the shelf; ``score`` (0 to 1) is comparable within a strategy."""

    id: str
    score: float
    reason: Reason
