"""What a rule gives under ``with``, as templates see it."""

import re
from collections.abc import Mapping
from typing import Any, get_args

from .catalog import Catalog
from .expressions import RECORDS
from .formats import text as formatted
from .fragment_files import Parameters
from .items import Item, Kind, Price
from .sandbox import Absent
from .views import NOBODY as NOBODY
from .views import FragmentError as FragmentError
from .views import VisitorView as VisitorView

#: Names that stand for something of the catalogue: name -> kind (or brand, tag) and id.
Things = Mapping[str, tuple[str, str]]
NO_THINGS: Things = {}
_KINDS: Mapping[str, Kind] = {kind: kind for kind in get_args(Kind)}
_PLACE = re.compile(r"\{([A-Za-z][\w-]*)(?:\.([A-Za-z][\w-]*))?\}")


def template_values(
    fragment: str,
    declared: Parameters,
    parameters: Mapping[str, Any],
    things: Things,
    visitor: VisitorView,
    catalog: Catalog,
    language: str,
    currency: str,
) -> dict[str, Any]:
    """The parameters by their names in templates (``_`` for ``-``).

    Records are looked up in the catalogue, ``{name}`` and ``{category.title}`` in texts
    are filled, from the ``things`` too; those of the parameters that are such a thing are
    its record, a brand or tag its name. Optional parameters that are not given are :class:`Absent`. Raises
    :class:`FragmentError` when one is missing, unknown or cannot be filled.
    """
    if missing := declared.required - parameters.keys():
        names = ", ".join(sorted(missing))
        raise FragmentError(fragment, f"the parameter {names} is missing")
    known = {
        name.replace("-", "_"): _thing(fragment, *thing, catalog, language)
        for name, thing in things.items()
    }
    given: dict[str, Any] = {}
    for name, value in parameters.items():
        word = name.replace("-", "_")
        if word in known and word not in RECORDS:
            value = known[word]
        elif word in RECORDS:
            # Templates trust the addresses of these: nothing but the catalogue's will do.
            if type(value) not in (str, int):
                raise FragmentError(fragment, f"{name} is not the name of one {word}")
            value = _record(fragment, RECORDS[word], str(value), catalog, language)
        elif word == "price" and type(value) in (int, float):
            value = Price(value)
        given[word] = value

    def replaced(place: re.Match[str]) -> str:
        name, part = place[1].replace("-", "_"), place[2]
        value: Any = given[name] if name in given else known.get(name)
        if name == "visitor":
            value = visitor
        if part is not None:
            value = _part(value, part.replace("-", "_"))
        if isinstance(value, Item):
            value = str(value)
        # A text that is to be filled itself would need an order of filling.
        unfit = isinstance(value, str) and bool(_PLACE.search(value))
        if value not in (None, "") and not unfit:
            try:
                return formatted(value, None, language, currency)
            except ValueError:
                pass  # a list, a yes-no: nothing to put into a sentence
        raise FragmentError(fragment, f"{place[0]} cannot be filled")

    def filled(value: Any) -> Any:
        if isinstance(value, str):
            return _PLACE.sub(replaced, value) if "{" in value else value
        if isinstance(value, Mapping):
            return {key: filled(one) for key, one in value.items()}
        if isinstance(value, list | tuple):
            return [filled(one) for one in value]
        return value

    values = {word: filled(value) for word, value in given.items()}
    for name in declared.optional:
        word = name.replace("-", "_")
        values.setdefault(word, Absent(name=word))
    return values


def _part(owner: Any, part: str) -> Any:
    if isinstance(owner, Mapping):
        return owner.get(part)
    if isinstance(owner, Item) and part in owner.extra:
        return owner.extra[part]
    if isinstance(owner, Item | VisitorView) and part in owner.__struct_fields__:
        return getattr(owner, part)
    return None


def _thing(
    fragment: str, kind: str, name: str, catalog: Catalog, language: str
) -> Item | str:
    found = _KINDS.get(kind)
    return name if found is None else _record(fragment, found, name, catalog, language)


def _record(
    fragment: str, kind: Kind, name: str, catalog: Catalog, language: str
) -> Item:
    item = catalog.item(kind, name, language)
    if item is not None:
        return item
    if not catalog.relatives(kind, name):
        raise FragmentError(fragment, f'the {kind} "{name}" is not in the catalogue')
    # A shop that gave no such file may use any words.
    return Item(kind, name, name)
