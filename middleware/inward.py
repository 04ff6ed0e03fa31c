"""What the app sees of a request: its scope, without what would bring bytes past us."""

from typing import Any

from starlette.types import Scope

from .context import CONDITIONAL

MARK = "shopwindow.visit"
_BYPASSES = frozenset(("http.response.pathsend", "http.response.zerocopysend"))
# What is of one visitor; where they came from, too: it has no place on a page that others get.
_UNTOLD = CONDITIONAL | {b"cookie", b"referer"}


def without_bypasses(extensions: dict[str, Any]) -> dict[str, Any]:
    """``extensions`` of a scope that leave the app no way but to send bytes."""
    if _BYPASSES.isdisjoint(extensions):
        return extensions
    return {name: value for name, value in extensions.items() if name not in _BYPASSES}


def of_nobody(scope: Scope) -> Scope:
    """The scope of the same request as if a browser made it that was never here before.

    Its state is a copy, for another visit than that of the request.
    """
    inner = dict(scope)
    inner[MARK] = True
    inner["method"] = "GET"
    inner["state"] = {**(scope.get("state") or {})}
    inner["headers"] = [pair for pair in scope["headers"] if pair[0] not in _UNTOLD]
    if extensions := scope.get("extensions"):
        inner["extensions"] = without_bypasses(extensions)
    return inner
