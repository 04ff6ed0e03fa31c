"""``{% load shopwindow %}{% slot "home.hero" %}default{% endslot %}`` for Django's templates."""

from django.template import Context, Library, Node, NodeList, TemplateSyntaxError
from django.template.base import FilterExpression, Parser, Token

from ...marking import clicks_script, marked

register = Library()


class SlotNode(Node):  # type: ignore[misc]  # Django has no types
    """A slot with its default content; ``name`` is a string or a variable."""

    def __init__(self, name: FilterExpression, content: NodeList) -> None:
        self.name = name
        self.nodelist = content

    def render(self, context: Context) -> str:
        content: str = self.nodelist.render(context)
        return marked(str(self.name.resolve(context)), content)


@register.tag("slot")  # type: ignore[untyped-decorator]  # as above
def slot(parser: Parser, token: Token) -> SlotNode:
    """Mark a slot, see :func:`shopwindow.middleware.marking.marked`."""
    words = token.split_contents()
    if len(words) != 2:
        raise TemplateSyntaxError(
            f'{{% {token.contents} %}}: a slot has one name, as in {{% slot "home.hero" %}}'
        )
    name = parser.compile_filter(words[1])
    content = parser.parse(("endslot",))
    parser.delete_first_token()
    return SlotNode(name, content)


@register.simple_tag  # type: ignore[untyped-decorator]  # as above
def shopwindow_clicks() -> str:
    """See :func:`shopwindow.middleware.marking.clicks_script`."""
    return clicks_script()
