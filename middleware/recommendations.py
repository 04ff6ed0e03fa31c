"""``[recommendations]`` of site.toml: where what is learned for shelves is kept."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from ..fragments.recommendations.caps import USUAL, CategoryCap
from ..rules.numerals import share
from .stores.urls import sqlite_path
from .toml import Section

FOLDER = "models"  # beside the store's file
VARIABLE = "SHOPWINDOW_MODEL"
_CAP = 'write for example category-cap = 3, or category-cap = "30%"'


class Recommendations(msgspec.Struct, frozen=True):
    """``model``: the folder of the models; "" where nobody has said so. ``category_cap``: how much of
    a shelf one category may take."""

    model: str = ""
    category_cap: CategoryCap = USUAL


def read_recommendations(
    section: Section, folder: Path, environment: Mapping[str, str]
) -> Recommendations:
    """``section`` is the table of the site.toml in ``folder``; what the environment says goes before it."""
    written = section.text("model")
    model = environment.get(VARIABLE) or written
    if model and _is_file(folder / model):
        what = f'"{model}" is a file'
        if environment.get(VARIABLE):
            what = f"{VARIABLE}, which goes before this: {what}"
        section.wrong("model", what, "name the folder that models are written into")
        model = ""
    cap = _category_cap(section)
    section.finish()
    return Recommendations(model, cap)


def _category_cap(section: Section) -> CategoryCap:
    """``category-cap = 3`` or ``"30%"``."""
    key = "category-cap"
    if isinstance(section.data.get(key), str):
        part = share(section.text(key))
        if part:
            return CategoryCap(share=part, strict=True)
        section.wrong(key, f'"{key}" is a number of places, or a share of them', _CAP)
        return USUAL
    places = section.whole(key, 0, least=1, most=100)
    return CategoryCap(places, strict=True) if places else USUAL


def model_folder(told: Recommendations, store: str, folder: Path) -> Path:
    """Where the site's models are: what is told, else beside the SQLite file of ``store``.

    A relative one is meant from ``folder``, in which site.toml is.
    """
    if told.model:
        return folder / told.model
    if store.startswith("sqlite:"):
        return sqlite_path(store, folder).parent / FOLDER
    return folder / FOLDER


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name that no system takes
        return False
