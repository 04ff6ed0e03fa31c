"""The demo as each of its processes serves it; where and with which secret says the environment."""

import os
from pathlib import Path

from starlette.applications import Starlette

from shopwindow import Shopwindow
from shopwindow.middleware.stores.opening import scheme_of, sqlite_path, url_of

from .app import SITE, create_app

FACTORY = f"{__name__}:app"


def settle(store: str, key: str) -> None:
    """Tell this process, and those that it starts, where ``store`` is, a URL or a file's path, and
    what they sign with."""
    url = url_of(store)
    if scheme_of(url) == "sqlite":  # a path is meant from here, not from the site
        url = f"sqlite:///{sqlite_path(url, Path.cwd())}"
    os.environ["SHOPWINDOW_STORE"] = url
    os.environ["SHOPWINDOW_EVENTS"] = ""
    os.environ["SHOPWINDOW_SECRET_KEYS"] = key


def app() -> Starlette:
    """The shop. Raises KeyError where :func:`settle` was not called before."""
    secret = os.environ["SHOPWINDOW_SECRET_KEYS"]
    return create_app(demo=True, window=Shopwindow(SITE), secret=secret)
