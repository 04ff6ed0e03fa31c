"""The pages that every framework's shop serves, as it makes them and as they leave."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

from tests.shop import TEASER, by_attribute, page

DEFAULT = page(by_attribute)
DRESSED = page(by_attribute, teaser=TEASER.decode())
ETAG = '"1"'
PAGES = ("one", "stream", "file")


def file() -> Path:
    """The page as a file; SHOP_FILES is the folder that it stands in."""
    return Path(os.environ["SHOP_FILES"]) / "page.html"


async def letters() -> AsyncIterator[bytes]:
    """The page, one character after the other."""
    for at in range(len(DEFAULT)):
        yield DEFAULT[at : at + 1]
