"""Tables that were counted elsewhere and lie in Parquet files become a model."""

from pathlib import Path

import pytest

from shopwindow.fragments.recommendations.model import Model
from shopwindow.fragments.recommendations.scoring import Parameters
from shopwindow.fragments.recommendations.training import sql, tables
from shopwindow.fragments.recommendations.training.lines import Unreadable
from tests.commands import run
from tests.fragments import eventlogs
from tests.fragments.sqlcounted import in_duckdb


def written(log: Path, folder: Path, parameters: Parameters) -> Path:
    """The tables of a log, as a cluster leaves them."""
    with in_duckdb(log, folder) as gathering:
        gathering.finish()
        counting, duck = gathering.counting, gathering.duck

        def write(name: str, select: str) -> None:
            path = folder / "tables" / name
            path.mkdir(parents=True)
            duck.execute(f"COPY ({select}) TO '{path}/part-0.parquet'")

        for name, verbs in sql.TABLES.items():
            write(name, counting.selection(parameters, *verbs))
        write("together", counting.bought())
        duck.load("counted", tables.items_of(counting, parameters))
        write("items", "SELECT * FROM counted")
        duck.load("counted", tables.about(counting, parameters))
        write("about", "SELECT * FROM counted")
    return folder / "tables"


def test_tables_and_the_log_give_the_model_of_the_log(tmp_path: Path) -> None:
    log = eventlogs.written(tmp_path, timed=True, named=False)
    counted = written(log, tmp_path, Parameters())
    run("train", "--events", log, "--out", tmp_path / "here")
    run("train", "--tables", counted, "--events", log, "--out", tmp_path / "there")
    run("train", "--tables", counted, "--out", tmp_path / "alone")
    here, there, alone = (
        Model.current(tmp_path / name) for name in ("here", "there", "alone")
    )
    assert here.meta["files"] == there.meta["files"]
    assert here.meta["until"] == alone.meta["until"] == there.meta["until"]
    for name in ("viewed-bought.val.npy", "trending-order.npy", "again.npy"):
        assert here.meta["files"][name] == alone.meta["files"][name]
    together = alone.table("together")
    assert together is not None and len(together.idx) > 10
    assert alone.meta["metrics"]["left out"]


def test_how_pairs_were_counted_is_not_tuned_any_more(tmp_path: Path) -> None:
    log = eventlogs.written(tmp_path, timed=True, named=False)
    counted = written(log, tmp_path, Parameters(keep=3, farthest=4))
    out = tmp_path / "out"
    run("train", "--tables", counted, "--events", log, "--out", out)
    parameters = Model.current(out).meta["parameters"]
    assert (parameters["keep"], parameters["farthest"]) == (3, 4)


def test_items_that_the_tables_do_not_know_get_numbers(tmp_path: Path) -> None:
    log = eventlogs.written(tmp_path, timed=True, named=False)
    counted = written(log, tmp_path, Parameters())
    narrow, wide = tables.Tables(counted), tables.Tables(counted, ["", "m", "Zz"])
    assert len(wide.keys) == len(narrow.keys) + 3
    assert wide.keys == sorted(wide.keys)

    def named(of: tables.Tables) -> list[list[tuple[str, float]]]:
        table = of.table(Parameters(), *sql.TABLES["viewed-viewed"])
        ends = zip(
            of.keys, table.ptr[:-1].tolist(), table.ptr[1:].tolist(), strict=True
        )
        return [
            [
                (of.keys[number], value)
                for number, value in zip(
                    table.idx[begin:end].tolist(),
                    table.val[begin:end].tolist(),
                    strict=True,
                )
            ]
            for _, begin, end in ends
            if begin < end
        ]

    assert named(wide) == named(narrow)


def test_what_is_no_table_is_said(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="holds no counted tables: about"):
        tables.Tables(tmp_path)
    said = run("train", "--tables", tmp_path, "--out", tmp_path / "out", code=1)
    assert str(tmp_path) in said.output
