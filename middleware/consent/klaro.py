"""Klaro's cookie ``klaro``: JSON that says of each service whether the visitor agreed to it.

``{"shop-memory":true,"matomo":false}``, percent-encoded or not; it says no time. Sources: the annotated
configuration at https://klaro.org/docs/integration/annotated-configuration (``storageMethod`` is "cookie" by
default, ``storageName`` is "klaro"), and what Klaro itself writes (GitHub: klaro-org/klaro-js,
src/consent-manager.js, ``saveConsents``: JSON.stringify, kept for 120 days; src/utils/cookies.js, ``setCookie``).
"""

import re

from .settings import CategorySettings
from .told import Parse, Told, answered

_SERVICE = r'"[^"\\\x00-\x1f]{1,200}":(?:true|false)'
_VALUE = re.compile(rf"\{{{_SERVICE}(?:,{_SERVICE}){{0,200}}\}}\Z")
_SERVICES = re.compile(r'"([^"]+)":(true|false)')


def reading(settings: CategorySettings) -> Parse:
    """Reads what Klaro writes, whose services stand for purposes as ``settings`` says."""

    def parse(value: str) -> Told | None:
        if not _VALUE.match(value):
            return None
        pairs = _SERVICES.findall(value)
        said = dict(pairs)
        if len(said) != len(pairs) or not settings.asked(said.keys()):
            return None  # who says a thing twice says nothing of it
        agreed = {name for name, answer in pairs if answer == "true"}
        return answered(settings.granted(agreed))

    return parse
