"""The site's fragments: templates compiled, linted and ready to render."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec
from jinja2 import BaseLoader, Environment, Template, TemplateNotFound, nodes
from jinja2.exceptions import TemplateSyntaxError

from ..findings import Finding
from .catalog import Catalog
from .expressions import Declared, Mentions
from .fragment_files import FragmentFile, Parameters, read_file, shipped
from .lint import examine
from .manners import Printed, ill_mannered, printed
from .sandbox import Sandbox, few

#: How many fragments may be inside each other by ``include``.
INCLUDE_DEPTH = 8

__all__ = ["Fragment", "Library", "Parameters", "Version", "read_library"]


class Version(msgspec.Struct, frozen=True):
    """A fragment in one language, compiled. ``language`` is empty for the plain file.

    ``printed`` are the names that it prints, with those of what it includes.
    """

    fragment: str
    language: str
    file: str
    parameters: Parameters
    mentions: Mentions
    render: Callable[..., Iterable[str]]
    template: Template
    printed: tuple[Printed, ...] = ()


class Fragment(msgspec.Struct, frozen=True):
    """A fragment by its name.

    ``reorder`` is the dimension that a reordering fragment goes by; such a fragment has
    no ``versions``. Else ``versions`` maps a language (``""`` for the plain file) to it.
    """

    name: str
    parameters: Parameters
    reorder: str | None = None
    versions: Mapping[str, Version] = {}

    def version(self, language: str, otherwise: str = "") -> Version:
        """The best version: this language, its base language, the plain file, the
        language ``otherwise``, any."""
        versions = self.versions
        for wanted in (language, language.partition("-")[0], "", otherwise):
            if wanted in versions:
                return versions[wanted]
        return versions[min(versions)]


class Library:
    """All fragments of a site by name; ``language`` is the site's own."""

    def __init__(self, fragments: Mapping[str, Fragment], language: str) -> None:
        self.fragments = fragments
        self.language = language
        self.languages = frozenset(
            version for one in fragments.values() for version in one.versions if version
        )


def read_library(
    files: Mapping[str, str], catalog: Catalog, language: str
) -> tuple[Library, list[Finding]]:
    """Compiles and lints the site's fragments and the shipped ones.

    ``files`` maps file names (``fragments/hero.en.html``) to texts, ``language`` is the
    site's own. Any file of a site's own replaces all shipped ones of that fragment.
    Never raises; a file with errors is left out of the library, so nobody should go live
    with it.
    """
    findings: list[Finding] = []
    read: dict[str, dict[str, FragmentFile]] = {}
    for file, text in sorted(files.items()):
        if (one := read_file(file, text, findings)) is not None:
            read.setdefault(one.name, {})[one.language] = one
    own = set(read)
    for file, text in shipped().items():
        one = read_file(file, text, findings)
        if one is not None and one.name not in own:
            read.setdefault(one.name, {})[one.language] = one
    compiler = _Compiler(read, catalog, language, findings)
    fragments = {
        name: made for name in read if (made := compiler.fragment(name)) is not None
    }
    return Library(fragments, language), findings


class _Loader(BaseLoader):
    """Gives ``{% include %}`` the templates that are compiled already."""

    def __init__(self) -> None:
        self.templates: dict[str, Template] = {}

    def load(
        self, environment: Environment, name: str, globals: Any = None
    ) -> Template:
        if name not in self.templates:
            raise TemplateNotFound(name)
        return self.templates[name]


class _Compiler:
    """Compiles fragments one after the other, included ones first."""

    def __init__(
        self,
        files: Mapping[str, Mapping[str, FragmentFile]],
        catalog: Catalog,
        language: str,
        findings: list[Finding],
    ) -> None:
        self.files = files
        self.extra = catalog.extra
        self.language = language
        self.findings = findings
        self.loader = _Loader()
        self.sandbox = Sandbox()
        self.sandbox.loader = self.loader
        self.done: dict[tuple[str, str], Version | None] = {}
        self.open = 0
        #: How many fragments are inside each other there, itself included.
        self.heights: dict[str, int] = {}

    def fragment(self, name: str) -> Fragment | None:
        files = self.files[name]
        first = files.get("") or files.get(self.language) or files[min(files)]
        if first.reorder is not None:
            return Fragment(name, first.parameters, first.reorder)
        versions: dict[str, Version] = {}
        for language, file in files.items():
            declared = file.parameters
            if not declared.open and declared != first.parameters:
                self._wrong(
                    file,
                    1,
                    "these parameters differ from those of " + first.file,
                    "declare them in one file only, or alike",
                )
                continue
            if (version := self.version(name, language)) is not None:
                versions[language] = version
        return Fragment(name, first.parameters, None, versions) if versions else None

    def version(self, name: str, language: str) -> Version | None:
        """The compiled version; None: it has errors, or is being compiled right now."""
        key = (name, language)
        if key not in self.done:
            if self.open == 5 * INCLUDE_DEPTH:
                return None  # far too deep, whatever else there is
            # A circle of includes finds this None and stops.
            self.done[key] = None
            self.open += 1
            self.done[key] = self._compile(self.files[name][language])
            self.open -= 1
        return self.done[key]

    def _compile(self, file: FragmentFile) -> Version | None:
        tree = self._parse(file)
        if tree is None:
            return None
        files = self.files[file.name]
        first = files.get("") or files.get(self.language) or files[min(files)]
        parameters = first.parameters if file.parameters.open else file.parameters
        declared = Declared(
            None
            if parameters.open
            else frozenset(
                name.replace("-", "_")
                for name in parameters.required | parameters.optional
            ),
            self.extra,
            frozenset(name for name in self.files if not self._reorders(name)),
            self.sandbox.known_filters,
            frozenset(self.sandbox.tests),
        )
        mentions, findings = examine(file.file, file.lines, tree, declared)
        self.findings += findings
        if findings:
            return None
        names = printed(tree)
        self.findings += ill_mannered(file.file, file.lines, names)
        height = 1
        for include in tree.find_all(nodes.Include):
            inner = self._included(file, include)
            if inner is None:
                return None
            mentions = mentions.also(inner.mentions)
            names += inner.printed
            key = f"{inner.fragment}@{inner.language}"
            include.template = nodes.Const(key)
            height = max(height, 1 + self.heights[key])
        for card in sorted(mentions.cards):
            if not self._is_card(file, card):
                return None
            # A page's cards may be in another language than its shelf.
            for language in self.files[card]:
                one = self.version(card, language)
                if one is not None and one.mentions.links:
                    mentions = mentions.also(Mentions(links=True))
        for loop in tree.find_all(nodes.For):
            line = {"lineno": loop.lineno}
            loop.iter = nodes.Filter(
                loop.iter, few.__name__, [], [], None, None, **line
            )
        key = f"{file.name}@{file.language}"
        try:
            code = self.sandbox.compile(tree, key, file.file)
        except TemplateSyntaxError as error:
            self._wrong(file, error.lineno, error.message or "this cannot be read")
            return None
        except (SyntaxError, RecursionError, MemoryError, ValueError) as error:
            self._wrong(file, 1, "this template is nested too deeply", str(error))
            return None
        self.heights[key] = height
        template = Template.from_code(self.sandbox, code, self.sandbox.globals)
        self.loader.templates[key] = template
        return Version(
            file.name,
            file.language,
            file.file,
            parameters,
            mentions,
            template.root_render_func,
            template,
            names,
        )

    def _parse(self, file: FragmentFile) -> nodes.Template | None:
        try:
            return self.sandbox.parse(file.body, file.name, file.file)
        except TemplateSyntaxError as error:
            self._wrong(file, error.lineno, error.message or "this cannot be read")
        except RecursionError:
            hint = "split it, or say less"
            self._wrong(file, 1, "this template is nested too deeply", hint)
        except (MemoryError, ValueError, OverflowError) as error:
            self._wrong(file, 1, "this template cannot be read", str(error))
        return None

    def _reorders(self, name: str) -> bool:
        return any(file.reorder for file in self.files[name].values())

    def _best(self, name: str, language: str) -> str:
        files = self.files[name]
        for wanted in (language, language.partition("-")[0], "", self.language):
            if wanted in files:
                return wanted
        return min(files)

    def _included(self, file: FragmentFile, include: nodes.Include) -> Version | None:
        assert isinstance(include.template, nodes.Const)  # the linter saw to it
        name = str(include.template.value)
        key = (name, self._best(name, file.language))
        found = self.version(*key)
        if found is None or self.heights["@".join(key)] == INCLUDE_DEPTH:
            message = f'"{name}" cannot be included'
            hint = "it has errors, or includes this file again"
            if found is not None or key not in self.done:
                hint = f"at most {INCLUDE_DEPTH} fragments can be inside each other"
            self._wrong(file, include.lineno, message, hint, name)
            return None
        needed = {word.replace("-", "_") for word in found.parameters.required}
        first = self.files[file.name]
        own = next(iter(first.values())).parameters
        given = {word.replace("-", "_") for word in own.required | own.optional}
        if not own.open and (left := needed - given):
            message = f'"{name}" needs {", ".join(sorted(left))}'
            hint = "declare it among the parameters here"
            self._wrong(file, include.lineno, message, hint, name)
            return None
        return found

    def _is_card(self, file: FragmentFile, name: str) -> bool:
        card = self.version(name, self._best(name, file.language))
        needs = card.parameters.required - {"item"} if card else frozenset()
        if card is None:
            message, hint = f'the card "{name}" has errors', ""
        elif (
            needs or card.mentions.visitor or card.mentions.items or card.mentions.cards
        ):
            message = f'"{name}" cannot be a card'
            hint = "a card needs nothing but `item`, and is the same for all visitors"
        elif card.mentions.dismiss:
            message = f'"{name}" cannot be a card'
            hint = "dismiss() sends the whole shelf away: write it there"
        elif card.mentions.thumbs:
            message = f'"{name}" cannot be a card'
            hint = "thumbs() is about the whole shelf: write it there"
        else:
            return True
        line = next((n for n, text in enumerate(file.lines, 1) if "cards(" in text), 1)
        self._wrong(file, line, message, hint, name)
        return False

    def _wrong(
        self,
        file: FragmentFile,
        line: int,
        message: str,
        hint: str = "",
        word: str = "",
    ) -> None:
        line = min(max(line, 1), len(file.lines))
        excerpt = file.lines[line - 1]
        column = excerpt.find(word) if word else -1
        if column < 0:
            column = len(excerpt) - len(excerpt.lstrip())
        self.findings.append(
            Finding(
                file.file,
                line,
                column + 1,
                message,
                hint,
                "error",
                excerpt,
                max(1, len(word)),
            )
        )
