"""Experiments out of a document; names and layers are checked over all files of a site."""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple, Protocol, get_args

from msgspec.structs import replace

from .document import Document, Node, core
from .experiments import CONTROL, Level, Split, UnitKind, Variant
from .goals import Goal
from .levels import read_level
from .ramps import check_ramp, read_adapting, read_rollout
from .shares import read_share, read_slice
from .vocabulary import ID

SPLIT_KEYS = (
    *("experiment", "unit", "traffic", "control", "layer", "slice", "adapt"),
    *("rollout", "variants"),
)
VARIANT_KEYS = ("name", "weight", "level", "show", "with")
UNITS: tuple[UnitKind, ...] = get_args(UnitKind)
WEIGHT_LIMIT = 10**6
_CONTENT = ("show", "with")


class Content(Protocol):
    """Reads what a variant shows: ``values`` holds its ``show`` and ``with``, if written.

    The fragment's name and its parameters; None: something is wrong, and found. ``place`` is
    where a finding points to that is about the whole variant, ``level`` how personal it is.
    """

    def __call__(
        self,
        document: Document,
        place: Node,
        values: Mapping[str, Node],
        level: Level = "individual",
    ) -> tuple[str, Mapping[str, Any]] | None: ...


class _Place(NamedTuple):
    """An experiment and where it was read."""

    split: Split
    document: Document

    def __str__(self) -> str:
        return f"{self.document.file}:{self.split.line}"


class Splits:
    """Reads the splits of all documents.

    Rules may share an experiment, if they differ in what they show alone. Experiments of a
    layer must not overlap.
    """

    def __init__(self) -> None:
        self.experiments: dict[str, _Place] = {}
        self.layers: dict[str, list[_Place]] = {}

    def read(
        self,
        document: Document,
        key: Node,
        node: Node,
        content: Content,
        goal: Goal | None = None,
        segments: Collection[str] = (),
    ) -> Split | None:
        """The split at ``node``, behind ``key``, or None where something is wrong with it.

        ``goal`` is the rule's, which an adaptive split goes by; ``segments`` are those there are.
        """
        before = document.errors
        values: dict[str, Node] = {}
        for name, value in document.pairs(node, '"split"', SPLIT_KEYS):
            values[name.text] = value
        if node.kind != "map":
            return None
        for needed, example in (
            ("experiment", "give it a name, for example `experiment: hero-2026`"),
            ("variants", "write `variants:` with one `- {name: ..., show: ...}` each"),
        ):
            if needed not in values and document.errors == before:
                document.error(key, f'"split" needs `{needed}:`', example)
        experiment = _name(document, values.get("experiment"), "experiment")
        layer = _name(document, values.get("layer"), "layer")
        part = read_slice(document, values["slice"]) if "slice" in values else None
        self._layered(document, values)
        split = Split(
            experiment or "",
            self._variants(document, values.get("variants"), content),
            _unit(document, values.get("unit")),
            _share(document, values, "traffic", 1.0),
            _share(document, values, "control", 0.0),
            layer,
            part or (0.0, 1.0),
            read_adapting(document, values["adapt"], goal, segments)
            if "adapt" in values
            else None,
            read_rollout(document, values["rollout"]) if "rollout" in values else None,
            line=key.line,
        )
        if split.control == 1.0:
            words = '"control" leaves nobody who would see a variant'
            document.error(values["control"], words, "write for example `10%`")
        check_ramp(document, values, split)
        if document.errors > before:
            return None
        self._note(document, values, split)
        return split if document.errors == before else None

    @staticmethod
    def _layered(document: Document, values: Mapping[str, Node]) -> None:
        if "layer" in values and "slice" not in values:
            hint = "write for example `slice: 0-50%`"
            document.error(values["layer"], '"layer" needs `slice:`', hint)
        if "slice" in values and "layer" not in values:
            hint = "experiments that share a layer share no visitor"
            document.error(values["slice"], '"slice" needs `layer:`', hint)

    # -- variants ------------------------------------------------------------------------

    def _variants(
        self, document: Document, node: Node | None, content: Content
    ) -> tuple[Variant, ...]:
        if node is None:
            return ()
        if node.kind != "list" or not node.items:
            hint = "write one `- {name: ..., show: ...}` each"
            document.error(node, '"variants" must be a list of variants', hint)
            return ()
        read: list[Variant] = []
        weighted: list[bool] = []
        seen: set[str] = set()
        for item in node.items:
            before = document.errors
            values = {
                name.text: value
                for name, value in document.pairs(item, "variant", VARIANT_KEYS)
            }
            if item.kind != "map":
                continue
            if "name" not in values and document.errors == before:
                document.error(item, "variant has no `name:`")
            name = _name(document, values.get("name"), "variant")
            if name == CONTROL:
                hint = "for a group that keeps the default content write `control: 10%`"
                document.error(values["name"], '"control" is no variant\'s name', hint)
            elif name is not None and name in seen:
                document.error(values["name"], f'variant "{name}" is here twice')
            seen.add(name or "")
            weight = _weight(document, values["weight"]) if "weight" in values else 1.0
            weighted.append("weight" in values)
            level = read_level(document, values.get("level"))
            shown = self._content(document, values, level, content, item)
            if shown is not None and document.errors == before:
                read.append(Variant(name or "", weight, *shown, item.line, level))
        if any(weighted) and not all(weighted):
            item = node.items[weighted.index(False)]
            hint = "write it for all of them, or for none"
            document.error(item, "this variant has no `weight:`, but others have", hint)
        elif read and not any(variant.weight for variant in read):
            document.error(node, "all weights are 0", "write for example `weight: 50`")
        return tuple(read)

    @staticmethod
    def _content(
        document: Document,
        values: Mapping[str, Node],
        level: Level,
        content: Content,
        item: Node,
    ) -> tuple[str, Mapping[str, Any]] | None:
        given = {key: values[key] for key in _CONTENT if key in values}
        if level != "none":
            return content(document, values.get("name", item), given, level)
        for key, node in given.items():
            words = f'level none keeps the default content: it has no "{key}"'
            hint = "delete it, or write `level: segment` or `individual`"
            document.error(node, words, hint)
        return "", {}

    # -- over all files ------------------------------------------------------------------

    def _note(
        self, document: Document, values: Mapping[str, Node], split: Split
    ) -> None:
        name = split.experiment
        if known := self.experiments.get(name):
            if _outline(known.split) != _outline(split):
                words = (
                    f'experiment "{name}" is already at {known}, with other settings'
                )
                hint = "rules of one experiment differ only in show and with"
                document.error(values["experiment"], words, hint)
            return
        self.experiments[name] = place = _Place(split, document)
        if split.layer is None:
            return
        others = self.layers.setdefault(split.layer, [])
        for other in others:
            whose = f'experiment "{other.split.experiment}" ({other})'
            if other.split.unit != split.unit:
                words = f'layer "{split.layer}" goes by {other.split.unit} in {whose}'
                hint = "only experiments with the same unit can share no visitor"
                document.error(values["layer"], words, hint)
            elif (
                split.slice[0] < other.split.slice[1]
                and other.split.slice[0] < split.slice[1]
            ):
                words = f'this slice of layer "{split.layer}" overlaps that of {whose}'
                document.error(values["slice"], words)
        others.append(place)


def _outline(split: Split) -> Split:
    """A split without what its rules may differ in."""
    arms = tuple(
        Variant(each.name, each.weight, "", level=each.level) for each in split.variants
    )
    return replace(split, variants=arms, line=0)


# -- single values -------------------------------------------------------------------------


def _name(document: Document, node: Node | None, what: str) -> str | None:
    text = document.words(node, f'"{what}"') if node is not None else None
    if node is None or text is None or ID.fullmatch(text):
        return text
    hint = "use letters, digits and `-`, at most 64"
    document.error(node, f'"{text[:80]}" cannot be a name', hint)
    return None


def _unit(document: Document, node: Node | None) -> UnitKind:
    text = document.words(node, '"unit"') if node is not None else None
    for unit in UNITS:
        if text == unit:
            return unit
    if node is not None and text is not None:
        document.unknown(node, "unit", text, UNITS)
    return "visitor"


def _share(
    document: Document, values: Mapping[str, Node], name: str, default: float
) -> float:
    if name not in values:
        return default
    found = read_share(document, values[name], f'"{name}"')
    return default if found is None else found


def _weight(document: Document, node: Node) -> float:
    value = core(node) if node.kind == "scalar" else None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        hint = "write for example `weight: 50`: weights stand in proportion"
        document.error(node, f'"weight" needs a number, not {node.shown}', hint)
    elif not 0 <= value <= WEIGHT_LIMIT:
        words = f'"weight" goes from 0 to {WEIGHT_LIMIT:,}, not {value}'
        document.error(node, words)
    else:
        return float(value)
    return 1.0
