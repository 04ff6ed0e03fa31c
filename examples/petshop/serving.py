"""The demo as each of its processes serves it; where and with which secret says the environment."""

import os
from pathlib import Path

from starlette.applications import Starlette

from shopwindow import Shopwindow

from .app import SITE, create_app

FACTORY = f"{__name__}:app"


def settle(store: Path, key: str) -> None:
    """Tell this process, and those that it starts, where ``store`` is and what they sign with."""
    os.environ["SHOPWINDOW_STORE"] = f"sqlite:///{store.resolve()}"
    os.environ["SHOPWINDOW_EVENTS"] = ""
    os.environ["SHOPWINDOW_SECRET_KEYS"] = key


def app() -> Starlette:
    """The shop. Raises KeyError where :func:`settle` was not called before."""
    secret = os.environ["SHOPWINDOW_SECRET_KEYS"]
    return create_app(demo=True, window=Shopwindow(SITE), secret=secret)
