"""All that is known about one visitor, a line for each thing, with who said so and when."""

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import UTC, datetime

import msgspec

from .answers import wish
from .facts import Profile
from .holdout import EVERYTHING
from .interests import decayed
from .moments import in_calendar
from .precedence import UNTOLD, provenance

#: What an entry may be about, and its heading. Those of counts are the verbs of conditions.
TOPICS: Mapping[str, str] = {
    "visits": "Your visits",
    "visit": "This visit",
    "orders": "Your orders",
    "cart": "Your cart",
    "answers": "What you told us that you like",
    "attributes": "What you or the shop told us",
    "interests": "What we think that you like",
    "viewed": "What you looked at",
    "read": "What you read",
    "searched": "What you searched for",
    "added-to-cart": "What you put into the cart",
    "bought": "What you bought",
    "shown": "What was shown to you",
    "clicked": "What you clicked on",
    "dismissed": "What you did not want to see",
    "experiments": "Which variants you see",
}
#: Where it comes from that nobody told: from what the visitor did here.
OBSERVED = "observed"
DERIVED = "derived"
NOT_SHOWN = "a value that is not printed"

#: The title of a thing, by its dimension and key.
Title = Callable[[str, str], str]


class Entry(msgspec.Struct, frozen=True):
    """One thing that is known.

    ``topic`` is one of :data:`TOPICS`. ``dimension`` and ``key`` say what of: ``category`` and
    a category's id, or the name of a field or an attribute; ``title`` is that in the shop's
    words. ``value`` can be written as JSON. ``source`` is one of ``observed`` (what the visitor
    did here), ``derived`` (worked out of it), ``app``, ``preference``, ``source:NAME``,
    ``import:NAME``, ``webhook:NAME``, or empty where it was not kept. ``time`` is when it was
    last said or seen, in seconds since 1970; 0.0: not known.
    """

    topic: str
    dimension: str
    key: str
    title: str
    value: str | int | float | bool | list[str]
    source: str
    time: float

    def words(self, now: float) -> str:
        """``customer-type: b2b (app, 3 days ago)``, for people."""
        value = self.value
        told = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        return f"{self.title}: {told}{provenance(self.source, self.time, now)}"


def all_known(
    profile: Profile,
    now: float,
    title: Title = lambda dimension, key: key,
    hidden: Collection[str] = (),
) -> list[Entry]:
    """Everything that ``profile`` holds, by topic in the order of :data:`TOPICS`, within it the
    latest first. Nothing is left out, but that what they never want to see is no interest:
    it stands among the answers.

    ``now`` is in seconds since 1970. ``hidden`` names attributes whose values are not to be
    seen by whoever asks, such as the sensitive ones in front of an editor. A visitor who asks
    for their own data gets them all.
    """
    order = list(TOPICS)
    entries = [
        *_fields(profile, title),
        *_attributes(profile, hidden),
        *_answers(profile, title),
        *_interests(profile, title, now),
        *_counts(profile, title),
        *(
            Entry("experiments", "", name, _experiment(name), variant, OBSERVED, 0.0)
            for name, variant in profile.variants.items()
        ),
    ]
    entries.sort(key=lambda entry: (order.index(entry.topic), -entry.time))  # stable
    return entries


def _experiment(name: str) -> str:
    return "all rules together" if name == EVERYTHING else name


def _fields(profile: Profile, title_of: Title) -> Iterator[Entry]:
    def field(
        topic: str,
        key: str,
        title: str,
        value: str | int | float | list[str],
        time: float = 0.0,
    ) -> Iterator[Entry]:
        if value:
            yield Entry(topic, "", key, title, value, OBSERVED, time)

    p = profile
    yield from field("visits", "visits", "number of visits", p.visits, p.last_seen)
    for key, title, time in (
        ("first-seen", "first seen", p.first_seen),
        ("last-seen", "last seen", p.last_seen),
        ("previous-visit", "the visit before", p.previous_visit),
    ):
        if time:
            yield from field("visits", key, title, _moment(time), time)
    starts = [_moment(start) for start in p.visit_starts]
    yield from field("visits", "visit-starts", "beginnings of visits", starts)
    yield from field("visits", "customer", "customer, as a pseudonym", p.customer)
    for name, text in p.visit.items():
        yield from field("visit", name, name, text)
    yield from field("orders", "orders", "number of orders", p.orders, p.last_order)
    value = p.order_value
    yield from field("orders", "order-value", "their value", value, p.last_order)
    last = list(p.recent_orders)
    yield from field("orders", "recent-orders", "the last of them", last, p.last_order)
    for product, quantity in p.cart.items():
        words, since = title_of("product", product), p.cart_since
        yield Entry("cart", "product", product, words, quantity, OBSERVED, since)


def _moment(time: float) -> str:
    if not in_calendar(time):
        return str(time)
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _attributes(profile: Profile, hidden: Collection[str]) -> Iterator[Entry]:
    for name, raw in profile.attributes.items():
        word = profile.told.get(name, UNTOLD)
        value = NOT_SHOWN if name in hidden else raw
        yield Entry("attributes", "", name, name, value, word.source, word.time)
    for name, word in profile.told.items():
        if name not in profile.attributes:
            value = "taken back"
            yield Entry("attributes", "", name, name, value, word.source, word.time)


def _answers(profile: Profile, title: Title) -> Iterator[Entry]:
    for dimension, table in profile.answers.items():
        for key, said in table.items():
            yield Entry(
                "answers",
                dimension,
                key,
                title(dimension, key),
                said.wish or "taken back",
                "preference",
                said.time,
            )


def _interests(profile: Profile, title: Title, now: float) -> Iterator[Entry]:
    for dimension, table in profile.interests.items():
        for key, interest in table.items():
            if wish(profile, dimension, key) == "never":
                continue  # whatever they did, nobody may think that they like it
            score = round(decayed(interest, now), 2)
            words = title(dimension, key)
            yield Entry(
                "interests", dimension, key, words, score, DERIVED, interest.time
            )


def _counts(profile: Profile, title: Title) -> Iterator[Entry]:
    for name, counters in profile.counts.items():
        verb, _, dimension = name.partition(" ")
        for key, counter in counters.items():
            words = title(dimension, key)
            yield Entry(
                verb, dimension, key, words, counter.total, OBSERVED, counter.last
            )
