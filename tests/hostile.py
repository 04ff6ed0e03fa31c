"""Files that are written to cost time and memory, and what they cost: run as a program.

Its arguments are a kind (``rules``, ``tests``, ``site``, ``csv``, ``lines``, ``answer``,
``message``, ``visits``) and a file; it prints JSON with the
seconds of processor time and the bytes of memory that reading the file took, and the first
finding. Every file is read in a process of its own, so that none hides behind another.
"""

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

MEGABYTE = 1 << 20
CHEAP = 0.02  # seconds: nothing to be measured again
LONGEST = 10  # seconds for one file, of which no answer comes then
_FLAT = "".join(f"b{n}: &b{n} [{'*a, ' * 9}]\n" for n in range(3000))

YAML: dict[str, str] = {
    "a billion laughs": "a: &a [x, x]\n" + _FLAT,
    "a quadratic blowup": "a: &a [x]\nb: [" + "*a, " * 200_000 + "]\n",
    "many anchors": "".join(f"a{n}: &a{n} x\n" for n in range(50_000)),
    "many tags": "".join(f"a{n}: !!str x\n" for n in range(50_000)),
    "many merge keys": "a: 1\n" + "".join(f"b{n}: {{<<: x}}\n" for n in range(30_000)),
    "a nest of lists": "[" * (MEGABYTE - 1),
    "a nest of maps": "{" * (MEGABYTE - 1),
    "a nest below the limit": "{a: [" * 30_000,
    "a nest of dashes": "- " * (MEGABYTE // 2 - 1),
    "a nest of questions": "? " * (MEGABYTE // 2 - 1),
    "a nest of blocks": "".join("  " * depth + "- a:\n" for depth in range(900)),
    "a larger file": "a: " + "x" * 15 * MEGABYTE,
    "a long key": "x" * (MEGABYTE - 10) + ": 1\n",
    "long keys": "".join(f"{'x' * 1000}{n}: &a 1\n" for n in range(900)),
    "one key again and again": "a: 1\n" * 95_000,
    "one key again and again, in braces": "{" + "a, " * 190_000 + "}",
    "a flood of empty maps": "[" + "{}," * (MEGABYTE // 3 - 10) + "]",
    "a flood of words": "[a" + ",a" * (MEGABYTE // 2 - 10) + "]",
    "a flood of lines": "\n" * (MEGABYTE - 2) + "*a",
    "many documents": "---\n" * (MEGABYTE // 4 - 1),
    "many directives": "".join(f"%TAG !a{n}! tag:x,2000:\n" for n in range(40_000)),
    "zero bytes": "a: 1\n" + "\0" * (MEGABYTE - 100),
    "a zero byte at the end": "a: 1\n" * 90_000 + "\0",
    "halves of characters": "\ud800" * (MEGABYTE // 4),
    "a long anchor": "a: &" + "x" * (MEGABYTE - 10) + " 1\n",
    "a long alias": "a: *" + "x" * (MEGABYTE - 10) + "\n",
    "a long tag": "a: !" + "x" * (MEGABYTE - 10) + " 1\n",
    "an open quote": 'a: "' + "x\n" * 90_000,
    "nothing but quotes": "'" * (MEGABYTE - 1),
    "nothing but colons": ":" * (MEGABYTE - 1),
    "nothing but tabs": "\t" * (MEGABYTE - 1),
    "UTF-16": "a: 1\n" * 100_000,
    "not UTF-8": "a: 1\n" * 100_000,
}
_WIDE = 128 * 1024
TOML: dict[str, str] = {
    "a nest of lists": "a = " + "[\n" * (_WIDE // 2 - 10),
    "a nest of tables": "a = " + "{a=" * 300 + "1",
    "a deep name": "[" + "a." * 490 + "a]\n" + "[b]\nb = [",
    "deep names": "".join(f"[{'a.' * 400}a{n}]\n" for n in range(150)) + "[b]\nb = [",
    "a long line": "a = '" + "x" * (_WIDE - 20) + "'\n",
    "a long name": "a" * (_WIDE - 20) + "\n",
    "a long gap": "[" + " " * (_WIDE - 20) + "\n",
    "a long number": "a = " + "9" * (_WIDE - 20) + "\n",
    "a larger file": "a = 1\n" * 2_000_000,
    "one key again and again": "a = 1\n" * (_WIDE // 6 - 10),
    "zero bytes": "\0" * (_WIDE - 10),
    "an open text": 'a = """' + "x\n" * (_WIDE // 2 - 10),
    "UTF-16": "a = 1\n" * 10_000,
    "not UTF-8": "a = 1\n" * 10_000,
}
CSV: dict[str, str] = {
    "a million columns": "a;" * 1_000_000 + "\na;b\n",
    "many columns": "a" + "".join(f";b{n}" for n in range(9_000)) + "\n",
    "a long line": "a;b\n" + "x" * 15 * MEGABYTE,
    "a long first line": "x" * 15 * MEGABYTE,
    "a wide line": "a;b\n" + ";" * 65_000 + "\n",
    "an open quote": 'a;b\n"' + "x\n" * 500_000,
    "an open quote in the first line": '"a;b\n' + "x\n" * 500_000,
    "a quote in each line": "a;b\n" + '"x\n' * 300_000,
    "quotes and ends of lines": 'a;b\n"' + "\n" * 500_000,
    "nothing but quotes": '"' * MEGABYTE,
    "quotes in a line": "a;b\n" + '"' * 65_001 + "\n",
    "quotes within quotes": "a;b\n" + '"a""' * 16_000 + "\n",
    "zero bytes": "a;b\n" + "\0" * MEGABYTE,
    "one column twice": "a;a\n" * 100_000,
    "many columns, one of them twice": ";".join(f"b{n}" for n in range(999)) + ";b7\n",
    "a long number": "a;b\n" + "9" * 60_000 + ";x\n",
    "UTF-16": "a;b\n" * 100_000,
    "nothing": "\n" * MEGABYTE,
}
_DEEP = "[" * 30_000
JSON: dict[str, str] = {
    "a nest of lists": "[" * 60_000,
    "a nest of lists that ends": "[" * 30_000 + "]" * 30_000,
    "a nest of objects": '{"a":' * 12_000,
    "a nest in its place": '{"customer": "7", "points": ' + _DEEP + "]" * 30_000 + "}",
    "a long number": '{"customer": "7", "points": ' + "9" * 60_000 + "}",
    "a long negative number": '{"customer": "7", "points": -' + "9" * 60_000 + "}",
    "a large exponent": '{"customer": "7", "points": 1e999999999}',
    "a long exponent": '{"customer": "7", "points": 1e' + "9" * 60_000 + "}",
    "a long fraction": '{"customer": "7", "points": 0.' + "9" * 60_000 + "e400}",
    "an open text": '{"customer": "' + "x" * 60_000,
    "escapes": '{"customer": "7", "points": "' + "\\u0041" * 10_000 + '"}',
    "half a letter": '{"customer": "\\ud800", "points": ""',
    "a long list": '{"customer": "7", "points": [' + "0," * 29_000 + "0]}",
    "many keys": '{"points": [], '
    + ", ".join(f'"a{n}": 1' for n in range(5_000))
    + "}",
    "one key again and again": "{" + '"points": [],' * 4_000 + '"points": []}',
    "zero bytes": "\0" * 60_000,
    "not UTF-8": '{"customer": "7", "points": "x"}',
}
LARGER: dict[str, str] = {
    "a larger nest": "[" * 15 * MEGABYTE,
    "a larger text": '{"customer": "' + "x" * 15 * MEGABYTE,
    "a larger number": "9" * 15 * MEGABYTE,
}
VISITS: dict[str, str] = {
    "a nest of lists": "[" * MEGABYTE,
    "a nest in a visit": '[{"userId": "7", "idVisit": ' + "[" * MEGABYTE,
    "a number in a visit": '[{"userId": "7", "idVisit": ' + "9" * MEGABYTE + "}]",
    "a flood of lists": "[" + "[]," * 300_000 + "[]]",
    "no list": '{"result": "error", "message": "' + "x" * MEGABYTE + '"}',
    "an open text": '["' + "x" * MEGABYTE,
    "a larger file": "[" + " " * 17 * MEGABYTE,
    "a flood of actions": '[{"userId": "7", "actionDetails": ['
    + "0," * 400_000
    + "0]}]",
}


def content(name: str, text: str) -> bytes:
    """The file as it lies on the disk."""
    if name == "UTF-16":
        return text.encode("utf-16")
    return text.encode("utf-8", "surrogatepass") + b"\xff" * (name == "not UTF-8")


def _lines(path: Path, kind: str) -> list[str]:
    """Up to the first line that is refused."""
    from zoneinfo import ZoneInfo

    from shopwindow.middleware.sources.import_table import ImportSettings
    from shopwindow.middleware.sources.lines import CsvFile, JsonLines, Unreadable
    from shopwindow.middleware.sources.rows import Rows, Wrong
    from shopwindow.rules.attributes import Attribute

    number = {"points": Attribute("points", "number", "import:pos")}
    names = ("a", "b") if kind == "csv" else ("customer", "points")
    pos = ImportSettings("pos", names[0], {"points": names[1]}, number)
    try:
        file = CsvFile(path) if kind == "csv" else JsonLines(path)
        rows = Rows(pos, file.columns, ZoneInfo("UTC"), 0.0, time.time())
    except Unreadable as error:
        return [str(error)]
    for line in file.lines():
        try:
            if not line.fault:
                rows.read(line.values)
        except Wrong as error:
            return [f"{line.number}: {error}"]
        if line.fault:
            return [f"{line.number}: {line.fault}"]
    return []


def _answer(path: Path) -> list[str]:
    """What a source says; the client stops reading at so many bytes."""
    from shopwindow.middleware.settings import SourceSettings
    from shopwindow.middleware.sources.http import LARGEST, HttpSource
    from shopwindow.rules.attributes import Attribute

    number = {"points": Attribute("points", "number", "source:crm")}
    paths = {"points": "$.points"}
    settings = SourceSettings("crm", "", {}, paths, 60.0, attributes=number)
    crm = HttpSource(settings, frozenset())
    with path.open("rb") as file:
        data = file.read(LARGEST + 1)
    if len(data) > LARGEST:
        return ["the answer is too large"]
    try:
        values = crm._mapped(msgspec.json.decode(data))
    except (ValueError, RecursionError) as error:  # as in _ask, which catches more
        return [repr(error)]
    return [] if values else ["unknown"]


def _message(path: Path) -> list[str]:
    """What a webhook is told, signed as it should be."""
    from shopwindow.middleware.sources import webhook
    from shopwindow.middleware.sources.tables import WebhookSettings
    from shopwindow.rules.attributes import Attribute

    number = {"points": Attribute("points", "number", "webhook:crm")}
    settings = WebhookSettings("crm", (), "$.customer", {"points": "$.points"}, number)
    with path.open("rb") as file:
        data = file.read(webhook.LARGEST + 1)
    if len(data) > webhook.LARGEST:
        return ["a message has at most so many bytes"]
    desk = webhook._Desk()
    try:
        _, values = webhook._read(settings, data, desk)
    except webhook._Refusal as refusal:
        return [refusal.why]
    return [] if values else ["unknown"]


def _visits(path: Path) -> list[str]:
    from shopwindow.middleware.cli.import_matomo import _of_file
    from shopwindow.middleware.sources.lines import Unreadable
    from shopwindow.middleware.sources.matomo import MatomoError, facts

    try:
        for place, visit in _of_file(path):
            try:
                facts(None, visit)  # type: ignore[arg-type]  # it does not come so far
            except ValueError as error:
                return [f"{place}: {error}"]
    except (MatomoError, Unreadable) as error:
        return [str(error)]
    return []


def _read_file(kind: str, path: Path) -> list[str] | None:
    """The findings of what comes from other systems; None: it is no such kind."""
    if kind in ("csv", "lines"):
        return _lines(path, kind)
    others = {"answer": _answer, "message": _message, "visits": _visits}
    return others[kind](path) if kind in others else None


_OTHERS = ("csv", "lines", "answer", "message", "visits")


def _reader(kind: str) -> Callable[[str], list[str]]:
    """From a text to its findings; everything is imported and warm."""
    from shopwindow.middleware.settings import read_settings
    from shopwindow.rules.personas import read_personas
    from shopwindow.rules.reading import read_rules
    from tests.rules.shop import NOW, VOCABULARY, relatives

    def read(text: str) -> list[str]:
        if kind == "rules":
            found = read_rules({"f": text}, VOCABULARY)[1]
        elif kind == "tests":
            found = read_personas("f", text, VOCABULARY, relatives, NOW)[1]
        else:
            found = read_settings(Path(), text, {})[1]
        return [f"{one.line}:{one.column}: {one.message[:80]}" for one in found]

    read("[a]\nb = [" if kind == "site" else "a: &x [b, {c: d}]\na: *x")
    return read


def _measured(
    kind: str, read: Callable[[str], list[str]], path: Path
) -> dict[str, object]:
    data = b"" if kind in _OTHERS else path.read_bytes()
    taken: list[float] = []
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(3):
        start = time.process_time()
        try:
            others = _read_file(kind, path)
            if others is not None:
                found = others
            else:
                found = read(data.decode("utf-8-sig"))  # as a folder is read
        except UnicodeDecodeError:
            found = ["1:1: not UTF-8"]
        taken.append(time.process_time() - start)
        if taken[-1] < CHEAP:
            break
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # The best of some: others work on this machine, too.
    return {"time": min(taken), "memory": (after - before) * 1024, "found": found[:1]}


def main(kind: str, *paths: str) -> None:
    read = _reader(kind)
    if kind in _OTHERS:  # imported and warm, as above
        empty = Path(paths[0]).with_name("warm")
        empty.write_text("a;b\n")
        _read_file(kind, empty)
    for path in paths:
        sys.stdout.flush()
        if not (child := os.fork()):
            # What would take for ever ends here, whoever waits for it.
            resource.setrlimit(resource.RLIMIT_CPU, (LONGEST, LONGEST))
            print(json.dumps(_measured(kind, read, Path(path))))
            sys.stdout.flush()
            os._exit(0)
        if os.waitpid(child, 0)[1]:
            print(json.dumps({"time": LONGEST, "memory": 0, "found": ["no end"]}))


if __name__ == "__main__":
    main(*sys.argv[1:])
