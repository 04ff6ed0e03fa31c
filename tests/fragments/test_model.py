"""A model is opened whole, or what is wrong with it is told: never guessed, never a crash."""

import hashlib
import os
import shutil
import threading
import zlib
from array import array
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shopwindow.fragments.recommendations import checksums, keys
from shopwindow.fragments.recommendations.arrays import ArrayFault, open_array
from shopwindow.fragments.recommendations.model import (
    Model,
    ModelError,
    article_key,
    kind_and_id,
)
from shopwindow.fragments.recommendations.writing import write
from tests.fragments.models import NOON, large, small

ROWS = {"a": [("b", 2.0), ("ä", 1.0)], "ä": [("a", 0.5)]}


@pytest.fixture(autouse=True)
def forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test's process has seen no file yet."""
    monkeypatch.setattr(checksums, "_seen", {})


def test_a_model_says_what_was_written(tmp_path: Path) -> None:
    folder = small(tmp_path, ROWS, order=["b"], metrics={"r20": 0.7}, until=5)
    model = Model.open(folder)
    assert (model.size, model.name, model.folder) == (3, folder.name, folder)
    assert (model.meta["metrics"], model.meta["until"]) == ({"r20": 0.7}, 5)
    assert [model.key(number) for number in range(3)] == ["a", "b", "ä"]
    assert [model.number(key) for key in ("a", "b", "ä", "c")] == [0, 1, 2, None]
    table = model.table("viewed-viewed")
    assert table is not None
    ptr, idx, val = table
    assert idx[ptr[0] : ptr[1]].tolist() == [1, 2]
    assert val[ptr[0] : ptr[1]].tolist() == [2.0, 1.0]
    assert idx[ptr[1] : ptr[2]].tolist() == []
    assert idx[ptr[2] : ptr[3]].tolist() == [0]
    order = model.array("popular-order")
    assert order is not None and order[0] == 1
    assert model.table("popular") is None
    assert model.table("unknown") is None and model.array("unknown") is None
    for number in (-1, 3):
        with pytest.raises(IndexError):
            model.key(number)


STRANGE = [
    "", "\x00", "\x00article\x00a", "a\x00b", "ä", "Ä", "a\u0308", "\ud800", "🛒", "x" * 100_000,
    "1", "01", " 1", "\n", "\U0010ffff", "\uffff",
]  # fmt: skip


def test_ids_may_be_anything(tmp_path: Path) -> None:
    known = sorted(STRANGE, key=keys.as_bytes)
    model = Model.open(write(tmp_path, known, {}, {}, NOON))
    assert [model.number(key) for key in known] == list(range(len(known)))
    assert [model.key(number) for number in range(len(known))] == known
    for unknown in ("x" * 99_999, "a", "\x00\x00", "\udfff"):
        assert model.number(unknown) is None


@given(st.sets(st.text(), max_size=60), st.text())
@settings(max_examples=200, deadline=None)
def test_a_key_is_found_by_its_number_and_back(known: set[str], other: str) -> None:
    ordered = sorted(known, key=keys.as_bytes)
    found = keys.Keys(keys.Columns(*keys.columns(ordered)))
    assert [found.key(number) for number in range(found.size)] == ordered
    assert [found.number(key) for key in ordered] == list(range(len(ordered)))
    assert (found.number(other) is not None) == (other in known)


def test_ids_whose_checksums_collide_are_found_all_the_same(tmp_path: Path) -> None:
    # Of a thousand ids, all those in one bucket: as an attacker would choose them.
    wanted = zlib.crc32(b"0") & 1023
    ids = (str(number) for number in range(10_000_000))
    chosen = []
    for id in ids:
        if zlib.crc32(id.encode()) & 1023 == wanted:
            chosen.append(id)
            if len(chosen) == 1024:
                break
    model = Model.open(write(tmp_path, sorted(chosen), {}, {}, NOON))
    assert [model.number(id) for id in sorted(chosen)] == list(range(1024))
    assert model.number(str(10_000_000)) is None
    assert model.number("x") is None


def test_a_model_of_nothing_is_a_model(tmp_path: Path) -> None:
    model = Model.open(small(tmp_path, {}))
    assert model.size == 0
    assert model.number("a") is None
    table = model.table("viewed-viewed")
    assert table is not None and len(table.idx) == 0
    with pytest.raises(IndexError):
        model.key(0)


def test_articles_and_products_are_told_apart() -> None:
    assert kind_and_id(article_key("a")) == ("article", "a")
    assert kind_and_id("a") == ("product", "a")
    assert kind_and_id("article\x00a") == ("product", "article\x00a")


@given(st.sets(st.text(max_size=3) | st.text(max_size=3).map(article_key), max_size=30))
@settings(max_examples=200, deadline=None)
def test_articles_stand_together(known: set[str]) -> None:
    ordered = sorted(known, key=keys.as_bytes)
    found = keys.Keys(keys.Columns(*keys.columns(ordered)))
    first, last = article_key(""), "\x00article\x01"
    assert [ordered[number] for number in found.between(first, last)] == [
        key for key in ordered if kind_and_id(key)[0] == "article"
    ]


# -- what is wrong with a file ---------------------------------------------------------------


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 1)


def empty(path: Path) -> None:
    os.truncate(path, 0)


def longer(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"x")


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def flip_head(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[3] ^= 1
    path.write_bytes(content)


def foreign(path: Path) -> None:
    path.write_bytes(b"<!doctype html><title>404</title>" + b" " * 500)


def gone(path: Path) -> None:
    path.unlink()


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


FAULTS = [cut, empty, longer, flip, flip_head, foreign, gone, a_folder]


@pytest.mark.parametrize("fault", FAULTS)
def test_every_file_that_is_not_as_written_is_told(
    tmp_path: Path, fault: Callable[[Path], None]
) -> None:
    sound = small(tmp_path, ROWS)
    for name in sorted(os.listdir(sound)):
        copy = tmp_path / "copy" / sound.name
        shutil.copytree(sound, copy)
        Model.open(copy)  # seen by this process, and sound
        fault(copy / name)
        with pytest.raises(ModelError) as told:
            Model.open(copy)
        assert str(copy / name) in str(told.value), name
        assert "train again" in str(told.value)
        shutil.rmtree(copy)


def test_a_figure_of_meta_that_was_changed_is_told(tmp_path: Path) -> None:
    folder = small(tmp_path, ROWS, metrics={"r20": 0.7})
    path = folder / "meta.json"
    path.write_bytes(path.read_bytes().replace(b"0.7", b"0.9"))
    with pytest.raises(ModelError, match=r"meta\.json: its checksum is not"):
        Model.open(folder)


def test_a_file_of_another_model_is_told(tmp_path: Path) -> None:
    first = small(tmp_path, ROWS, order=["a"])
    second = small(tmp_path, ROWS, order=["b"], now=NOON + timedelta(minutes=1))
    shutil.copy(first / "popular-order.npy", second / "popular-order.npy")
    with pytest.raises(ModelError, match=r"popular-order\.npy: its checksum is wrong"):
        Model.open(second)


def renamed(folder: Path, meta: object) -> Path:
    """``folder`` with another meta.json, and the name that belongs to it."""
    content = msgspec.json.encode(meta)
    (folder / "meta.json").write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()[:8]
    return folder.rename(folder.with_name(f"model-20261126T120000Z-{digest}"))


def test_a_format_of_tomorrow_says_what_to_install(tmp_path: Path) -> None:
    newer = renamed(small(tmp_path, ROWS), {"format": 2, "arrays": "elsewhere"})
    with pytest.raises(ModelError, match=r"format 2.*reads 1: install the version"):
        Model.open(newer)
    strange: object
    for strange in ({"format": 0}, {"format": "1"}, {}, [], {"format": 1}):
        newer = renamed(newer, strange)
        with pytest.raises(ModelError, match=r"meta\.json: .*train again"):
            Model.open(newer)


def test_a_meta_that_forgets_a_file_is_told(tmp_path: Path) -> None:
    folder = small(tmp_path, ROWS)
    meta = msgspec.json.decode((folder / "meta.json").read_bytes())
    for name in ("ids.npy", "viewed-viewed.idx.npy"):
        files = {key: told for key, told in meta["files"].items() if key != name}
        folder = renamed(folder, meta | {"files": files})
        with pytest.raises(ModelError, match=name.removesuffix(".npy")):
            Model.open(folder)


def test_a_name_in_meta_cannot_lead_out_of_the_folder(tmp_path: Path) -> None:
    folder = small(tmp_path, ROWS)
    meta = msgspec.json.decode((folder / "meta.json").read_bytes())
    meta["files"]["../secret.npy"] = meta["files"]["ids.npy"]
    shutil.copy(folder / "ids.npy", tmp_path / "secret.npy")
    with pytest.raises(ModelError, match="secret"):
        Model.open(renamed(folder, meta))


def test_a_folder_that_is_no_model_is_told(tmp_path: Path) -> None:
    for name in ("", "model", "model-20261126T120000Z-12345678"):
        with pytest.raises(ModelError, match=str(tmp_path / name)):
            Model.open(tmp_path / name)


@given(st.binary(max_size=300))
@settings(max_examples=300, deadline=None)
def test_no_header_is_believed_that_does_not_fit(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.npy"
    path.write_bytes(b"\x93NUMPY\x01\x00" + content)
    for maps in (True, False):
        with pytest.raises(ArrayFault):
            open_array(path, maps)


# -- which one --------------------------------------------------------------------------------


def test_the_current_one_else_the_newest_that_is_sound(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="there is no model yet: train one"):
        Model.current(tmp_path)
    with pytest.raises(ModelError, match="there is no model yet"):
        Model.current(tmp_path / "nowhere")
    made = [
        small(tmp_path, ROWS, now=NOON + timedelta(minutes=minute))
        for minute in range(3)
    ]
    assert Model.current(tmp_path).folder == made[2]
    (tmp_path / "CURRENT").write_text(made[0].name)
    assert Model.current(tmp_path).folder == made[0]
    for written in ("", "nonsense", "../x", made[1].name[:-1], "model-\n" * 99, "ä"):
        (tmp_path / "CURRENT").write_text(written, encoding="utf-8")
        assert Model.current(tmp_path).folder == made[2]
    flip(made[2] / "ids.npy")
    assert Model.current(tmp_path).folder == made[1]
    (tmp_path / "CURRENT").unlink()
    assert Model.current(tmp_path).folder == made[1]
    for folder in made[:2]:
        cut(folder / "meta.json")
    (tmp_path / "CURRENT").write_text(made[2].name)
    with pytest.raises(ModelError, match=f"{made[2].name}/ids.npy: its checksum"):
        Model.current(tmp_path)


# -- memory -----------------------------------------------------------------------------------


def test_what_is_not_mapped_says_the_same(tmp_path: Path) -> None:
    known = large(tmp_path, 500, 10)
    mapped = Model.current(tmp_path)
    read = Model.open(mapped.folder, mapped=0)
    for name in ("viewed-viewed.idx", "viewed-viewed.val", "popular-order", "ids"):
        one, other = mapped.array(name), read.array(name)
        assert isinstance(one, memoryview) and not isinstance(other, memoryview)
        assert one is not None and other is not None
        assert one.tolist() == other.tolist() == list(other)
        assert one.tobytes() == other.tobytes()
        assert len(one) == len(other)
        for place in (slice(0, 0), slice(3, 7), slice(7, 3), slice(None), slice(-4, None),
                      slice(2, 10**9), slice(None, None, -1), slice(1, 9, 3)):  # fmt: skip
            assert one[place].tolist() == other[place].tolist(), place
        for number in (0, 5, -1, len(one) - 1, -len(one)):
            assert one[number] == other[number]
        for number in (len(one), -len(one) - 1):
            with pytest.raises(IndexError):
                other[number]
    assert [read.number(key) for key in known] == list(range(500))


def test_a_file_that_is_cut_while_it_is_read_is_an_error_and_no_crash(
    tmp_path: Path,
) -> None:
    large(tmp_path, 500, 10)
    model = Model.open(Model.current(tmp_path).folder, mapped=0)
    os.truncate(model.folder / "viewed-viewed.idx.npy", 200)
    array_ = model.array("viewed-viewed.idx")
    assert array_ is not None
    with pytest.raises(ArrayFault, match="cut"):
        array_[100:120]


@pytest.mark.parametrize("mapped", [0, 1 << 40])
def test_a_model_stays_readable_after_it_was_deleted(
    tmp_path: Path, mapped: int
) -> None:
    known = large(tmp_path, 500, 10)
    model = Model.open(Model.current(tmp_path).folder, mapped=mapped)
    shutil.rmtree(tmp_path)
    assert [model.number(key) for key in known] == list(range(500))
    table = model.table("viewed-viewed")
    assert table is not None
    assert sum(map(len, (table.idx[a : a + 10] for a in range(0, 5000, 10)))) == 5000


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="this system has none")
def test_a_model_that_nobody_refers_to_leaves_nothing_open(tmp_path: Path) -> None:
    large(tmp_path, 500, 10)
    folder = Model.current(tmp_path).folder
    flip(folder / "viewed-viewed.val.npy")
    before = descriptors()
    for mapped in (0, 1 << 40):
        for _ in range(3):
            with pytest.raises(ModelError):
                Model.open(folder, mapped)
    assert descriptors() == before
    flip(folder / "viewed-viewed.val.npy")
    model: Model | None = Model.open(folder, 0)
    assert descriptors() > before
    del model
    assert descriptors() == before


def test_many_threads_may_ask(tmp_path: Path) -> None:
    known = large(tmp_path, 2000, 10)
    model = Model.open(Model.current(tmp_path).folder, mapped=0)
    wrong: list[str] = []

    def ask() -> None:
        for number, key in enumerate(known):
            if model.number(key) != number or model.key(number) != key:
                wrong.append(key)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


# -- checksums --------------------------------------------------------------------------------


def settled(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the files in ``folder`` had not been touched for a while."""
    monkeypatch.setattr(checksums, "_FRESH_NS", -1_000_000_000)


def test_a_file_is_read_once_until_somebody_touches_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = small(tmp_path, ROWS)
    settled(folder, monkeypatch)
    digested = 0
    real = hashlib.file_digest

    def counting(*arguments: Any) -> Any:
        nonlocal digested
        digested += 1
        return real(*arguments)

    monkeypatch.setattr(checksums, "file_digest", counting)
    Model.open(folder)
    files = len(os.listdir(folder)) - 1
    assert digested == files
    Model.open(folder)
    assert digested == files
    os.utime(folder / "ids.npy", (1, 1))
    Model.open(folder)
    assert digested == files + 1
    # The size and the time that it had: what the system notes of a change is looked at, too.
    state = (folder / "popular.npy").stat()
    flip(folder / "popular.npy")
    os.utime(folder / "popular.npy", ns=(state.st_atime_ns, state.st_mtime_ns))
    with pytest.raises(ModelError, match=r"popular\.npy: its checksum is wrong"):
        Model.open(folder)


def test_what_was_changed_just_now_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"1")
    state = path.stat()
    first = checksums.checksum(path, state)
    path.write_bytes(b"2")  # so soon that the system's clock has not moved
    assert checksums.checksum(path, state) != first


def test_arrays_of_numbers_that_do_not_fit_are_told(tmp_path: Path) -> None:
    given = {"popular": array("f", [1.0])}
    folder = write(tmp_path, ["a", "b"], given, {}, NOON)
    with pytest.raises(ModelError, match="popular is not of 2 items"):
        Model.open(folder)
