"""The names of one site as definitions, which everything else refers to."""

from collections.abc import Mapping

from ..running_out import NAME
from ..vocabulary import DIMENSIONS, Parameters, Vocabulary
from .values import BINDING, Schema, about, closed, one_of, ref

Titles = Mapping[str, Mapping[str, str]]  # slot, product, article -> name -> its title
_PLAIN = ("string", "number", "boolean")
CATALOGUE = ("category", "product", "article", "brand", "tag")


def names(vocabulary: Vocabulary, titles: Titles) -> dict[str, Schema]:
    """A definition for slots and for each dimension that a condition may count by."""
    found = {"slot": one_of(vocabulary.slots, titles.get("slot"))}
    for dimension in DIMENSIONS:
        known = vocabulary.keys(dimension)
        help = titles.get(dimension)
        if dimension == "category":
            known = frozenset(name for name in known if _is_clear(name, vocabulary))
            help = _category_help(vocabulary)
        elif dimension == "fragment":
            help = {name: wants(p) for name, p in vocabulary.fragments.items()}
        found[dimension] = one_of(known, help)
    return found


def key(dimension: str, *more: Schema) -> Schema:
    """A name of ``dimension``, or, of the catalogue, one that an earlier condition bound."""
    if dimension not in CATALOGUE:
        return ref(dimension)
    return {"anyOf": [ref(dimension), *more, {"type": "string", "pattern": BINDING}]}


def wants(parameters: Parameters) -> str:
    """The parameters of a fragment in words."""
    if parameters.remote:
        said = wants(Parameters(parameters.required, parameters.optional))
        return f"From another server. {said}"
    if parameters.open:
        return "Declares no parameters: takes any."
    if not parameters.required | parameters.optional:
        return "Takes no parameters."
    required = ", ".join(f"`{name}`" for name in sorted(parameters.required))
    optional = ", ".join(f"`{name}`" for name in sorted(parameters.optional))
    if not required:
        return f"May have {optional}."
    return (
        f"Needs {required}; may have {optional}." if optional else f"Needs {required}."
    )


def parameters(declared: Parameters) -> Schema:
    """What ``with`` may say for a fragment that declares its parameters.

    Only what is :func:`asked` for has to be there.
    """
    records = ("category", "product", "article")  # fragments look these up
    properties = {}
    for name in sorted(declared.required | declared.optional):
        help = "Needed." if name in declared.required else "May be left away."
        anything: Schema = {"type": list(_PLAIN)} if declared.remote else {}
        properties[name] = about(help, key(name) if name in records else anything)
    return closed(properties, *sorted(asked(declared)))


def asked(declared: Parameters) -> frozenset[str]:
    """What ``with`` must say: not ``items``, which ``recommend`` fills, nor what ``running-out``
    finds."""
    return declared.required - {"items", NAME}


def _is_clear(name: str, vocabulary: Vocabulary) -> bool:
    """Whether ``name`` is an id, or a title that only one category carries."""
    ids = vocabulary.category_ids.get(name, ())
    return name in vocabulary.categories or len(ids) == 1


def _category_help(vocabulary: Vocabulary) -> dict[str, str]:
    titles = {title: f"id: {ids[0]}" for title, ids in vocabulary.category_ids.items()}
    return titles | dict(vocabulary.categories)
