"""Who asks for consent, and how the answer is read: [consent] in site.toml."""

import re
from collections.abc import Collection, Iterable, Mapping

import msgspec

from ...findings import suggest
from ...rules.facts import PURPOSES
from ..toml import Section

OURS = "shopwindow"
PERSONALIZATION, STATISTICS = PURPOSES
_COOKIE = re.compile(r"[A-Za-z0-9_.-]{1,100}\Z")
_RULE = re.compile(r"(contains|equals):(.+)\Z", re.DOTALL)
_HINT = 'write "contains:marketing" or "equals:all"'

COOKIEBOT = ("necessary", "preferences", "statistics", "marketing")
_COOKIES = {
    "tcf": "euconsent-v2",
    "cookiebot": "CookieConsent",
    "klaro": "klaro",
    "usercentrics": "shopwindow-usercentrics",
}
PROVIDERS = (OURS, *_COOKIES)
# Of the others nobody but the shop knows what it calls its categories or services.
_CATEGORIES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "cookiebot": {PERSONALIZATION: ("preferences",), STATISTICS: ("statistics",)}
}
_TCF: Mapping[str, tuple[int, ...]] = {PERSONALIZATION: (1, 5, 6), STATISTICS: (1, 8)}
_UNNAMED = {
    "klaro": "name services of your Klaro configuration: without one nobody ever agrees",
    "usercentrics": "Usercentrics keeps answers in the browser's local storage, which no server sees: put the "
    'script of middleware/GUIDE.md ("Usercentrics") into your pages, and name categories here',
}


class TcfSettings(msgspec.Struct, frozen=True):
    """A TC string. ``vendor`` and ``cmp`` are 0 if any will do, ``policy`` is the oldest that counts."""

    cookie: str
    purposes: Mapping[str, tuple[int, ...]]
    vendor: int = 0
    cmp: int = 0
    policy: int = 4

    name = "tcf"


class CategorySettings(msgspec.Struct, frozen=True):
    """A tool whose categories or services the visitor accepts one by one."""

    name: str
    cookie: str
    purposes: Mapping[str, tuple[str, ...]]

    def granted(self, agreed: set[str]) -> frozenset[str]:
        """The purposes of a visitor who agreed to all of these."""
        return frozenset(
            purpose
            for purpose, names in self.purposes.items()
            if agreed.issuperset(names)
        )

    def asked(self, names: Collection[str]) -> bool:
        """Whether visitors whom the tool asked about ``names`` were asked about personalisation.

        Else they have not answered: a name that changes on one side only must not erase everybody.
        """
        wanted = self.purposes.get(PERSONALIZATION, ())
        return bool(wanted) and all(name in names for name in wanted)


class CookieRule(msgspec.Struct, frozen=True):
    """What a cookie's value contains, or is as a ``whole``."""

    text: str
    whole: bool


class RuleSettings(msgspec.Struct, frozen=True):
    """Any cookie, with a rule for each purpose."""

    cookie: str
    rules: Mapping[str, CookieRule]

    @property
    def name(self) -> str:
        return f'the cookie "{self.cookie}"'


ToolSettings = TcfSettings | CategorySettings | RuleSettings


def read_provider(consent: Section) -> ToolSettings | None:
    """Who asks for consent instead of us; None: nobody. What is wrong becomes a finding."""
    if isinstance(consent.data.get("provider"), dict):
        return _rule(consent.table("provider"))
    name = consent.text("provider", OURS)
    if name == OURS:
        return None
    if name not in _COOKIES:
        rule = '{ cookie = "x", granted-when = "contains:marketing" }'
        hint = f"{suggest(name, PROVIDERS)}; or a rule: {rule}"
        consent.wrong("provider", f'unknown consent provider "{name}"', hint)
        return None
    section = consent.table(name)
    cookie = _cookie(section, _COOKIES[name])
    if name == "tcf":
        settings: ToolSettings = _tcf(section, cookie)
    else:
        settings = _categories(section, consent, name, cookie)
    section.finish()
    return settings


def _cookie(section: Section, default: str) -> str:
    name = section.text("cookie", default)
    if not _COOKIE.match(name):
        section.wrong("cookie", "a cookie's name has letters, digits, -, _ and . only")
        return default
    return name


def _tcf(section: Section, cookie: str) -> TcfSettings:
    purposes: dict[str, tuple[int, ...]] = {}
    for purpose in PURPOSES:
        numbers = section.numbers(purpose, least=1, most=24) or _TCF[purpose]
        if 1 not in numbers:
            section.wrong(
                purpose,
                "shopwindow sets a cookie: that takes purpose 1",
                f"write {[1, *numbers]}",
            )
            numbers = (1, *numbers)
        purposes[purpose] = numbers
    return TcfSettings(
        cookie,
        purposes,
        section.whole("vendor", 0, least=0, most=65_535),
        section.whole("cmp", 0, least=0, most=4_095),
        section.whole("policy", 4, least=4, most=63),
    )


def _categories(
    section: Section, consent: Section, name: str, cookie: str
) -> CategorySettings:
    purposes = dict(_CATEGORIES.get(name, {}))
    for purpose in PURPOSES:
        if names := section.texts(purpose):
            purposes[purpose] = names
            _known(section, purpose, name, names)
    if PERSONALIZATION not in purposes:
        message = f'[consent.{name}] does not say what stands for "{PERSONALIZATION}"'
        consent.wrong("provider", message, _UNNAMED[name])
    return CategorySettings(name, cookie, purposes)


def _known(section: Section, purpose: str, tool: str, names: Iterable[str]) -> None:
    if tool == "cookiebot":
        for name in names:
            if name not in COOKIEBOT[1:]:
                message = f'"{name}" is no category that visitors of Cookiebot agree to'
                section.wrong(purpose, message, suggest(name, COOKIEBOT[1:]))


def _rule(section: Section) -> RuleSettings | None:
    cookie = ""
    if "cookie" in section:
        cookie = _cookie(section, "")
    else:
        section.wrong("cookie", "a rule needs the name of a cookie")
    rules: dict[str, CookieRule] = {}
    if isinstance(section.data.get("granted-when"), dict):
        several = section.table("granted-when")
        if not several.data:
            section.wrong("granted-when", "this says nothing of a purpose", _HINT)
        for purpose in PURPOSES:
            if several.text(purpose) and (rule := _condition(several, purpose)):
                rules[purpose] = rule
        several.finish()
    elif rule := _condition(section, "granted-when"):
        rules = dict.fromkeys(PURPOSES, rule)
    if rules and PERSONALIZATION not in rules:
        message = f'nothing here stands for "{PERSONALIZATION}": nobody is ever known'
        section.wrong("granted-when", message, _HINT)
    section.finish()
    return RuleSettings(cookie, rules) if cookie and rules else None


def _condition(section: Section, key: str) -> CookieRule | None:
    written = section.text(key)
    if (match := _RULE.match(written)) is None:
        section.wrong(key, f'"{written}" is no rule about a cookie\'s value', _HINT)
        return None
    return CookieRule(match[2], match[1] == "equals")
