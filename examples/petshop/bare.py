"""The template block ``{% slot "name" %}default{% endslot %}`` for the shop on its own.

With shopwindow mounted its own extension takes this place; without it, a slot is just its
default content.
"""

from jinja2 import nodes
from jinja2.ext import Extension
from jinja2.parser import Parser


class DefaultContent(Extension):
    tags = {"slot"}

    def parse(self, parser: Parser) -> list[nodes.Node]:
        next(parser.stream)
        parser.stream.expect("string")
        return parser.parse_statements(("name:endslot",), drop_needle=True)
