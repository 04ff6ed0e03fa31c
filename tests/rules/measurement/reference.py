"""What a story adds, worked out the long way: every number is asked for on its own."""

from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

from shopwindow.rules.facts import DAY, Event
from shopwindow.rules.measurement.plan import Plan

Cell = tuple[int, str, str, str, str]
Count = tuple[int, str, str, str]
PAGES = {
    *("Visited", "Product Viewed", "Product List Viewed", "Article Viewed"),
    "Products Searched",
}
PRESENT = PAGES | {
    *("Promotion Viewed", "Promotion Clicked", "Promotion Dismissed"),
    *("Promotion Rated", "Order Completed", "Product Added", "Product Removed"),
}
VERBS = {"Promotion Clicked": "clicks", "Promotion Dismissed": "dismissals"}


class Slot(NamedTuple):
    """One decided slot of one page."""

    time: float
    page: dict[str, Any]
    number: int
    entry: dict[str, Any]

    def __getattr__(self, name: str) -> str:
        return str(self.entry.get(name) or "")

    @property
    def became(self) -> str:
        if not self.rule:
            return ""
        if self.failed:
            return "failed"
        if self.held:
            return "held"
        return "impressions" if self.promotion_id else ""

    @property
    def arm(self) -> str:
        if not self.experiment or self.held == "holdout":
            return ""
        return self.variant or ("control" if self.held else "")

    @property
    def account(self) -> str:
        return self.of if self.unit == "account" else ""


class Reference:
    """The cells, counts and accounts of one story."""

    def __init__(
        self, story: list[Event], plan: Plan, until: float, left: float | None
    ) -> None:
        self.plan, self.left = plan, left
        known = PRESENT | plan.leads
        events = sorted(story, key=lambda event: event.time)
        events = [e for e in events if 0 <= e.time <= until and e.name in known]
        self.events = list(agreed(events))
        self.slots = [
            Slot(event.time, event.properties, number, entry)
            for event in self.of("Promotion Viewed")
            for number, entry in enumerate(event.properties.get("promotions", []))
        ]
        self.seen = [
            slot for slot in self.slots if slot.became in ("impressions", "held")
        ]
        self.shown = [slot for slot in self.slots if slot.became == "impressions"]
        self.cells: dict[Cell, dict[str, int]] = {}
        self.accounts: dict[str, dict[Cell, dict[str, int]]] = {}
        self.counted: Counter[Count] = Counter()
        if self.seen:
            self.place()
            self.count()

    @property
    def counts(self) -> dict[Count, int]:
        return {key: number for key, number in self.counted.items() if number}

    def of(self, *names: str) -> list[Event]:
        return [event for event in self.events if event.name in names]

    # -- what belongs to what ------------------------------------------------------------------

    def answered(self, response: Event) -> Slot | None:
        said = response.properties
        if decision := said.get("decision"):
            named = [slot for slot in self.shown if slot.decision == decision]
            return named[0] if named else None
        earlier = [
            slot
            for slot in self.shown
            if slot.time <= response.time and slot.promotion_id == said["promotion_id"]
        ]
        return earlier[-1] if earlier else None

    def came_of(self, slot: Slot) -> dict[str, float]:
        """When what came of a showing, as far as it counts."""
        came: dict[str, float] = {}
        for response in self.of(*VERBS, "Promotion Rated"):
            if self.answered(response) is not slot:
                continue
            verb = VERBS.get(response.name)
            if verb:
                came.setdefault(verb, response.time)
            elif (rating := response.properties.get("rating")) in ("up", "down"):
                came.pop("thumbs-up", None)
                came.pop("thumbs-down", None)
                came[f"thumbs-{rating}"] = response.time
        return came

    def orders(self, start: float, end: float) -> list[tuple[float, int]]:
        found: list[tuple[float, int]] = []
        ids = set()
        for event in self.of("Order Completed"):
            id = event.properties.get("order_id")
            if id is not None and id in ids:
                continue
            ids.add(id)
            if start <= event.time < end:
                found.append((event.time, round(event.properties["revenue"] * 100)))
        return found

    def visits(self) -> list[list[Event]]:
        visits: list[list[Event]] = []
        for event in self.events:
            if visits and event.time - visits[-1][-1].time <= 1_800:
                visits[-1].append(event)
            else:
                visits.append([event])
        return visits

    # -- quantities ----------------------------------------------------------------------------

    def quantities(
        self, whose: Callable[[Slot], bool], start: float, window: float
    ) -> dict[str, int]:
        end = start + window
        found: Counter[str] = Counter()
        for slot in self.shown:
            if whose(slot) and start <= slot.time < end:
                found["impressions"] += 1
                for what, time in self.came_of(slot).items():
                    found[what] += time < end
        found["clicked"] = int(found["clicks"] > 0)
        for visit in self.visits():
            pages = {
                event.time
                for event in visit
                if event.name in PAGES or event.name == "Promotion Viewed"
            }
            if not any(start <= time < end for time in pages):
                continue
            found["visits"] += 1
            found["pages"] += sum(start <= time < end for time in pages)
            found["bounces"] += len(pages) == 1
            products = [e.time for e in visit if e.name == "Product Viewed"]
            if products and start <= products[0] < end:
                found["product-visits"] += 1
                found["product-seconds"] += int(products[0] - visit[0].time)
        found.update(self.bought(start, end, "", float("inf")))
        found.update(self.bought(start - 28 * DAY, start, "before:", start))
        del found["before:orders"]
        found["opt-out"] = int(self.left is not None and start <= self.left < end)
        found["net"] = found["revenue"] - found["opt-out"] * self.plan.customer
        return {name: number for name, number in found.items() if number}

    def bought(
        self, start: float, end: float, prefix: str, known: float
    ) -> dict[str, int]:
        orders = self.orders(start, end)
        later = [time for time, _ in self.orders(start, known)]
        again = (
            bool(orders)
            and len(later) > 1
            and later[1] - later[0] <= self.plan.repurchase
        )
        inside = [e.name for e in self.events if start <= e.time < end]
        found = {
            "orders": len(orders),
            "ordered": int(bool(orders)),
            "revenue": sum(cents for _, cents in orders),
            "repurchased": int(again),
            "added": int("Product Added" in inside),
            "leads": int(any(name in self.plan.leads for name in inside)),
        }
        return {prefix + name: number for name, number in found.items()}

    # -- cells ---------------------------------------------------------------------------------

    def put(
        self,
        key: tuple[str, str, str],
        seen: list[Slot],
        arm: str,
        whose: Callable[[Slot], bool],
        window: float,
        account: str = "",
    ) -> None:
        start = seen[0].time
        cells = self.accounts.setdefault(account, {}) if account else self.cells
        cell = (self.plan.day(start), *key, arm)
        cells[cell] = self.quantities(whose, start, window)

    def place(self) -> None:
        usual = self.plan.window
        sides = {page_of(self.seen, slot) for slot in self.seen}
        if len(sides) == 1:
            self.put(("site", "", ""), self.seen, sides.pop(), everything, usual)
        for rule in {slot.rule for slot in self.seen}:
            of_rule = partial(has, rule=rule)
            seen = [slot for slot in self.seen if of_rule(slot)]
            window = self.plan.rules.get(rule, usual)
            self.put(("rule", rule, ""), seen, side(seen[0]), of_rule, window)
        for name in {slot.slot for slot in self.seen}:
            of_slot = partial(has, slot=name)
            seen = [slot for slot in self.seen if of_slot(slot)]
            self.put(("slot", name, ""), seen, holdout(seen[0]), of_slot, usual)
            for stage in {str(slot.page.get("stage") or "") for slot in seen} - {""}:
                then = [slot for slot in seen if slot.page.get("stage") == stage]
                key = "slot", name, f"stage:{stage}"
                self.put(key, then, holdout(then[0]), of_slot, usual)
        for kind in ("stage", "campaign"):
            for name in {str(slot.page.get(kind) or "") for slot in self.seen} - {""}:
                seen = [slot for slot in self.seen if slot.page.get(kind) == name]
                arm = page_of(self.seen, seen[0])
                self.put((kind, name, ""), seen, arm, everything, usual)
        for name in {each for slot in self.seen for each in segments(slot)}:
            seen = [slot for slot in self.seen if name in segments(slot)]
            arm = page_of(self.seen, seen[0])
            self.put(("segment", name, ""), seen, arm, everything, usual)
        for name in {slot.experiment for slot in self.seen if slot.arm}:
            self.place_experiment(name)

    def drawn(self, name: str) -> dict[str, list[Slot]]:
        """By account, what was seen of an experiment."""
        found: dict[str, list[Slot]] = {}
        for slot in self.seen:
            if slot.arm and slot.experiment == name:
                found.setdefault(slot.account, []).append(slot)
        return found

    def arms(self, name: str, seen: list[Slot]) -> set[str]:
        """Those that are counted: of a roll-out the first one alone."""
        if name in self.plan.rollouts:
            return {seen[0].arm}
        return {slot.arm for slot in seen}

    def place_experiment(self, name: str) -> None:
        window = self.plan.experiments.get(name, self.plan.window)
        drawn = self.drawn(name)
        for account, seen in drawn.items():
            arms = self.arms(name, seen)
            if not account and len(arms) > 1:
                self.counted[
                    self.plan.day(seen[0].time), "experiment", name, "crossed"
                ] += 1
                continue
            if not account and len(drawn) > 1:
                continue

            first = seen[0].arm

            def whose(slot: Slot, account: str = account, arm: str = first) -> bool:
                told = slot.experiment, slot.account, slot.arm
                return told == (name, account, arm)

            arm = seen[0].arm if len(arms) == 1 else ""
            for context in ("", *(f"segment:{one}" for one in segments(seen[0]))):
                key = "experiment", name, context
                self.put(key, seen, arm, whose, window, account)

    # -- counts --------------------------------------------------------------------------------

    def add(self, time: float, slot: Slot, what: str, number: int = 1) -> None:
        day, stage = self.plan.day(time), slot.page.get("stage")
        self.counted[day, "site", "", what] += number
        self.counted[day, "rule", slot.rule, what] += number
        self.counted[day, "slot", slot.slot, what] += number
        if stage:
            self.counted[day, "slot", f"{slot.slot}@{stage}", what] += number
        if slot.arm:
            name = f"{slot.experiment}/{slot.arm}"
            self.counted[day, "experiment", name, what] += number
        if slot.page.get("campaign"):
            self.counted[day, "campaign", slot.page["campaign"], what] += number

    def count(self) -> None:
        plan, day = self.plan, self.plan.day
        for slot in self.slots:
            if slot.became:
                self.add(slot.time, slot, slot.became)
        for slot in self.shown:
            for what, time in self.came_of(slot).items():
                self.add(time, slot, what)
        first = self.seen[0].time
        if len({page_of(self.seen, slot) for slot in self.seen}) > 1:
            self.counted[day(first), "site", "", "crossed"] += 1
        for time, cents in self.orders(0, float("inf")):
            if time >= first:
                self.counted[day(time), "site", "", "orders"] += 1
                self.counted[day(time), "site", "", "revenue"] += cents
            if touched := self.touched(time):
                for which, one in zip(("first", "last"), touched, strict=True):
                    self.add(time, one, f"{which}-orders")
                    self.add(time, one, f"{which}-revenue", cents)
        for name in {slot.experiment for slot in self.seen if slot.arm}:
            window = plan.experiments.get(name, plan.window)
            for seen in self.drawn(name).values():
                if len(self.arms(name, seen)) > 1:
                    continue
                start, arm = seen[0].time, f"{name}/{seen[0].arm}"
                for time, cents in self.orders(start, start + window):
                    self.counted[day(time), "experiment", arm, "orders"] += 1
                    self.counted[day(time), "experiment", arm, "revenue"] += cents
                self.leave("experiment", arm, start, window)
        if self.left is not None and self.left >= first:
            self.counted[day(self.left), "site", "", "opt-outs"] += 1
        starts: dict[tuple[str, str], float] = {}
        for slot in self.seen:
            names = [("rule", slot.rule), ("slot", slot.slot)]
            if stage := slot.page.get("stage"):
                names.append(("slot", f"{slot.slot}@{stage}"))
            if campaign := slot.page.get("campaign"):
                names.append(("campaign", campaign))
            for each in names:
                starts.setdefault(each, slot.time)
        for (kind, name), start in starts.items():
            of_rule = plan.rules.get(name) if kind == "rule" else None
            self.leave(kind, name, start, of_rule or plan.window)

    def leave(self, kind: str, name: str, start: float, window: float) -> None:
        if self.left is not None and start <= self.left < start + window:
            self.counted[self.plan.day(self.left), kind, name, "opt-outs"] += 1

    def touched(self, time: float) -> tuple[Slot, Slot] | None:
        begin = time - self.plan.window
        clicks = [
            (when, slot.time, number, slot)
            for number, slot in enumerate(self.shown)
            if (when := self.came_of(slot).get("clicks")) is not None
            and begin <= when <= time
        ]
        if clicks:
            return min(clicks)[3], max(clicks)[3]
        seen = [slot for slot in self.shown if begin <= slot.time <= time]
        return (seen[0], seen[-1]) if seen else None


def agreed(events: list[Event]) -> Iterator[Event]:
    """Without what happened while the last page said that it must not be counted."""
    silent = False
    for event in events:
        if event.name == "Promotion Viewed":
            silent = bool(event.properties.get("uncounted"))
        if not silent:
            yield event


def side(slot: Slot) -> str:
    return "held" if slot.held else "shown"


def segments(slot: Slot) -> list[str]:
    return list(slot.page.get("segments") or [])


def holdout(slot: Slot) -> str:
    return "holdout" if slot.held == "holdout" else "shown"


def page_of(seen: list[Slot], slot: Slot) -> str:
    """What the page of ``slot`` was as a whole: one of the holdout, or not."""
    page = [other for other in seen if other.page is slot.page]
    return "holdout" if any(each.held == "holdout" for each in page) else "shown"


def everything(slot: Slot) -> bool:
    return True


def has(one: Slot, **said: str) -> bool:
    return all(getattr(one, name) == value for name, value in said.items())
