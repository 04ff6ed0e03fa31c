"""Visits of the last weeks, as a log tells of them: one visitor's, one after the other.

The rules are those of the pet shop, as far as its start page goes; what is shown follows from
what the visitor has done before, and what the visitor does from what is shown.
"""

from collections.abc import Iterator
from random import Random

import msgspec

from ...rules.events import (
    LIST_VIEWED,
    ORDER_COMPLETED,
    PRODUCT_ADDED,
    PRODUCT_VIEWED,
    PROMOTION_CLICKED,
    PROMOTION_DISMISSED,
    PROMOTION_RATED,
    PROMOTION_VIEWED,
)
from .assortment import Shelf
from .planted import effect, orders_factor
from .tastes import Taste

HOLDOUT = 0.02
CONSIDERING = 3  # looks, after which the large picture is about the favourite animal
AGAIN = 0.25  # chance of a later order of who has ordered
LOOKS = (1, 1, 2, 2, 3, 3, 4, 6)

# Experiment -> its arms, each with its part of all; an arm may be there twice.
ARMS: dict[str, tuple[str, ...]] = {
    "greeting": ("advice", "animals", "parcel"),
    "hero-tone": ("control", "plain", "plain", "cosy", "cosy"),
    "shelf-level": ("none", "segment", "individual", "individual"),
}
DEFAULT = frozenset(("control", "none"))  # arms that keep what the shop itself shows
ADAPTING = frozenset(("greeting",))  # whose weights may follow, so that each is told
HEROES = {
    "dog": "dog-hero",
    "cat": "cat-hero",
    "hamster": "small-pets-hero",
    "bird": "bird-hero",
    "garden": "garden-hero",
}

Written = tuple[
    str, float, str, str, str, str | None, str | None, str | None, str | None, str
]
"""A row of the log: the columns of :class:`~shopwindow.middleware.stores.rows.Row`."""


class Shown(msgspec.Struct, frozen=True, gc=False):
    """One thing on a page: what a click on it tells, and what it was."""

    decision: str
    fragment: str
    rule: str
    experiment: str = ""
    arm: str = ""


class Person(msgspec.Struct):
    """A visitor between visits."""

    mark: str
    taste: Taste
    arms: dict[str, str]
    held: bool
    left: int  # visits that are still to come
    number: int
    customer: str = ""
    visits: int = 0
    looks: int = 0
    orders: int = 0
    decided: bool = False  # whether to order has been thought about, once for all
    shown: set[str] = msgspec.field(default_factory=set)  # experiments seen


def person(number: int, mark: str, taste: Taste, visits: int, luck: Random) -> Person:
    """A new visitor, with the arms that are theirs for ever."""
    arms = {
        experiment: among[int(luck.random() * len(among))]
        for experiment, among in ARMS.items()
    }
    return Person(mark, taste, arms, luck.random() < HOLDOUT, visits, number)


class Walk:
    """One visit of ``who``, which begins at ``time``: :meth:`rows` tells all that happens."""

    def __init__(
        self, who: Person, time: float, shelf: Shelf, revision: str, luck: Random
    ) -> None:
        self.who = who
        self.time = time
        self.shelf = shelf
        self.revision = revision
        self.luck = luck
        self.happened: list[Written] = []
        self._made = 0

    def rows(self) -> list[Written]:
        who, luck = self.who, self.luck
        who.visits += 1
        who.left -= 1
        self._page()
        if luck.random() < 0.25:
            return self.happened  # a look at the start page, and away
        favourite = who.taste.favourite
        self._happens(LIST_VIEWED, f'{{"category":"{favourite}"}}')
        who.looks += 1
        cart: list[tuple[str, int]] = []
        for _ in range(LOOKS[int(luck.random() * len(LOOKS))]):
            ware = self.shelf.pick(luck)
            self._happens(PRODUCT_VIEWED, f'{{"product_id":"{ware.id}"}}')
            who.looks += 1
            if luck.random() < 0.1:
                cart.append((ware.id, ware.cents))
                self._happens(
                    PRODUCT_ADDED,
                    f'{{"product_id":"{ware.id}","quantity":1,"price":{ware.cents / 100}}}',
                )
        self._page()
        self._buy(cart)
        return self.happened

    # -- pages -----------------------------------------------------------------------------

    def _page(self) -> None:
        """The start page: what it shows, and what becomes of that."""
        who, luck = self.who, self.luck
        wanted = list(self._wanted())
        if not wanted:
            self.time += 8 + 82 * luck.random()
            return
        id = self._id()
        told: list[str] = []
        shown: list[Shown] = []
        rules: list[str] = []
        variants: list[str] = []
        for place, (slot, rule, fragment, experiment) in enumerate(wanted):
            arm = who.arms[experiment] if experiment else ""
            held = "holdout" if who.held else "control" if arm in DEFAULT else ""
            what = f'"held":"{held}"' if held else f'"promotion_id":"{fragment}"'
            more = ""
            if arm:
                more = f',"experiment":"{experiment}","variant":"{arm}"'
                if experiment in ADAPTING:
                    more += f',"propensity":{1 / len(ARMS[experiment])}'
                variants.append(arm)
            told.append(
                f'{{{what},"slot":"{slot}","rule":"{rule}"{more},"decision":"{id}.{place}"}}'
            )
            rules.append(rule)
            if arm and not who.held:
                who.shown.add(experiment)
            if not held:
                shown.append(Shown(f"{id}.{place}", fragment, rule, experiment, arm))
        properties = (
            f'{{"promotions":[{",".join(told)}],"revision":"{self.revision}"'
            f',"stage":"{self._stage()}"{self._segments()}}}'
        )
        self._add(
            id,
            PROMOTION_VIEWED,
            properties,
            id,
            " ".join(dict.fromkeys(rules)),
            " ".join(dict.fromkeys(variants)) or None,
        )
        for one in shown:
            self._answer(one)

    def _wanted(self) -> Iterator[tuple[str, str, str, str]]:
        """Slot, rule, fragment and experiment of all that holds."""
        who = self.who
        if who.orders >= 3:
            yield "home.notice", "thanks-regular", "notice", ""
        elif who.visits == 1 and not who.orders:
            yield "home.notice", "hello-newcomer", "notice", "greeting"
        if not who.looks:
            return
        favourite = who.taste.favourite
        if who.looks >= CONSIDERING and favourite in HEROES:
            yield "home.hero", HEROES[favourite], "category-hero", "hero-tone"
        elif who.looks >= CONSIDERING and favourite == "rabbit":
            yield "home.hero", "rabbit-hero", "category-hero", ""
        yield "home.categories", "own-animals-first", "own-first", ""
        yield "home.recommendations", "own-shelf", "product-shelf", "shelf-level"

    def _stage(self) -> str:
        who = self.who
        if who.orders:
            return "customer"
        if who.looks >= CONSIDERING:
            return "considering"
        return "exploring" if who.visits > 1 else "new"

    def _segments(self) -> str:
        who = self.who
        held = []
        if who.visits == 1 and not who.orders:
            held.append('"newcomer"')
        if who.orders >= 3:
            held.append('"regular"')
        if who.looks:
            held.append('"has-looked-around"')
        if who.looks >= CONSIDERING and who.taste.favourite == "rabbit":
            held.append('"rabbit-friend"')
        return f',"segments":[{",".join(held)}]' if held else ""

    def _answer(self, one: Shown) -> None:
        """Click on it, send it away, or say what one thinks of it; mostly nothing."""
        luck, taste = self.luck, self.who.taste
        chance = taste.curious * effect(one.experiment, one.arm).clicks
        drawn = luck.random()
        said = f'"promotion_id":"{one.fragment}","decision":"{one.decision}"'
        if drawn < chance and one.fragment != "own-first":
            self._about(PROMOTION_CLICKED, f"{{{said}}}", one, None)
        elif drawn > 1 - taste.picky:
            rule = f'{{{said},"rule":"{one.rule}"}}'
            self._about(PROMOTION_DISMISSED, rule, one, one.rule)
        elif drawn > 0.96:
            rating = "up" if drawn < 0.985 else "down"
            rated = f'{{{said},"rule":"{one.rule}","rating":"{rating}"}}'
            self._about(PROMOTION_RATED, rated, one, one.rule)

    # -- buying ----------------------------------------------------------------------------

    def _buy(self, cart: list[tuple[str, int]]) -> None:
        """Whether somebody orders is settled once, at the first large picture of theirs: then
        an arm's part of those who order is its factor times that of others."""
        who, luck = self.who, self.luck
        if who.decided:
            orders = bool(who.orders) and luck.random() < AGAIN
        elif who.looks < CONSIDERING:
            return
        else:
            who.decided = True
            seen = {name: who.arms[name] for name in who.shown}
            orders = luck.random() < who.taste.ready * orders_factor(seen)
        if not orders:
            return
        while not cart or luck.random() < 0.3:
            ware = self.shelf.pick(luck)
            cart.append((ware.id, ware.cents))
        who.orders += 1
        lines = ",".join(
            f'{{"product_id":"{id}","quantity":1,"price":{cents / 100}}}'
            for id, cents in cart
        )
        revenue = sum(cents for _, cents in cart) / 100
        self._happens(
            ORDER_COMPLETED,
            f'{{"order_id":"MU-{who.number}-{who.orders}","revenue":{revenue},"products":[{lines}]}}',
        )

    # -- rows ------------------------------------------------------------------------------

    def _id(self) -> str:
        """Ids sort by time, and no two are alike: the visitor's number, and one within the visit."""
        self._made += 1
        return f"{int(self.time * 1000):011x}{self.who.number:016x}{self._made:04x}"

    def _happens(self, name: str, properties: str) -> None:
        self.happened.append(
            (self._id(), self.time, self.who.mark, name, properties,
             None, None, None, None, "personalization")
        )  # fmt: skip
        self.time += 8 + 82 * self.luck.random()

    def _about(self, name: str, properties: str, one: Shown, rule: str | None) -> None:
        self.time += 1 + 5 * self.luck.random()
        self.happened.append(
            (self._id(), self.time, self.who.mark, name, properties,
             one.decision, rule, None, None, "statistics")
        )  # fmt: skip

    def _add(
        self, id: str, name: str, properties: str, decision: str, rule: str, variant: str | None
    ) -> None:  # fmt: skip
        self.happened.append(
            (id, self.time, self.who.mark, name, properties,
             decision, rule, variant, self.revision, "statistics")
        )  # fmt: skip
        self.time += 4 + 20 * self.luck.random()
