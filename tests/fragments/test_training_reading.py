"""Reading events: forms, times, sessions, and lines that are none."""

import gzip
import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from shopwindow.fragments.recommendations.model import article_key
from shopwindow.fragments.recommendations.training import lines
from shopwindow.fragments.recommendations.training.events import ADDED, BOUGHT, VIEWED
from shopwindow.fragments.recommendations.training.lines import Unreadable
from shopwindow.fragments.recommendations.training.reading import Read, read
from shopwindow.fragments.recommendations.training.sessions import (
    FAR_OFF,
    LONGEST,
    NO_TIME,
    TOO_MANY,
)

DAY = 86_400
START = 1_760_000_000


def written(folder: Path, *rows: Any, name: str = "events.jsonl") -> Path:
    """A file of these lines; what is no text is written as JSON."""
    path = folder / name
    texts = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    path.write_text("".join(f"{text}\n" for text in texts), "utf-8")
    return path


def view(visitor: Any, product: Any, **more: Any) -> dict[str, Any]:
    return {"visitor": visitor, "event": "view", "product": product, **more}


def sessions(found: Read) -> list[list[str]]:
    """The products of each session, as they come."""
    events = found.events
    starts = events.starts()
    return [
        [events.keys[item] for item in events.item[begin:end]]
        for begin, end in zip(starts[:-1], starts[1:], strict=True)
    ]


def test_without_sessions_and_times_a_visitor_is_a_session_and_the_file_the_order(
    tmp_path: Path,
) -> None:
    found = read(
        written(
            tmp_path, view("a", "x"), view("b", "y"), view("a", "z"), view("b", "x")
        )
    )
    assert sessions(found) == [["x", "z"], ["y", "x"]]
    assert not found.events.timed
    assert found.events.keys == ["x", "y", "z"]
    assert found.events.lines == 4 and not found.events.rejected


def test_with_times_half_an_hour_of_pause_begins_a_session(tmp_path: Path) -> None:
    found = read(
        written(
            tmp_path,
            view("a", "late", time=START + 5_000),
            view("a", "first", time=START),
            view("a", "second", time=START + 1_800),
            view("b", "between", time=START + 2_000),
        )
    )
    assert sessions(found) == [["first", "second"], ["between"], ["late"]]


def test_a_session_that_is_given_has_no_pauses_and_belongs_to_its_visitor(
    tmp_path: Path,
) -> None:
    found = read(
        written(
            tmp_path,
            view("a", "x", time=START, session=1),
            view("b", "z", time=START + 1, session=1),
            view("a", "y", time=START + 9_000, session=1),
        )
    )
    assert sessions(found) == [["z"], ["x", "y"]]
    without = read(written(tmp_path, {"session": "s", "product": "x"}))
    assert sessions(without) == [["x"]]


def test_ids_as_numbers_and_as_texts_are_the_same(tmp_path: Path) -> None:
    found = read(
        written(tmp_path, view(7, 17), view("7", "17"), view(7.0, 17.0), view(7, " 17"))
    )
    assert sessions(found) == [["17"] * 4]
    huge = 123456789012345678901234567890
    assert read(written(tmp_path, view(1, huge))).events.keys == [str(huge)]


def test_keys_are_sorted_by_their_bytes(tmp_path: Path) -> None:
    names = ["Bürste", "b", "Z", "äußerst", "10", "9", "\U0001f436", "\uffee"]
    found = read(written(tmp_path, *(view("a", name) for name in names)))
    assert found.events.keys == sorted(names, key=str.encode)


@pytest.mark.parametrize(
    "time",
    [
        "2026-03-01T12:00:00Z",
        "2026-03-01 13:00:00+01:00",
        "2026-03-01T12:00:00",
        1772366400,
        1772366400.0,
        "1772366400",
        1772366400000,
        "1772366400000000",
    ],
)
def test_times_are_read_as_they_are_written(tmp_path: Path, time: Any) -> None:
    # In CSV all of them are texts.
    found = read(written(tmp_path, view("a", "x", time=time)))
    assert found.events.time.tolist() == [1772366400.0]
    path = written(tmp_path, "visitor,product,time", f"a,x,{time}", name="events.csv")
    assert read(path).events.time.tolist() == [1772366400.0]


@pytest.mark.parametrize(
    ("words", "verb"),
    [
        (("view", "Product Viewed", "CLICK", None, ""), VIEWED),
        (("add", "addtocart", "add_to_cart", "Product Added", "cart"), ADDED),
        (("buy", "purchase", "transaction", "Order Completed", "bought"), BOUGHT),
    ],
)
def test_events_have_the_names_that_shops_give_them(
    tmp_path: Path, words: tuple[str | None, ...], verb: int
) -> None:
    rows = [{"visitor": "a", "event": word, "product": "x"} for word in words]
    found = read(written(tmp_path, *rows))
    assert found.events.verb.tolist() == [verb] * len(words)


def test_what_was_read_is_an_article(tmp_path: Path) -> None:
    rows = [
        {"visitor": "a", "event": event, "product": product}
        for event, product in (
            ("Article Viewed", 7),
            ("view", 7),
            ("read", "7"),
            ("read", article_key("7")),
            ("read", None),
        )
    ]
    found = read(written(tmp_path, *rows))
    assert sessions(found) == [[article_key("7"), "7"] + [article_key("7")] * 2]
    assert found.events.rejected == {"no product": 1}


def test_what_is_in_an_order_and_has_no_name_was_bought(tmp_path: Path) -> None:
    found = read(written(tmp_path, {"visitor": 1, "product": 2, "order": 3}))
    assert found.events.verb.tolist() == [BOUGHT]
    assert found.events.order.tolist() == [0]


def test_lines_that_are_no_events_are_counted_by_reason_and_the_first_told(
    tmp_path: Path,
) -> None:
    found = read(
        written(
            tmp_path,
            view("a", "x", time=START),
            "nonsense",
            "",
            "[1, 2]",
            view(True, "x", time=START),
            view("a", "", time=START),
            view(None, "x", time=START),
            view("a", "x", time="yesterday"),
            {"visitor": "a", "event": "danced", "product": "x", "time": START},
            view("a", "x" * 501, time=START),
            view("a", "x", time=START * 2),
            view("a", "x"),
            view("a", "y", time=START + 1),
        )
    )
    assert sessions(found) == [["x", "y"]]
    assert found.events.rejected == {
        "no JSON": 1,
        "no JSON object": 1,
        "a value is neither text nor a number": 1,
        "no product": 1,
        "neither visitor nor session": 1,
        "the time cannot be read": 1,
        "an unknown event": 1,
        "an id is too long, or holds a zero byte": 1,
        "the time is in the future": 1,
        NO_TIME: 1,
    }
    assert found.events.lines == 12  # an empty one is none
    assert found.examples[0] == (2, "no JSON")
    assert (8, "the time cannot be read: 'yesterday'") in found.examples
    assert (9, "an unknown event 'danced'") in found.examples
    numbers = [number for number, _ in found.examples]
    assert numbers == sorted(numbers)


def test_garbage_among_many_lines_costs_only_itself(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    with path.open("wb") as file:
        for number in range(20_000):
            file.write(
                b'{"visitor": "v%d", "product": "p%d"}\n' % (number % 500, number % 90)
            )
            file.write(
                (b"{{{", b"\xff\xfe\x00", b'{"visitor": ', b"null", b"[" * 3_000)[
                    number % 5
                ]
            )
            file.write(b"\r\n")
    found = read(path)
    assert len(found.events.item) == 20_000
    assert found.events.rejected == {"no JSON": 12_000, "no JSON object": 8_000}
    assert found.events.lines == 40_000
    assert len(found.examples) == 10


def test_a_line_without_an_end_is_passed_over_in_bounded_memory(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(b'{"visitor": 1, "product": 1}\n')
        for _ in range(100):
            file.write(b"x" * 1_000_000)
        file.write(b'\n{"visitor": 1, "product": 2}\n')
        file.write(b"y" * 70_000 + b"\n" + b'{"visitor": 1, "product": 3}\n')
        file.write(b"z" * 1_000_000)
    tracemalloc.start()
    found = read(path)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sessions(found) == [["1", "2", "3"]]
    assert found.events.rejected == {lines.TOO_LONG: 3}
    assert [number for number, _ in found.examples] == [2, 4, 6]
    assert most < 10_000_000


@pytest.mark.parametrize("block", [7, 64, 1 << 17])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_where_pieces_of_a_file_end_makes_no_difference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int, end: str
) -> None:
    monkeypatch.setattr(lines, "BLOCK", block)
    rows = [
        json.dumps(view(f"v{n % 7}", f"ü{n}"), ensure_ascii=False) for n in range(50)
    ]
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + end.join(rows).encode())
    found = read(path)
    assert found.events.lines == len(found.events.item) == 50
    assert not found.events.rejected
    order = sorted(range(50), key=lambda n: (max(range(n % 7, 50, 7)), n))
    assert sum(sessions(found), []) == [f"ü{n}" for n in order]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_of_a_spreadsheet(tmp_path: Path, encoding: str, delimiter: str) -> None:
    table = [
        ["Product", "visitor", "event", "note"],
        ["Bürste", "a", "view", ""],
        ['"Käfig ""groß"""', "a", "buy", "x"],
        ["too", "few"],
        ['"open', "a", "view", ""],
        ["Bürste", "b", "view", ""],
    ]
    text = "".join(delimiter.join(row) + "\r\n" for row in table)
    path = tmp_path / "events.csv"
    path.write_bytes(text.encode(encoding))
    found = read(path)
    assert sessions(found) == [["Bürste", 'Käfig "groß"'], ["Bürste"]]
    assert found.events.verb.tolist() == [VIEWED, BOUGHT, VIEWED]
    assert found.events.rejected == {
        "not 4 columns": 1,
        "a quote is not closed in its line": 1,
    }
    assert [number for number, _ in found.examples] == [4, 5]


def test_parquet_is_read_by_its_columns(tmp_path: Path) -> None:
    import pyarrow
    import pyarrow.parquet

    moments = pyarrow.array(
        [START * 1_000, START * 1_000 + 500], pyarrow.timestamp("ms")
    )
    table = pyarrow.table(
        {
            "visitor": [1, 1],
            "product": ["x", "y"],
            "event": ["view", "buy"],
            "time": moments,
        }
    )
    path = tmp_path / "anything"
    pyarrow.parquet.write_table(table, path)
    found = read(path)
    assert sessions(found) == [["x", "y"]]
    assert found.events.time.tolist() == [START, START + 0.5]
    pyarrow.parquet.write_table(table.drop_columns(["product"]), path)
    with pytest.raises(Unreadable, match='no column "product"; its columns: visitor'):
        read(path)


def test_until_leaves_out_what_is_not_before_and_needs_times(tmp_path: Path) -> None:
    rows = [view("a", str(n), time=START + n) for n in range(5)]
    found = read(written(tmp_path, *rows), until=START + 3)
    assert sessions(found) == [["0", "1", "2"]]
    assert found.later == 2 and not found.events.rejected
    with pytest.raises(Unreadable, match="no events before that moment"):
        read(written(tmp_path, *rows), until=START)
    with pytest.raises(Unreadable, match="no times"):
        read(written(tmp_path, view("a", "x")), until=START)


def test_a_clock_that_is_far_off_does_not_age_all_others(tmp_path: Path) -> None:
    rows = [view("a", "x", time=START + n * 60) for n in range(300)]
    found = read(written(tmp_path, *rows, view("a", "y", time=1)))
    assert found.events.rejected == {FAR_OFF: 1}
    assert found.events.time.min() == START


def test_who_does_more_than_a_shopper_can_counts_no_more_than_one(
    tmp_path: Path,
) -> None:
    rows = [view("bot", str(n % 3)) for n in range(LONGEST + 50)]
    found = read(written(tmp_path, *rows))
    assert len(found.events.item) == LONGEST
    assert found.events.rejected == {TOO_MANY: 50}


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("events.jsonl", b"", "it is empty"),
        ("events.jsonl", b"\n\n", "it is empty"),
        ("events.csv", b"", "it is empty"),
        ("events.csv", b"a,b\n1,2\n", 'no column "product"; its columns: a, b'),
        ("events.csv", b"product\n1\n", 'no column "visitor", and no "session"'),
        ("events.jsonl", b'{"user": 1, "item": 2}\n', "line 1 has no product"),
        ("events.jsonl", b"\xff\xfe{\x00}\x00", "UTF-16"),
        ("events.jsonl", b"\x1f\x8b\x08\x00nonsense", "gzip"),
        (
            "events.jsonl",
            gzip.compress(b'{"visitor": 1, "product": 2}\n' * 99, mtime=0)[:40],
            "gzip",
        ),
        ("events.parquet", b"PAR1 and nothing else", "no Parquet file"),
    ],
)
def test_a_file_without_events_is_refused_with_a_reason(
    tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(Unreadable, match=words) as raised:
        read(path)
    assert str(path) in str(raised.value)
