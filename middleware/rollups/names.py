"""Numbers for the words of which sums are, so that they are kept once."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

Text = tuple[Any, ...]  # texts, and None in marks

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(tuple[str | None, ...]).decode


class Names:
    """The numbers that one log's sums are kept under.

    ``ask`` gives the numbers of texts, new ones where they had none; ``known`` tells all that
    have one. A name is the words of a cell without its day (4 texts), of a count (3) or of a
    mark (7).
    """

    def __init__(
        self,
        ask: Callable[[list[str]], Mapping[str, int]],
        known: Callable[[], Iterable[tuple[int, str]]],
    ) -> None:
        self._ask = ask
        self._known = known
        self._numbers: dict[tuple[Any, ...], int] = {}
        self._texts: dict[int, Text] = {}

    def learn(self) -> None:
        """Ask for all that are kept by now."""
        for number, text in self._known():
            words = _decode(text)
            self._numbers[words] = number
            self._texts[number] = words

    def of(self, words: tuple[Any, ...]) -> int:
        """The number of ``words``. May raise StoreError, as :meth:`text` may."""
        number = self._numbers.get(words)
        if number is None:
            text = _encode(words).decode()
            number = self._ask([text])[text]
            self._numbers[words] = number
            self._texts[number] = words
        return number

    def text(self, number: int) -> Text:
        """The words with this number. Raises KeyError where it is nobody's."""
        if number not in self._texts:
            self.learn()  # another process gave it to them
        return self._texts[number]

    def all(self) -> Mapping[int, Text]:
        return self._texts
