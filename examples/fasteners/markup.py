"""Plain HTML files with ``$names`` in them, filled safely."""

from collections.abc import Iterable
from decimal import Decimal
from functools import cache
from html import escape
from pathlib import Path
from string import Template

TEMPLATES = Path(__file__).parent / "templates"


class Html(str):
    """Text that is HTML already; every other text is escaped where it is filled in."""


def fill(file: str, /, **values: object) -> Html:
    """``file`` of templates/ with ``values`` in place of its ``$names``."""
    return _filled(_template(file), values)


def tag(text: str, /, **values: object) -> Html:
    """The same for a few words of HTML given here."""
    return _filled(Template(text), values)


def together(parts: Iterable[Html]) -> Html:
    return Html("\n".join(parts))


def euros(amount: Decimal) -> str:
    """1234.5 -> ``1.234,50 €``, the last space being one that does not break."""
    digits = f"{amount:,.2f}".translate(str.maketrans(",.", ".,"))
    return f"{digits}\N{NO-BREAK SPACE}€"


@cache
def _template(file: str) -> Template:
    return Template((TEMPLATES / file).read_text(encoding="utf-8"))


def _filled(template: Template, values: dict[str, object]) -> Html:
    return Html(
        template.substitute(
            {
                name: value if isinstance(value, Html) else escape(str(value))
                for name, value in values.items()
            }
        )
    )
