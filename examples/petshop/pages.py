"""Looking around: the start page, categories, products, search, advice, pictures."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from . import pictures
from .frame import cart_of, catalogue_of, page, visit_of


async def home(request: Request) -> Response:
    strip, answers = request.app.state.strip, ()
    if visit := visit_of(request):
        visit.set(cart_value=float(cart_of(request).value))
        if strip is not None:
            answers = await strip.answers(visit)
    return page(request, "home.html", answers=answers)


async def category(request: Request) -> Response:
    found = catalogue_of(request).categories.get(request.path_params["id"])
    if found is None:
        raise HTTPException(404)
    return page(request, "category.html", category=found)


async def product(request: Request) -> Response:
    found = catalogue_of(request).products.get(request.path_params["id"])
    if found is None:
        raise HTTPException(404)
    return page(request, "product.html", product=found)


async def search(request: Request) -> Response:
    query = request.query_params.get("q", "").strip()[:80]
    found = catalogue_of(request).search(query)
    return page(request, "search.html", query=query, products=found)


async def advice(request: Request) -> Response:
    return page(request, "advice.html")


async def article(request: Request) -> Response:
    found = catalogue_of(request).articles.get(request.path_params["id"])
    if found is None:
        raise HTTPException(404)
    return page(request, "article.html", article=found)


async def picture(request: Request) -> Response:
    catalogue, name = catalogue_of(request), request.path_params["name"]
    kind, _, id = name.rpartition("/")
    if kind == "" and id == "logo":
        svg = pictures.logo_picture()
    elif kind == "" and id == "meadow":
        svg = pictures.meadow_picture()
    elif kind == "" and (item := catalogue.products.get(id)):
        svg = pictures.product_picture(item.id, item.category, item.kind)
    elif kind == "category" and id in catalogue.categories:
        svg = pictures.category_picture(id)
    elif kind == "article" and (text := catalogue.articles.get(id)):
        svg = pictures.article_picture(text.id, text.category, text.kind)
    else:
        raise HTTPException(404)
    headers = {"cache-control": "public, max-age=86400"}
    return Response(svg, media_type="image/svg+xml", headers=headers)


async def missing(request: Request, error: Exception) -> Response:
    return page(request, "missing.html", 404)
