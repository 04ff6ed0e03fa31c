"""Lines that are read many at a time say the same as each by itself."""

import json
import random
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shopwindow.fragments.recommendations.training import csvlines, jsonlines, lines
from shopwindow.fragments.recommendations.training.cells import Cells, Piece
from shopwindow.fragments.recommendations.training.lines import Unreadable
from shopwindow.fragments.recommendations.training.numbering import Numbering
from shopwindow.fragments.recommendations.training.reading import read
from shopwindow.fragments.recommendations.training.values import Numbers, moments

NAMES = ("visitor", "session", "event", "product", "time", "order", "note")
START = 1_750_000_000
ODD_IDS: tuple[Any, ...] = (
    *(17, 17.0, 17.5, 10**20, -3, None, "", " 17", "17 ", "\u00a017", "ü17", "x\u3000"),
    *(
        "a\0",
        "a\0b",
        'q"q',
        "b\\s",
        "tab\tin",
        "x" * 64,
        "x" * 65,
        "x" * 501,
        True,
        [1],
    ),
)
ODD_TIMES: tuple[Any, ...] = (
    *(
        START,
        START + 0.1234567,
        START * 1_000,
        f" {START} ",
        "1e9",
        -5,
        1e300,
        None,
        "",
    ),
    *("2026-02-29T12:00:00Z", "2026-02-28 23:59:60", "2026-02-28T12:00", "0001-01-01"),
    *("2026-02-28 12:00:00.123456-05:30", "2026-02-28T12:00:00.12", "soon", "12.", "."),
)
ODD_EVENTS = ("Product Viewed", "read", "Article Viewed", None, "", "danced", 3, "vïew")
ODD_LINES = (
    *("", "  ", "nonsense", "[1]", "null", '"', ",,,", "\t\t\t", '{"visitor": 1}'),
    *('{"visitor": 01, "product": 2}', '{"visitor": 1, "product": 2, "note": -0.5e3}'),
    *(
        '{"visitor": 1, "product": 2, "product": 3}',
        '{"visitor":"\\u00fc","product":4}',
    ),
)


def _cell(chance: random.Random, name: str, odd: float, form: int) -> Any:
    if name == "event":
        kinds: tuple[Any, ...] = ("view", "buy")
        return chance.choice(ODD_EVENTS if chance.random() < odd else kinds)
    if name == "time":
        if chance.random() < odd:
            return chance.choice(ODD_TIMES)
        moment = START + chance.randrange(10**6)
        minute = f"2026-03-01T12:{chance.randrange(60):02}:00"
        written = (moment, moment + 0.125, moment + chance.random(), f"{minute}Z")
        return (*written, f"{minute}.250+01:00")[form % 5]
    if chance.random() < odd:
        return chance.choice(ODD_IDS)
    number = chance.randrange(10 ** chance.randrange(1, 14))
    return number if form % 2 else f"v{number}"


def _file(chance: random.Random, folder: Path) -> Path:
    """A file of which perhaps some, perhaps nearly all lines are odd."""
    names = [name for name in NAMES if name in NAMES[::3] or chance.random() < 0.6]
    chance.shuffle(names)
    odd, form = chance.choice((0, 0, 0.02, 0.2, 1)), chance.randrange(10)
    delimiter, quoted = chance.choice(",;\t|"), chance.choice((0, 0.3, 1))
    kind, ascii_ = chance.choice(("jsonl", "csv")), chance.random() < 0.5

    def field(value: Any) -> str:
        text = "" if value is None else str(value)
        if chance.random() < quoted:
            text = '"' + text.replace('"', '""') + '"'
        return text

    rows = []
    for _ in range(chance.randrange(1, 120)):
        row = {name: _cell(chance, name, odd / len(names), form) for name in names}
        text = json.dumps(row, ensure_ascii=ascii_)
        if kind == "csv":
            text = delimiter.join(map(field, row.values()))
        rows.append(chance.choice(ODD_LINES) if chance.random() < odd / 4 else text)
    if kind == "csv":
        rows.insert(0, delimiter.join(names))
    text = chance.choice(("\n", "\r\n")).join(rows) + chance.choice(("", "\n"))
    path = folder / f"events.{kind}"
    path.write_bytes(
        text.encode(chance.choice(("utf-8", "utf-8-sig", "cp1252")), "ignore")
    )
    return path


def _told(path: Path) -> object:
    try:
        found = read(path)
    except Unreadable as error:
        return str(error)
    events = found.events
    columns = [column.tolist() for column in events[1:5]]
    numbered = [_renumbered(column.tolist()) for column in (events[0], events[5])]
    return columns, numbered, events[6:], found.later, found.examples


def _renumbered(numbers: list[int]) -> list[int]:
    """Numbers of visitors and orders mean nothing but who is the same."""
    names: dict[int, int] = {-1: -1}
    return [names.setdefault(number, len(names)) for number in numbers]


@pytest.mark.parametrize("seed", range(150))
def test_lines_say_the_same_together_and_by_themselves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    chance = random.Random(seed)
    path = _file(chance, tmp_path)
    monkeypatch.setattr(lines, "BLOCK", chance.choice((64, 1_000, 1 << 20)))
    together = _told(path)
    monkeypatch.setattr(jsonlines, "_alike", lambda *_: None)
    monkeypatch.setattr(csvlines._Table, "alike", lambda *_: None)
    assert together == _told(path)


@pytest.fixture
def by_itself(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], int]]:
    """How many lines were read by themselves."""
    count = 0
    whole = jsonlines._one_by_one

    def counted(*asked: Any) -> Any:
        nonlocal count
        count += len(asked[0])
        return whole(*asked)

    monkeypatch.setattr(jsonlines, "_one_by_one", counted)
    yield lambda: count


def test_only_odd_lines_are_read_by_themselves(
    tmp_path: Path, by_itself: Callable[[], int]
) -> None:
    path = tmp_path / "events.jsonl"
    rows: list[dict[str, Any]] = []
    for number in range(500):
        rows.append({"visitor": number, "event": "view", "product": f"ü{number}"})
        rows.append({"visitor": number, "product": "x", "order": None})
        rows.append({"product": "17", "time": START + number / 7, "session": "s"})
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path.write_text(text + '{"visitor": "\\u00fc", "product": 17}\nnothing\n', "utf-8")
    found = read(path)
    assert found.events.lines == 1_502
    assert by_itself() == 2


def _cells(texts: list[str]) -> Cells:
    encoded = [text.encode() for text in texts]
    end = np.cumsum([len(data) for data in encoded])
    begin = end - [len(data) for data in encoded]
    return Cells(Piece(b"".join(encoded)), begin, end)


def test_times_are_those_that_are_read_one_by_one() -> None:
    chance = random.Random(7)
    texts = [
        f"{chance.random() * 3e9:.{chance.randrange(1, 9)}f}" for _ in range(5_000)
    ]
    texts += [str(chance.randrange(10 ** chance.randrange(1, 19))) for _ in range(500)]
    assert moments(_cells(texts)).tolist() == moments(list(map(float, texts))).tolist()
    written = []
    for _ in range(5_000):
        moment = datetime.fromtimestamp(chance.randrange(-(10**10), 10**11))
        zone = chance.choice(("", "Z", "+02:00", "-11:30", "+24:00", "+02"))
        micro = chance.choice(("", ".5", f".{chance.randrange(1_000):03}", ".123456"))
        written.append(moment.isoformat(chance.choice("T ")) + micro + zone)
    assert moments(_cells(written)).tolist() == moments(written).tolist()


@pytest.mark.parametrize("odd", ["a\0", "ü"])
def test_texts_of_parquet_are_the_same_as_of_lines(tmp_path: Path, odd: str) -> None:
    import pyarrow
    import pyarrow.parquet

    rows = [
        {"visitor": f"v{n % 9}", "product": (f"p{n}", None, "", odd, " p1")[n % 5]}
        for n in range(200)
    ]
    path = tmp_path / "events.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    table = tmp_path / "events.parquet"
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), table)
    assert _told(table) == _told(path)


def test_texts_of_one_hash_are_two(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [f"{n}" * (n % 5 + 1) for n in range(400)]
    monkeypatch.setattr(
        "shopwindow.fragments.recommendations.training.numbering._hashed",
        lambda keys: keys[0] % np.uint64(5),
    )
    known: list[str] = []
    numbering = Numbering(known)
    found = numbering.of(_cells(texts + texts[::-1]))
    assert [known[number] for number in found.tolist()] == texts + texts[::-1]
    assert len(set(known)) == len(known)


def test_ids_have_one_number_however_they_come() -> None:
    numbers = Numbers()
    first = numbers.of(["a", 17, "x" * 70, "ü"]).tolist()
    second = numbers.of(_cells(["ü", "17", "b", "x" * 70, "a", "b", "", " b"])).tolist()
    third = numbers.of(["b", "c", 17.0, None]).tolist()
    assert second == [first[3], first[1], 4, first[2], first[0], 4, -1, 4]
    assert third == [4, 5, first[1], -1]
    assert numbers.of(_cells(["c", "d", "c"])).tolist() == [5, 6, 5]
