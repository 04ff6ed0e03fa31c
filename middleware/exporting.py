"""The log as a file for other programs: CSV, JSON Lines or Parquet, written as it is read."""

import csv
import io
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Literal

import msgspec

from ..rules.exported import Line
from ..rules.mappings import Names

Form = Literal["csv", "jsonl", "parquet"]
FORMS: tuple[Form, ...] = ("csv", "jsonl", "parquet")
AT_ONCE = 5_000  # lines that are held: what Parquet calls a row group

# What makes a spreadsheet take a text for a formula, see
# https://owasp.org/www-community/attacks/CSV_Injection
_FORMULA = (
    "=",
    "+",
    "-",
    "@",
    "\t",
    "\r",
    "\n",
    "\uff1d",
    "\uff0b",
    "\uff0d",
    "\uff20",
)
_BOM = b"\xef\xbb\xbf"

_json = msgspec.json.Encoder().encode


class ExportError(Exception):
    """A file that cannot be written; says why and what to do."""


def harmless(text: str) -> str:
    """``text`` for a cell of a table: one that a spreadsheet would calculate is quoted with '."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def write_csv(
    lines: Iterable[Line], names: Names, file: IO[bytes], bom: bool = False
) -> int:
    """UTF-8, a header, and a row for each line; returns how many. ``bom`` is for Excel."""
    if bom:
        file.write(_BOM)
    text = io.TextIOWrapper(file, "utf-8", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow(names.columns)
    count = 0
    for line in lines:
        writer.writerow(harmless(_cell(value)) for value in names.row(line))
        count += 1
    text.detach()
    return count


def write_jsonl(lines: Iterable[Line], names: Names, file: IO[bytes]) -> int:
    """One message a line, as the receiver's API takes it; returns how many."""
    count = 0
    for line in lines:
        file.write(_json(names.message(line)) + b"\n")
        count += 1
    return count


def write_parquet(lines: Iterable[Line], names: Names, file: IO[bytes]) -> int:
    """Columns of text; returns how many rows. Raises :class:`ExportError` without the extra."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise ExportError(
            'Parquet needs an extra: pip install "shopwindow[export]"'
        ) from None
    schema = pyarrow.schema([(name, pyarrow.string()) for name in names.columns])
    count = 0
    with pyarrow.parquet.ParquetWriter(file, schema, compression="zstd") as writer:
        for rows in _parts(map(names.row, lines)):
            columns = zip(*rows, strict=True)
            arrays = [
                pyarrow.array(map(_cell, one), pyarrow.string()) for one in columns
            ]
            writer.write_batch(pyarrow.record_batch(arrays, schema=schema))
            count += len(rows)
    return count


def _cell(value: str | Mapping[str, Any]) -> str:
    return value if isinstance(value, str) else _json(value).decode()


def _parts(rows: Iterable[tuple[Any, ...]]) -> Iterator[list[tuple[Any, ...]]]:
    part: list[tuple[Any, ...]] = []
    for row in rows:
        part.append(row)
        if len(part) == AT_ONCE:
            yield part
            part = []
    if part:
        yield part


WRITERS: Mapping[Form, Callable[[Iterable[Line], Names, IO[bytes]], int]] = {
    "csv": write_csv,
    "jsonl": write_jsonl,
    "parquet": write_parquet,
}


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """A file that is there when all of it is, and that only its owner can read.

    What stands at ``path`` is replaced at the end, and stays if anything is raised. Raises
    :class:`ExportError` if it cannot be written.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        number = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(number, "wb") as file:
            yield file
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise ExportError(f"{path} cannot be written: {error.strerror}") from error
    except BaseException:  # raised on; only the half file is taken away
        part.unlink(missing_ok=True)
        raise
