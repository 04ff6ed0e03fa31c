"""What files cost that are written to cost time and memory (:mod:`tests.hostiletexts`): a program.

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

CHEAP = 0.02  # seconds: nothing to be measured again
LONGEST = 10  # seconds for one file, of which no answer comes then


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
