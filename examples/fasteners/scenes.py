"""Whole pictures: products, articles, and the large ones of the start page and categories."""

import re

from .canvas import box, dot, holes, measure, path, sheet
from .drawings import shapes
from .stock import Article, Category, Product

LARGE = (640, 400)
SIZES = re.compile(r'<path class="size"[^>]*/>')


def placed(drawing: str, x: float, y: float, scale: float, turn: float = 0) -> str:
    """A product's drawing, without its measures, with its middle at ``x``, ``y``."""
    return (
        f'<g transform="translate({x:g} {y:g}) rotate({turn:g}) scale({scale:g})'
        f' translate(-160 -115)">{SIZES.sub("", shapes(drawing))}</g>'
    )


def joint() -> str:
    """Two beams, a joist hanger and an angle bracket: timber work in one picture."""
    beam = path("wood", "M90 70H540V190H90z") + path(
        "wood", "M90 70l44 -32h450l-44 32z"
    )
    beam += path("end", "M540 70l44 -32v120l-44 32z")
    beam += path("thin", "M110 96H330M250 118H510M104 152H210M330 172H480M420 90H524")
    joist = path("wood", "M242 190H352V360H242z") + path(
        "end", "M242 360H352l-18 20H260z"
    )
    joist += path("thin", "M264 320V214M290 350V240M322 340V200M338 352V260")
    shoe = path("steel", "M210 124h36v186h102V124h36v206H210z")
    shoe += path("light", "M246 314h102v16H246z")
    nails = [(x, y) for x in (228, 366) for y in (146, 180, 214, 248, 282)]
    corner = path("steel", "M430 190h84l14 10h-84z") + path(
        "light", "M444 200h84v88h-84z"
    )
    corner += holes([(466, 224), (506, 224), (466, 262), (506, 262)], 6)
    sizes = measure(242, 352, 390) + path("size", "M62 70v120m-8 0h16m-16 -120h16")
    return beam + joist + shoe + holes(nails, 6) + corner + sizes


def counter() -> str:
    """A little of everything, as it lies on the counter of the shop."""
    loose = dot("orange", 320, 348, 17) + dot("hole", 320, 348, 7)
    loose += dot("steel", 330, 56, 20) + dot("hole", 330, 56, 9)
    return (
        placed("hanger", 170, 130, 1)
        + placed("bracket", 500, 124, 1)
        + placed("screw washer 8 120", 174, 320, 1.1, 6)
        + placed("bolt", 480, 310, 1.05, -10)
        + loose
    )


def arranged(products: list[Product]) -> str:
    """The first three drawings of a category."""
    places = ((180, 136, 1.1, -6), (450, 206, 1.1, 5), (190, 306, 1.0, 3))
    return "".join(
        placed(product.drawing, *place)
        for product, place in zip(products, places, strict=False)
    )


def start_picture() -> str:
    return sheet(*LARGE, counter(), "Schrauben und Verbinder auf dem Tresen")


def category_picture(category: Category, products: list[Product]) -> str:
    drawing = joint() if category.id == "holzverbinder" else arranged(products)
    return sheet(*LARGE, drawing, category.title)


def article_picture(article: Article) -> str:
    """A page of notes and what it is about."""
    page = box("light", 40, 40, 140, 190, 6) + "".join(
        path("thin", f"M62 {y}h{w}")
        for y, w in ((76, 96), (100, 76), (124, 96), (148, 58), (186, 86))
    )
    return sheet(
        480, 270, page + placed(article.drawing, 328, 138, 0.95), article.title
    )


def product_picture(product: Product) -> str:
    return sheet(320, 240, shapes(product.drawing), product.title)
