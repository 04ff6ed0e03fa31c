"""Why an item is on a shelf, in words."""

import msgspec

from ..catalog import Catalog
from .model import kind_and_id

# `{title}` is that of the item that a reason follows from.
_VIEWED = {
    "en": "Because you viewed {title}",
    "de": "Weil Sie {title} angesehen haben",
}
_WORDS = {
    "for-you": _VIEWED,
    "because-you-viewed": _VIEWED,
    "similar": _VIEWED,
    "because-you-read": {
        "en": "Because you read {title}",
        "de": "Weil Sie {title} gelesen haben",
    },
    "interest": {
        "en": "Fits what you look at",
        "de": "Passt zu dem, was Sie ansehen",
    },
    "viewed-again": {
        "en": "You looked at this recently",
        "de": "Zuletzt angesehen",
    },
    "goes-with-cart": {
        "en": "Goes with {title} in your basket",
        "de": "Passt zu {title} in Ihrem Warenkorb",
    },
    "goes-with-order": {
        "en": "Goes with {title}, which you bought",
        "de": "Passt zu {title} aus Ihrer Bestellung",
    },
    "viewed-bought": {
        "en": "Bought by others who viewed {title}",
        "de": "Von anderen gekauft, die {title} angesehen haben",
    },
    "buy-again": {
        "en": "You may need this again soon",
        "de": "Vielleicht brauchen Sie das bald wieder",
    },
    "trending": {
        "en": "Popular in this shop",
        "de": "Beliebt in diesem Shop",
    },
    "new": {
        "en": "New in this shop",
        "de": "Neu in diesem Shop",
    },
    "dormant": {
        "en": "You used to like {title}",
        "de": "Früher mochten Sie: {title}",  # a title has no cases
    },
    "editors-pick": {
        "en": "Our recommendation",
        "de": "Unsere Empfehlung",
    },
    "engine": {
        "en": "Recommended for you",
        "de": "Für Sie empfohlen",
    },
    "discovery": {
        "en": "Something different",
        "de": "Mal etwas anderes",
    },
}
#: Reasons that follow from a category; all others that tell a title, from a product or an article.
_OF_CATEGORY = frozenset({"dormant"})


class Reason(msgspec.Struct, frozen=True):
    """Why an item is on the shelf: the kind, and the key of the item it follows from.

    ``words`` are said instead of our own, if there are any.
    """

    kind: str
    product: str = ""
    words: str = ""

    def text(self, catalog: Catalog, language: str) -> str:
        """The reason in words; English where the language has none."""
        if self.words:
            return self.words
        words = _WORDS.get(self.kind, {})
        sentence = words.get(language.partition("-")[0], words.get("en", ""))
        if "{title}" not in sentence:
            return sentence
        kind, id = kind_and_id(self.product)
        if kind == "article" and words is _VIEWED:
            return Reason("because-you-read", self.product).text(catalog, language)
        if self.kind in _OF_CATEGORY:
            kind = "category"
        item = catalog.item(kind, id, language)
        return sentence.replace("{title}", str(item)) if item else ""


class Recommendation(msgspec.Struct, frozen=True):
    """One item for the shelf; ``score`` (0 to 1) is comparable within a strategy."""

    id: str
    score: float
    reason: Reason
