"""The rule language a second time, to judge the first: rules as data, asked one by one.

A plain interpreter over what YAML holds and what a person did. It shares no code with the
project: no reader, no compiled condition, no index, no counter. Truth is True, False or None
for unknown. Caps, experiments and bindings are left out.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

Truth = bool | None
Data = Mapping[str, Any]

HOUR, DAY = 3600, 86_400
UNITS = {
    "second": 1,
    "minute": 60,
    "hour": HOUR,
    "day": DAY,
    "week": 7 * DAY,
    "month": 30 * DAY,
    "year": 365 * DAY,
}
VERBS = {"viewed", "bought", "added-to-cart", "searched", "shown", "clicked", "read"}
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
THINGS = ("category", "brand", "tag", "product", "article")
TOLD = 8  # of the rules that were passed over


class Kind(NamedTuple):
    """An attribute: its type, and the consent that it needs."""

    type: str
    purpose: str = ""


class Deed(NamedTuple):
    verb: str
    dimension: str
    key: str
    time: float


class Person(NamedTuple):
    """What is true of somebody at ``now``.

    ``values`` are what attributes are worth: None where unknown, numbers, texts, True and
    False, dates, seconds since 1970, lists of numbers for versions, sets for lists.
    ``scores`` are dimension -> key -> how much and since when. ``shares`` are the shop's own.
    ``answers`` are what they said of a dimension and key: "more", "less", "never".
    """

    now: float
    values: Data
    deeds: Sequence[Deed] = ()
    scores: Mapping[str, Mapping[str, tuple[float, float]]] = {}
    shares: Mapping[str, Mapping[str, float]] = {}
    consent: frozenset[str] = frozenset()
    answers: Mapping[tuple[str, str], str] = {}


class Verdict(NamedTuple):
    reason: str
    rule: str | None = None
    passed: tuple[str, ...] = ()


# -- truth ---------------------------------------------------------------------------------


def conjunction(truths: Sequence[Truth]) -> Truth:
    return False if False in truths else None if None in truths else True


def disjunction(truths: Sequence[Truth]) -> Truth:
    return True if True in truths else None if None in truths else False


def negation(truth: Truth) -> Truth:
    return None if truth is None else not truth


# -- time ----------------------------------------------------------------------------------


def seconds(duration: str) -> int:
    amount, unit = duration.split()
    return int(amount) * UNITS[unit.removesuffix("s")]


def months(duration: str) -> int:
    amount, unit = duration.split()
    return int(amount) * {"month": 1, "year": 12}.get(unit.removesuffix("s"), 0)


def before(day: date, months: int) -> date:
    """The same day so many months earlier; a day which that month lacks is its last one."""
    years, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(years, month + 1, min(day.day, last))
        except ValueError:
            continue
    raise AssertionError


class Oracle:
    """Judges rules for people.

    ``site`` is what the rule file holds: ``segments`` and ``rules``. ``kinds`` are all
    attributes. ``zone`` is the shop's time zone.
    """

    def __init__(self, site: Data, kinds: Mapping[str, Kind], zone: str) -> None:
        self.segments: Mapping[str, Sequence[Data]] = site.get("segments", {})
        self.kinds = kinds
        self.zone = ZoneInfo(zone)
        on = [rule for rule in site["rules"] if not rule.get("off")]
        self.rules = sorted(on, key=lambda rule: -int(rule.get("priority", 0)))
        self._slots: dict[str, list[Data]] = {}
        for rule in self.rules:
            self._slots.setdefault(rule["slot"], []).append(rule)

    def decide(self, slot: str, person: Person) -> Verdict:
        """Who wins ``slot``, and who would have before, had there been consent."""
        passed: list[str] = []
        reason = "no-rule"
        for rule in self._slots.get(slot, ()):
            if not self._in_time(rule.get("schedule", {}), person):
                continue
            conditions = list(rule.get("when", ()))
            if "unless" in rule:
                conditions.append({"none": rule["unless"]})
            needed = {id(one): self._own_needs(one) for one in conditions}
            lacking = frozenset().union(*needed.values()) - person.consent
            if lacking:  # what needs any consent is not looked at
                conditions = [one for one in conditions if not needed[id(one)]]
            if not all(self.truth(one, person) is True for one in conditions):
                continue
            if lacking:
                reason = "consent"
            elif not any(person.answers.get(t) == "never" for t in self._about(rule)):
                return Verdict("shown", rule["id"], tuple(passed[:TOLD]))
            passed.append(rule["id"])
        return Verdict(reason, None, tuple(passed[:TOLD]))

    def _about(self, rule: Data) -> set[tuple[str, str]]:
        """The things that a rule shows, or wants people to have taken an interest in."""
        found = {
            (name, thing)
            for name, thing in rule.get("with", {}).items()
            if name in THINGS
        }
        left = list(rule.get("when", ()))
        while left:
            ((name, wanted),) = left.pop().items()
            if name == "all":
                left += wanted
            elif name == "segment" and len(names(wanted)) == 1:
                left += self.segments[names(wanted)[0]]
            elif name in ("viewed", "read", "added-to-cart"):
                if "at-least" in wanted or "at-most" not in wanted:
                    found |= {pair for pair in wanted.items() if pair[0] in THINGS}
        return found

    # -- consent ---------------------------------------------------------------------------

    def _own_needs(self, condition: Data) -> frozenset[str]:
        ((name, wanted),) = condition.items()
        return frozenset({wanted}) if name == "consent" else self._needs(condition)

    def _needs(self, condition: Data) -> frozenset[str]:
        ((name, wanted),) = condition.items()
        if name in ("any", "all", "none"):
            return frozenset().union(*(self._needs(part) for part in wanted))
        if name == "segment":
            parts = [part for one in names(wanted) for part in self.segments[one]]
            return frozenset().union(*(self._needs(part) for part in parts))
        if name == "consent":
            return frozenset()
        if name == "affinity" or name.removeprefix("not-") in VERBS:
            return frozenset({"personalization"})
        purpose = self.kinds[name].purpose
        return frozenset({purpose} if purpose else ())

    # -- schedules -------------------------------------------------------------------------

    def _in_time(self, schedule: Data, person: Person) -> bool:
        clock = datetime.fromtimestamp(person.now, self.zone).replace(tzinfo=None)
        if "from" in schedule and clock < datetime.fromisoformat(schedule["from"]):
            return False
        if "until" in schedule and clock >= datetime.fromisoformat(schedule["until"]):
            return False
        if "days" in schedule and WEEKDAYS[clock.weekday()] not in schedule["days"]:
            return False
        if "hours" in schedule:
            begin, end = schedule["hours"].split("-")
            return bool(begin <= clock.strftime("%H:%M") < end)
        return True

    # -- conditions ------------------------------------------------------------------------

    def truth(self, condition: Data, person: Person) -> Truth:
        """Whether one list item is true of ``person``."""
        ((name, wanted),) = condition.items()
        match name:
            case "any":
                return disjunction([self.truth(part, person) for part in wanted])
            case "all":
                return conjunction([self.truth(part, person) for part in wanted])
            case "none":
                return negation(self.truth({"any": wanted}, person))
            case "segment":
                return disjunction(
                    [
                        self.truth({"all": self.segments[one]}, person)
                        for one in names(wanted)
                    ]
                )
            case "consent":
                return wanted in person.consent
            case "affinity":
                return self._leans(wanted, person)
        if (verb := name.removeprefix("not-")) in VERBS:
            did = self._did(verb, wanted, person)
            return did if verb == name else not did
        return self._attribute(name, wanted, person)

    def _day(self, time: float) -> date:
        return datetime.fromtimestamp(time, self.zone).date()

    def _did(self, verb: str, wanted: Data, person: Person) -> bool:
        bounds = {"at-least", "at-most", "within"}
        ((dimension, key),) = ((k, v) for k, v in wanted.items() if k not in bounds)
        times = [
            deed.time for deed in person.deeds if deed[:3] == (verb, dimension, key)
        ]
        if (within := wanted.get("within")) is not None:
            if UNITS[within.split()[1].removesuffix("s")] < DAY:
                times = [t for t in times if t > person.now - seconds(within)]
            else:
                today, days = self._day(person.now), seconds(within) // DAY
                times = [t for t in times if (today - self._day(t)).days < days]
        least: int = wanted.get("at-least", 0 if "at-most" in wanted else 1)
        most: int = wanted.get("at-most", len(times))
        return least <= len(times) <= most

    def _leans(self, wanted: Data, person: Person) -> bool:
        ((dimension, key),) = ((k, v) for k, v in wanted.items() if k not in ORDER)
        own = affinity(
            person.scores.get(dimension, {}),
            person.shares.get(dimension, {}),
            key,
            person.now,
        )
        said = person.answers.get((dimension, key))
        if said == "more":
            own = 1 - (1 - own) / 5
        elif said is not None:
            own = own / 5 if said == "less" else 0.0
        return all(ORDER[op](own, limit) for op, limit in wanted.items() if op in ORDER)

    def _attribute(self, name: str, wanted: Any, person: Person) -> Truth:
        kind = self.kinds[name].type
        own = person.values.get(name, set() if kind == "list" else None)
        if isinstance(wanted, list):
            wanted = {"has-any" if kind == "list" else "is-one-of": wanted}
        elif not isinstance(wanted, dict):
            wanted = {"has" if kind == "list" else "is": wanted}
        return conjunction(
            [
                self._operator(kind, own, op, limit, person)
                for op, limit in wanted.items()
            ]
        )

    def _operator(
        self, kind: str, own: Any, operator: str, limit: Any, person: Person
    ) -> Truth:
        if operator == "known":
            return (own is not None and own != set()) is limit
        if own is None:
            return None
        if kind == "list":
            texts = set(names(limit))
            match operator:
                case "has" | "has-all":
                    return texts.issubset(own)
                case "has-any":
                    return bool(texts & own)
            return not texts & own
        match operator:
            case "is-not":
                return bool(own != limit)
            case "is-one-of":
                return own in limit
            case "is-none-of":
                return own not in limit
            case "starts-with":
                return str(own).startswith(limit)
            case "contains":
                return limit in own
        if kind == "version":
            limit = [int(part) for part in limit.split(".")]
        elif kind == "date":
            return self._of_date(own, operator, limit, self._day(person.now))
        elif kind == "time":
            return self._of_time(own, operator, limit, person.now)
        return ORDER[operator](own, limit)

    def _of_date(self, own: date, operator: str, limit: str, today: date) -> bool:
        if operator in ("before", "after"):
            return ORDER[operator](own, date.fromisoformat(limit))
        if full := months(limit):
            if operator == "within-next":
                return today <= own and before(own, full) < today
            old = own <= before(today, full)
            return old if operator == "older-than" else own <= today and not old
        ago, days = (today - own).days, seconds(limit) // DAY
        match operator:
            case "older-than":
                return ago >= days
            case "within-last":
                return 0 <= ago < days
        return 0 <= -ago < days

    def _of_time(self, own: float, operator: str, limit: str, now: float) -> bool:
        if operator in ("before", "after"):
            wall = datetime.fromisoformat(limit).replace(tzinfo=self.zone)
            return ORDER[operator](own, wall.timestamp())
        match operator:
            case "older-than":
                return now - own >= seconds(limit)
            case "within-last":
                return 0 <= now - own < seconds(limit)
        return 0 <= own - now < seconds(limit)


ORDER: Mapping[str, Callable[[Any, Any], bool]] = {
    "is": lambda a, b: a == b,
    "at-least": lambda a, b: a >= b,
    "more-than": lambda a, b: a > b,
    "at-most": lambda a, b: a <= b,
    "less-than": lambda a, b: a < b,
    "before": lambda a, b: a < b,
    "after": lambda a, b: a > b,
}


def names(wanted: Any) -> list[Any]:
    """One or several, as editors may write it."""
    return wanted if isinstance(wanted, list) else [wanted]


def affinity(
    scores: Mapping[str, tuple[float, float]],
    shares: Mapping[str, float],
    key: str,
    now: float,
) -> float:
    """How much more than the shop's other visitors: 0 like everybody, towards 1."""
    if key not in scores:
        return 0.0
    faded: dict[str, float] = {
        name: score * 0.5 ** (max(0.0, now - time) / (30 * DAY))
        for name, (score, time) in scores.items()
    }
    if shares:
        usual = max(shares.get(key, 0.0), 0.1 / max(len(shares), 10))
    else:
        usual = 1 / max(len(scores), 10)
    own = (faded[key] + 2 * usual) / (sum(faded.values()) + 2)
    return max(0.0, 1 - usual / own)
