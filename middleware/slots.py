"""The slots of a shop, and what one page may hold of them, out of site.toml."""

import re

import msgspec

from ..rules.numerals import share
from ..rules.placement import UNLIMITED, Limits
from .toml import Section

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\Z")


class Slot(msgspec.Struct, frozen=True):
    """A place that editors may fill.

    ``selector`` finds it in pages whose templates cannot be touched. Of a ``group`` at most
    one slot is personalised per page. Both are empty where site.toml says nothing.
    """

    description: str = ""
    selector: str = ""
    group: str = ""


def read_slots(section: Section) -> dict[str, Slot]:
    """``[slots]``, in the short form (a description) and the long one (a table)."""
    slots = {}
    for name, value in section.data.items():
        if not _NAME.match(name):
            section.wrong(
                name, f'"{name}" is not a slot name', "letters, digits, dots and dashes"
            )
        elif isinstance(value, str):
            slots[name] = Slot(section.text(name))
        else:
            long = section.table(name)
            slots[name] = Slot(
                long.text("description"),
                _selector(long, {slot.selector for slot in slots.values()}),
                long.text("group"),
            )
            long.finish()
    return slots


def _selector(section: Section, others: set[str]) -> str:
    """The selector of a slot; empty where there is none that can be used."""
    selector = section.text("selector")
    if not selector:
        return ""
    from ..fragments.selectors import SelectorError, check  # brings lol-html

    try:
        check(selector)
    except SelectorError as error:
        section.wrong("selector", str(error), error.hint)
        return ""
    if selector in others:
        words = f'another slot has the selector "{selector}", too'
        section.wrong("selector", words, "an element is one slot")
    return selector


def read_limits(pages: Section, experiments: Section, slots: dict[str, Slot]) -> Limits:
    """``at-most`` of ``[pages]``, ``holdout`` of ``[experiments]``, and the slots' groups."""
    at_most = None
    if "at-most" in pages.data:
        at_most = pages.whole("at-most", 1, least=0, most=1000)
    written = experiments.text("holdout", "0%")
    holdout = share(written)
    if holdout is None:
        hint = 'write for example "5%", from 0% to 100%'
        experiments.wrong("holdout", f'"{written}" is not a percentage', hint)
    groups = {name: slot.group for name, slot in slots.items() if slot.group}
    limits = Limits(at_most, groups, holdout or 0.0)
    return UNLIMITED if limits == UNLIMITED else limits  # to be known at a glance
