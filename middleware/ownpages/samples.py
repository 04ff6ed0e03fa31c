"""Values of every page in some of its states: what a shop's own templates are tried with."""

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from ..languages import OTHERWISE
from .words import words

_WORDS = words(OTHERWISE, "Shop")
_LINKS = {
    page: f"/-/shopwindow/{page}"
    for page in ("overview", "consent", "preferences", "known", "erase", "download")
}


def _t(value: object, kind: str | None = None) -> str:
    return str(value)


def _of(page: str, **values: Any) -> Mapping[str, Any]:
    section = {
        key.replace("-", "_"): text for key, text in _WORDS.get(page, {}).items()
    }
    return {"words": section, "home": "/", "links": _LINKS, "t": _t, **values}


_NAVIGATION = [
    {"url": "/-/shopwindow/", "title": "Overview", "here": True},
    {"url": "/-/shopwindow/consent", "title": "Consent", "here": False},
]
_FRAME = {
    "navigation": _NAVIGATION,
    "shop": "Shop",
    "title": "Title",
    "content": Markup("<p>Content</p>"),
}
_CHOICES = [
    {"value": "granted", "title": "Both", "chosen": True},
    {"value": "denied", "title": "Neither", "chosen": False},
]
_CONSENT = {
    "state": "State",
    "purposes": [*_WORDS["purposes"].values()],
    "choices": _CHOICES,
    "action": "/-/shopwindow/consent",
    "next": "/",
}
_ROW = {"label": "Label", "text": "Text", "origin": "Origin"}
_SECTION = {
    "group": "Group",
    "title": "Title",
    "rows": [_ROW],
    "more": [_ROW],
    "summary": "1 more",
    "origin": "Origin",
}
_OPTIONS = [
    {"value": "a", "label": "A", "chosen": True},
    {"value": "", "label": "None", "chosen": False},
]


def _field(kind: str, type: str, error: bool = False) -> dict[str, Any]:
    return {
        "kind": kind,
        "id": f"say-{kind}",
        "name": f"say:{kind}",
        "label": "Label",
        "type": type,
        "step": "any" if type == "number" else "",
        "value": "1",
        "options": _OPTIONS,
        "about": "About" if error else "",
        "error": error,
    }


_FIELDS = [
    _field("choice", "checkbox"),
    _field("yes-no", "radio"),
    _field("checks", "checkbox"),
    _field("line", "number", error=True),
]
_FORM = {"action": "/-/shopwindow/preferences", "ticket": "ticket"}
_GROUP = {
    "id": "group-category",
    "title": "Categories",
    "rows": [{"title": "Title", "name": "category:a", "wish": "more"}],
}
SAMPLES: Mapping[str, list[Mapping[str, Any]]] = {
    "frame": [
        _of("frame", **_FRAME, notice="", bad=False),
        _of("frame", **_FRAME, notice="Notice", bad=True),
    ],
    "overview": [
        _of(
            "overview",
            state="State",
            entries=[{"title": "T", "text": "Text", "url": "/"}],
        )
    ],
    "consent": [
        _of("consent", **_CONSENT, period="", elsewhere="", withdraw=False),
        _of("consent", **_CONSENT, period="Days", elsewhere="There", withdraw=True),
    ],
    "preferences": [
        _of("preferences", **_FORM, nothing=True, groups=[], fields=[]),
        _of("preferences", **_FORM, nothing=False, groups=[_GROUP], fields=_FIELDS),
    ],
    "known": [
        _of("known", nothing=True, seen=[], sections=[]),
        _of(
            "known",
            nothing=False,
            seen=[
                {"what": "Slot", "when": "Today", "why": "Because.", "rated": "Liked"}
            ],
            sections=[_SECTION, {**_SECTION, "group": "", "title": "", "more": []}],
        ),
    ],
    "erase": [
        _of("erase", **_FORM, done=False, customer=True),
        _of(
            "erase",
            done=True,
            outcome="Done",
            about="About",
            frame=_WORDS["frame"],
            consent="Consent",
        ),
    ],
    "problem": [_of("problem", text="Text", url="/", link="Link")],
}
