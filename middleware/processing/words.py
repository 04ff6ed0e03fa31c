"""The words of a register of processing activities: a file for each language."""

from pathlib import Path

from ..languages import OTHERWISE, languages, read_words, spoken

FOLDER = Path(__file__).with_name("words")
LANGUAGES = languages(FOLDER)


class Words:
    """Looks up what something is called in one language: ``words("retention")``."""

    def __init__(self, language: str) -> None:
        """``language`` is the site's; English where there are no words in it."""
        words = read_words(FOLDER, spoken(FOLDER, language))
        self._words, self._units = words["words"], words["units"]

    def __call__(self, key: str) -> str:
        word: str = self._words[key]
        return word

    def length(self, duration: str) -> str:
        """``400 days`` in this language."""
        number, _, unit = duration.partition(" ")
        return f"{number} {self._units.get(unit, unit)}"


UNKNOWN = tuple(
    key for key in read_words(FOLDER, OTHERWISE)["words"] if key.startswith("unknown-")
)
