"""Buying: the cart, the checkout, and the account. Here shopwindow is told what happened.

Which pages were looked at is not told here: site.toml names their paths.
"""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from .frame import back, cart_of, catalogue_of, form, page, visit_of
from .shop import MOST, orders, place_order


async def cart(request: Request) -> Response:
    return page(request, "cart.html")


async def add_to_cart(request: Request) -> Response:
    fields = await form(request)
    found = catalogue_of(request).products.get(fields.get("product", ""))
    if found is None:
        raise HTTPException(404)
    quantity = fields.get("quantity", "1")
    if not quantity.isdecimal() or not 1 <= int(quantity[:3]) <= MOST:
        request.session["said"] = f"Please choose a number from 1 to {MOST}."
        return back(found.url)
    if not found.in_stock:
        request.session["said"] = f"{found.title} is sold out at the moment."
        return back(found.url)
    added = cart_of(request).add(found.id, int(quantity))
    if not added:
        request.session["said"] = f"There are {MOST} of these in your cart already."
        return back("/cart")
    if visit := visit_of(request):
        properties = {
            "product_id": found.id,
            "quantity": added,
            "price": float(found.price),
        }
        visit.track("Product Added", properties)
    request.session["said"] = f"{found.title} is in your cart."
    return back("/cart")


async def remove_from_cart(request: Request) -> Response:
    id = (await form(request)).get("product", "")
    removed = cart_of(request).remove(id)
    if removed and (visit := visit_of(request)):
        visit.track("Product Removed", {"product_id": id, "quantity": removed})
    return back("/cart")


async def checkout(request: Request) -> Response:
    full = cart_of(request)
    if not full.lines:
        return back("/cart")
    if request.method == "GET":
        return page(request, "checkout.html")
    order = place_order(full)
    if visit := visit_of(request):
        visit.track("Order Completed", order.event())
    return back(f"/order/{order.id}")


async def order(request: Request) -> Response:
    for found in orders(request.session, catalogue_of(request)):
        if found.id == request.path_params["id"]:
            return page(request, "order.html", order=found)
    raise HTTPException(404)


async def account(request: Request) -> Response:
    if "customer" not in request.session:
        return back("/login")
    kept = orders(request.session, catalogue_of(request))
    return page(request, "account.html", orders=kept)


async def login(request: Request) -> Response:
    if request.method == "GET":
        return page(request, "login.html", name="", wrong="")
    name = (await form(request)).get("name", "").strip()
    if not 1 <= len(name) <= 30 or not name.replace("-", "").replace(" ", "").isalpha():
        wrong = "Please write a first name: letters only, thirty at most."
        return page(request, "login.html", 422, name=name[:30], wrong=wrong)
    customer = {"id": f"customer-{name.casefold()}", "first_name": name}
    request.session["customer"] = customer
    if visit := visit_of(request):
        visit.identify(customer["id"])
    request.session["said"] = f"Welcome, {name}!"
    return back("/")


async def logout(request: Request) -> Response:
    request.session.clear()
    if visit := visit_of(request):
        visit.forget()
    request.session["said"] = "You are logged out. See you soon!"
    return back("/")
