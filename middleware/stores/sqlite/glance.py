"""A look into a store from outside: nothing is written, made or mended."""

import sqlite3
from contextlib import closing
from pathlib import Path

from .. import StoreError
from ..opening import Glance
from ..rows import mark_of
from .store import stored


def glance(path: Path, visitor: str) -> Glance:
    """What the SQLite file at ``path`` knows of a visitor id.

    Raises :class:`StoreError` where there is no store, and
    :class:`~shopwindow.middleware.stores.Retired` for an id that was given up.
    """
    if not path.is_file():
        raise StoreError(f"there is no store at {path}")
    try:
        address = f"{path.resolve().as_uri()}?mode=ro"
        with closing(sqlite3.connect(address, uri=True, timeout=5.0)) as store:
            _, profile = stored(store.execute, mark_of(visitor))
            rows = store.execute("SELECT dimension, key, weight FROM traffic")
            traffic = {(dimension, key): weight for dimension, key, weight in rows}
    except sqlite3.Error as error:
        raise StoreError(f"{path} cannot be read: {error}") from error
    return Glance(profile, traffic)
