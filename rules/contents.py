"""What a rule shows, out of a document: ``show`` and ``with``, checked by the fragment."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from ..findings import suggest
from .document import Document, Node
from .experiments import Level
from .favourites import Binding
from .running_out import RunsOut
from .vocabulary import Vocabulary

# What fragments fill in texts: `{name}`, `{category.title}`.
_PLACE = re.compile(r"\{([A-Za-z][\w-]*)(?:\.[A-Za-z][\w-]*)?\}")
_ALWAYS = "visitor"


class Contents:
    """Reads the contents of one rule, or of each variant of its split; ``what`` says which.

    ``shelf``: a ``recommend:`` fills the fragment's items. ``variables`` may be named as ``$cat``.
    """

    def __init__(
        self,
        what: Literal["rule", "variant"],
        vocabulary: Vocabulary,
        shelf: bool,
        variables: Mapping[str, Binding],
    ) -> None:
        self.what = what
        self.vocabulary = vocabulary
        self.shelf = shelf
        self.variables = variables

    def __call__(
        self,
        document: Document,
        place: Node,
        values: Mapping[str, Node],
        level: Level = "individual",
    ) -> tuple[str, Mapping[str, Any]] | None:
        """The fragment's name and its parameters; None: something is wrong, and found.

        ``values`` are the nodes of ``show`` and ``with``, as far as they were written;
        ``place`` is where a finding points to that is about neither. With the ``level``
        ``segment`` they say nothing that is about one visitor.
        """
        if level == "segment":
            return self._of_segment(document, place, values)
        before = document.errors
        show: str | None = None
        if "show" not in values:
            document.error(place, f"{self.what} has no `show:`")
        elif (text := document.words(values["show"], '"show"')) is not None:
            known = self.vocabulary.fragments
            if text in known:
                show = text
            else:
                document.unknown(values["show"], "fragment", text, known)
        parameters = self._parameters(document, place, values, show)
        if show is None or document.errors > before:
            return None
        return show, parameters

    def _of_segment(
        self, document: Document, place: Node, values: Mapping[str, Node]
    ) -> tuple[str, Mapping[str, Any]] | None:
        before = document.errors
        for text in _texts(values["with"]) if "with" in values else ():
            named = [text.text.removeprefix("$")] if text.text.startswith("$") else []
            named += [found[1] for found in _PLACE.finditer(text.text)]
            for name in named:
                if name in self.variables or name == _ALWAYS:
                    words = (
                        f"{text.shown} is about one visitor: level segment knows none"
                    )
                    hint = "write what all of them are to see, or `level: individual`"
                    document.error(text, words, hint)
                    break
        if document.errors > before:
            return None
        nobody = Contents(self.what, self.vocabulary, self.shelf, {})
        return nobody(document, place, values)

    def _parameters(
        self,
        document: Document,
        place: Node,
        values: Mapping[str, Node],
        show: str | None,
    ) -> Mapping[str, Any]:
        """The fragment's parameters, checked against its declaration."""
        node = values.get("with")
        given: dict[str, Any] = {}
        declared = self.vocabulary.fragments.get(show) if show else None
        if node is not None and not node.empty:
            for key, value in document.pairs(node, '"with"'):
                given[key.text] = document.data(
                    value, self.variables, self.vocabulary.attribute
                )
                # The fragment gets the thing itself under its name, whatever stands here.
                if key.text in self.variables and given[key.text] != f"${key.text}":
                    words = f'"{key.text}" has its meaning already'
                    document.error(key, words, "give it another name under `as:`")
                if declared is None or declared.open:
                    continue
                known = declared.names
                if key.text not in known:
                    words = f'fragment "{show}" has no parameter "{key.text}"'
                    document.error(key, words, suggest(key.text, known))
                elif declared.remote and value.kind != "scalar":
                    words = (
                        f'"{key.text}" stands in an address: {value.shown} does not fit'
                    )
                    document.error(value, words, "write a text or a number")
        remote = declared is not None and declared.remote
        if declared is not None and not remote:
            # What runs out is what the fragment is about, if it takes a product.
            for name, binding in self.variables.items():
                if isinstance(binding, RunsOut) and name in declared.names:
                    given.setdefault(name, f"${name}")
        if node is not None:
            self._places(document, node, given, remote)
        if remote and self.shelf:
            words = (
                f'fragment "{show}" comes from another server: it has no `recommend:`'
            )
            document.error(values.get("show", place), words)
        if declared is None or declared.open:
            return given
        filled = {"items"} if self.shelf else set()
        for name in sorted(declared.required - given.keys() - filled):
            words = f'fragment "{show}" needs the parameter "{name}"'
            hint = f"add `{name}:` to `with:`"
            if name == "items":
                hint = "add `recommend:`"
            document.error(values.get("show", place), words, hint)
        return given

    def _places(
        self, document: Document, node: Node, given: Mapping[str, Any], remote: bool
    ) -> None:
        """Finds ``{name}`` in texts where there is nothing that it could be filled with.

        ``remote``: the texts go to another server, and nothing about the visitor does.
        """
        texts = {_word(name): value for name, value in given.items()}
        names = (*given, *self.variables, _ALWAYS)
        known = {_word(name) for name in names}
        for text in _texts(node):
            for place in _PLACE.finditer(text.text):
                name = place[1]
                filling = texts.get(_word(name))
                if _word(name) not in known:
                    hint = suggest(name, names)
                    if (attribute := self.vocabulary.attribute(name)) is not None:
                        hint = (
                            f'"{attribute.name}" can be asked in `when:`, not printed'
                        )
                    words = f'nothing fills "{{{name}}}"'
                    document.error(text, words, hint)
                elif remote and name == _ALWAYS:
                    words = f'"{place[0]}" would tell another server who the visitor is'
                    document.error(text, words, "take it out")
                elif isinstance(filling, str) and _PLACE.search(filling):
                    words = (
                        f'"{place[0]}" stands for a text that has to be filled itself'
                    )
                    document.error(text, words, "write out what it says")


def _word(name: str) -> str:
    return name.replace("-", "_")


def _texts(node: Node) -> Iterator[Node]:
    """The scalars of a value."""
    if node.kind == "scalar":
        yield node
    for part in (*node.items, *(value for _, value in node.entries)):
        yield from _texts(part)
