"""Pages for the shop's own people: one file each, without script, that needs nothing but itself."""

from functools import cache
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup


@cache
def page(package: str, name: str) -> Template:
    """The template ``name`` of ``package``; what it prints is escaped, ``style`` is the common one."""
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    style = files(__package__).joinpath("report.css").read_text(encoding="utf-8")
    text = files(package).joinpath(name).read_text(encoding="utf-8")
    return environment.from_string(text, globals={"style": Markup(style)})


def put(path: Path, text: str) -> None:
    """Write ``text`` to ``path``, as UTF-8: who reads it sees it whole, or the old one.

    Raises OSError if it cannot be written.
    """
    if path.exists() and not path.is_file():  # a pipe, a terminal
        path.write_text(text, encoding="utf-8")
        return
    beside = path.with_name(f"{path.name}.new")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)
