"""HTML's tokenizer as the standard writes it down, one byte and one state at a time: slow, and nothing shared with ours.

Only what is needed to say where tags stand. Tree construction is missing: there is no svg or math here.
"""

from typing import NamedTuple

SPACE = b"\t\n\f\r "
LETTERS = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
TEXT = b"script style textarea title xmp iframe noembed noframes noscript plaintext".split()


class Tag(NamedTuple):
    start: int
    end: int
    name: bytes
    ending: bool
    attributes: dict[bytes, bytes]


def tags(page: bytes) -> list[Tag]:
    found: list[Tag] = []
    state, at, begin = "data", 0, 0
    name = attribute = value = word = bytearray()
    attributes: dict[bytes, bytes] = {}
    ending = False
    raw = b""

    def keep() -> None:
        if attribute:
            attributes.setdefault(bytes(attribute), bytes(value))
        attribute.clear()
        value.clear()

    while at < len(page):
        c = page[at : at + 1]
        at += 1
        emit = False
        match state:
            case "data":
                if c == b"<":
                    state, begin = "tag open", at - 1
            case "tag open":
                name, attribute, value = bytearray(), bytearray(), bytearray()
                attributes, ending = {}, False
                if c == b"!":
                    if page.startswith(b"--", at):
                        state, at = "comment start", at + 2
                    else:
                        state = "bogus comment"
                elif c == b"/":
                    state = "end tag open"
                elif c in LETTERS:
                    state, at = "tag name", at - 1
                elif c == b"?":
                    state = "bogus comment"
                else:
                    state, at = "data", at - 1
            case "end tag open":
                if c in LETTERS:
                    state, ending, at = "tag name", True, at - 1
                elif c == b">":
                    state = "data"
                else:
                    state, at = "bogus comment", at - 1
            case "tag name":
                if c in SPACE:
                    state = "before attribute name"
                elif c == b"/":
                    state = "self-closing"
                elif c == b">":
                    emit = True
                else:
                    name += c.lower()
            case "self-closing":
                if c == b">":
                    emit = True
                else:
                    state, at = "before attribute name", at - 1
            case "before attribute name":
                keep()
                if c in SPACE:
                    pass
                elif c in b"/>":
                    state, at = "after attribute name", at - 1
                elif c == b"=":
                    attribute += c
                    state = "attribute name"
                else:
                    state, at = "attribute name", at - 1
            case "attribute name":
                if c in SPACE or c in b"/>":
                    state, at = "after attribute name", at - 1
                elif c == b"=":
                    state = "before value"
                else:
                    attribute += c
            case "after attribute name":
                if c in SPACE:
                    pass
                elif c == b"/":
                    state = "self-closing"
                elif c == b"=":
                    state = "before value"
                elif c == b">":
                    emit = True
                else:
                    keep()
                    state, at = "attribute name", at - 1
            case "before value":
                if c in SPACE:
                    pass
                elif c == b'"':
                    state = "double-quoted"
                elif c == b"'":
                    state = "single-quoted"
                elif c == b">":
                    emit = True
                else:
                    state, at = "unquoted", at - 1
            case "double-quoted" | "single-quoted":
                if c == (b'"' if state[0] == "d" else b"'"):
                    state = "after quoted"
                else:
                    value += c
            case "unquoted":
                if c in SPACE:
                    state = "before attribute name"
                elif c == b">":
                    emit = True
                else:
                    value += c
            case "after quoted":
                if c in SPACE:
                    state = "before attribute name"
                elif c == b"/":
                    state = "self-closing"
                elif c == b">":
                    emit = True
                else:
                    state, at = "before attribute name", at - 1
            case "bogus comment":
                if c == b">":
                    state = "data"
            case "comment start":
                if c == b"-":
                    state = "comment start dash"
                elif c == b">":
                    state = "data"
                else:
                    state, at = "comment", at - 1
            case "comment start dash":
                if c == b"-":
                    state = "comment end"
                elif c == b">":
                    state = "data"
                else:
                    state, at = "comment", at - 1
            case "comment":
                if c == b"-":
                    state = "comment end dash"
            case "comment end dash":
                if c == b"-":
                    state = "comment end"
                else:
                    state, at = "comment", at - 1
            case "comment end":
                if c == b">":
                    state = "data"
                elif c == b"!":
                    state = "comment end bang"
                elif c != b"-":
                    state, at = "comment", at - 1
            case "comment end bang":
                if c == b"-":
                    state = "comment end dash"
                elif c == b">":
                    state = "data"
                else:
                    state, at = "comment", at - 1
            case "raw":
                if (
                    c == b"<"
                    and page[at : at + 1] == b"/"
                    and _named(page, at + 1, raw)
                ):
                    state, at = "data", at - 1
            case "script":
                if c == b"<":
                    state = "script <"
            case "script <":
                if c == b"/" and _named(page, at, b"script"):
                    state, at = "data", at - 2
                elif c == b"!" and page.startswith(b"--", at):
                    state, at = "escaped dash dash", at + 2
                else:
                    state, at = "script", at - 1
            case "escaped" | "escaped dash" | "escaped dash dash":
                if c == b"-":
                    state = (
                        "escaped dash" if state == "escaped" else "escaped dash dash"
                    )
                elif c == b"<":
                    state = "escaped <"
                elif c == b">" and state == "escaped dash dash":
                    state = "script"
                else:
                    state = "escaped"
            case "escaped <":
                if c == b"/" and _named(page, at, b"script"):
                    state, at = "data", at - 2
                elif c in LETTERS:
                    word = bytearray()
                    state, at = "double escape start", at - 1
                else:
                    state, at = "escaped", at - 1
            case "double escape start":
                if c in SPACE or c in b"/>":
                    state = "double escaped" if word.lower() == b"script" else "escaped"
                elif c in LETTERS:
                    word += c
                else:
                    state, at = "escaped", at - 1
            case "double escaped" | "double escaped dash" | "double escaped dash dash":
                if c == b"-":
                    state = (
                        "double escaped dash"
                        if state == "double escaped"
                        else "double escaped dash dash"
                    )
                elif c == b"<":
                    state = "double escaped <"
                elif c == b">" and state == "double escaped dash dash":
                    state = "script"
                else:
                    state = "double escaped"
            case "double escaped <":
                if c == b"/":
                    word = bytearray()
                    state = "double escape end"
                else:
                    state, at = "double escaped", at - 1
            case "double escape end":
                if c in SPACE or c in b"/>":
                    state = "escaped" if word.lower() == b"script" else "double escaped"
                elif c in LETTERS:
                    word += c
                else:
                    state, at = "double escaped", at - 1
        if emit:
            keep()
            found.append(Tag(begin, at, bytes(name), ending, attributes))
            state = "data"
            if not ending and name in TEXT:
                raw = bytes(name)
                state = {b"script": "script", b"plaintext": "plaintext"}.get(raw, "raw")
    return found


def _named(page: bytes, at: int, name: bytes) -> bool:
    after = page[at + len(name) : at + len(name) + 1]
    return (
        page[at : at + len(name)].lower() == name
        and after != b""
        and after in SPACE + b"/>"
    )
