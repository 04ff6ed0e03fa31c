"""Files that are written to cost time and memory, and what they cost: run as a program.

Its arguments are a kind (``rules``, ``tests``, ``site``) and a file; it prints JSON with the
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

MEGABYTE = 1 << 20
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


def content(name: str, text: str) -> bytes:
    """The file as it lies on the disk."""
    if name == "UTF-16":
        return text.encode("utf-16")
    return text.encode("utf-8", "surrogatepass") + b"\xff" * (name == "not UTF-8")


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


def _measured(read: Callable[[str], list[str]], path: Path) -> dict[str, object]:
    raw = path.read_bytes()
    taken: list[float] = []
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(3):
        start = time.process_time()
        try:
            found = read(raw.decode("utf-8-sig"))  # as a folder is read
        except UnicodeDecodeError:
            found = ["1:1: not UTF-8"]
        taken.append(time.process_time() - start)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # The best of some: others work on this machine, too.
    return {"time": min(taken), "memory": (after - before) * 1024, "found": found[:1]}


def main(kind: str, *paths: str) -> None:
    read = _reader(kind)
    for path in paths:
        sys.stdout.flush()
        if not (child := os.fork()):
            # What would take for ever ends here, whoever waits for it.
            resource.setrlimit(resource.RLIMIT_CPU, (LONGEST, LONGEST))
            print(json.dumps(_measured(read, Path(path))))
            sys.stdout.flush()
            os._exit(0)
        if os.waitpid(child, 0)[1]:
            print(json.dumps({"time": LONGEST, "memory": 0, "found": ["no end"]}))


if __name__ == "__main__":
    main(*sys.argv[1:])
