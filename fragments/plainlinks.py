"""Links that keep the address they lead to, and name the one that counts a click beside it.

For shops whose pages tell of clicks by a script: whoever has none still gets where they want.
"""

import re
from collections.abc import Mapping
from string import punctuation
from urllib.parse import quote

from markupsafe import escape

#: What such a link has instead of leading there.
ATTRIBUTE = "data-sw-click"
_LINK = re.compile(r"""(?<=\s)(href\s*=\s*)(["'])([^"'<>\s]+)\2""", re.IGNORECASE)


def plain(text: str, links: Mapping[str, str]) -> str:
    """``text``, HTML, with the addresses that ``links`` count clicks for: link -> address.

    Where a link stands elsewhere than in a quoted ``href`` it stays.
    """

    def both(found: re.Match[str]) -> str:
        name, sign, link = found.groups()
        address = links.get(link)
        if address is None:
            return found[0]
        there = escape(quote(address, safe=punctuation, errors="replace"))
        return f"{name}{sign}{there}{sign} {ATTRIBUTE}={sign}{link}{sign}"

    return _LINK.sub(both, text)
