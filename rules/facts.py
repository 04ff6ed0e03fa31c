"""What a rule may know: frozen values without behaviour that could surprise.

None of them can be part of a circle, so the garbage collector need not look at them.
"""

from collections.abc import Mapping
from itertools import combinations
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from .tables import Counter as Counter
from .tables import Interest as Interest

DAY = 86_400
KEYS_KEPT = 48  # per verb and dimension; the least recent key goes first
TEXT_KEPT = 100  # characters of a key or a visit's fact
RULES_KEPT = 250  # of those that were shown: a cap that is forgotten is none
BOUGHT_KEPT = 400  # products: what is forgotten would be recommended to who has it
WINDOW_DAYS = 400  # how far back is counted; older days are dropped
DAYS_KEPT = WINDOW_DAYS  # per key; the two oldest days are added together
SKIPPED_KEPT = 8  # of the rules that a decision passed over; to explain has them all

Purpose = Literal["personalization", "statistics"]
PURPOSES: tuple[Purpose, ...] = ("personalization", "statistics")
CONSENTS: tuple[frozenset[str], ...] = tuple(
    frozenset(some)
    for size in range(len(PURPOSES) + 1)
    for some in combinations(PURPOSES, size)
)


class Event(msgspec.Struct, frozen=True, gc=False):
    """Something that happened, in the words of the Segment specification.

    ``id`` is unique; storing the same event twice counts once. ``visitor`` is a visitor id.
    ``time`` is in seconds since 1970 (UTC); ``day`` is the day in the *site's* time zone,
    counted from 1970-01-01. ``properties`` are Segment's: ``product_id``, ``category``,
    ``article_id``, ``query``, ``products``, ``revenue``, ``promotion_id``, ...
    """

    id: str
    name: str
    visitor: str
    time: float
    day: int
    properties: dict[str, Any] = {}


class Told(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Who told an attribute last, and when: ``source`` is one of :data:`SOURCES`, the last three
    followed by a colon and a name, ``time`` in seconds since 1970.
    """

    source: str
    time: float


#: Who may tell an attribute that is stored. ``preference`` is the visitor's own answer.
SOURCES = ("app", "preference", "source", "import", "webhook")


class Answer(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What the visitor said about a thing: one of :data:`ANSWERS`, at ``time``.

    An empty ``wish`` takes an earlier answer back.
    """

    wish: str
    time: float


#: What a visitor may want of a thing; the words are those of :data:`.events.PREFERENCE_SET`.
ANSWERS = ("more", "less", "never")


if TYPE_CHECKING:
    _Counts = Mapping[str, Mapping[str, Counter]]
    _Interests = Mapping[str, Mapping[str, Interest]]
else:  # a decoder leaves them as they are written, see encoding.py
    _Counts = _Interests = dict[str, msgspec.Raw]


class Profile(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What is known about one visitor, over all visits. Fields are only ever appended.

    ``counts`` maps a verb and a dimension (``"viewed category"``) to key -> :class:`Counter`;
    ``interests`` maps a dimension (``"category"``) to key -> :class:`Interest`.
    ``cart`` maps product ids to quantities. ``visit`` holds the facts of the current visit:
    entry-page, campaign, referrer. ``attributes`` are as the shop or a source gave them,
    not yet typed. Times are seconds since 1970, 0.0 means never. ``recent_orders`` are the
    last five order ids, so that an order reported twice counts once. ``customer`` is the
    pseudonym of the customer who logged in, empty for a stranger. ``variants`` maps the
    experiments that the visitor was part of to the variant seen first, or ``control``.
    ``visit_starts`` are the seconds at which the last twelve visits began, oldest first.
    ``told`` says of attributes who told them and when; one that has no entry is of the time
    before this was kept, one that is only in here was taken back. ``answers`` maps a dimension
    to key -> what the visitor said about it.
    """

    first_seen: float = 0.0
    last_seen: float = 0.0
    visits: int = 0
    previous_visit: float = 0.0
    orders: int = 0
    order_value: float = 0.0
    last_order: float = 0.0
    cart: dict[str, int] = {}
    cart_since: float = 0.0
    visit: dict[str, str] = {}
    attributes: dict[str, Any] = {}
    counts: _Counts = {}
    interests: _Interests = {}
    recent_orders: tuple[str, ...] = ()
    customer: str = ""
    variants: dict[str, str] = {}
    visit_starts: tuple[int, ...] = ()
    told: dict[str, Told] = {}
    answers: dict[str, dict[str, Answer]] = {}


class Context(msgspec.Struct, frozen=True, gc=False):
    """This request: what can be said without knowing the visitor.

    ``now`` is in seconds since 1970, ``day`` as in :class:`Event`, ``hour`` 0 to 23 and
    ``weekday`` ``mon`` to ``sun`` in the site's time zone. ``path`` has neither root path
    nor language prefix. A text that is not known is None.
    """

    now: float
    day: int
    hour: int = 0
    weekday: str = "mon"
    path: str = "/"
    device: str | None = None
    language: str | None = None
    referrer: str | None = None
    campaign: str | None = None
    campaign_source: str | None = None
    campaign_medium: str | None = None
    logged_in: bool = False
    first_name: str | None = None


class Recommend(msgspec.Struct, frozen=True, gc=False):
    """What fills a shelf: strategies in order, each filling what the one before left open.

    ``only`` and ``excluded`` are what the products must have, and must not: a dimension
    (category, brand, tag, and of ``only`` kind) to its keys, any of which will do, or price and stock to
    bounds, as ``("at-most", 50)``, all of which they keep to. ``pinned`` are the ids of
    products that stand first. ``boosted`` and ``buried`` go up and down, as ``only`` is
    written. ``discovery`` is the share (0 to 1) for what the visitor does not know yet.
    """

    strategies: tuple[str, ...]
    limit: int = 8
    only: Mapping[str, tuple[Any, ...]] = {}
    excluded: Mapping[str, tuple[Any, ...]] = {}
    pinned: tuple[str, ...] = ()
    boosted: Mapping[str, tuple[Any, ...]] = {}
    buried: Mapping[str, tuple[Any, ...]] = {}
    discovery: float = 0.0
    minimum_score: float = 0.0


class Decision(msgspec.Struct, frozen=True, gc=False):
    """What one slot shows to one visitor, and why.

    ``fragment`` is None where the slot keeps its default content; ``reason`` is one of
    :data:`SLOT_REASONS`. ``rule`` is the one that decided; with a reason of :data:`HELD` it
    would have been shown. ``skipped`` holds the first eight rules that came before and were passed
    over although their conditions hold, with one of :data:`RULE_REASONS` each. ``variant`` is that
    of the ``experiment``, ``control`` in the control group. ``discovered`` are the items that luck
    has brought onto its shelf: id -> how probable that was. ``bound`` says what the names of
    the rule's ``as:`` stand for, and the parameters that are such a thing: name -> dimension
    and key. ``level`` is ``segment`` where it may know nothing of the one visitor.
    ``propensity`` says of an adaptive experiment how probable its variant was when it was drawn;
    ``unit`` who was dealt it, ``customer`` or ``account``, and is empty for a visitor.
    """

    slot: str
    reason: str
    rule: str | None = None
    fragment: str | None = None
    parameters: Mapping[str, Any] = {}
    recommend: Recommend | None = None
    file: str = ""
    line: int = 0
    skipped: tuple[tuple[str, str], ...] = ()
    experiment: str | None = None
    variant: str | None = None
    goal: str = ""
    bound: Mapping[str, tuple[str, str]] = {}
    discovered: Mapping[str, float] = {}
    level: str = ""
    propensity: float | None = None
    unit: str = ""

    @property
    def shown(self) -> bool:
        return self.fragment is not None

    @property
    def held(self) -> bool:
        """Whether the visitor counts as one who would have seen the rule."""
        return self.reason in HELD

    @property
    def failed(self) -> bool:
        """Whether a rule won, and its fragment could not be shown."""
        return self.rule is not None and self.reason in FAILURES


#: Why a slot shows what it shows. Every part of shopwindow that names a reason names one of
#: these, or, of a rule, one of :data:`RULE_REASONS`.
SLOT_REASONS = {
    "shown": "a rule won and its fragment is on the page",
    "no-rule": "no rule for this slot holds",
    "consent": "the only rules that could have won need a consent that is not there",
    "budget": "the page has as many personalised slots as site.toml allows",
    "group": "another slot of its group is personalised on this page",
    "holdout": "the visitor is one of those who never see anything personalised",
    "control": "the visitor is in the control group of the experiment",
    "late": "what is known about the visitor, or a fragment of another server, did not arrive before the deadline",
    "too-large": "the slot's default content is larger than what is held back, or a fragment of another server too large",
    "unsupported": "the page's encoding or the slot's element cannot be changed safely, or another server's answer not be shown",
    "error": "something went wrong; the default content was kept",
    "bot": "the visitor is a program",
    "preview": "this is a preview; nothing of it counts",
    "off": "shopwindow is switched off",
}
#: Why a rule left its place to the next one.
RULE_REASONS = {
    "condition": "a condition does not hold",
    "consent": "a purpose it needs has no consent",
    "cap": "it was shown often enough",
    "dismissed": "the visitor said lately that it does not interest them",
    "never": "it is about something that the visitor never wants to see",
    "explore": "it steps aside today, so that the next rule can be compared with it",
    "traffic": "the visitor is not in the part of all visitors that its experiment is for",
    "schedule": "it is not its time",
    "off": "it is switched off",
}
#: Reasons to keep the default content that count as exposures: without them, nobody could
#: compare those who saw a rule with those who would have seen it.
HELD = frozenset({"holdout", "control"})
#: Reasons to keep the default content although a rule has won: something went wrong.
FAILURES = frozenset({"error", "late", "too-large", "unsupported"})
