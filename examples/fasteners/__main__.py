"""``python -m shopwindow.examples.fasteners``: the shop on PORT, with its CRM beside it."""

import os
import secrets
import signal
import sys
import tempfile

import uvicorn

from .app import create_app
from .crm import Crm, surroundings

WHAT_TO_TRY = """
Schraubenkontor, a fasteners shop: http://127.0.0.1:{port}/
Its CRM, another service:          {crm}

 1  Say "Einverstanden" on the start page.
 2  Open the category "Holzverbinder", one of its products and one of its guides,
    three looks in all, and return to the start page: Holzverbinder on top.
 3  Press "Ich kaufe gewerblich" at the top right: the start page offers a business
    account, three times in a week, then no more.
 4  Log in ("Anmelden") as 20417: the CRM knows the account, and the start page
    names the desk that looks after this customer. 20688 has none yet.

CRM_DELAY=1 makes the CRM slow (seconds): the page leaves in time without its answer,
the next page has it. CRM_BROKEN=1 makes it fail: the page keeps its default content.
"""


def main() -> None:
    port = int(os.environ.get("PORT", "8001"))
    crm = Crm(
        delay=float(os.environ.get("CRM_DELAY", "0")),
        broken=os.environ.get("CRM_BROKEN") == "1",
    )
    with crm.serving() as url, tempfile.TemporaryDirectory() as folder:
        os.environ.update(surroundings(url))
        os.environ.setdefault("SHOPWINDOW_SECRET_KEYS", secrets.token_hex(32))
        # An installed package is no place for a database.
        database = f"sqlite:///{folder}/shopwindow.db"
        os.environ.setdefault("SHOPWINDOW_STORE", database)
        app = create_app()
        print(WHAT_TO_TRY.format(port=port, crm=url.format(customer="20417")))
        # By default it would end this process before the folder is removed.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")


if __name__ == "__main__":
    main()
