"""Conditions over what a visitor did, out of a document."""

import re

from .conditions import Condition
from .counting import AFFINITY_BOUNDS, Counted, Leans
from .document import Document, Node, core
from .facts import WINDOW_DAYS
from .favourites import BINDABLE, Binding, Favourite, OfFavourite
from .interests import INTEREST_DIMENSIONS
from .learning import search_key
from .moments import Duration
from .operators import window
from .vocabulary import DIMENSIONS, VERBS, Vocabulary

VARIABLE = re.compile(r"[A-Za-z][\w-]{0,31}", re.ASCII)
ANY = "any"  # as a dimension's key; in quotes it is a name like others
COUNT_KEYS = ("at-least", "at-most", "within")


class Deeds:
    """Reads what was viewed, bought, ...; findings go to the document.

    ``variables`` are the names that the conditions so far have bound with ``as:``.
    """

    def __init__(self, document: Document, vocabulary: Vocabulary) -> None:
        self.document = document
        self.vocabulary = vocabulary
        self.variables: dict[str, Binding] = {}

    def key(self, dimension: str, node: Node) -> tuple[str, str] | None:
        """The id that a name in a rule stands for, and the name as it was written."""
        text = self.document.words(node, f'"{dimension}"')
        if text is None:
            return None
        if _is_any(dimension, node):
            words = f'"{dimension}: any" cannot be asked here'
            self.document.error(node, words, f"name one {dimension}")
            return None
        if text.startswith("$"):
            return self._bound(dimension, node)
        if dimension == "query":
            return search_key(text), text
        known = self.vocabulary.keys(dimension)
        if known and text not in known:
            self.document.unknown(node, dimension, text, known)
            return None
        if dimension == "category" and text not in self.vocabulary.categories:
            ids = self.vocabulary.category_ids.get(text, (text,))
            if len(ids) > 1:
                hint = "write its id: " + ", ".join(ids)
                self.document.error(
                    node, f'{len(ids)} categories are called "{text}"', hint
                )
                return None
            return ids[0], text
        return text, text

    def _bound(self, dimension: str, node: Node) -> tuple[str, str] | None:
        name = self.document.variable(node, self.variables)
        if name is None:
            return None
        kind = self.variables[name].dimension
        if kind != dimension:
            words = f'"{node.text}" is one {kind}, not one {dimension}'
            self.document.error(node, words)
            return None
        return node.text, node.text

    def _about(self, key: str, condition: Counted | Leans) -> Condition:
        """The condition itself, or where its ``key`` is a variable, that of what it stands for."""
        favourite = self.variables.get(key[1:]) if key.startswith("$") else None
        return OfFavourite(favourite, condition) if favourite else condition

    def event(self, key: Node, value: Node, verb: str, binds: bool) -> Condition | None:
        """``viewed`` and its like; ``binds``: it may give what it finds a name."""
        document, allowed = self.document, VERBS[verb]
        found: tuple[str, str, str] | None = None
        counts: dict[str, int] = {}
        nodes: dict[str, Node] = {}
        within: Duration | None = None
        sound, anything = True, False
        dimensions = 0
        known = (*DIMENSIONS, *COUNT_KEYS, "as")
        if value.kind != "map":
            example = f"write `{key.text}: {{{allowed[0]}: ...}}`"
            document.error(
                value, f'"{key.text}" needs a map, not {value.shown}', example
            )
            return None
        for name, node in document.pairs(value, f'"{key.text}"', known):
            if name.text in DIMENSIONS:
                dimensions += 1
                if name.text not in allowed:
                    hint = "by " + " or ".join(allowed)
                    document.error(
                        name, f'"{key.text}" does not count by {name.text}', hint
                    )
                elif dimensions > 1:
                    hint = "write two conditions"
                    document.error(name, f'"{key.text}" counts by one thing only', hint)
                elif _is_any(name.text, node):
                    found, anything = (name.text, ANY, ANY), True
                    continue
                elif pair := self.key(name.text, node):
                    found = (name.text, *pair)
                    continue
                sound = False
            elif name.text == "as":
                pass  # read with what it names
            elif name.text == "within":
                within = window(document, node)
                sound = sound and within is not None
                if within is not None and (within.days or 0) > WINDOW_DAYS:
                    words = f"within {within} counts {WINDOW_DAYS} days only"
                    hint = "older days are not kept"
                    document.warning(node, words, hint, "window")
            elif (count := document.whole(node, f'"{name.text}"', 0)) is None:
                sound = False
            else:
                counts[name.text] = count
            nodes[name.text] = node
        if not dimensions:
            hint = f"add {' or '.join(allowed)}"
            document.error(key, f'"{key.text}" does not say what', hint)
        if not sound or found is None or not self._sensible(key, counts, nodes, within):
            return None
        dimension, id, title = found
        if anything:
            return self._favourite(key, verb, dimension, counts, nodes, within, binds)
        if "as" in nodes:
            hint = f"write `{dimension}: any` for the one {verb} most"
            document.error(nodes["as"], '"as" names what "any" finds', hint)
            return None
        counted = Counted(
            verb,
            dimension,
            id,
            key.line,
            counts.get("at-least", 0 if "at-most" in counts else 1),
            counts.get("at-most"),
            within,
            key.text != verb,
            title,
        )
        return self._about(id, counted)

    def _favourite(
        self,
        key: Node,
        verb: str,
        dimension: str,
        counts: dict[str, int],
        nodes: dict[str, Node],
        within: Duration | None,
        binds: bool,
    ) -> Condition | None:
        """``any``, and the name that ``as`` gives to what was found."""
        document, before = self.document, self.document.errors
        name = ""
        if "at-most" in nodes:
            hint = f"write `not-{verb}` with at-least"
            document.error(nodes["at-most"], '"any" cannot have "at-most"', hint)
        if (node := nodes.get("as")) is not None:
            if key.text != verb:
                document.error(node, f'"{key.text}" finds nothing to name')
            else:
                name = self.name(node, binds)
        if document.errors > before:
            return None
        favourite = Favourite(
            verb,
            dimension,
            key.line,
            counts.get("at-least", 1),
            within,
            key.text != verb,
            name,
            self.vocabulary.things(dimension),
        )
        if name:
            self.variables[name] = favourite
        return favourite

    def name(self, node: Node, binds: bool) -> str:
        """The name at ``node``, the value of ``as``; empty: something is wrong, and found."""
        document = self.document
        name = document.words(node, '"as"') or ""
        if not binds:
            hint = "name it in a condition that stands directly under `when:`"
            document.error(node, '"as" cannot stand here', hint)
        elif name and not VARIABLE.fullmatch(name):
            hint = "use letters, digits and `-`"
            document.error(node, f'"{name[:80]}" cannot be a name', hint)
        elif name in self.variables:
            document.error(node, f'"{name}" is bound already in this rule')
        elif name == "visitor":  # {visitor.first-name} means somebody else
            words = f'"{name}" has its meaning already'
            document.error(node, words, "choose another name")
        else:
            return name
        return ""

    def _sensible(
        self,
        key: Node,
        counts: dict[str, int],
        nodes: dict[str, Node],
        within: Duration | None,
    ) -> bool:
        """Whether the counts can both hold and fail."""
        document = self.document
        least, most = counts.get("at-least"), counts.get("at-most")
        verb = key.text.removeprefix("not-")
        if least == 0:
            hint = f"write `not-{verb}` for never, or leave it away"
            document.error(nodes["at-least"], '"at-least: 0" says nothing', hint)
        elif key.text != verb and most is not None:
            hint = f"write `{verb}` with at-least"
            document.error(
                nodes["at-most"], f'"{key.text}" cannot have "at-most"', hint
            )
        elif least is not None and most is not None and least > most:
            words = f"at least {least} and at most {most} can never both hold"
            document.error(nodes["at-most"], words)
        elif (
            within is not None
            and within.days is None
            and (most is not None or (least or 1) > 1)
        ):
            words = f'within {within} only "at least once" can be asked'
            hint = "count in days: `within: 1 day` is today"
            document.error(nodes.get("at-most") or nodes["at-least"], words, hint)
        else:
            return True
        return False

    def affinity(self, key: Node, value: Node) -> tuple[Condition, ...]:
        """``affinity``: one condition for each bound."""
        document = self.document
        dimensions = sorted(INTEREST_DIMENSIONS)
        found: tuple[str, str, str] | None = None
        bounds: list[tuple[str, float]] = []
        sound = True
        known = (*dimensions, *AFFINITY_BOUNDS)
        for name, node in document.pairs(value, '"affinity"', known):
            if name.text in INTEREST_DIMENSIONS:
                if found is not None:
                    document.error(
                        name, '"affinity" is to one thing only', "write two conditions"
                    )
                if pair := self.key(name.text, node):
                    found = (name.text, *pair)
                else:
                    sound = False
                continue
            limit = core(node) if node.kind == "scalar" else None
            if (
                isinstance(limit, bool)
                or not isinstance(limit, (int, float))
                or not 0 <= limit <= 1
            ):
                hint = "affinity goes from 0 to 1"
                document.error(
                    node, f'"{name.text}" needs a number, not {node.shown}', hint
                )
                sound = False
            else:
                bounds.append((name.text, float(limit)))
        if value.kind == "map" and sound and (found is None or not bounds):
            example = "write `affinity: {category: ..., at-least: 0.5}`"
            document.error(
                key, '"affinity" needs a category, brand or tag and a bound', example
            )
        if found is None:
            return ()
        dimension, id, title = found
        return tuple(
            self._about(id, Leans(dimension, id, name, limit, key.line, title))
            for name, limit in bounds
        )


def _is_any(dimension: str, node: Node) -> bool:
    return dimension in BINDABLE and node.text == ANY and not node.quoted
