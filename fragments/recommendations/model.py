"""A model: what a shop's events taught, as a folder of arrays that are mapped into memory.

``DIR/CURRENT`` names the folder in ``DIR`` that is to be used. A folder is never changed once it
has its name, and its name says what has to be in it: ``model-20261126T162000Z-1f2e3d4c`` ends with
the checksum of its ``meta.json``, which holds those of all its other files.
"""

import re
import sys
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple, Self

import msgspec

from .arrays import Array, ArrayFault, Opened, open_array
from .checksums import checksum
from .keys import Columns, Keys

FORMAT = 1
CURRENT = "CURRENT"
META = "meta.json"
NAMED = re.compile(r"model-\d{8}T\d{6}Z-([0-9a-f]{8})\Z")
_FILE = re.compile(r"[a-z0-9][a-z0-9.-]*\.npy\Z")
#: The arrays of the keys: see :class:`Columns`.
IDS = ("ids", "ids.ptr", "ids-index.ptr", "ids-index.idx")
_IDS_DTYPES = ("|u1", "<i8", "<i4", "<i4")
_TABLE = {"ptr": "<i8", "idx": "<i4", "val": "<f4"}
#: Arrays with a number for each item, and those that bring items in order.
_OF_ITEMS = ("popular", "trending", "again", "content-weight")
_ORDERS = ("popular-order", "trending-order")
_FLOATS = ("<f4", "<f8")
#: Bytes of one model that a process maps, at most; the rest stays in files and is read row by row.
MAPPED = 10 * 2**20
_ARTICLE = "\x00article\x00"


class ModelError(Exception):
    """A model that cannot be used: says what is wrong, where, and what to do."""


class Table(NamedTuple):
    """For each item a row of others: row ``n`` is ``idx[ptr[n]:ptr[n + 1]]``, best first, and
    its scores stand at the same places of ``val``."""

    ptr: Array[int]
    idx: Array[int]
    val: Array[float]


def article_key(id: str) -> str:
    """The key of an article; a product's key is its id."""
    return _ARTICLE + id


def kind_and_id(key: str) -> tuple[str, str]:
    """ "product" or "article", and the id, of an item's key."""
    if key.startswith(_ARTICLE):
        return "article", key[len(_ARTICLE) :]
    return "product", key


class File(msgspec.Struct, frozen=True):
    """What ``meta.json`` says of another file of its folder."""

    sha256: str
    bytes: int
    dtype: str


class _Meta(msgspec.Struct):
    format: int
    items: int
    files: dict[str, File]


class _Format(msgspec.Struct):
    format: int


def tables_of(arrays: Mapping[str, tuple[str, int]], items: int) -> Iterator[str]:
    """The names of the tables among ``arrays``, of each of which dtype and length are given.

    Raises ValueError if what has the name of a table's part is none.
    """
    for name in arrays:
        table, _, part = name.rpartition(".")
        if part != "val":
            continue
        parts = {part: arrays.get(f"{table}.{part}", ("", 0)) for part in _TABLE}
        for part, dtype in _TABLE.items():
            if parts[part][0] != dtype:
                raise ValueError(f"{table}.{part} should be there, of {dtype}")
        if parts["ptr"][1] != items + 1 or parts["idx"][1] != parts["val"][1]:
            raise ValueError(
                f"the parts of {table} do not fit each other, or {items:,} items"
            )
        yield table


class Model:
    """One model, open: immutable, and safe to be used by many threads.

    ``name`` is its folder's, ``meta`` what training said of it. What it maps stays readable as
    long as anything refers to it, also after its folder is deleted.
    """

    def __init__(
        self, folder: Path, meta: Mapping[str, Any], opened: Mapping[str, Opened]
    ) -> None:
        """Use :meth:`open`. Raises ValueError if the arrays do not fit each other."""
        self.folder = folder
        self.name = folder.name
        self.meta = meta
        self._arrays = {name: one.array for name, one in opened.items()}
        self._keys = Keys(Columns(*(self._arrays[name] for name in IDS)))
        self.size = self._keys.size
        #: An item's number by its key, or None; its key by its number, or IndexError.
        self.number = self._keys.number
        self.key = self._keys.key
        #: The numbers of articles: their keys stand together.
        self.articles = self._keys.between(_ARTICLE, "\x00article\x01")
        kinds = {name: (one.dtype, len(one.array)) for name, one in opened.items()}
        self._tables: dict[str, Table] = {}
        for name in tables_of(kinds, self.size):
            table = Table(*(self._arrays[f"{name}.{part}"] for part in _TABLE))
            if table.ptr[0] != 0 or table.ptr[-1] != len(table.idx):
                raise ValueError(f"the rows of {name} do not fit their places")
            self._tables[name] = table
        for name in _OF_ITEMS:
            if name in kinds and kinds[name] not in [
                (dtype, self.size) for dtype in _FLOATS
            ]:
                raise ValueError(f"{name} is not of {self.size:,} items")
        for name in _ORDERS:
            dtype, length = kinds.get(name, ("<i4", 0))
            if dtype != "<i4" or length > self.size:
                raise ValueError(f"{name} is no order of {self.size:,} items")

    def __repr__(self) -> str:
        return f"<Model {self.name} of {self.size} items>"

    def table(self, name: str) -> Table | None:
        """The table of that name, if the model has it."""
        return self._tables.get(name)

    def array(self, name: str) -> Array[Any] | None:
        """The array of that name, if the model has it: ``popular`` is of ``popular.npy``."""
        return self._arrays.get(name)

    @classmethod
    def open(cls, folder: Path, mapped: int = MAPPED) -> Self:
        """The model in ``folder``, of which up to ``mapped`` bytes are mapped. Raises :class:`ModelError`.

        Sizes, headers and the checksum of ``meta.json`` are looked at every time; the checksums of
        all other files once in a process, as long as nobody touches them.
        """
        folder = Path(folder)
        if sys.byteorder != "little":
            raise ModelError(
                f"{folder}: models are little endian, and this machine is not: serve "
                "without a model here"
            )
        meta = _meta(folder)
        files = msgspec.convert(meta["files"], dict[str, File])
        opened = {}
        for name in sorted(files, key=lambda name: _wanted(name, files[name])):
            told = files[name]
            maps = told.bytes <= mapped
            mapped -= told.bytes if maps else 0
            opened[name.removesuffix(".npy")] = _open(folder / name, told, maps)
        try:
            return cls(folder, meta, opened)
        except KeyError as error:
            raise _unusable(folder, f"it has no {error.args[0]}.npy") from None
        except (ValueError, IndexError) as error:
            raise _unusable(folder, error) from error

    @classmethod
    def current(cls, out: Path) -> Self:
        """The model that ``out/CURRENT`` names; if that is corrupt or missing, the newest sound one.

        Raises :class:`ModelError`, of the one that should have been, if there is none.
        """
        out = Path(out)
        try:
            return cls.open(out / current_name(out))
        except ModelError as error:
            for folder in folders(out):
                try:
                    return cls.open(folder)
                except ModelError:
                    continue
            raise error from None


def current_name(out: Path) -> str:
    """The name in ``out/CURRENT``. Raises :class:`ModelError`."""
    path = out / CURRENT
    try:
        with path.open("rb") as file:
            name = file.read(100).decode("ascii", "replace").strip()
    except FileNotFoundError:
        raise ModelError(
            f"{path}: there is no model yet: train one with shopwindow train DIR --out {out}"
        ) from None
    except OSError as error:
        raise ModelError(f"{path}: cannot be read: {error.strerror}") from error
    if not NAMED.match(name):
        raise ModelError(
            f"{path}: it should hold the name of a model's folder and holds {name!r}: "
            f"write the name of one in it, or train again with --out {out}"
        )
    return name


def folders(out: Path) -> list[Path]:
    """The models in ``out``, newest first, sound or not."""
    try:
        found = [path for path in out.iterdir() if NAMED.match(path.name)]
    except OSError:
        return []
    return sorted(found, key=lambda path: path.name, reverse=True)


def _meta(folder: Path) -> dict[str, Any]:
    named = NAMED.match(folder.name)
    if named is None:
        raise ModelError(
            f"{folder}: it is not named as a model is (model-TIME-CHECKSUM): name one of "
            "those that shopwindow train wrote"
        )
    path = folder / META
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise _unusable(path, "there is no such file") from None
    except OSError as error:
        raise _unusable(path, error.strerror) from error
    try:
        format = msgspec.json.decode(content, type=_Format).format
        if format > FORMAT:
            raise ModelError(
                f"{path}: the model has format {format}, and this shopwindow reads "
                f"{FORMAT}: install the version that trained it here, too, or train with this one"
            )
        if format != FORMAT:
            raise _unusable(path, f"there is no format {format}")
        if sha256(content).hexdigest()[:8] != named[1]:
            raise _unusable(path, "its checksum is not the one in the folder's name")
        meta = msgspec.json.decode(content, type=dict[str, Any])
        for name in msgspec.convert(meta, _Meta).files:
            if not _FILE.match(name):
                raise _unusable(path, f"it names the file {name!r}")
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _unusable(path, f"it is not what training wrote: {error}") from error
    return meta


def _wanted(name: str, file: File) -> tuple[bool, int]:
    """Sorts what every list asks to the front, to be mapped first, and then what is small."""
    stem = name.removesuffix(".npy")
    always = stem in IDS or stem.startswith("viewed-viewed.")
    return not always, file.bytes


def _open(path: Path, told: File, maps: bool) -> Opened:
    try:
        opened = open_array(path, maps)
        if (size := opened.state.st_size) != told.bytes:
            raise ArrayFault(f"it should have {told.bytes:,} bytes and has {size:,}")
        if opened.dtype != told.dtype:
            raise ArrayFault(f"it should be of {told.dtype} and is of {opened.dtype}")
        if checksum(path, opened.state) != told.sha256:
            raise ArrayFault("its checksum is wrong")
    except FileNotFoundError:
        raise _unusable(path, "there is no such file") from None
    except OSError as error:
        raise _unusable(path, error.strerror or str(error)) from error
    except ArrayFault as error:
        raise _unusable(path, error) from error
    return opened


def _unusable(path: Path, what: object) -> ModelError:
    return ModelError(
        f"{path}: {what}: delete this model, and train again (shopwindow train) or copy it "
        "here once more"
    )
