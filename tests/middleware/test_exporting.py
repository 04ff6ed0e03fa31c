"""``shopwindow export``: all of one person, and the log as a file."""

import csv
import io
import json
import os
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shopwindow.middleware.exporting import (
    ExportError,
    harmless,
    whole_file,
    write_csv,
    write_jsonl,
    write_parquet,
)
from shopwindow.middleware.stores.rows import mark_of
from shopwindow.rules.exported import Line
from shopwindow.rules.mappings import names
from tests.commands import run
from tests.kept import (
    ANNA,
    BEFORE,
    CUSTOMER,
    SECRET,
    STRANGER,
    keep,
    people,
    set_keys,
    write_site,
)

SHOWN = {
    "promotions": [
        {"promotion_id": "banner", "slot": "home.hero", "rule": "tea-hero"},
        {
            "held": "control",
            "slot": "home.teaser",
            "rule": "hello",
            "variant": "control",
        },
    ],
    "revision": "r1",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = write_site(tmp_path / "site")
    people(made)
    return made


# -- one person ------------------------------------------------------------------------


def test_a_person_gets_everything(folder: Path) -> None:
    said = json.loads(run("export", folder, STRANGER).stdout)
    (record,) = said["records"]
    assert record["id"] == mark_of(STRANGER)
    assert record["profile"]["visits"] == 0 and record["profile"]["last_seen"]
    assert SECRET in record["profile"]["counts"]["searched query"]
    told = [(one["event"], one["properties"]) for one in record["events"]]
    assert told[1] == ("Products Searched", {"query": SECRET})
    assert len(told) == 3
    known = {(one["topic"], one["key"]): one for one in record["known"]}
    assert known["viewed", "tea-1"]["title"] == "Green tea"
    assert known["searched", SECRET]["source"] == "observed"
    assert said["shop"] == "Tea & Cups"
    assert said["keep"]["profiles"] == "400 days"
    assert said["attributes"]["cart-value"]["from"] == "app"


def test_a_customer_gets_everything_of_all_devices(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    set_keys(monkeypatch)
    file = tmp_path / "answer.json"
    run("export", folder, "--customer", CUSTOMER, "-o", file)
    (record,) = json.loads(file.read_text("utf-8"))["records"]
    assert record["id"] == ANNA
    assert record["profile"]["recent_orders"] == ["A1"]
    assert [one["event"] for one in record["events"]] == [
        "Product Viewed",
        "Order Completed",
    ]
    assert file.stat().st_mode & 0o777 == 0o600
    same = json.loads(run("export", folder, BEFORE).stdout)
    assert same["records"] == [record]


def test_of_whom_nothing_is_kept_there_is_no_file(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "answer.json"
    said = run("export", folder, "n" * 22, "-o", file, code=1)
    assert "nothing is kept of" in said.stderr and not file.exists()


# -- the log ---------------------------------------------------------------------------


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_the_log_is_a_table(folder: Path) -> None:
    said = run("export", folder, "--events")
    found = rows(said.stdout)
    assert [row["event"] for row in found] == [
        "Product Viewed", "Product Viewed", "Products Searched", "Product Viewed",
        "Order Completed",
    ]  # fmt: skip
    assert {row["user_id"] for row in found} == {ANNA, ""}
    assert json.loads(found[2]["properties"]) == {"query": SECRET}
    assert found[2]["anonymous_id"] == mark_of(STRANGER)
    assert "5 lines written" in said.stderr


def test_the_log_may_begin_and_end_somewhere(folder: Path) -> None:
    said = run("export", folder, "--events", "--since", "60h", "--until", "20h")
    assert [row["event"] for row in rows(said.stdout)] == [
        "Products Searched", "Product Viewed",
    ]  # fmt: skip


def test_what_a_page_showed_is_a_row_for_each_slot(folder: Path) -> None:
    keep(folder, (STRANGER, "Promotion Viewed", SHOWN, 0))
    found = [
        json.loads(line)
        for line in run(
            "export", folder, "--events", "--format", "jsonl"
        ).stdout.splitlines()
    ]
    assert len(found) == 7
    first, second = (one["properties"] for one in found[-2:])
    assert (first["promotion_id"], first["rule"], first["revision"]) == (
        "banner",
        "tea-hero",
        "r1",
    )
    assert (second["held"], second["variant"]) == ("control", "control")
    assert first["decision"] == second["decision"]
    table = rows(run("export", folder, "--events").stdout)
    assert (
        table[-1]["decision"] == first["decision"] and table[-1]["variant"] == "control"
    )


@pytest.mark.parametrize("kind", ["segment", "ga4", "cloudevents"])
def test_parquet_can_be_read_again(folder: Path, tmp_path: Path, kind: str) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    file = tmp_path / "events.parquet"
    run(
        "export", folder, "--events", "--format", "parquet", "--names", kind, "-o", file
    )
    table = parquet.read_table(file)
    assert table.num_rows == 5
    assert tuple(table.column_names) == names(kind, "EUR", "/x").columns
    text = json.dumps(table.to_pylist(), ensure_ascii=False)
    assert SECRET in text


def test_cloud_events_name_the_shop(folder: Path) -> None:
    options = ["--events", "--format", "jsonl", "--names", "cloudevents"]
    first = json.loads(run("export", folder, *options).stdout.splitlines()[0])
    assert first["source"] == "/shopwindow/Tea%20%26%20Cups"
    options += ["--source", "https://tea.example/"]
    first = json.loads(run("export", folder, *options).stdout.splitlines()[0])
    assert first["source"] == "https://tea.example/"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--events", STRANGER), "--events is the log of everybody"),
        (("--events", "--format", "json"), "json is for one person"),
        (("--events", "--format", "parquet"), "add -o FILE"),
        (("--events", "--format", "jsonl", "--bom"), "--bom is for CSV"),
        (("--events", "--since", "soon"), "write it like 7d"),
        (("--events", "--since", "1d", "--until", "2d"), "not before --until"),
        ((STRANGER, "--format", "csv"), "csv is for the log"),
        ((STRANGER, "--since", "1d"), "this is for the log"),
        ((), "say whom"),
    ],
)
def test_what_does_not_fit_together_is_said(
    folder: Path, options: tuple[str, ...], words: str
) -> None:
    said = run("export", folder, *options, code=2)
    assert words in " ".join(said.output.replace("│", " ").split())


def test_a_file_that_cannot_be_written_is_said(folder: Path, tmp_path: Path) -> None:
    said = run("export", folder, "--events", "-o", tmp_path / "no" / "x.csv", code=1)
    assert "x.csv cannot be written: No such file or directory" in said.stderr


def test_who_reads_only_the_head_gets_it(folder: Path) -> None:
    view = {"product_id": "tea-1", "note": "x" * 500}
    keep(folder, *((STRANGER, "Product Viewed", view, 1) for _ in range(2_000)))
    command = f"{sys.executable} -m shopwindow export '{folder}' --events | head -1"
    done = subprocess.run(
        command, shell=True, capture_output=True, text=True, check=False
    )
    assert done.stdout.startswith("id,timestamp")
    assert "Traceback" not in done.stderr and "BrokenPipe" not in done.stderr


# -- writers ---------------------------------------------------------------------------


def line(**properties: Any) -> Line:
    return Line("1", 1e9, "v", "Products Searched", "", "", "", "", properties)


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+49 30",
        "-2",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "＝1",
        "＋1",
        "－1",
        "＠x",
    ],
)
def test_a_spreadsheet_calculates_nothing(text: str) -> None:
    assert harmless(text) == f"'{text}"
    evil = Line(text, 1e9, text, text, text, text, text, text, {})
    file = io.BytesIO()
    write_csv([evil], names("segment", "EUR", "/x"), file)
    (row,) = rows(file.getvalue().decode())
    cells = {
        key: value
        for key, value in row.items()
        if key not in ("timestamp", "user_id", "properties")
    }
    assert set(cells.values()) == {f"'{text}"}


@pytest.mark.parametrize("text", ["", "tea", "1+1", "a=b", "ä", "'", '"x", y'])
def test_an_ordinary_text_stays_as_it_is(text: str) -> None:
    assert harmless(text) == text


def test_umlauts_are_utf_8_and_excel_is_told_so() -> None:
    named = names("segment", "EUR", "/x")
    for bom in (False, True):
        file = io.BytesIO()
        assert write_csv([line(query="Größe 42 – „Heu“")], named, file, bom) == 1
        data = file.getvalue()
        assert data.startswith(b"\xef\xbb\xbf") is bom
        (row,) = rows(data.decode("utf-8-sig"))
        assert json.loads(row["properties"]) == {"query": "Größe 42 – „Heu“"}


def test_without_its_extra_parquet_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ExportError, match=r'pip install "shopwindow\[export\]"'):
        write_parquet([], names("segment", "EUR", "/x"), io.BytesIO())
    folder = write_site(tmp_path)
    people(folder)
    file = tmp_path / "events.parquet"
    said = run("export", folder, "--events", "--format", "parquet", "-o", file, code=1)
    assert "shopwindow[export]" in said.stderr
    assert not file.exists() and not list(tmp_path.glob("*.part"))


def test_a_file_is_there_only_when_all_of_it_is(tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    file.write_text("before")
    with pytest.raises(ZeroDivisionError), whole_file(file) as out:
        out.write(b"half")
        raise ZeroDivisionError
    assert file.read_text() == "before"
    assert os.listdir(tmp_path) == ["x.csv"]
    with whole_file(file) as out:
        out.write(b"all")
    assert file.read_bytes() == b"all"


@pytest.mark.parametrize("write", [write_csv, write_jsonl, write_parquet])
def test_a_long_log_does_not_fill_the_memory(write: Any, tmp_path: Path) -> None:
    if write is write_parquet:
        pytest.importorskip("pyarrow.parquet")
    named = names("segment", "EUR", "/x")

    def many() -> Iterator[Line]:
        for number in range(30_000):
            yield line(query=f"heu {number}", note="x" * 1_000)

    with (tmp_path / "log").open("wb") as file:
        tracemalloc.start()
        try:
            assert write(many(), named, file) == 30_000
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < 11_000_000  # all of them are several times as much
