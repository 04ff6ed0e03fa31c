"""A model goes into its folder whole or not at all, and numpy can read what is in it."""

import hashlib
import os
import subprocess
import sys
from array import array
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from shopwindow.fragments.recommendations import writing
from shopwindow.fragments.recommendations.model import Model
from shopwindow.fragments.recommendations.writing import write
from tests.fragments.models import NOON, small, table

KEYS = ["a", "b", "ä"]
ROWS = {"a": [("b", 2.0), ("ä", 1.0)], "ä": [("a", 0.5)]}


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_numpy_reads_every_file(tmp_path: Path) -> None:
    given: dict[str, Any] = {
        "flags": np.array([True, False]),
        "bytes": b"abc",
        "small": np.arange(3, dtype=np.int16),
        "numbers": np.arange(4, dtype=np.int64),
        "halves": array("d", [0.5, -1.5]),
        "none": np.zeros(0, np.float32),
        **table(KEYS, ROWS, "viewed-viewed"),
    }
    folder = write(tmp_path, KEYS, given, {"parameters": {"keep": 2}}, NOON)
    for name, array_ in given.items():
        read = np.load(folder / f"{name}.npy", mmap_mode="r")
        expected = np.frombuffer(array_, dtype=read.dtype)
        assert read.tolist() == expected.tolist(), name
        assert memoryview(array_).itemsize == read.itemsize
    ids, ptr = np.load(folder / "ids.npy"), np.load(folder / "ids.ptr.npy")
    assert [
        ids[a:b].tobytes().decode() for a, b in zip(ptr, ptr[1:], strict=False)
    ] == KEYS


def test_what_numpy_saves_is_the_same_to_the_byte(tmp_path: Path) -> None:
    numbers = np.arange(1000, dtype=np.int32)
    folder = write(tmp_path, KEYS, {"numbers": numbers}, {}, NOON)
    np.save(tmp_path / "numpys.npy", numbers)
    assert (folder / "numbers.npy").read_bytes() == (
        tmp_path / "numpys.npy"
    ).read_bytes()


def test_the_name_and_the_meta_vouch_for_every_file(tmp_path: Path) -> None:
    folder = small(tmp_path, ROWS, parameters={"keep": 2}, metrics={"r20": 0.7})
    content = (folder / "meta.json").read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    assert folder.name == f"model-20261126T120000Z-{digest[:8]}"
    meta = msgspec.json.decode(content)
    assert (meta["format"], meta["items"], meta["made"]) == (
        1,
        3,
        "2026-11-26T12:00:00+00:00",
    )
    assert (meta["parameters"], meta["metrics"]) == ({"keep": 2}, {"r20": 0.7})
    assert meta["files"].keys() == files(folder) - {"meta.json"}
    for name, told in meta["files"].items():
        whole = (folder / name).read_bytes()
        assert told["sha256"] == hashlib.sha256(whole).hexdigest()
        assert told["bytes"] == len(whole)
        assert told["dtype"] == np.load(folder / name).dtype.str
    assert (tmp_path / "CURRENT").read_text() == f"{folder.name}\n"
    assert files(tmp_path) == {"CURRENT", folder.name}


def test_the_last_three_stay(tmp_path: Path) -> None:
    made = [
        small(tmp_path, ROWS, now=NOON + timedelta(minutes=minute))
        for minute in range(5)
    ]
    assert files(tmp_path) == {"CURRENT", *(folder.name for folder in made[2:])}
    assert Model.current(tmp_path).name == made[4].name


def test_one_that_is_written_twice_in_a_second_is_one(tmp_path: Path) -> None:
    first = small(tmp_path, ROWS)
    before = (first / "ids.npy").stat()
    assert small(tmp_path, ROWS) == first
    assert (first / "ids.npy").stat() == before  # somebody may have mapped it
    assert files(tmp_path) == {"CURRENT", first.name}


def test_the_current_one_stays_even_if_its_time_is_older(tmp_path: Path) -> None:
    for minute in range(3):
        small(tmp_path, ROWS, now=NOON + timedelta(minutes=minute))
    before = small(tmp_path, ROWS, now=NOON - timedelta(days=1))  # a clock set back
    assert Model.current(tmp_path).name == before.name


def test_what_a_killed_training_left_is_removed_a_day_later(tmp_path: Path) -> None:
    old, new = tmp_path / ".writing-1-aa", tmp_path / ".writing-2-bb"
    for folder in (old, new):
        folder.mkdir()
        (folder / "ids.npy").write_bytes(b"half")
    os.utime(old, (0, 0))
    small(tmp_path, ROWS)
    assert not old.exists()
    assert new.exists()


def short(array_: Any) -> Any:
    return array_[:-1]


WRONG: list[tuple[str, list[str], dict[str, Any]]] = [
    ("sorted", ["b", "a"], {}),
    ("sorted", ["a", "a"], {}),
    ("named", KEYS, {"../x": b""}),
    ("named", KEYS, {"ids": b""}),
    ("named", KEYS, {"Upper": b""}),
    ("one dimension", KEYS, {"x": np.zeros((2, 2))}),
    ("one dimension", KEYS, {"x": np.zeros(8)[::2]}),
    ("cannot be kept", KEYS, {"x": np.zeros(2, ">i4")}),
    ("cannot be kept", KEYS, {"x": np.zeros(2, np.complex64)}),
    ("viewed.ptr should be there", KEYS, {"viewed.val": array("f")}),
    ("of <i4", KEYS, table(KEYS, ROWS, "t") | {"t.idx": np.zeros(3, np.int64)}),
    ("do not fit", KEYS, table(KEYS[:2], {}, "t")),
    ("do not fit", KEYS, table(KEYS, ROWS, "t") | {"t.val": array("f", [1.0])}),
    ("names the items", KEYS, table(KEYS, ROWS, "t") | {"t.idx": array("i", [0, 1, 3])}),
    ("names the items", KEYS, {"popular-order": np.array([-1], np.int32)}),
]  # fmt: skip


@pytest.mark.parametrize(("words", "keys", "arrays"), WRONG)
def test_what_is_no_model_is_refused_and_leaves_nothing(
    tmp_path: Path, words: str, keys: list[str], arrays: dict[str, Any]
) -> None:
    before = small(tmp_path, ROWS)
    with pytest.raises(ValueError, match=words):
        write(tmp_path, keys, arrays, {}, NOON + timedelta(minutes=1))
    assert files(tmp_path) == {"CURRENT", before.name}
    assert Model.current(tmp_path).name == before.name


def test_meta_cannot_say_what_is_known_here(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="items"):
        write(tmp_path, KEYS, {}, {"items": 5}, NOON)


@pytest.mark.parametrize("step", ["_write", "_sync", "_put_in_place", "make_current"])
def test_a_disk_that_fails_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    before = small(tmp_path, ROWS)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(writing, step, full)
    with pytest.raises(OSError, match="No space"):
        small(tmp_path, ROWS, now=NOON + timedelta(minutes=1))
    assert Model.current(tmp_path).name == before.name
    assert not list(tmp_path.glob(".writing-*"))


KILLED = """
import os, sys
from pathlib import Path
from shopwindow.fragments.recommendations import writing
from tests.fragments.models import NOON, small

def die(*arguments):
    os._exit(9)

setattr(writing, sys.argv[2], die)
small(Path(sys.argv[1]), {"new": [("newer", 1.0)]})
"""


@pytest.mark.parametrize("step", ["_sync", "_put_in_place", "make_current"])
def test_a_process_that_is_killed_leaves_the_old_one(tmp_path: Path, step: str) -> None:
    before = small(tmp_path, ROWS)
    command = [sys.executable, "-c", KILLED, str(tmp_path), step]
    ran = subprocess.run(command, cwd=Path(__file__).parents[2], check=False)
    assert ran.returncode == 9
    assert Model.current(tmp_path).name == before.name


def test_whoever_reads_meanwhile_sees_a_whole_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small(tmp_path, ROWS)
    looked = 0

    def looking(step: Callable[..., Any]) -> Callable[..., Any]:
        def look(*arguments: Any) -> Any:
            nonlocal looked
            Model.current(tmp_path)
            result = step(*arguments)
            Model.current(tmp_path)
            looked += 1
            return result

        return look

    for step in ("_write", "_sync", "_put_in_place", "make_current", "_tidy"):
        monkeypatch.setattr(writing, step, looking(getattr(writing, step)))
    for minute in range(5):
        small(tmp_path, ROWS, now=NOON + timedelta(minutes=minute))
    assert looked > 50
