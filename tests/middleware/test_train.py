"""``shopwindow train``: from a file, from the shop's log, again and again."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from shopwindow.fragments.recommendations import Recommender
from shopwindow.fragments.recommendations.model import Model, article_key
from shopwindow.middleware.cli import repeating
from shopwindow.middleware.cli import train as cli
from tests.commands import run
from tests.kept import Happened, keep, write_site

CLICKS = (("a", "tea-1"), ("a", "cup-1"), ("b", "tea-1"), ("b", "cup-1"), ("c", "pot"))


def lines(*clicks: tuple[str, str], more: str = "") -> str:
    each = ({"visitor": v, "event": "view", "product": p} for v, p in clicks)
    return "".join(f"{json.dumps(one)}\n" for one in each) + more


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "clicks.jsonl"
    path.write_text(lines(*CLICKS, more="nonsense\n"))
    return path


def meta(out: Path) -> dict[str, Any]:
    return dict(Model.current(out).meta)


def test_a_file_becomes_a_model_that_recommends(file: Path, tmp_path: Path) -> None:
    out = tmp_path / "models"
    ran = run("train", "--events", file, "--out", out)
    assert "line 6: no JSON" in ran.stderr
    assert "no event: no JSON" in ran.stdout
    assert str(Model.current(out).folder) in ran.stdout.replace("\n", "")
    found = Recommender.open(out).recommend(seen=["tea-1"], exclude=["tea-1"], limit=1)
    assert [one.id for one in found] == ["cup-1"]
    counts = meta(out)["counts"]
    assert counts["lines"] == 6 and counts["events"] == 5 and counts["sessions"] == 3
    assert counts["rejected"] == {"no JSON": 1}


def test_what_was_learned_is_printed_as_json(file: Path, tmp_path: Path) -> None:
    ran = run("train", "--events", file, "--out", tmp_path / "m", "--format", "json")
    told = json.loads(ran.stdout)
    assert Path(told["model"]) == Model.current(tmp_path / "m").folder
    assert told["counts"]["items"] == 3 and told["until"] is None
    assert told["parameters"]["keep"] > 0


def test_somebody_who_looks_sees_how_far_it_is(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quiet = run("train", "--events", file, "--out", tmp_path / "m")
    assert "%" not in quiet.stderr
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    ran = run("train", "--events", file, "--out", tmp_path / "m")
    assert "%" in ran.stderr and "writing" in ran.stderr


def test_until_is_a_moment(tmp_path: Path) -> None:
    file, out = tmp_path / "clicks.csv", tmp_path / "models"
    file.write_text(
        "visitor,product,time\na,old,2026-03-01T08:00:00Z\na,new,2026-03-02T08:00:00Z\n"
    )
    for until in ("2026-03-02", "2026-03-02T01:00+01:00", "1772409600"):
        run("train", "--events", file, "--out", out, "--until", until)
        assert meta(out)["items"] == 1
        assert meta(out)["until"] == "2026-03-02T00:00:00+00:00"
        assert meta(out)["counts"]["later"] == 1
    run("train", "--events", file, "--out", out, "--until", "soon", code=2)


def test_a_file_that_teaches_nothing_leaves_the_model_as_it_is(
    file: Path, tmp_path: Path
) -> None:
    out = tmp_path / "models"
    run("train", "--events", file, "--out", out)
    before = Model.current(out).name
    file.write_text("nothing\n")
    ran = run("train", "--events", file, "--out", out, code=1)
    assert "holds no events in its 1 lines: line 1 has no JSON" in ran.stderr
    assert Model.current(out).name == before


def test_a_model_that_finds_less_is_refused_unless_forced(tmp_path: Path) -> None:
    file, out = tmp_path / "clicks.jsonl", tmp_path / "models"
    # Each visitor goes round in a circle of its own; later the places are drawn by lot.
    file.write_text(
        lines(
            *((f"v{n // 6}", f"p{(n // 60 * 7 + n % 6) % 210}") for n in range(18_000))
        )
    )
    run("train", "--events", file, "--out", out)
    before = Model.current(out)
    assert before.meta["metrics"]["R@20"] > 0.5
    file.write_text(
        lines(*((f"v{n // 6}", f"p{n * n * 7919 % 100_003}") for n in range(18_000)))
    )
    ran = run("train", "--events", file, "--out", out, code=1)
    assert "refused: R@20 fell" in ran.stderr and "--force" in ran.stderr
    assert Model.current(out).name == before.name
    run("train", "--events", file, "--out", out, "--force")
    assert Model.current(out).name != before.name


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "name the shop's folder, or --events FILE and --out DIR"),
        (("--out", "x"), "name the shop's folder"),
        (("--events", "{file}"), "name the shop's folder"),
        (
            ("--events", "{file}", "--out", "x", "--store", "y"),
            "--store is for the log",
        ),
        (("--events", "{file}", "--out", "x", "--every", "now"), "30m"),
        (("--events", "nowhere.jsonl", "--out", "x"), "does not exist"),
    ],
)
def test_wrong_usage_is_said(
    file: Path, arguments: tuple[str, ...], words: str
) -> None:
    ran = run("train", *(one.format(file=file) for one in arguments), code=2)
    assert words in " ".join(ran.stderr.split())


def test_without_the_extra_it_says_what_to_install(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [one for one in sys.modules if ".recommendations.training" in one]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "numpy", None)
    ran = run("train", "--events", file, "--out", tmp_path / "m", code=1)
    assert 'pip install "shopwindow[train]"' in ran.stderr


# -- the shop's own log --------------------------------------------------------------------


VISITS: tuple[Happened, ...] = (
    ("v" * 22, "Product Viewed", {"product_id": "tea-1"}, 3.0),
    ("v" * 22, "Product Viewed", {"product_id": "cup-1"}, 2.9999),
    ("v" * 22, "Products Searched", {"query": "tea"}, 2.9998),
    ("v" * 22, "Article Viewed", {"article_id": "brewing"}, 2.9997),
    ("v" * 22, "Product Added", {"product_id": "cup-1"}, 2.9996),
    (
        "v" * 22,
        "Order Completed",
        {"order_id": "A1", "products": [{"product_id": "cup-1"}, {"product_id": 7}, 3]},
        2.9995,
    ),
    ("w" * 22, "Product Viewed", {"product_id": "tea-1"}, 1.0),
    ("w" * 22, "Order Completed", {"order_id": "A2", "product_id": "tea-1"}, 0.9),
)


def log_of(folder: Path) -> None:
    keep(folder, *VISITS)
    ran = run("train", folder, "--format", "json")
    told = json.loads(ran.stdout)
    counts = told["counts"]
    assert (counts["viewed"], counts["added"], counts["bought"]) == (4, 1, 3)
    assert counts["visitors"] == 2 and counts["sessions"] == 3
    assert not counts["rejected"] and told["until"]
    model = Model.open(Path(told["model"]))
    assert model.number(article_key("brewing")) is not None
    table = model.table("viewed-viewed")
    tea, cup = model.number("tea-1"), model.number("cup-1")
    assert table is not None and tea is not None and cup is not None
    assert table.idx[table.ptr[tea]] == cup
    ran = run("train", folder, "--format", "json", "--until", "2d")
    assert json.loads(ran.stdout)["counts"]["visitors"] == 1


def test_the_log_of_a_file_teaches_and_the_model_is_where_the_shop_looks(
    tmp_path: Path,
) -> None:
    folder = write_site(tmp_path / "site")
    log_of(folder)
    assert (folder / "models" / "CURRENT").exists()


def test_the_log_of_a_postgresql_teaches(tmp_path: Path, postgresql: str) -> None:
    log_of(write_site(tmp_path / "site", store=f"{postgresql}?schema=training"))


def test_an_empty_log_and_one_that_is_not_there_are_said(tmp_path: Path) -> None:
    folder = write_site(tmp_path / "site")
    words = "shop.db: the shop makes it when it starts; --store names another"
    assert words in run("train", folder, code=1).stderr
    keep(folder, ("v" * 22, "Products Searched", {"query": "tea"}, 1))
    ran = run("train", folder, code=1)
    assert "the log holds no events: it is empty" in ran.stderr
    ran = run("train", folder, "--until", "7d", code=1)
    assert "the log holds no events before that moment" in ran.stderr


def test_the_catalogue_tells_of_what_nobody_saw_and_what_is_in_fashion_where(
    file: Path, tmp_path: Path
) -> None:
    folder = write_site(tmp_path / "site")
    catalog = folder / "catalog"
    (catalog / "categories.csv").write_text(
        "id,title,url,parent\ndrinks,Drinks,/d,\ntea,Tea,/t,drinks\n"
    )
    (catalog / "products.csv").write_text(
        "id,title,url,category\n"
        "tea-1,Green,/1,tea\ntea-2,Black,/2,tea\ncup-1,Cup,/3,\njuice,Juice,/4,drinks\n"
    )
    file.write_text(lines(("a", "juice"), ("b", "tea-1"), ("b", "tea-1")))
    run("train", folder, "--events", file)
    model = Model.current(folder / "models")
    keys = [model.key(number) for number in range(model.size)]
    assert keys == ["cup-1", "juice", "tea-1", "tea-2"]
    assert meta(folder / "models")["categories"] == ["drinks", "tea"]
    ptr, idx = model.array("category.ptr"), model.array("category.idx")
    assert ptr is not None and idx is not None
    assert ptr.tolist() == [0, 3, 5]
    names = [keys[number] for number in idx.tolist()]
    assert names == ["tea-1", "juice", "tea-2", "tea-1", "tea-2"]


# -- again and again -----------------------------------------------------------------------


@contextmanager
def training(*arguments: str | Path) -> Iterator["subprocess.Popen[str]"]:
    with subprocess.Popen(
        [sys.executable, "-m", "shopwindow", "train", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def test_every_goes_on_after_a_failure_and_ends_when_told(
    file: Path, tmp_path: Path
) -> None:
    out = tmp_path / "models"
    whole = file.read_text()
    file.write_text("")
    with training(
        "--events", file, "--out", out, "--every", "1s", "--format", "json"
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        assert "it is empty" in process.stderr.readline()
        file.write_text(whole)
        told = json.loads(process.stdout.readline())
        process.terminate()
        assert process.wait(10) == 0
        assert "stopped" in process.stderr.read()
    assert Model.current(out).name == Path(told["model"]).name
    assert not [one for one in os.listdir(out) if one.startswith(".")]


def test_every_ends_at_once_where_training_is_not_installed(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "scipy", None)
    monkeypatch.setattr(cli, "every", lambda *_: pytest.fail("it would go on"))
    ran = run("train", "--events", file, "--out", tmp_path, "--every", "1s", code=1)
    assert 'scipy is not installed: training needs extras: pip install "' in ran.stderr


def test_what_could_not_be_learned_is_said_in_words(file: Path, tmp_path: Path) -> None:
    said = run("train", "--events", file, "--out", tmp_path / "models").output
    assert "not measured " in said and "not learned what runs out " in said
    assert "left out" not in said


def test_times_that_cannot_be_read_are_said_how_to_write(tmp_path: Path) -> None:
    file = tmp_path / "clicks.csv"
    file.write_text("visitor,event,product,time\r\nJörg,view,tea,26.11.2026 08:00\r\n")
    ran = run("train", "--events", file, "--out", tmp_path / "models", code=1)
    assert "line 2: the time cannot be read: '26.11.2026 08:00'; write it" in ran.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_every_survives_faults_of_ours(
    number: signal.Signals, capsys: pytest.CaptureFixture[str]
) -> None:
    done: list[int] = []

    def work() -> None:
        done.append(1)
        if len(done) == 1:
            raise ZeroDivisionError
        if len(done) == 2:
            sys.exit(1)
        signal.raise_signal(number)

    before = signal.getsignal(number)
    repeating.every(0.01, work)
    assert len(done) == 3
    assert "ZeroDivisionError" in capsys.readouterr().err
    assert signal.getsignal(number) is before
