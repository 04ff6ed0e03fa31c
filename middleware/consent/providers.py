"""The reader of each consent tool."""

from . import cookiebot, klaro, rule, tcf, usercentrics
from .settings import RuleSettings, TcfSettings, ToolSettings
from .told import ToolCookie

_CATEGORIES = {
    "cookiebot": cookiebot.reading,
    "klaro": klaro.reading,
    "usercentrics": usercentrics.reading,
}


def cookie_of(settings: ToolSettings | None) -> ToolCookie | None:
    """Reads the cookie of the tool that asks for consent; None: we ask ourselves."""
    if settings is None:
        return None
    if isinstance(settings, TcfSettings):
        parse = tcf.reading(settings)
    elif isinstance(settings, RuleSettings):
        parse = rule.reading(settings)
    else:
        parse = _CATEGORIES[settings.name](settings)
    return ToolCookie(settings.cookie, parse)
