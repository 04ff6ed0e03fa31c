"""Cookiebot's cookie ``CookieConsent``.

Its value looks like JavaScript, percent-encoded in part or whole::

    {stamp:'oNLBjP...w==',necessary:true,preferences:false,statistics:true,marketing:false,
     method:'explicit',ver:1,utc:1750067102028,region:'de'}

``utc`` is in milliseconds. ``-1`` alone, or as the stamp, stands for a visitor from where consent is not asked
for; ``0`` alone for one who declined (old cookies). Source: https://www.cookiebot.com/en/developer/ ("Server-side
usage", and of ``consent.method``: "either 'implied' when a consent is given automatically or 'explicit' when
given by the user. [...] If the consent method is unknown (old consents) it is considered 'implied'").

Only what the visitor said counts: what is implied is no answer.
"""

import re

from .settings import COOKIEBOT, CategorySettings
from .told import Parse, Told, answered

_FIELD = r"[a-z]{1,20}:(?:true|false|-?\d{1,15}|'[^'\\\x00-\x1f]{0,400}')"
_VALUE = re.compile(rf"\{{{_FIELD}(?:,{_FIELD}){{0,30}}\}}\Z", re.ASCII)
_FIELDS = re.compile(r"([a-z]+):('[^']*'|[^,}]+)")
_DECLINED = "0"


def reading(settings: CategorySettings) -> Parse:
    """Reads CookieConsent, whose categories stand for purposes as ``settings`` says."""

    def parse(value: str) -> Told | None:
        if value == _DECLINED:
            return answered(frozenset())
        if not _VALUE.match(value):
            return None
        pairs = _FIELDS.findall(value)
        said = dict(pairs)
        if len(said) != len(pairs):
            return None  # who says a thing twice says nothing
        if said.get("method") != "'explicit'" or said.get("stamp", "'-1'") == "'-1'":
            return None
        if any(said.get(name) not in ("true", "false") for name in COOKIEBOT):
            return None
        utc = said.get("utc", "")
        if not utc.isdecimal():
            return None
        agreed = {name for name, answer in pairs if answer == "true"}
        return answered(settings.granted(agreed), int(utc) // 1000)

    return parse
