"""The cookie that the shop's own script writes for Usercentrics.

Usercentrics keeps what visitors answered in the browser's local storage (``uc_settings`` and others in version 2,
``ucData`` in 3), which no server ever sees, and sets no cookie that says it: "Usercentrics CMP has never managed
cookies" (https://usercentrics.atlassian.net/wiki/spaces/SKB/pages/204177435). So a few lines of script in the shop's
pages, printed in GUIDE.md ("Usercentrics"), write what the public interface answers
(``__ucCmp.getConsentDetails()``: https://usercentrics.com/docs/web/api/, in version 2 ``UC_UI.getServicesBaseInfo()``)
into a cookie::

    shopwindow-usercentrics=1795300000.essential.functional

the seconds since 1970 of the answer, then the categories that were accepted as a whole, each with a dot before it.
"""

import re

from .settings import CategorySettings
from .told import Parse, Told, answered

_VALUE = re.compile(r"([1-9]\d{9})((?:\.[A-Za-z0-9_-]{1,60}){0,50})\Z", re.ASCII)


def reading(settings: CategorySettings) -> Parse:
    """Reads the script's cookie, whose categories stand for purposes as ``settings`` says."""

    def parse(value: str) -> Told | None:
        if (match := _VALUE.match(value)) is None:
            return None
        agreed = set(match[2].split(".")[1:])
        return answered(settings.granted(agreed), int(match[1]))

    return parse
