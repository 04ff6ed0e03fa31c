"""Numbers for the words of which sums are, so that they are kept once."""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

import msgspec

Text = tuple[Any, ...]  # texts, and None in marks

CAMPAIGNS = 1_000
"""So many campaigns have names of their own, beside those of the site's rules: whoever opens a
page says which campaign brought them there, and may make up one each time."""
OTHERS = "(others)"  # what all further ones are called together

_MARK = 7  # texts
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(tuple[str | None, ...]).decode


class Names:
    """The numbers that one log's sums are kept under.

    ``ask`` gives the numbers of texts, new ones where they had none; ``known`` tells all that
    have one. A name is the words of a cell without its day (4 texts), of a count (3) or of a
    mark (7). ``own`` are the campaigns of the site's rules.
    """

    own: Collection[str] = ()

    def __init__(
        self,
        ask: Callable[[list[str]], Mapping[str, int]],
        known: Callable[[], Iterable[tuple[int, str]]],
    ) -> None:
        self._ask = ask
        self._known = known
        self.numbers: dict[tuple[Any, ...], int] = {}  # those that were asked for
        self._texts: dict[int, Text] = {}
        self._campaigns: set[str] = set()

    def learn(self) -> None:
        """Ask for all that are kept by now."""
        for number, text in self._known():
            words = _decode(text)
            self._keep(words, number)

    def of(self, words: tuple[Any, ...]) -> int:
        """The number of ``words``. May raise StoreError, as :meth:`text` may."""
        number = self.numbers.get(words)
        if number is None:
            words = self._bounded(words)
            number = self.numbers.get(words)
        if number is None:
            text = _encode(words).decode()
            number = self._ask([text])[text]
            self._keep(words, number)
        return number

    def _keep(self, words: Text, number: int) -> None:
        self.numbers[words] = number
        self._texts[number] = words
        if (at := _campaign_at(words)) is not None:
            self._campaigns.add(words[at])

    def _bounded(self, words: Text) -> Text:
        """``words``, or those of all campaigns that have no name of their own."""
        at = _campaign_at(words)
        if at is None or len(self._campaigns) < CAMPAIGNS:
            return words
        if words[at] in self._campaigns or words[at] in self.own:
            return words
        return (*words[:at], OTHERS, *words[at + 1 :])

    def text(self, number: int) -> Text:
        """The words with this number. Raises KeyError where it is nobody's."""
        if number not in self._texts:
            self.learn()  # another process gave it to them
        return self._texts[number]

    def all(self) -> Mapping[int, Text]:
        return self._texts


def _campaign_at(words: Text) -> int | None:
    """Where the campaign stands; None: it is about none."""
    if len(words) == _MARK:
        return _MARK - 1 if words[-1] else None
    return 1 if words[0] == "campaign" else None
