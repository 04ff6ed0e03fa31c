"""What a rule is about: the things it names, which a visitor may never want to see."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from .answers import ANSWERABLE
from .attributes import Facts
from .conditions import All, Condition, InSegment, Segments
from .counting import Counted
from .facts import Decision

if TYPE_CHECKING:
    from .vocabulary import Vocabulary

Subject = tuple[str, str]  # a dimension and a key
#: What somebody does who takes an interest. What was bought is needed, liked or not: the
#: reminder that it must be empty goes on.
_INTERESTED = frozenset({"viewed", "read", "searched", "added-to-cart"})


def named(
    decisions: Iterable[Decision], vocabulary: "Vocabulary"
) -> tuple[Subject, ...]:
    """The things of the catalogue that the parameters of ``decisions`` name.

    A thing stands in a parameter called as its dimension, ``category: rabbit``. Without a
    catalogue each such text is a thing. What ``as:`` has bound is none of them: it is chosen
    for each visitor, and never what they do not want.
    """
    found: dict[Subject, None] = {}
    for decision in decisions:
        for dimension in decision.parameters.keys() & set(ANSWERABLE):
            value = decision.parameters[dimension]
            if isinstance(value, str | int) and not isinstance(value, bool):
                for key in _keys(dimension, str(value), vocabulary):
                    found[dimension, key] = None
    return tuple(sorted(found))


def subjects(
    conditions: Iterable[Condition], segments: Segments, names: Iterable[Subject] = ()
) -> tuple[Subject, ...]:
    """What a rule with these ``conditions`` is about, and its ``names``, as :func:`named` gives them.

    That is what a visitor must have looked at, read or put into the cart for it to hold. What
    stands among alternatives, or must not have happened, says nothing about the rule.
    """
    return tuple(sorted({*names, *_asked(conditions, segments)}))


def unwanted(about: Iterable[Subject], facts: Facts) -> Subject | None:
    """The first thing of ``about`` that the visitor never wants to see; None: there is none."""
    for dimension, key in about:
        if key in facts.unwanted.get(dimension, ()):
            return dimension, key
    return None


def _keys(dimension: str, text: str, vocabulary: "Vocabulary") -> tuple[str, ...]:
    if text.startswith("$"):
        return ()
    known = vocabulary.keys(dimension)
    if known and text not in known:
        return ()  # some text of the fragment's own
    if dimension == "category" and text not in vocabulary.categories:
        return vocabulary.category_ids.get(text, (text,))  # written as it is called
    return (text,)


def _asked(conditions: Iterable[Condition], segments: Segments) -> Iterator[Subject]:
    for condition in conditions:
        match condition:
            case All(conditions=parts):
                yield from _asked(parts, segments)
            case InSegment(segments=(name,)):
                yield from _asked((segments[name].condition,), segments)
            case Counted(verb=verb, dimension=dimension, key=key, negated=False):
                least = condition.at_least
                if least and verb in _INTERESTED and dimension in ANSWERABLE:
                    yield dimension, key
