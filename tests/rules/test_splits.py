"""Experiments as editors write them."""

from collections.abc import Mapping
from typing import Any

import pytest

from shopwindow.findings import Finding
from shopwindow.rules.document import Document, Node
from shopwindow.rules.experiments import Adapting, Level, Split, Variant
from shopwindow.rules.splits import Splits

TWO = "variants: [{name: a, show: hero}, {name: b, show: hero}]"


def content(
    document: Document,
    place: Node,
    values: Mapping[str, Node],
    level: Level = "individual",
) -> tuple[str, Mapping[str, Any]] | None:
    """A shop with one fragment."""
    if "show" not in values:
        document.error(place, "no `show:`")
        return None
    if values["show"].text != "hero":
        document.error(values["show"], "unknown fragment")
        return None
    return "hero", document.data(values["with"]) if "with" in values else {}


def read(*texts: str) -> tuple[list[Split | None], list[str]]:
    """Each text is the split of a file of its own, from the second line on."""
    splits, read, findings = Splits(), [], list[Finding]()
    for number, text in enumerate(texts):
        document = Document(f"f{number}", f"\nsplit: {text}", findings)
        assert document.root is not None
        ((key, node),) = document.root.entries
        read.append(splits.read(document, key, node, content))
    return read, [str(finding) for finding in findings]


def test_a_split_is_read_as_it_is_written() -> None:
    (found,), findings = read(
        """
  experiment: advent-hero-2026
  unit: customer
  traffic: 50%
  control: 2.5%
  layer: hero
  slice: 0-33.3%
  adapt: true
  variants:
    - {name: cosy, weight: 70, show: hero, with: {headline: Advent}}
    - {name: workshop, weight: 30, show: hero}
"""
    )
    assert findings == []
    assert found == Split(
        "advent-hero-2026",
        (
            Variant("cosy", 70.0, "hero", {"headline": "Advent"}, 11),
            Variant("workshop", 30.0, "hero", {}, 12),
        ),
        "customer",
        0.5,
        0.025,
        "hero",
        (0.0, 0.333),
        Adapting(),
        line=2,
    )
    assert found.total == 100
    assert found.variant("cosy") is found.variants[0]
    assert found.variant("gone") is None


def test_what_is_not_written_is_everybody_in_equal_parts() -> None:
    (found,), findings = read(f"{{experiment: x, {TWO}}}")
    assert findings == [] and found is not None
    assert [variant.weight for variant in found.variants] == [1.0, 1.0]
    assert (found.unit, found.traffic, found.control) == ("visitor", 1.0, 0.0)
    assert (found.layer, found.slice, found.adapt) == (None, (0.0, 1.0), None)


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("soon", '2:8: error: "split" must be `key: value` lines, not "soon"'),
        (f"{{{TWO}}}", '2:1: error: "split" needs `experiment:`: give it a name'),
        ("{experiment: x}", '2:1: error: "split" needs `variants:`'),
        (f"{{experiment: a b, {TWO}}}", '"a b" cannot be a name: use letters'),
        (
            f"{{experiment: x, trafic: 10%, {TWO}}}",
            'unknown key "trafic" in "split": did you mean "traffic"?',
        ),
        (
            f"{{experiment: x, unit: visiter, {TWO}}}",
            'unknown unit "visiter": did you mean "visitor"?',
        ),
        (
            f"{{experiment: x, traffic: 50, {TWO}}}",
            '"traffic" needs a percentage, not "50": write `50%`, with its sign',
        ),
        (
            f"{{experiment: x, traffic: 150%, {TWO}}}",
            '"traffic" needs a percentage, not "150%": it goes from 0% to 100%',
        ),
        (
            f"{{experiment: x, control: some, {TWO}}}",
            '"control" needs a percentage, not "some": write for example `10%`',
        ),
        (f"{{experiment: x, control: 100%, {TWO}}}", '"control" leaves nobody'),
        (f"{{experiment: x, adapt: maybe, {TWO}}}", '"adapt" is true or false'),
        (
            f"{{experiment: x, layer: hero, {TWO}}}",
            '"layer" needs `slice:`: write for example `slice: 0-50%`',
        ),
        (f"{{experiment: x, slice: 0-50%, {TWO}}}", '"slice" needs `layer:`'),
        (
            f"{{experiment: x, layer: l, slice: 50%, {TWO}}}",
            '"slice" needs a part of 100 %, not "50%": write for example `0-50%`',
        ),
        (
            f"{{experiment: x, layer: l, slice: 0-50, {TWO}}}",
            '"slice" needs a part of 100 %, not "0-50"',
        ),
        (
            f"{{experiment: x, layer: l, slice: 50-50%, {TWO}}}",
            '"slice" 50-50% is empty',
        ),
        ("{experiment: x, variants: {a: 1}}", '"variants" must be a list of variants'),
        ("{experiment: x, variants: []}", '"variants" must be a list of variants'),
        (
            "{experiment: x, variants: [a]}",
            'variant must be `key: value` lines, not "a"',
        ),
        ("{experiment: x, variants: [{show: hero}]}", "variant has no `name:`"),
        ("{experiment: x, variants: [{name: a}]}", "no `show:`"),
        ("{experiment: x, variants: [{name: a, show: her}]}", "unknown fragment"),
        (
            "{experiment: x, variants: [{name: control, show: hero}]}",
            '2:42: error: "control" is no variant\'s name: for a group that keeps',
        ),
        (
            "{experiment: x, variants: [{name: a, show: hero}, {name: a, show: hero}]}",
            'variant "a" is here twice',
        ),
        (
            "{experiment: x, variants: [{name: a, weight: 5, show: hero}, {name: b, show: hero}]}",
            "this variant has no `weight:`, but others have: write it for all of them",
        ),
        (
            "{experiment: x, variants: [{name: a, weight: 0, show: hero}]}",
            "all weights are 0",
        ),
        (
            "{experiment: x, variants: [{name: a, weight: 50%, show: hero}]}",
            '"weight" needs a number, not "50%": write for example `weight: 50`',
        ),
        (
            "{experiment: x, variants: [{name: a, weight: -1, show: hero}]}",
            '"weight" goes from 0 to 1,000,000, not -1',
        ),
    ],
)
def test_what_is_wrong_is_found_once(text: str, finding: str) -> None:
    (found,), findings = read(text)
    assert found is None
    assert len(findings) == 1 and finding in findings[0], findings


def test_two_rules_may_share_an_experiment_that_is_the_same() -> None:
    found, findings = read(
        f"{{experiment: x, control: 10%, {TWO}}}",
        f"{{experiment: x, control: 10%, {TWO}}}".replace("hero", "hero, with: {a: 1}"),
    )
    assert findings == [] and None not in found


@pytest.mark.parametrize(
    "other", ["experiment: x, traffic: 5%", "experiment: x, unit: account"]
)
def test_two_rules_cannot_share_an_experiment_with_other_settings(other: str) -> None:
    found, findings = read(f"{{experiment: x, {TWO}}}", f"{{{other}, {TWO}}}")
    assert found[1] is None
    assert findings == [
        'f1:2:21: error: experiment "x" is already at f0:2, with other settings: '
        "rules of one experiment differ only in show and with"
    ]


def layered(name: str, slice: str, more: str = "") -> str:
    return f"{{experiment: {name}, layer: l, slice: {slice}, {more}{TWO}}}"


def test_experiments_of_a_layer_do_not_overlap() -> None:
    _, findings = read(layered("x", "0-50%"), layered("y", "50-100%"))
    assert findings == []
    found, findings = read(layered("x", "0-50%"), layered("y", "49-100%"))
    assert found[1] is None
    assert findings == [
        'f1:2:41: error: this slice of layer "l" overlaps that of experiment "x" (f0:2)'
    ]


def test_experiments_of_a_layer_go_by_the_same_unit() -> None:
    _, findings = read(
        layered("x", "0-50%"), layered("y", "50-100%", "unit: account, ")
    )
    assert findings == [
        'f1:2:31: error: layer "l" goes by visitor in experiment "x" (f0:2): '
        "only experiments with the same unit can share no visitor"
    ]
