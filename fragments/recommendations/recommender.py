"""Recommendations out of a model, for whoever has no page: one folder in, one list out."""

from collections.abc import Collection, Iterable, Sequence
from heapq import nlargest
from pathlib import Path
from typing import Any, Self

import msgspec

from .content import CONTENT, add_unknown
from .model import Model, ModelError, kind_and_id
from .reasons import Reason, Recommendation
from .scoring import VIEWED, Parameters, scores
from .together import goes_with

#: What :meth:`Recommender.recommend` knows.
STRATEGIES = ("for-you", "bought-together", "similar", "trending", "popular")
_ORDERS = ("trending", "popular")  # the same for everybody


class Recommender:
    """The items that go best with what somebody looked at or is about to buy.

    Pages take more into account (what was bought, stock, what a visitor never wants to see, an editor's
    wishes); this is what the model alone says.
    """

    def __init__(self, model: Model) -> None:
        """Raises :class:`ModelError` if the model's parameters cannot be read."""
        self.model = model
        self.parameters = parameters(model)

    def __repr__(self) -> str:
        return f"<Recommender of {self.model!r}>"

    @classmethod
    def open(cls, out: str | Path) -> Self:
        """Of the current model in ``out``, or if that cannot be used, of the newest sound one.

        Raises :class:`ModelError` if there is none.
        """
        return cls(Model.current(Path(out)))

    def recommend(
        self,
        seen: Sequence[str] = (),
        limit: int = 20,
        strategy: str = "for-you",
        exclude: Collection[str] = (),
        *,
        basket: Sequence[str] = (),
    ) -> list[Recommendation]:
        """Up to ``limit`` products, best first, none of them in ``exclude`` and none twice.

        ``seen`` are the ids of what was looked at, oldest first; ``basket`` those of what is about to be
        bought, for "bought-together" (without it, ``seen`` is taken for it). "for-you" may name again
        what was seen, as visitors return to it; the others do not. What is left open is filled with
        what is popular, with score 0. Unknown ids are passed over. Raises ValueError for a strategy
        that is not in :data:`STRATEGIES`, TypeError for a single id in the place of several.
        """
        if isinstance(seen, str) or isinstance(basket, str):
            raise TypeError("`seen` and `basket` are lists of ids, not one id")
        if strategy not in STRATEGIES:
            raise ValueError(
                f"unknown strategy {strategy!r}: one of {', '.join(STRATEGIES)}"
            )
        model = self.model
        of = basket if basket and strategy != "for-you" else seen
        known = [number for id in of if (number := model.number(id)) is not None]
        left_out = set(map(model.number, exclude))
        chosen: list[Recommendation] = []
        if strategy in _ORDERS:
            self._fill(chosen, limit, left_out, strategy, scored=True)
            return chosen
        if strategy == "bought-together":
            found, why = goes_with(model, known)
        elif strategy == "similar":
            found, why = scores(model, known, self.parameters, CONTENT, remind=False)
        else:
            found, why = scores(model, known, self.parameters, VIEWED)
            add_unknown(model, known, self.parameters, found, why)
        if strategy != "for-you":
            left_out.update(known)
        articles = model.articles
        if left_out or articles:
            candidates: Iterable[int] = [
                number
                for number in found
                if number not in left_out and number not in articles
            ]
        else:
            candidates = found
        reasons: dict[int, Reason] = {}
        for number in nlargest(limit, candidates, key=found.__getitem__):
            because = why[number]
            reason = reasons.get(because)
            if reason is None:
                _, id = kind_and_id(model.key(because))
                reason = reasons[because] = Reason(strategy, id)
            chosen.append(Recommendation(model.key(number), found[number], reason))
            left_out.add(number)
        self._fill(chosen, limit, left_out, "popular")
        return chosen

    def _fill(
        self,
        chosen: list[Recommendation],
        limit: int,
        left_out: set[int | None],
        name: str,
        scored: bool = False,
    ) -> None:
        order: Iterable[Any] | None = self.model.array(f"{name}-order")
        values = self.model.array(name)
        if order is None:
            return
        reason, articles = Reason(name), self.model.articles
        for number in order:
            if len(chosen) >= limit:
                return
            if number not in left_out and number not in articles:
                score = values[number] if scored and values is not None else 0.0
                chosen.append(Recommendation(self.model.key(number), score, reason))


def parameters(model: Model) -> Parameters:
    """What the model was trained with; defaults where it does not say. Raises :class:`ModelError`."""
    try:
        return msgspec.convert(model.meta.get("parameters", {}), Parameters)
    except msgspec.ValidationError as error:
        raise ModelError(
            f"{model.folder / 'meta.json'}: parameters: {error}: train again"
        ) from error
