"""Writing a model: into a folder of its own, put in place when it is whole."""

import os
import re
import secrets
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from .arrays import encoded
from .keys import columns
from .model import (
    CURRENT,
    FORMAT,
    IDS,
    META,
    File,
    ModelError,
    current_name,
    folders,
    tables_of,
)

if TYPE_CHECKING:
    from typing_extensions import Buffer

KEPT = 3  # models; the one before may be in use, the one before that is for the wary
_OWN = frozenset(("format", "made", "items", "files"))
_NAME = re.compile(r"[a-z0-9][a-z0-9.-]*\Z")
_TEMPORARY = ".writing-"
_ABANDONED = 24 * 3600.0  # seconds after which what a killed training left is removed


def write(
    out: Path,
    keys: Sequence[str],
    arrays: Mapping[str, Any],
    meta: Mapping[str, Any],
    now: datetime,
) -> Path:
    """Write a model of the items ``keys`` into ``out`` and make it the current one; returns its folder.

    ``keys`` are sorted by their UTF-8 bytes. ``arrays`` are numpy's, ``array.array``, ``bytes`` or anything
    else with a buffer, of one dimension; ``popular`` becomes ``popular.npy``, and a table is three
    of them: ``NAME.ptr``, ``NAME.idx``, ``NAME.val``. ``meta`` goes into ``meta.json`` with what
    is known here: format, made, items, files.

    The last three models stay. Whoever reads sees the old one or the new one, whole, whatever
    happens meanwhile. Raises ValueError for what cannot be a model, and OSError (a full disk); the old
    one then stays current.
    """
    out = Path(out)
    if taken := _OWN & meta.keys():
        raise ValueError(f"meta has {sorted(taken)}, which is said here")
    for name in arrays:
        if not _NAME.match(name) or name in IDS:
            raise ValueError(f"no array can be named {name!r}")
    for name, array in arrays.items():
        if name.endswith((".idx", "-order")):
            _check_numbers(name, array, len(keys))
    whole = dict(zip(IDS, columns(keys), strict=True)) | dict(arrays)
    out.mkdir(parents=True, exist_ok=True)
    temporary = out / f"{_TEMPORARY}{os.getpid()}-{secrets.token_hex(4)}"
    temporary.mkdir()
    try:
        files = {
            f"{name}.npy": _write_array(temporary / f"{name}.npy", array)
            for name, array in whole.items()
        }
        kinds = {
            name: (files[f"{name}.npy"].dtype, len(memoryview(array)))
            for name, array in whole.items()
        }
        for _ in tables_of(kinds, len(keys)):
            pass
        said = msgspec.json.encode(
            {
                "format": FORMAT,
                "made": now.astimezone(UTC).isoformat(),
                "items": len(keys),
                **meta,
                "files": files,
            }
        )
        content = msgspec.json.format(said, indent=1)
        _write(temporary / META, (content,))
        _sync(temporary)
        digest = sha256(content).hexdigest()[:8]
        folder = out / f"model-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{digest}"
        with _alone(out):
            _put_in_place(temporary, folder)
            make_current(out, folder.name)
            _tidy(out)
    except BaseException:  # raised on; nothing half-written stays
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    return folder


def _check_numbers(name: str, array: Any, items: int) -> None:
    """Raises ValueError if ``array`` names an item that there is none of."""
    if not len(array):
        return
    # An array of numpy's is asked itself: it is a hundred times faster.
    own = hasattr(array, "max") and hasattr(array, "min")
    least, most = (array.min(), array.max()) if own else (min(array), max(array))
    if least < 0 or most >= items:
        raise ValueError(
            f"{name} names the items {least} to {most}, and there are {items}"
        )


def _write_array(path: Path, array: "Buffer") -> File:
    header, data, dtype = encoded(array)
    return File(_write(path, (header, data)), len(header) + len(data), dtype)


def _write(path: Path, pieces: "Iterable[Buffer]") -> str:
    digest = sha256()
    with path.open("xb") as file:
        for piece in pieces:
            file.write(piece)
            digest.update(piece)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest()


@contextmanager
def _alone(out: Path) -> Iterator[None]:
    """Nobody else puts a model into ``out`` meanwhile, or tidies it: a model that has its name and
    is not current yet would be an old one to them. Who is killed lets the others go on."""
    with ExitStack() as stack:
        with suppress(ImportError, OSError):  # not every system can do that
            import fcntl

            descriptor = os.open(out, os.O_RDONLY)
            stack.callback(os.close, descriptor)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield


def _put_in_place(temporary: Path, folder: Path) -> None:
    if folder.exists():  # the same second, the same content: it may already be in use
        shutil.rmtree(temporary)
        return
    temporary.rename(folder)
    _sync(folder.parent)


def make_current(out: Path, name: str) -> None:
    """Let the model ``name`` in ``out`` be the one that is used."""
    fresh = out / f"{_TEMPORARY}{os.getpid()}-{secrets.token_hex(4)}"
    try:
        _write(fresh, (f"{name}\n".encode(),))
        fresh.replace(out / CURRENT)
    finally:
        fresh.unlink(missing_ok=True)
    _sync(out)


def _sync(folder: Path) -> None:
    """Make the names in ``folder`` last; not every system lets a folder be opened for it."""
    with suppress(PermissionError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _tidy(out: Path) -> None:
    """Remove all but the last models, and what was left by those who were killed."""
    try:
        current = current_name(out)
    except ModelError:
        return
    old = [path for path in folders(out)[KEPT:] if path.name != current]
    with suppress(OSError):
        for path in out.glob(f"{_TEMPORARY}*"):
            if time.time() - path.stat().st_mtime > _ABANDONED:
                old.append(path)
    for path in old:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
