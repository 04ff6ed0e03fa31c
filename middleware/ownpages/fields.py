"""What visitors can say of themselves: attributes of the origin ``preference``, as fields."""

import math
from collections.abc import Iterable, Mapping
from datetime import date, tzinfo
from typing import TYPE_CHECKING, Any

from ...rules.attributes import Attribute, typed
from ...rules.facts import Profile
from ...rules.storable import ATTRIBUTE_KEPT
from ..forms import Form
from .account import label
from .words import Words, filled

if TYPE_CHECKING:
    from ..site import Site

_INPUTS = {"number": "number", "date": "date", "time": "datetime-local"}
_SHOWN = 40  # characters of an answer that is quoted


def asked(site: "Site") -> list[Attribute]:
    """Those that visitors say themselves, in the order of site.toml."""
    return [
        attribute
        for attribute in site.settings.attributes.values()
        if attribute.origin == "preference"
    ]


def read(
    attributes: Iterable[Attribute], form: Form, zone: tzinfo
) -> tuple[dict[str, Any], dict[str, str]]:
    """The values in ``form``, None for a field that was left empty; and of those that cannot be
    read, by attribute, the key of the words that say so."""
    values: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for attribute in attributes:
        given = form.get(_name(attribute))
        if given is None:
            continue  # it was not asked: somebody declared it meanwhile
        texts = [text.strip() for text in given if text.strip()]
        if attribute.type == "list" and not attribute.one_of:
            texts = [part.strip() for text in texts for part in text.split(",")]
            texts = [text for text in texts if text]
        value, problem = _value(attribute, texts, zone)
        if problem:
            wrong[attribute.name] = problem
        else:
            values[attribute.name] = value
    return values, wrong


def _value(attribute: Attribute, texts: list[str], zone: tzinfo) -> tuple[Any, str]:
    """A value as profiles hold it, and what is wrong with it."""
    if not texts:
        return None, ""
    if attribute.one_of and not {*texts} <= {*attribute.one_of}:
        return None, "bad-choice"
    text = texts[-1]
    match attribute.type:
        case "list":
            fits = len(texts) <= 48 and all(len(text) <= 100 for text in texts)
            return (texts, "") if fits else (None, "bad-text")
        case "number":
            return _number(text)
        case "date":
            try:
                return date.fromisoformat(text).isoformat(), ""
            except ValueError:
                return None, "bad-date"
        case "yes-no":
            known = text in ("true", "false")
            return (text == "true", "") if known else (None, "bad-choice")
        case _:
            fits = len(text) <= ATTRIBUTE_KEPT
            if not fits or typed(attribute, text, zone) is None:
                return None, "bad-text"
            return text, ""


def _number(text: str) -> tuple[Any, str]:
    try:
        # Browsers send a point; who types into a plain field may write a comma.
        number = float(text.replace(",", "."))
    except ValueError:
        return None, "bad-number"
    if not math.isfinite(number) or abs(number) > 1e15:
        return None, "bad-number"
    return int(number) if number.is_integer() else number, ""


def shown(
    site: "Site",
    words: Words,
    profile: Profile,
    form: Form | None,
    wrong: Mapping[str, str],
) -> list[dict[str, Any]]:
    """The fields as the template shows them, with what is known, or was filled in."""
    found = []
    texts = words["preferences"]
    for attribute in asked(site):
        name = _name(attribute)
        given = (form or {}).get(name)
        current = given if given is not None else _texts(profile, attribute)
        error = wrong.get(attribute.name, "")
        quoted = ", ".join(given or ())[:_SHOWN]
        about = filled(texts[error], value=quoted) if error else ""
        if attribute.type == "list" and not about:
            about = texts["list"]
        found.append(
            {
                "kind": _kind(attribute),
                "id": f"say-{attribute.name}",
                "name": name,
                "label": label(site, attribute.name),
                "type": _input(attribute),
                "step": "any" if attribute.type == "number" else "",
                "value": ", ".join(current),
                "options": _options(attribute, current, texts),
                "about": about,
                "error": bool(error),
            }
        )
    return found


def _name(attribute: Attribute) -> str:
    return f"say:{attribute.name}"


def _kind(attribute: Attribute) -> str:
    if attribute.type == "yes-no":
        return "yes-no"
    if attribute.one_of:
        return "checks" if attribute.type == "list" else "choice"
    return "line"


def _input(attribute: Attribute) -> str:
    if attribute.type == "yes-no":
        return "radio"
    if attribute.one_of:
        return "checkbox"
    return _INPUTS.get(attribute.type, "text")


def _texts(profile: Profile, attribute: Attribute) -> list[str]:
    """What is known, as a form would send it."""
    value = profile.attributes.get(attribute.name)
    if value is None:
        return []
    if isinstance(value, list | tuple):
        return [str(one) for one in value]
    if isinstance(value, bool):
        return ["true" if value else "false"]
    return [str(value)]


def _options(
    attribute: Attribute, current: list[str], texts: Mapping[str, str]
) -> list[dict[str, Any]]:
    choices = [(value, value) for value in attribute.one_of]
    if attribute.type == "yes-no":
        choices = [("true", texts["yes"]), ("false", texts["no"])]
    chosen = [value for value, _ in choices if value in current]
    if attribute.type != "list" and choices:
        choices.append(("", texts["no-answer"]))
        chosen = chosen[-1:] or [""]
    return [
        {"value": value, "label": words, "chosen": value in chosen}
        for value, words in choices
    ]
