"""Files that are written to cost time and memory."""

MEGABYTE = 1 << 20
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
