"""Element replacement cases in lol-html's format, as cases for slots.

A case is a page, a CSS selector, and the page with the content of each selected element replaced. Where the elements
are that the selector finds, a second page of the same name says: a comment stands before and after each. Those
elements become slots here, by the attribute; or by a pair of comments where an element takes no attribute.

https://github.com/cloudflare/lol-html/tree/main/tests/data
"""

import json
import re
from collections.abc import Mapping

from shopwindow.fragments.elements import UNSUPPORTED, VOID
from shopwindow.fragments.rewrite import Hole, Piece, Rewriter
from shopwindow.fragments.slots import Marker, SlotNames

from .collected import Tally, tally

MARKER = Marker([b"0123456789ab"])
MATCHED, REPLACED = "selector_matching/", "element_content_replacement/"
DOCTYPE = "<!DOCTYPE html>"  # before one of the two pages only
_TAG = re.compile(r"""<([A-Za-z][^\s/>]*)(?:[^>"']|"[^"]*"|'[^']*')*>""")
_OURS = re.compile(
    r' data-shopwindow="s\d+"|<!-- shopwindow:s\d+ -->|<!-- /shopwindow -->'
)


def run(texts: Mapping[str, str]) -> Tally:
    """What the cases expect is what the rewriter makes of them, whole, in pieces and byte by byte."""
    result = tally()
    for file, text in sorted(texts.items()):
        if REPLACED not in file or not file.endswith("-info.json"):
            continue
        folder = file.rpartition("/")[0] + "/"
        marked = folder.replace(REPLACED, MATCHED)
        info = json.loads(text)
        other = json.loads(texts[file.replace(REPLACED, MATCHED)])["selectors"]
        for selector, expected in info["selectors"].items():
            name = f"{expected.rpartition('.')[0]} {selector}"
            source = texts[folder + info["src"]].removeprefix(DOCTYPE)
            wanted = texts[folder + expected].removeprefix(DOCTYPE)
            content = f"<!--Replaced ({selector}) -->"
            page = _with_slots(texts[marked + other[selector]], selector)
            if page is None or _OURS.sub("", page) != source:
                result.failed.append(f"{name}: not understood")
            elif wanted == source:
                result.skipped["nothing is replaced"] += 1
            elif page == source:
                result.skipped["what is selected is not marked"] += 1
            elif re.search("<html[^>]*><!-- shopwindow:", page):
                result.skipped["the document itself is no slot"] += 1
            else:
                right = all(
                    _OURS.sub("", _filled(page, content, size)) == wanted
                    for size in (len(page), 7, 1)
                )
                (result.passed if right else result.failed).append(name)
    return result


def _with_slots(marked: str, selector: str) -> str | None:
    """The page with slots instead of the marks; None if a mark stands nowhere near a tag."""
    begin, end = f"<!--[ELEMENT('{selector}')]-->", f"<!--[/ELEMENT('{selector}')]-->"
    other = rf"<!--\[/?(?:TEXT|COMMENT)\('{re.escape(selector)}'\)\]-->"
    marked = re.sub(other, "", marked)
    parts = re.split(f"({re.escape(begin)}|{re.escape(end)})", marked)
    out = [parts[0]]
    open_pairs: list[bool] = []
    number = 0
    for mark, text in zip(parts[1::2], parts[2::2], strict=True):
        if mark == end:
            if not open_pairs:
                return None
            if open_pairs.pop():
                before, tag, after = out[-1].rpartition("</")
                if not tag or ">" not in after:
                    return None
                out[-1] = f"{before}<!-- /shopwindow -->{tag}{after}"
        else:
            found = _TAG.match(text)
            if found is None:
                return None
            name = found[1].lower().encode()
            if name in VOID:
                open_pairs.append(False)
            else:
                pair = name in UNSUPPORTED
                open_pairs.append(pair)
                if pair:
                    stop = found.end()
                    comment = f"<!-- shopwindow:s{number} -->"
                    text = text[:stop] + comment + text[stop:]
                else:
                    stop = found.end(1)
                    attribute = f' data-shopwindow="s{number}"'
                    text = text[:stop] + attribute + text[stop:]
                number += 1
        out.append(text)
    return "".join(out)


def _filled(page: str, content: str, size: int) -> str:
    raw = page.encode()
    names = SlotNames(f"s{number}" for number in range(raw.count(b"shopwindow")))
    rewriter = Rewriter(names, MARKER)
    pieces: list[Piece] = []
    for at in range(0, len(raw), size):
        pieces += rewriter.feed(raw[at : at + size])
    pieces += rewriter.close()
    out = b""
    for piece in pieces:
        if isinstance(piece, Hole):
            out += content.encode()
        elif isinstance(piece, bytes):
            out += piece
    return out.decode()
