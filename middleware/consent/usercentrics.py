"""The cookie that the shop's own script writes for Usercentrics.

Usercentrics keeps what visitors answered in the browser's local storage (``uc_settings`` and others in version 2,
``ucData`` in 3), which no server ever sees, and sets no cookie that says it: "Usercentrics CMP has never managed
cookies", TC strings excepted (https://usercentrics.atlassian.net/wiki/spaces/SKB/pages/204177435). So a few lines of
script in the shop's pages, printed in GUIDE.md ("Usercentrics"), write what its public interface says
(https://usercentrics.com/docs/web/features/api/control-functionality/#getconsentdetails) into a cookie::

    shopwindow-usercentrics=1795300000.essential.functional!marketing

the seconds since 1970 of the answer, then each category, after a dot if all of its services were accepted, else
after an exclamation mark.
"""

import re

from .settings import CategorySettings
from .told import Parse, Told, answered

_VALUE = re.compile(r"([1-9]\d{9})((?:[.!][A-Za-z0-9_-]{1,60}){1,50})\Z", re.ASCII)
_CATEGORY = re.compile(r"([.!])([^.!]+)")


def reading(settings: CategorySettings) -> Parse:
    """Reads the script's cookie, whose categories stand for purposes as ``settings`` says."""

    def parse(value: str) -> Told | None:
        if (match := _VALUE.match(value)) is None:
            return None
        pairs = _CATEGORY.findall(match[2])
        said = {name: mark for mark, name in pairs}
        if len(said) != len(pairs) or not settings.asked(said.keys()):
            return None
        agreed = {name for name, mark in said.items() if mark == "."}
        return answered(settings.granted(agreed), int(match[1]))

    return parse
