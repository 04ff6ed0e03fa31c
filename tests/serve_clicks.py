"""A shop with links in its fragments: ``uvicorn tests.serve_clicks:app``, its site in SHOP_SITE."""

import os
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from shopwindow import PersonalizationMiddleware
from tests.shop import by_attribute, page

#: No inline script, nothing from elsewhere.
POLICY = "default-src 'none'; script-src 'self'; connect-src 'self'; img-src data:"


async def start(request: Request) -> HTMLResponse:
    icon = '<link rel="icon" href="data:,">'  # asks for none
    body = page(by_attribute).replace(b"</head>", icon.encode() + b"</head>")
    return HTMLResponse(body, headers={"content-security-policy": POLICY})


shop = Starlette(routes=[Route("/", start), Route("/p/{product}", start)])
app = PersonalizationMiddleware(shop, Path(os.environ["SHOP_SITE"]))
