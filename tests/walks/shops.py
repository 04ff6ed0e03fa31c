"""The example shops as a server opens them; the environment says the rest."""

import os
from pathlib import Path

from starlette.types import ASGIApp

from shopwindow.examples.fasteners import app as fasteners_shop
from shopwindow.examples.petshop import app as petshop_shop


def petshop() -> ASGIApp:
    """Pawfields with the strip of its demo, over the site folder SITE."""
    return petshop_shop.create_app(demo=True, site=Path(os.environ["SITE"]))


def fasteners() -> ASGIApp:
    return fasteners_shop.create_app()
