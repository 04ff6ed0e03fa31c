"""What a visitor leans towards: scores that halve with time, against the shop's own traffic."""

from collections.abc import Iterable, KeysView, Mapping
from math import exp2, inf, log2

import msgspec

from .facts import DAY, KEYS_KEPT, Interest, Profile
from .tables import Interests

Pair = tuple[str, str]  # dimension, key

INTEREST_DIMENSIONS = frozenset({"category", "brand", "tag"})
WEIGHTS = {"viewed": 1, "added-to-cart": 3, "bought": 5}
HALF_LIFE = 30 * DAY
MORE, LESS = (
    0.8,
    0.2,
)  # the affinity that is at least, or at most, what the visitor said
_FADE = -1.0 / HALF_LIFE
_LARGEST = 1e9
SHRINKAGE = 2.0  # how many views of an average visitor everybody starts with


class Traffic(msgspec.Struct, frozen=True, gc=False):
    """The shop's own traffic: dimension -> key -> share of its views; each sums to 1."""

    shares: Mapping[str, Mapping[str, float]] = {}


NO_TRAFFIC = Traffic()


def decayed(interest: Interest, now: float) -> float:
    """The score at ``now``, in seconds since 1970: halved every 30 days."""
    age = now - interest.time
    return interest.score if age <= 0 else interest.score * exp2(-age / HALF_LIFE)


def add_interests(
    interests: Mapping[str, Mapping[str, Interest]],
    weight: float,
    pairs: Iterable[Pair],
    time: float,
) -> Interests:
    """``interests`` with ``weight`` more for each pair at ``time`` (seconds since 1970)."""
    time = int(time)
    fresh: dict[str, dict[str, Interest]] = {}
    for dimension, key in pairs:
        if dimension not in INTEREST_DIMENSIONS:
            continue
        table = fresh.get(dimension)
        if table is None:
            table = fresh[dimension] = dict(interests.get(dimension, ()))
        old = table.pop(key, None)
        if old is None:
            table[key] = Interest(weight, time)
        elif (age := time - old.time) > 0:
            score = old.score * exp2(age * _FADE) + weight
            if not 0.0 < score < _LARGEST:
                score = weight  # only of a damaged profile
            # In whole numbers it takes half of the bytes: it was the next whole score earlier.
            whole = int(score) + 1
            earlier = int(HALF_LIFE * log2(score / whole))
            table[key] = Interest(whole, time + earlier)
        else:
            late = weight * exp2(-age * _FADE)
            table[key] = Interest(
                old.score + late if age else old.score + weight, old.time
            )
        if len(table) > KEYS_KEPT:
            weakest = min(table, key=lambda name: decayed(table[name], time))
            del table[weakest]
    return Interests.changed(interests, fresh)


class Leanings:
    """The affinities of one visitor in one dimension at one moment: scores are faded once."""

    __slots__ = ("_answers", "_least", "_scores", "_shares", "_total")

    def __init__(
        self, profile: Profile, dimension: str, now: float, traffic: Traffic
    ) -> None:
        table = profile.interests.get(dimension, _NO_INTERESTS)
        scores: dict[str, float] = {}
        total = SHRINKAGE
        for key, interest in table.items():
            age = now - interest.time  # as in decayed(), without 48 calls
            score = interest.score
            if age > 0:
                score *= exp2(-age / HALF_LIFE)
            scores[key] = score
            total += score
        # Who never answered anything pays one look for it.
        self._answers = profile.answers.get(dimension) if profile.answers else None
        for key in self._answers or ():
            scores.setdefault(key, 0.0)
        self._scores = scores
        # Only a damaged profile has scores below zero: it leans to nothing.
        self._total = total if total > 0.0 else inf
        self._shares = shares = traffic.shares.get(dimension)
        self._least = (
            0.1 / max(len(shares), 10) if shares else 1.0 / max(len(table), 10)
        )

    @property
    def keys(self) -> KeysView[str]:
        """Those that the affinity may be above 0 to, or that the visitor said something about."""
        return self._scores.keys()

    def affinity(self, key: str) -> float:
        """How much more this visitor turns to ``key`` than this shop's visitors do: 0 to 1.

        A shrunken lift: how often a thing comes with another one, against how often it comes at
        all (S. Brin et al., "Dynamic itemset counting and implication rules for market basket
        data", SIGMOD 1997), its share smoothed by the shop's as if that were a sample of ``m``
        (a Dirichlet prior: C. Zhai and J. Lafferty, "A study of smoothing methods for language
        models", SIGIR 2001). With ``s`` the visitor's decayed score for the key, ``S`` for the
        whole dimension, ``p`` the key's share of the shop's own traffic and ``m = 2``::

            q = (s + m * p) / (S + m)        the visitor's share, drawn towards the shop's
            affinity = max(0, 1 - p / q)     0: like everybody (or less); 0.5: twice as much

        Without traffic every key has the share ``1 / max(n, 10)``, n being the keys this
        visitor has. A key the traffic does not know has a tenth of an equal share; rarer
        ones count as that.

        A look adds 1 to the score, putting into the cart 3, buying 5; all halve every 30 days
        (exponential decay, as in G. Cormode et al., "Forward decay", ICDE 2009).

        What the visitor said goes before what they did. Who wants *more* of a thing has at
        least 0.8 (:data:`MORE`), as if they turned to it five times as often as others: the
        rest is as above. Who wants *less* has at most 0.2; *never* is 0.
        """
        score = self._scores.get(key)
        if score is None:
            return 0.0
        share, shares = self._least, self._shares
        if shares and (own := shares.get(key, 0.0)) > share:
            share = own
        mine = (score + SHRINKAGE * share) / self._total
        # A share so small that it is none cannot be divided by.
        found = max(0.0, 1.0 - share / mine) if mine > 0.0 else 0.0
        if self._answers is None or (said := self._answers.get(key)) is None:
            return found
        match said.wish:
            case "more":
                return MORE + (1.0 - MORE) * found
            case "less":
                return LESS * found
            case "never":
                return 0.0
        return found


_NO_INTERESTS: Mapping[str, Interest] = {}


def strengths(profile: Profile, dimension: str, now: float) -> dict[str, float]:
    """How strongly the visitor is drawn to each key, to put things in order by: higher is first.

    The faded scores; what the visitor wants more of stands before all others, what they want
    less of or never after them (below 0), those that nothing is known of between.
    """
    table = profile.interests.get(dimension, _NO_INTERESTS)
    # Only a damaged profile has scores below zero.
    scores = {key: max(0.0, decayed(one, now)) for key, one in table.items()}
    if profile.answers:
        top = max(scores.values(), default=0.0) + 1.0
        for key, said in profile.answers.get(dimension, {}).items():
            score = scores.get(key, 0.0)
            match said.wish:
                case "more":
                    scores[key] = top + score
                case "less":
                    scores[key] = -1.0 / (1.0 + score)
                case "never":
                    scores[key] = -2.0
    return scores
