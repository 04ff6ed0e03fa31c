"""Events of a Parquet file, read by pyarrow."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .batch import COLUMNS, Batch, Value
from .cells import Cells, Piece
from .csvlines import check
from .lines import Unreadable

ROWS = 50_000


def rows_of(path: Path) -> int:
    """How many rows there are. Raises :class:`Unreadable`."""
    return int(_opened(path).metadata.num_rows)


def batches(path: Path) -> Iterator[Batch]:
    """All rows. Raises :class:`Unreadable` without pyarrow or the needed columns."""
    import pyarrow

    file = _opened(path)
    names = {name.lower(): name for name in file.schema_arrow.names}
    check(list(names), path)
    _usable(file.schema_arrow, path)
    present = [names[name] for name in COLUMNS if name in names]
    done = 0
    try:
        for part in file.iter_batches(ROWS, columns=present):
            number = part.num_rows
            columns = [
                _values(part.column(names[name])) if name in names else [None] * number
                for name in COLUMNS
            ]
            lines = range(done + 1, done + number + 1)
            done += number
            yield Batch(columns, lines, done)
    except (pyarrow.ArrowException, OSError) as error:
        raise Unreadable(f"{path} cannot be read: {error}") from error


def _usable(schema: Any, path: Path) -> None:
    """Raises :class:`Unreadable` for a column whose values are neither texts, numbers nor times."""
    from pyarrow import types

    flat = (
        *(types.is_string, types.is_large_string, types.is_string_view),
        *(types.is_binary, types.is_large_binary, types.is_fixed_size_binary),
        *(types.is_integer, types.is_floating, types.is_decimal, types.is_boolean),
        *(types.is_timestamp, types.is_date, types.is_null),
    )
    there: set[str] = set()
    for field in schema:
        name, kind = field.name.lower(), field.type
        if name not in COLUMNS:
            continue
        if name in there:
            raise Unreadable(f'{path} has the column "{name}" twice: leave one away')
        there.add(name)
        if types.is_dictionary(kind):
            kind = kind.value_type
        if not any(fits(kind) for fits in flat):
            raise Unreadable(
                f'{path}: its column "{name}" is of {str(kind)[:80]}: make it a text, a '
                "number or a timestamp"
            )


def _values(column: Any) -> Sequence[Value]:
    import pyarrow
    import pyarrow.compute

    kind = column.type
    if pyarrow.types.is_string(kind) and len(column):
        cells = _cells(column)
        if cells is not None:
            return cells
    if pyarrow.types.is_timestamp(kind):
        # Seconds; without a time zone they are UTC, as everywhere here.
        per_second = {"s": 1, "ms": 1e3, "us": 1e6, "ns": 1e9}[kind.unit]
        column = pyarrow.compute.divide(
            pyarrow.compute.cast(  # nanoseconds have more digits than float64
                pyarrow.compute.cast(column, pyarrow.int64()),
                pyarrow.float64(),
                safe=False,
            ),
            per_second,
        )
    elif pyarrow.types.is_date(kind):
        days = pyarrow.compute.cast(
            pyarrow.compute.cast(column, pyarrow.timestamp("s")), pyarrow.int64()
        )
        column = days
    elif pyarrow.types.is_binary(kind) or pyarrow.types.is_large_binary(kind):
        column = pyarrow.compute.cast(column, pyarrow.string())
    found: list[Value] = column.to_pylist()
    return found


def _cells(column: Any) -> Cells | None:
    """Texts where they are; None if one of them may hold a zero byte."""
    _, offsets, data = column.buffers()
    number, first = len(column), column.offset
    ends = np.frombuffer(offsets, np.int32)[first : first + number + 1].astype(np.int64)
    text = b"" if data is None else data.slice(ends[0], ends[-1] - ends[0]).to_pybytes()
    if b"\0" in text:
        return None
    begin, end = ends[:-1] - ends[0], ends[1:] - ends[0]
    if column.null_count:
        missing = column.is_null().to_numpy(zero_copy_only=False)
        end[missing] = begin[missing]
    return Cells(Piece(text), begin, end)


def _opened(path: Path) -> Any:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise Unreadable(
            f'{path}: Parquet needs extras: pip install "shopwindow[train,export]"'
        ) from None
    try:
        return pyarrow.parquet.ParquetFile(path)
    except (pyarrow.ArrowException, OSError) as error:
        raise Unreadable(f"{path} is no Parquet file: {error}") from error
