"""A visitor in words, as one would describe somebody made up: what they did, not who they are."""

from collections.abc import Callable

from .facts import Profile

Title = Callable[[str], str]
FAVOURITES = 2


def portrait(profile: Profile, category: Title) -> str:
    """``2nd visit; looked at Rabbits 5 x, Hay 2 x; ordered 1 x; 3 in the cart``.

    ``category`` gives the title of a category's id. Nothing that the visitor wrote is told.
    """
    counts = profile.counts
    visit = f"{ordinal(max(profile.visits, 1))} visit"
    looks = {key: each.total for key, each in counts.get("viewed category", {}).items()}
    if looks:
        most = sorted(looks, key=lambda key: (-looks[key], key))[:FAVOURITES]
        seen = ", ".join(f"{category(key)} {looks[key]} x" for key in most)
    else:
        total = sum(each.total for each in counts.get("viewed product", {}).values())
        seen = f"products {total} x" if total else ""
    searches = sum(each.total for each in counts.get("searched query", {}).values())
    items = sum(profile.cart.values())
    parts = (
        visit,
        f"looked at {seen}" if seen else "",
        f"searched {searches} x" if searches else "",
        f"ordered {profile.orders} x" if profile.orders else "",
        f"{items} in the cart" if items else "",
    )
    return "; ".join(part for part in parts if part)


def ordinal(number: int) -> str:
    """``1st``, ``2nd``, ``11th``."""
    tens, ones = divmod(number % 100, 10)
    ending = "th" if tens == 1 else {1: "st", 2: "nd", 3: "rd"}.get(ones, "th")
    return f"{number}{ending}"
