"""Rule files as no editor leaves them: real ones, damaged."""

import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random

from shopwindow.middleware.site import read_site
from shopwindow.rules.reading import read_rules
from shopwindow.rules.vocabulary import Vocabulary
from tests.rules.shop import VOCABULARY

from .profiles import RICH
from .soaked import KEPT, Soaked

EXAMPLES = Path(__file__).parents[2] / "examples"
SITES = ("petshop", "fasteners")


def _real() -> list[tuple[str, Vocabulary]]:
    """Rule files as they are, each with the words of its shop."""
    real = [(RICH, VOCABULARY)]
    for name in SITES:
        folder = EXAMPLES / name / "personalization"
        vocabulary = read_site(folder).vocabulary
        for path in sorted(folder.glob("rules/*.yaml")):
            real.append((path.read_text(), vocabulary))
    return real


WORDS = (
    *(
        "when:",
        "- ",
        "{",
        "}",
        "[",
        "]",
        ": ",
        "&a",
        "*a",
        "!!x",
        "<<: ",
        "|",
        ">",
        "#",
    ),
    *(
        "%",
        "---",
        "...",
        '"',
        "'",
        "\t",
        "\r",
        "\x00",
        "\x85",
        "\ufeff",
        "\u2028",
        "\ud800",
    ),
    *(
        "\U0001f415",
        "null",
        "~",
        "NO",
        "1e999",
        "٣ days",
        "$cat",
        "0-50%",
        "any",
        "id: a",
    ),
    *("split:", "schedule: {hours: 22:00-06:00}", "cap: []", "with: {a: {b: [c]}}"),
)


def _cut(text: str, random: Random) -> str:
    return text[: random.randrange(len(text) + 1)]


def _cut_out(text: str, random: Random) -> str:
    first = random.randrange(len(text) + 1)
    return text[:first] + text[first + random.randrange(200) :]


def _doubled(text: str, random: Random) -> str:
    lines = text.splitlines(keepends=True)
    first = random.randrange(len(lines) or 1)
    last = first + random.randrange(1, 12)
    return "".join(lines[:last] + lines[first:])


def _indented(text: str, random: Random) -> str:
    lines = text.splitlines(keepends=True)
    for _ in range(random.randrange(1, 4)):
        number = random.randrange(len(lines) or 1)
        for line in range(number, min(len(lines), number + random.randrange(1, 5))):
            lines[line] = " " * random.randrange(9) + lines[line].lstrip(" ")
    return "".join(lines)


def _swapped(text: str, random: Random) -> str:
    lines = text.splitlines(keepends=True) or [""]
    one, other = random.randrange(len(lines)), random.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    return "".join(lines)


def _bytes(text: str, random: Random) -> str:
    """Some bytes are others; what is no longer UTF-8 stays as it is, as in a broken file."""
    raw = bytearray(text.encode("utf-8", "surrogatepass") or b" ")
    for _ in range(random.randrange(1, 6)):
        raw[random.randrange(len(raw))] = random.randrange(256)
    return raw.decode("utf-8", "surrogateescape")


def _written(text: str, random: Random) -> str:
    place = random.randrange(len(text) + 1)
    return text[:place] + random.choice(WORDS) + text[place:]


DAMAGES = (_cut, _cut_out, _doubled, _indented, _swapped, _bytes, _written, _written)


def soak_rule_files(
    count: int, seed: int, step: Callable[[], None] = lambda: None
) -> Soaked:
    """Reads ``count`` damaged files; each is read cleanly or has findings that say where."""
    random, real = Random(seed), _real()
    figures: Counter[str] = Counter()
    faults: list[str] = []
    for number in range(count):
        step()
        text, vocabulary = random.choice(real)
        for _ in range(random.choice((1, 1, 1, 2, 3))):
            text = random.choice(DAMAGES)(text, random)
        try:
            rules, findings = read_rules({"rules/damaged.yaml": text}, vocabulary)
            figures["rules that could be read"] += len(rules.rules)
            figures["findings"] += len(findings)
            figures["files without a finding"] += not findings
            for finding in findings:
                if finding.line < 1 or finding.column < 1 or not finding.show():
                    faults.append(f"file {number}: no place for {finding}")
        except Exception:
            # Counting what gets out is what this is for.
            faults.append(f"file {number}: {traceback.format_exc()}\n{text!r}")
    return Soaked(
        "damaged rule files", count, len(faults), dict(figures), faults[:KEPT]
    )
