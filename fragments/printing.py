"""What may be printed where in HTML: the places that autoescaping does not protect.

Autoescaping makes text and quoted attributes safe. It does not help in unquoted
attributes, in addresses (``javascript:``), in scripts, styles and event handlers.
"""

import re
from collections.abc import Collection

from jinja2 import nodes

from .addresses import is_safe
from .contexts import ADDRESSES, UNKNOWN, Place, is_anchored

#: Attributes that browsers or the usual script libraries (Alpine, Vue, htmx, Angular,
#: hyperscript) run as programs: ``onclick``, ``x-data``, ``@click``, ``:class``.
_PROGRAM = re.compile("on|[^a-z]|(?:data-)?(?:x|v|hx|ng)-|(?:style|srcdoc)$")
_LOADING = frozenset("applet base embed frame iframe link object script".split())
#: Message and hint.
Problem = tuple[str, str]


def printing_problem(
    node: nodes.Node, place: Place, records: Collection[str]
) -> Problem | None:
    """Why the value of the expression ``node`` may not be printed at ``place``.

    ``records`` names the variables that surely hold catalogue items, whose addresses
    were checked when the catalogue was read. None: it may.
    """
    if place.mode == "broken":
        return None  # said already
    if _is_call(node, "cards") and (place.mode != "text" or place.raw):
        return "cards can only stand in text", ""
    if _is_call(node, "dismiss") and (place.mode != "text" or place.raw):
        return "dismiss() is a form, and can only stand in text", ""
    if _is_call(node, "thumbs") and (place.mode != "text" or place.raw):
        return "thumbs() is a form, and can only stand in text", ""
    if place.mode == "text":
        return _in_text(node, place)
    if place.mode == "value":
        return _in_value(node, place, records)
    if place.mode in ("comment", "declaration", "bogus"):
        hint = "template comments are written {# ... #}"
        return "nothing can be printed in a comment", hint
    if place.mode in ("equals", "unquoted"):
        hint = f'write {place.attribute}="{{{{ ... }}}}"'
        return "an attribute with {{ }} in it needs quotes", hint
    hint = 'print inside a value: class="{{ ... }}"'
    return "nothing can be printed inside a tag", hint


def _in_text(node: nodes.Node, place: Place) -> Problem | None:
    if place.raw == "script":
        if isinstance(node, nodes.Filter) and node.name == "tojson":
            if place.script == "code":
                return None
        return "in a script only |tojson can be printed, outside quotes", ""
    if place.raw and place.raw not in ("title", "textarea"):
        return f"nothing can be printed inside <{place.raw}>", ""
    return None


def _in_value(
    node: nodes.Node, place: Place, records: Collection[str]
) -> Problem | None:
    name = place.attribute
    if (
        _PROGRAM.match(name)
        or name == UNKNOWN
        or (place.tag, name) == ("meta", "content")
        or place.tag.startswith(("animate", "set"))
    ):
        where = "this attribute" if name == UNKNOWN else f"`{name}`"
        hint = "autoescaping does not protect there"
        return f"nothing can be printed in {where}", hint
    if any(inner.name == "tojson" for inner in _filters(node)):
        return "|tojson is for scripts only", ""
    if name not in ADDRESSES:
        return None
    if place.tag in _LOADING:
        hint = "this would load programs or pages from there"
        return f"nothing can be printed in the address of <{place.tag}>", hint
    if _is_encoded(node):
        return None
    if not all(is_anchored(value) for value in place.values if value):
        hint = "print the whole address at once, or use |urlencode"
        return f"this is not safe in `{name}`", hint
    if not _is_address(node, records):
        return f"this is not safe in `{name}`", "use |safe_url"
    return None


def _is_address(node: nodes.Node, records: Collection[str]) -> bool:
    """Whether the value of ``node`` is surely an address that can be followed."""
    if _is_encoded(node) or _is_call(node, "click"):
        return True
    if isinstance(node, nodes.Filter):
        return node.name == "safe_url"
    if isinstance(node, nodes.Getattr):
        return (
            isinstance(node.node, nodes.Name)
            and node.node.name in records
            and node.attr in ("url", "image")
        )
    if isinstance(node, nodes.Const):
        return is_safe(str(node.value))
    if isinstance(node, nodes.Or):
        return _is_address(node.left, records) and _is_address(node.right, records)
    if isinstance(node, nodes.CondExpr):
        other = node.expr2
        return _is_address(node.expr1, records) and (
            other is None or _is_address(other, records)
        )
    return False


def _is_call(node: nodes.Node, name: str) -> bool:
    called = node.node if isinstance(node, nodes.Call) else None
    return isinstance(called, nodes.Name) and called.name == name


def _is_encoded(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Filter) and node.name == "urlencode"


def _filters(node: nodes.Node) -> list[nodes.Filter]:
    inner = list(node.find_all(nodes.Filter))
    return [node, *inner] if isinstance(node, nodes.Filter) else inner
