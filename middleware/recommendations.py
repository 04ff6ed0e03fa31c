"""``[recommendations]`` of site.toml: where what is learned for shelves is kept."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from .stores.urls import sqlite_path
from .toml import Section

FOLDER = "models"  # beside the store's file
VARIABLE = "SHOPWINDOW_MODEL"


class Recommendations(msgspec.Struct, frozen=True):
    """``model``: the folder of the models; "" where nobody has said so."""

    model: str = ""


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
    section.finish()
    return Recommendations(model)


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
