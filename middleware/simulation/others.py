"""Those who do not want to be counted, must not be, or are nobody; and who comes how often."""

from random import Random

from .browser import PROGRAM, Browser
from .visitor import CONSENT, Visitor


class Cautious(Visitor):
    """Somebody who is to be remembered, but not to be counted: no report may know of them."""

    consents = "personalization"

    def walk(self) -> None:
        super().walk()
        self.units.clear()


class Refusing(Visitor):
    """Somebody who says no, and looks around and orders all the same."""

    answers = True

    def walk(self) -> None:
        self._open("/")
        if self.answers:
            self._send(CONSENT, choice="denied", next="/")
        self._look_around()
        self.units.clear()


class Silent(Refusing):
    """Somebody who does not answer the question at all."""

    answers = False


class Passing(Visitor):
    """Somebody who says yes, is gone before the next page comes, and never seen again."""

    def walk(self) -> None:
        self._open("/")
        self._browser.post(CONSENT, choice="granted", next="/")
        self.units.clear()


class Program(Visitor):
    """A robot, which follows every link and even agrees to everything."""

    def walk(self) -> None:
        self._browser = Browser(self._line, PROGRAM)
        self._open("/")
        self._send(CONSENT, choice="granted", next="/")
        for path in ("/c/cat", "/"):
            self._open(path)
        self.units.clear()


KINDS: tuple[tuple[type[Visitor], str, int], ...] = (
    (Visitor, "remembered", 70),
    (Refusing, "refusing", 10),
    (Silent, "silent", 6),
    (Program, "programs", 5),
    (Passing, "passing", 6),
    (Cautious, "cautious", 3),
)
"""Who comes, what they are called in the books, and how many of a hundred they are."""


def kind(seed: int, number: int) -> tuple[type[Visitor], str]:
    """What the visitor ``number`` is, and what that is called."""
    drawn = Random(f"{seed} kind {number}").random() * sum(part for *_, part in KINDS)
    for one, name, part in KINDS:
        if drawn < part:
            return one, name
        drawn -= part
    raise AssertionError("one of them it is")
