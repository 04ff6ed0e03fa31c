"""Whose word counts, where several tell the same attribute of a visitor."""

from collections.abc import Mapping
from typing import Any

from .facts import KEYS_KEPT, Profile, Told
from .moments import lasted

PREFERENCE = "preference"
UNTOLD = Told("", 0.0)  # of the time before it was kept who tells

_Rank = tuple[bool, float, str, str]


def tell(
    attributes: Mapping[str, Any],
    told: Mapping[str, Told],
    fresh: Mapping[str, Any],
    word: Told,
) -> tuple[dict[str, Any], dict[str, Told]]:
    """The attributes, and who told them, after ``word`` has told ``fresh``.

    The newer value stays, whatever order they come in; but what the visitor said themselves
    only their next answer changes. None takes an attribute back, and that counts as a value:
    what a visitor does not want to be known nobody else fills in again. The newest 48 stay.
    """
    attributes, told = dict(attributes), dict(told)
    asserted = word.source == PREFERENCE
    for name, value in fresh.items():
        known = told.pop(name, UNTOLD)
        if (known.source == PREFERENCE, known.time) > (asserted, word.time):
            told[name] = known
            continue
        told[name] = word
        attributes.pop(name, None)  # the newest stand last
        if value is not None:
            attributes[name] = value
    return _bounded(attributes, told)


def united(older: Profile, newer: Profile) -> tuple[dict[str, Any], dict[str, Told]]:
    """The attributes of somebody who is both, and who told them: by the rules of :func:`tell`."""
    best: dict[str, tuple[_Rank, Profile]] = {}
    for profile in (older, newer):
        for name in {*profile.attributes, *profile.told}:
            rank = _rank(profile, name)
            # Where nobody knows who told it when, that of the profile seen last stays.
            if name not in best or rank >= best[name][0]:
                best[name] = rank, profile
    attributes: dict[str, Any] = {}
    told: dict[str, Told] = {}
    for name in sorted(best, key=lambda name: (best[name][0][1], name)):
        profile = best[name][1]
        if name in profile.attributes:
            attributes[name] = profile.attributes[name]
        if name in profile.told:
            told[name] = profile.told[name]
    return _bounded(attributes, told)


def _rank(profile: Profile, name: str) -> _Rank:
    word = profile.told.get(name)
    if word is None:
        return False, 0.0, "", ""
    value = repr(profile.attributes.get(name))  # only decides between equal times
    return word.source == PREFERENCE, word.time, word.source, value


def _bounded(
    attributes: dict[str, Any], told: dict[str, Told]
) -> tuple[dict[str, Any], dict[str, Told]]:
    """A shop that tells ever new names must not fill the profile."""
    if len(attributes) > KEYS_KEPT:
        attributes = dict(list(attributes.items())[-KEYS_KEPT:])
    if len(told) > KEYS_KEPT:
        names = [*(name for name in told if name not in attributes), *attributes]
        told = {name: told[name] for name in names[-KEYS_KEPT:] if name in told}
    return attributes, told


def provenance(source: str, time: float, now: float) -> str:
    """`` (app, 3 days ago)``; empty where neither is known."""
    age = f"{lasted(max(0.0, now - time))} ago" if time else ""
    known = ", ".join(part for part in (source, age) if part)
    return f" ({known})" if known else ""
