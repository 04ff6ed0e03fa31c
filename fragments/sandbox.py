"""The Jinja2 environment of fragments: what templates may use, and its limits."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

from jinja2 import ChainableUndefined, TemplateRuntimeError, Undefined
from jinja2.exceptions import SecurityError
from jinja2.filters import FILTERS, do_join, do_replace, do_tojson
from jinja2.nodes import EvalContext
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.tests import TESTS
from jinja2.utils import pass_eval_context
from markupsafe import Markup

from .addresses import safe

#: Bytes that one fragment may render to.
OUTPUT_LIMIT = 64 * 1024
#: How often a loop runs at most, and how far ``range`` counts.
LOOP_LIMIT = 100

_FILTERS = (
    "abs capitalize count d default e escape first float int last length list "
    "lower max min reverse sort striptags title trim truncate unique upper "
    "urlencode wordcount"
).split()
_TESTS = (
    "defined divisibleby eq equalto even false ge gt in le lower lt mapping ne none "
    "number odd sequence string true undefined upper"
).split() + ["==", "!=", "<", "<=", ">", ">="]
#: What every template can name without declaring it.
GLOBALS = frozenset(
    {"cards", "click", "dismiss", "items", "range", "t", "thumbs", "visitor"}
)

#: Names that Jinja2 gives a meaning of its own.
RESERVED = frozenset({"loop", "self"})


class Missing(Undefined):
    """A name that nobody gave: false in an ``if``, an error where it is printed."""

    def __str__(self) -> str:
        self._fail_with_undefined_error()

    def __iter__(self) -> Iterator[Any]:
        self._fail_with_undefined_error()

    def __len__(self) -> int:
        self._fail_with_undefined_error()


class Absent(ChainableUndefined):
    """An optional parameter that was left out: false, and prints nothing.

    So does everything that is asked of it.
    """


def _short(value: Any) -> Any:
    if isinstance(value, str | bytes) and len(value) > OUTPUT_LIMIT:
        raise SecurityError(f"a text of more than {OUTPUT_LIMIT // 1024} KiB")
    return value


@pass_eval_context
def _replace(
    eval_ctx: EvalContext, value: str, old: str, new: str, count: int | None = None
) -> str:
    # The longest outcome is known before any of it is built.
    if len(value) + (str(value).count(str(old)) + 1) * len(new) > 2 * OUTPUT_LIMIT:
        raise SecurityError(f"a text of more than {OUTPUT_LIMIT // 1024} KiB")
    return do_replace(eval_ctx, value, old, new, count)


@pass_eval_context
def _join(eval_ctx: EvalContext, value: Iterable[Any], between: str = "") -> str:
    parts = [part if isinstance(part, str) else str(part) for part in value]
    if sum(map(len, parts)) + len(parts) * len(between) > OUTPUT_LIMIT:
        raise SecurityError(f"a text of more than {OUTPUT_LIMIT // 1024} KiB")
    joined: str = do_join(eval_ctx, parts, between)
    return joined


def _safe_url(value: object) -> str:
    return "" if isinstance(value, Absent) or value is None else safe(str(value))


def _round(value: float, precision: int = 0) -> float:
    # Jinja2's own raises ten to the power of any precision.
    return round(value, max(0, min(precision, 12)))


@pass_eval_context
def _tojson(eval_ctx: EvalContext, value: Any) -> Markup:
    # Jinja2's own would also indent, by any number of spaces. Backslashes double each time.
    made = do_tojson(eval_ctx, _short(value))
    _short(made)
    return made


def few(value: Iterable[Any], limit: int = LOOP_LIMIT) -> list[Any]:
    """What a loop runs over, as a list. Raises SecurityError when it is too long."""
    found = list(islice(value, limit + 1))
    if len(found) > limit:
        raise SecurityError(f"a loop runs {limit} times at most")
    return found


def _range(*numbers: int) -> range:
    counted = range(*numbers)
    if len(counted) > LOOP_LIMIT:
        raise SecurityError(f"range() counts to {LOOP_LIMIT} at most")
    return counted


def _nothing_for_none(value: Any) -> Any:
    return "" if value is None else value


class Sandbox(ImmutableSandboxedEnvironment):
    """Jinja2's immutable sandbox with less in it.

    No methods, no globals but :data:`GLOBALS`, a short list of filters and tests, and
    arithmetic on numbers only, so that no operator can build a huge text.
    """

    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "%", "**"})

    def __init__(self) -> None:
        super().__init__(
            autoescape=True,
            undefined=Missing,
            finalize=_nothing_for_none,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.globals.clear()
        self.globals["range"] = _range
        self.filters = {name: FILTERS[name] for name in _FILTERS}
        self.filters |= {
            "join": _join,
            "replace": _replace,
            "round": _round,
            "safe_url": _safe_url,
            "tojson": _tojson,
        }
        #: What editors may use; the loops' own limit is not for them.
        self.known_filters = frozenset(self.filters)
        self.filters[few.__name__] = few
        self.tests = {name: TESTS[name] for name in _TESTS}

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        # A method cannot be called here, and printed it would show an address in memory.
        method = callable(value) and not isinstance(value, Undefined)
        return super().is_safe_attribute(obj, attr, value) and not method

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        numbers = isinstance(left, int | float) and isinstance(right, int | float)
        if operator == "+" and isinstance(left, str) and isinstance(right, str):
            return _short(left + right)
        if not numbers or operator == "**":
            raise SecurityError(f"{operator} is for numbers only")
        if max(abs(left), abs(right)) > 1e15:
            raise SecurityError("a number is too large")
        return super().call_binop(context, operator, left, right)


def run(
    render: Callable[[Context], Iterable[str]],
    context: Context,
    what: str,
    limit: int = OUTPUT_LIMIT,
) -> str:
    """The text that a compiled template makes, stopped at ``limit``."""
    parts: list[str] = []
    size = 0
    for part in render(context):
        size += len(part)
        if size > limit:
            raise TemplateRuntimeError(f"{what} is larger than {limit} bytes")
        parts.append(part)
    return "".join(parts)
