"""What fills a shelf, out of a document: ``recommend`` and its words."""

from collections.abc import Callable
from typing import Any

from ..findings import suggest
from .document import Document, Node, core, names
from .facts import Recommend
from .numerals import number
from .shares import read_share
from .vocabulary import Vocabulary

RECOMMEND_KEYS = (
    *("strategy", "limit", "only", "except", "pin", "boost", "bury"),
    *("discovery", "minimum-score"),
)
#: What products can be chosen by.
FILTERS = ("category", "brand", "tag")
#: What is compared with numbers instead, by these operators.
MEASURES = ("price", "stock")
BOUNDS = ("at-least", "at-most", "more-than", "less-than")
#: What a shelf may hold: products, if its rule does not say.
KINDS = ("product", "article")
LIMIT = 100
ENGINE = "engine:"  # begins the names of strategies that other programs have

Key = Callable[[str, Node], tuple[str, str] | None]


class Shelves:
    """Reads the shelves of one document. ``key(dimension, node)`` checks a name of the
    catalogue and gives its id, as :meth:`shopwindow.rules.deeds.Deeds.key` does."""

    def __init__(self, document: Document, vocabulary: Vocabulary, key: Key) -> None:
        self.document = document
        self.vocabulary = vocabulary
        self.key = key

    def read(self, key: Node, node: Node) -> Recommend:
        """The shelf at ``node``, the value of ``key``; what is wrong is left out, and found."""
        document = self.document
        if node.kind != "map":
            hint = "write for example `recommend: {strategy: [for-you, trending]}`"
            words = f'"recommend" must be `key: value` lines, not {node.shown}'
            document.error(node, words, hint)
            return Recommend(())
        found = {
            name.text: value
            for name, value in document.pairs(node, '"recommend"', RECOMMEND_KEYS)
        }
        known = self.vocabulary.strategies
        if "strategy" not in found:
            document.error(key, '"recommend" needs `strategy:`', suggest("", known))
        return Recommend(
            self._strategies(found.get("strategy")),
            self._limit(found.get("limit")),
            self._filter("only", found.get("only")),
            self._filter("except", found.get("except")),
            self._pinned(found.get("pin")),
            self._filter("boost", found.get("boost")),
            self._filter("bury", found.get("bury")),
            self._discovery(found.get("discovery")),
            self._score(found.get("minimum-score")),
        )

    def _strategies(self, node: Node | None) -> tuple[str, ...]:
        if node is None:
            return ()
        strategies: list[str] = []
        known = self.vocabulary.strategies
        for place, text in names(self.document, node, '"strategy"'):
            if known and text not in known:
                self._unknown(place, text)
            strategies.append(text)
        return tuple(strategies)

    def _unknown(self, place: Node, text: str) -> None:
        name = text.removeprefix(ENGINE)
        engines = [one for one in self.vocabulary.strategies if one.startswith(ENGINE)]
        likely = suggest(text, engines).startswith("did you mean")
        if text.startswith(ENGINE) and not likely:
            words = f'unknown strategy "{text}"'
            hint = f"no [recommendations.engines.{name or 'NAME'}] in site.toml"
            self.document.error(place, words, hint, "unknown")
        else:
            known = self.vocabulary.strategies
            self.document.unknown(place, "strategy", text, known)

    def _limit(self, node: Node | None) -> int:
        if node is None:
            return Recommend(()).limit
        limit = self.document.whole(node, '"limit"', 1) or 1
        if limit > LIMIT:
            self.document.error(node, f'"limit" is at most {LIMIT}, not {limit}')
        return limit

    def _filter(self, name: str, node: Node | None) -> dict[str, tuple[Any, ...]]:
        if node is None:
            return {}
        chosen: dict[str, tuple[Any, ...]] = {}
        kind = ("kind",) if name == "only" else ()
        known = (*FILTERS, *MEASURES, *kind)
        for dimension, value in self.document.pairs(node, f'"{name}"', known):
            if dimension.text == "kind":
                chosen["kind"] = self._kinds(value)
            elif dimension.text in MEASURES:
                chosen[dimension.text] = self._bounds(dimension, value)
            else:
                chosen[dimension.text] = self._keys(dimension.text, value)
        if node.kind == "map" and not node.entries:
            hint = f"write for example `{name}: {{category: ...}}`"
            self.document.error(node, f'"{name}" does not say what', hint)
        return chosen

    def _kinds(self, node: Node) -> tuple[str, ...]:
        kinds: list[str] = []
        for place, text in names(self.document, node, '"kind"'):
            if text in KINDS:
                kinds.append(text)
            else:
                self.document.unknown(place, "kind", text, KINDS)
        return tuple(kinds)

    def _bounds(self, key: Node, node: Node) -> tuple[tuple[str, float], ...]:
        """``{at-most: 50}`` as (("at-most", 50),)."""
        document, name = self.document, key.text
        hint = f"write for example `{name}: {{at-most: 50}}`"
        if node.kind != "map" or not node.entries:
            document.error(key, f'"{name}" needs a bound, not {node.shown}', hint)
            return ()
        bounds: list[tuple[str, float]] = []
        for operator, value in document.pairs(node, f'"{name}"', BOUNDS):
            limit = number(value.text) if value.kind == "scalar" else None
            if limit is None:
                words = f'"{operator.text}" needs a number, not {value.shown}'
                document.error(value, words, hint)
            else:
                bounds.append((operator.text, limit))
        least = [n for operator, n in bounds if operator in ("at-least", "more-than")]
        most = [n for operator, n in bounds if operator in ("at-most", "less-than")]
        if least and most and min(most) < max(least):
            document.error(node, f'no "{name}" can keep to all of these bounds')
        return tuple(bounds)

    def _pinned(self, node: Node | None) -> tuple[str, ...]:
        return () if node is None else self._keys("product", node)

    def _keys(self, dimension: str, node: Node) -> tuple[str, ...]:
        places = node.items if node.kind == "list" else [node]
        if not places:
            self.document.error(node, f'"{dimension}" needs at least one text')
        pairs = [self.key(dimension, place) for place in places]
        return tuple(pair[0] for pair in pairs if pair)

    def _discovery(self, node: Node | None) -> float:
        return read_share(self.document, node, '"discovery"') or 0.0 if node else 0.0

    def _score(self, node: Node | None) -> float:
        if node is None:
            return 0.0
        score = core(node) if node.kind == "scalar" else None
        if (
            isinstance(score, bool)
            or not isinstance(score, (int, float))
            or not 0 <= score <= 1
        ):
            words = f'"minimum-score" needs a number, not {node.shown}'
            self.document.error(node, words, "scores go from 0 to 1")
            return 0.0
        return float(score)
