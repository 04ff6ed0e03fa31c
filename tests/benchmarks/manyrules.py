"""A site of ten thousand rules over forty-three attributes: some 3 MB of YAML in ten files."""

import random
from collections.abc import Iterator
from pathlib import Path

COUNT = 10_000
PER_FILE = 1_000
SLOTS = tuple(
    f"home.{name}" for name in ("hero", "teaser", "prompt", "banner", "shelf")
)
NUMBERS = tuple(f"number-{n:02}" for n in range(11))
TEXTS = tuple(f"text-{n:02}" for n in range(11))
SWITCHES = tuple(f"switch-{n:02}" for n in range(11))
LISTS = tuple(f"list-{n:02}" for n in range(10))
CATEGORIES = tuple(f"category-{n:03}" for n in range(200))


def site_toml() -> str:
    """site.toml with the slots and attributes that the rules name."""
    types = {"number": NUMBERS, "text": TEXTS, "yes-no": SWITCHES, "list": LISTS}
    lines = ['[site]\nname = "Many"\n[store]\nurl = "memory:"\n[slots]']
    lines += [f'"{slot}" = "a place"' for slot in SLOTS]
    lines.append("[attributes]")
    for type, names in types.items():
        lines += [f'{name} = {{ type = "{type}", from = "app" }}' for name in names]
    return "\n".join(lines) + "\n"


def condition(chance: random.Random) -> str:
    """One list item of ``when``, as an editor writes it."""
    category = chance.choice(CATEGORIES)
    match chance.randrange(8):
        case 0:
            return f"viewed: {{category: {category}, at-least: {chance.randint(1, 5)}, within: 30 days}}"
        case 1:
            return f"not-bought: {{category: {category}, within: 90 days}}"
        case 2:
            return f"affinity: {{category: {category}, at-least: 0.{chance.randint(10, 90)}}}"
        case 3 | 4:
            return f"{chance.choice(NUMBERS)}: {{at-least: {chance.randrange(500)}}}"
        case 5:
            return f"{chance.choice(TEXTS)}: [word-{chance.randrange(60)}, word-{chance.randrange(60)}]"
        case 6:
            return f"{chance.choice(SWITCHES)}: {chance.choice(('true', 'false'))}"
    return f"{chance.choice(LISTS)}: {{has: word-{chance.randrange(60)}}}"


def rules(first: int, count: int, headline: str) -> Iterator[str]:
    """``count`` rules of four conditions each, numbered from ``first``."""
    for number in range(first, first + count):
        chance = random.Random(number)
        when = "\n".join(f"      - {condition(chance)}" for _ in range(4))
        yield (
            f"  - id: rule-{number:05}\n    slot: {SLOTS[number % len(SLOTS)]}\n"
            f"    priority: {chance.randrange(1_000)}\n    when:\n{when}\n"
            f"    show: banner\n    with: {{headline: {headline} {number}}}\n"
        )


def write_many(folder: Path, count: int = COUNT, headline: str = "Number") -> Path:
    """The editors' folder with ``count`` rules; returns it. ``headline`` stands in each of them."""
    files = {
        "site.toml": site_toml(),
        "fragments/banner.html": "{# parameters: headline #}<p>{{ headline }}</p>\n",
        "catalog/categories.csv": "id,title,url,image,headline,parent\n"
        + "".join(f"{id},{id},/c/{id},,,\n" for id in CATEGORIES),
    }
    for first in range(0, count, PER_FILE):
        text = "".join(rules(first, min(PER_FILE, count - first), headline))
        files[f"rules/part-{first // PER_FILE:02}.yaml"] = f"version: 1\nrules:\n{text}"
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder
