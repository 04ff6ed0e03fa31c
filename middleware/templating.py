"""``{% slot "home.hero" %}default{% endslot %}`` for Jinja2."""

from collections.abc import Awaitable, Callable
from typing import Any

from jinja2 import Environment, nodes
from jinja2.ext import Extension
from jinja2.parser import Parser

from .marking import clicks_script, marked


class SlotExtension(Extension):
    """Marks a slot in a template: ``Environment(extensions=[SlotExtension])``.

    While a page view is being answered the block is surrounded by two comments that the
    middleware takes out again; everywhere else (e-mails, parts of pages) it is its content.
    ``{{ shopwindow_clicks() }}`` is the script of :mod:`.clickscript`.
    """

    tags = {"slot"}

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        environment.globals.setdefault("shopwindow_clicks", clicks_script)

    def parse(self, parser: Parser) -> nodes.Node:
        line = next(parser.stream).lineno
        name = parser.parse_expression()
        body = parser.parse_statements(("name:endslot",), drop_needle=True)
        call = self.call_method("_slot", [name])
        return nodes.CallBlock(call, [], [], body).set_lineno(line)

    def _slot(self, name: str, caller: Callable[[], str | Awaitable[str]]) -> Any:
        content = caller()
        if isinstance(content, str):
            return marked(name, content)
        return _later(name, content)  # the environment has enable_async


async def _later(name: str, content: Awaitable[str]) -> str:
    return marked(name, await content)
