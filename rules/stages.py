"""Where a visitor stands between the first look and the last order."""

from .facts import DAY, Context, Profile

CONSIDERING = 3  # looks at one category
LOOKING = 30  # days within which they count

STAGES = ("new", "exploring", "considering", "cart", "customer", "lapsing", "lapsed")


def stage(profile: Profile, context: Context) -> str:
    """Where the visitor stands; the first of these that fits:

    ``cart`` the cart is not empty; ``customer`` the last order is less than 90 days ago,
    ``lapsing`` less than 180, ``lapsed`` longer; ``considering`` 3 or more looks at one
    category in 30 days; ``new`` no visit before this one; ``exploring`` everybody else.
    """
    if profile.cart:
        return "cart"
    if profile.last_order:
        age = context.now - profile.last_order
        return (
            "customer" if age < 90 * DAY else "lapsing" if age < 180 * DAY else "lapsed"
        )
    first = context.day - LOOKING + 1
    for counter in profile.counts.get("viewed category", {}).values():
        if counter.since(first) >= CONSIDERING:
            return "considering"
    return "exploring" if profile.visits > 1 else "new"
