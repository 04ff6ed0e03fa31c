"""site.toml and the environment: every key, every error with its place."""

import ipaddress
import logging
from collections.abc import Mapping
from pathlib import Path

import pytest

from shopwindow.findings import Finding
from shopwindow.fragments.remote import Remote
from shopwindow.middleware.settings import (
    Settings,
    SourceSettings,
    Track,
    is_production,
    read_keys,
    read_settings,
)
from shopwindow.middleware.slots import Slot
from shopwindow.rules.attributes import Attribute
from shopwindow.rules.placement import Limits

FOLDER = Path("shop")
FULL = """\
[site]
name = "Pfotenladen"
timezone = "Europe/Berlin"
language = "de"
currency = "CHF"
[pages]
include = ["/", "/c/*"]
exclude = ["/kasse/*"]
at-most = 3
[experiments]
holdout = "5%"
[slots]
"home.hero" = "The large picture"
[slots."home.shelf"]
description = "The shelf"
selector = "#shelf"
group = "offers"
[[track]]
path = "/p/{product}"
event = "Product Viewed"
[[track]]
path = "/suche"
query = { q = "query" }
event = "Products Searched"
[attributes]
cart-value = { type = "number", from = "app" }
country = { type = "text", one-of = ["DE", "AT"], from = "header:CF-IPCountry" }
kind = { type = "text", from = "source:crm", purpose = "personalization", sensitive = true }
test = { type = "yes-no", from = "query:test" }
theme = { type = "text", from = "cookie:theme" }
plain = { type = "version" }
born = { type = "date", from = "preference" }
[consent]
provider = "shopwindow"
days = 90
[cookie]
name = "window"
days = 30
[proxy]
trusted = ["10.0.0.0/8", "::1"]
[deadlines]
profile-ms = 40
fragments-ms = 80
[store]
url = "sqlite:///data/shop.db"
[events]
url = "sqlite:///data/shop.db"
[sources.crm]
url = "https://crm.internal/customers/{customer}"
header = { Authorization = "env:SHOPWINDOW_SOURCE_CRM", Accept = "application/json" }
map = { kind = "$.segment.kind" }
cache = "1 hour"
[fragments.cms-teaser]
url = "https://cms.internal/teasers/{category}?lang={language}&size={size}"
parameters = ["category", "size?"]
header = { Authorization = "env:SHOPWINDOW_SOURCE_CRM" }
cache = "10 minutes"
stale = "1 day"
"""
KIND = Attribute(
    "kind", "text", "source:crm", purpose="personalization", sensitive=True
)
ENVIRONMENT = {
    "SHOPWINDOW_SOURCE_CRM": "Bearer x",
    "SHOPWINDOW_ALLOWED_HOSTS": "crm.internal, API.example ,,",
}


def read(
    text: str, environment: Mapping[str, str] | None = None
) -> tuple[Settings, list[Finding]]:
    return read_settings(FOLDER, text, environment or {})


def test_every_key_of_a_full_file_is_read() -> None:
    settings, findings = read(FULL, ENVIRONMENT)
    assert findings == []
    assert settings == Settings(
        folder=FOLDER,
        name="Pfotenladen",
        timezone="Europe/Berlin",
        language="de",
        include=("/", "/c/*"),
        exclude=("/kasse/*",),
        slots={
            "home.hero": Slot("The large picture"),
            "home.shelf": Slot("The shelf", "#shelf", "offers"),
        },
        limits=Limits(3, {"home.shelf": "offers"}, 0.05),
        tracks=(
            Track("/p/{product}", "Product Viewed"),
            Track("/suche", "Products Searched", {"q": "query"}),
        ),
        attributes={
            "cart-value": Attribute("cart-value", "number", "app"),
            "country": Attribute(
                "country", "text", "header:CF-IPCountry", ("DE", "AT")
            ),
            "kind": KIND,
            "test": Attribute("test", "yes-no", "query:test"),
            "theme": Attribute("theme", "text", "cookie:theme"),
            "plain": Attribute("plain", "version", "app"),
            "born": Attribute("born", "date", "preference"),
        },
        consent_days=90,
        cookie_name="window",
        cookie_days=30,
        trusted=(ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("::1/128")),
        profile_ms=40,
        fragments_ms=80,
        store="sqlite:///data/shop.db",
        events="sqlite:///data/shop.db",
        currency="CHF",
        sources=(
            SourceSettings(
                "crm",
                "https://crm.internal/customers/{customer}",
                {"Authorization": "Bearer x", "Accept": "application/json"},
                {"kind": "$.segment.kind"},
                3600.0,
                86_400.0,
                attributes={"kind": KIND},
            ),
        ),
        allowed_hosts=frozenset({"crm.internal", "api.example"}),
        remotes={
            "cms-teaser": Remote(
                "cms-teaser",
                "https://cms.internal/teasers/{category}?lang={language}&size={size}",
                frozenset({"category"}),
                frozenset({"size"}),
                {"Authorization": "Bearer x"},
                600.0,
                86_400.0,
            )
        },
    )
    assert "Bearer" not in repr(settings.remotes)
    assert settings.zone.key == "Europe/Berlin"


def test_an_empty_file_has_every_default() -> None:
    settings, findings = read("")
    assert findings == []
    assert settings == Settings(folder=FOLDER, name="shop")


# What an editor wrote -> what is said about it.
WRONG: dict[str, str | tuple[str, ...]] = {
    "shop = 1": '1:1: unknown key "shop" in this file: known: alerts, attributes, clicks, '
    "consent, cookie, deadlines, events, experiments, ...",
    "[sit]\nname = 'x'": '1:2: unknown key "sit" in this file: did you mean "site"?',
    "site = 1": '1:1: "site" must be a table',
    "[site]\nname = 1": '2:1: "name" must be a text in quotes',
    "[site]\nlanguge = 'de'": '2:1: unknown key "languge" in [site]: '
    'did you mean "language"?',
    "[site]\ntimezone = 'Europe/Bern'": '2:1: unknown time zone "Europe/Bern": '
    "for example Europe/Berlin",
    "[site]\ntimezone = '../etc/passwd'": '2:1: unknown time zone "../etc/passwd": '
    "for example Europe/Berlin",
    "[site]\ntimezone = ''": '2:1: unknown time zone "": for example Europe/Berlin',
    "[site]\ntimezone = 'Europe'": '2:1: unknown time zone "Europe": '
    "for example Europe/Berlin",
    "[pages]\ninclude = '/'": '2:1: "include" must be a list of texts',
    "[pages]\nexclude = [1]": '2:1: "exclude" must be a list of texts',
    "[pages]\ninclude = ['/', 'c/*']": '2:1: "c/*" is not a path: a path starts with /',
    "[pages]\nat-most = -1": '2:1: "at-most" must be from 0 to 1000, not -1',
    "[experiments]\nx = 1": '2:1: unknown key "x" in [experiments]: known: customer-value, holdout, repurchase-days, window',
    "[experiments]\nholdout = 5": '2:1: "holdout" must be a text in quotes',
    "[experiments]\nholdout = '5'": '2:1: "5" is not a percentage: write for example '
    '"5%", from 0% to 100%',
    "[slots]\n'a b' = 'x'": '2:1: "a b" is not a slot name: letters, digits, dots and '
    "dashes",
    "[slots]\nhero = 1": '2:1: "hero" must be a table',
    "[slots.hero]\ndescription = 1": '2:1: "description" must be a text in quotes',
    "[slots.hero]\nselector = 1": '2:1: "selector" must be a text in quotes',
    "[slots.hero]\nselector = '#a + b'": '2:1: the selector "#a + b" cannot be used: '
    "unsupported combinator `+` in selector: elements are known only by what is around "
    "them: name them by id, class or attribute",
    "[slots.a]\nselector = '#a'\n[slots.b]\nselector = '#a'": '4:1: another slot has the '
    'selector "#a", too: an element is one slot',
    "[slots.hero]\ngroup = 1": '2:1: "group" must be a text in quotes',
    "[slots.hero]\ncolour = 'x'": '2:1: unknown key "colour" in [slots.hero]: '
    "known: description, group, selector",
    "[track]\npath = '/'": '1:2: "track" must be written as [[track]]',
    "track = [1]": '1:1: an entry of "track" must be a table',
    "[[track]]\npath = 'p'\nevent = 'Product Viewed'": "2:1: a tracked path starts with /",
    "[[track]]\nevent = 'Product Viewed'": "1:3: a tracked path starts with /",
    "[[track]]\npath = '/p'\nevent = 'Product View'": '3:1: unknown event "Product View": '
    'did you mean "Product Viewed"?',
    "[[track]]\npath = '/p/{id}'\nevent = 'Product Viewed'": '2:1: "Product Viewed" needs '
    "to know the product: {product} in the path",
    "[[track]]\npath = '/suche'\nevent = 'Products Searched'": '1:3: "Products Searched" '
    "needs to know the query: {query} in the path",
    "[[track]]\npath = '/p/{product}.html'\nevent = 'Product Viewed'": "2:1: words in "
    "braces are whole parts of a path: write /p/{product}, nothing before or after the "
    "braces",
    "[[track]]\npath = '/p-{product}'\nevent = 'Product Viewed'": "2:1: words in braces "
    "are whole parts of a path: write /p/{product}, nothing before or after the braces",
    "[[track]]\npath = '/{product'\nevent = 'Product Viewed'": "2:1: words in braces are "
    "whole parts of a path: write /p/{product}, nothing before or after the braces",
    "[[track]]\npath = '/{product}'\nevent = 'Product Viewed'\nonly = 1": "4:1: unknown "
    'key "only" in [track]: known: event, path, query',
    "[attributes]\nvisits = { type = 'number' }": '2:1: "visits" is built in and cannot be '
    "declared again",
    "[attributes]\na = 1": ('2:1: "a" must be a table', '2:1: unknown type "": known: '
    "date, list, number, text, time, version, yes-no"),
    "[attributes]\na = { type = 'int' }": '2:7: unknown type "int": known: date, list, '
    "number, text, time, version, yes-no",
    "[attributes]\na = { type = 'text', from = 'crm' }": '2:22: unknown origin "crm": app, '
    "preference, header:NAME, query:NAME, cookie:NAME, source:NAME, "
    "import:NAME or webhook:NAME",
    "[attributes]\na = { type = 'text', from = 'header:' }": '2:22: unknown origin '
    '"header:": app, preference, header:NAME, query:NAME, cookie:NAME, source:NAME, '
    "import:NAME or webhook:NAME",
    "[attributes]\na = { type = 'text', from = 'header:X\\nY' }": '2:22: unknown origin '
    '"header:X\\nY": app, preference, header:NAME, query:NAME, cookie:NAME, source:NAME, '
    "import:NAME or webhook:NAME",
    "[attributes]\na = { type = 'text', from = 'source:crm' }": '2:22: unknown source '
    '"crm": write [sources.crm]',
    "[sources.erp]\nurl = 'https://x'\n[attributes]\na = { type = 'text', from = "
    "'source:erq' }": '4:22: unknown source "erq": did you mean "erp"?',
    "[attributes]\na = { type = 'text', from = 'webhook:crm' }": '2:22: unknown webhook '
    '"crm": write [webhooks.crm]',
    "[attributes]\na = { type = 'text', from = 'import:pos' }": '2:22: unknown import '
    '"pos": write [imports.pos]',
    "[attributes]\na = { type = 'text', purpose = 'sales' }": '2:22: unknown purpose '
    '"sales": known: personalization, statistics',
    "[attributes]\na = { type = 'text', one-of = 'x' }": '2:22: "one-of" must be a list of '
    "texts",
    "[attributes]\na = { type = 'text', sensitive = 1 }": '2:22: "sensitive" must be true '
    "or false",
    "[attributes]\na = { type = 'text', secret = 1 }": '2:22: unknown key "secret" in '
    "[attributes.a]: known: from, label, of, one-of, purpose, sensitive, type",
    "[consent]\nprovider = 'klarro'": '2:1: unknown consent provider "klarro": did you mean '
    '"klaro"?; or a rule: { cookie = "x", granted-when = "contains:marketing" }',
    "[consent]\nprovider = 'onetrust'": '2:1: unknown consent provider "onetrust": known: cookiebot, klaro, shopwindow, tcf, usercentrics; or a rule: '
    '{ cookie = "x", granted-when = "contains:marketing" }',
    "[consent]\nprovider = 'klaro'": '2:1: [consent.klaro] does not say what stands for '
    '"personalization": name services of your Klaro configuration: without one nobody ever agrees',
    "[consent]\nprovider = 'usercentrics'": "2:1: [consent.usercentrics] does not say what "
    'stands for "personalization": Usercentrics keeps answers in the browser\'s local storage, '
    'which no server sees: put the script of middleware/GUIDE.md ("Usercentrics") into your '
    "pages, and name categories here",
    "[consent]\nprovider = 'cookiebot'\n[consent.cookiebot]\nstatistics = ['statistic']": '4:1: '
    '"statistic" is no category that visitors of Cookiebot agree to: did you mean "statistics"?',
    "[consent]\nprovider = 'tcf'\n[consent.tcf]\nstatistics = [8]": "4:1: shopwindow sets a "
    "cookie: that takes purpose 1: write [1, 8]",
    "[consent]\nprovider = 'tcf'\n[consent.tcf]\nstatistics = [1, 25]": '4:1: "statistics" must '
    "be a list of whole numbers from 1 to 24",
    "[consent]\nprovider = 'tcf'\n[consent.tcf]\nvendor = 70000": '4:1: "vendor" must be from 0 '
    "to 65535, not 70000",
    "[consent]\nprovider = 'tcf'\n[consent.tcf]\ncookie = 'a;b'": "4:1: a cookie's name has "
    "letters, digits, -, _ and . only",
    "[consent]\nprovider = 'tcf'\n[consent.klaro]\ncookie = 'x'": '3:2: unknown key "klaro" in '
    "[consent]: known: days, provider, tcf",
    "[consent]\nprovider = { cookie = 'x', granted-when = 'marketing' }": '2:28: "marketing" is no '
    'rule about a cookie\'s value: write "contains:marketing" or "equals:all"',
    "[consent]\nprovider = { cookie = 'x', granted-when = { statistics = 'equals:1' } }": '2:28: '
    'nothing here stands for "personalization": nobody is ever known: write "contains:marketing" or '
    '"equals:all"',
    "[consent]\nprovider = { cookie = 'x', granted-when = {} }": '2:28: this says nothing of a '
    'purpose: write "contains:marketing" or "equals:all"',
    "[consent]\nprovider = { granted-when = 'contains:x' }": "2:1: a rule needs the name of a "
    "cookie",
    "[consent]\nprovider = { cookie = 'x', granted-when = { statistic = 'equals:1' } }": '2:28: '
    'unknown key "statistic" in [consent.provider.granted-when]: did you mean "statistics"?',
    "[consent]\ndays = 0": '2:1: "days" must be from 1 to 395, not 0',
    "[cookie]\nname = 'a b'": "2:1: a cookie's name has letters, digits, - and _ only",
    "[cookie]\nname = ''": "2:1: a cookie's name has letters, digits, - and _ only",
    "[cookie]\ndays = 401": '2:1: "days" must be from 1 to 400, not 401',
    "[proxy]\ntrusted = ['10.0.0.1/8']": '2:1: "10.0.0.1/8" is not a network: for example '
    "10.0.0.0/8",
    "[deadlines]\nprofile-ms = 0": '2:1: "profile-ms" must be from 1 to 10000, not 0',
    "[deadlines]\nprofile-ms = true": '2:1: "profile-ms" must be a whole number',
    "[deadlines]\nfragments-ms = 0": '2:1: "fragments-ms" must be from 1 to 10000, not 0',
    "[store]\nurl = 'redsi://x'": '2:1: "redsi" is no kind of store: did you mean '
    '"redis"?',
    "[store]\nurl = 'shop.db'": "2:1: this is no URL: for example "
    "sqlite:///shopwindow.db",
    "[store]\nurl = 'postgresql:shop'": '2:1: after "postgresql:" comes //: for example '
    "postgresql://user:password@host/database",
    "[store]\nurl = 'postgresql://me:pass/word@host/shop'": "2:1: host and port cannot be "
    "read: in a password write %40 for @, %2F for /, %3A for :, %23 for #",
    "[events]\nurl = 'redis://x'": '2:1: events cannot be kept in "redis": sqlite or '
    "postgresql, for example sqlite:///shopwindow.db",
    "[events]\nkeep = '400'": '2:1: "400" is not a duration: write for example '
    "`30 days` or `2 hours`",
    "[events]\nkeep-statistics = '5 hours'": '2:1: "5 hours" is less than a day: '
    "write for example `30 days`",
    "[store]\nkeep = 400": '2:1: "keep" must be a text in quotes',
    "[store]\nkeeps = '400 days'": '2:1: unknown key "keeps" in [store]: did you mean '
    '"keep"?',
    "[register]\nowner = 'x'": '2:1: unknown key "owner" in [register]: known: '
    "contact, controller, data-protection-officer, legal-basis, measures, recipients, "
    "representative, transfers",
    "[register.legal-basis]\nsales = 'x'": '2:1: unknown key "sales" in '
    "[register.legal-basis]: known: personalization, statistics",
    "[register]\nmeasures = 'locks'": '2:1: "measures" must be a list of texts',
    "[sources.crm]\ncache = '1 hour'": '1:2: the source "crm" needs a url',
    "[sources.crm]\nurl = 'crm.internal/x'": "2:1: a url starts with https:// or http://",
    "[sources.crm]\nurl = 'file:///etc/passwd'": "2:1: a url starts with https:// or "
    "http://",
    "[sources.crm]\nurl = 'https://x'\ncache = '1 wek'": '3:1: "1 wek" is not a '
    "duration: write for example 10 minutes",
    "[sources.crm]\nurl = 'https://x'\nmap = { a = 'b.c' }": (
        '3:1: "b.c" is not a JSON path: for example $.contact.name, $.tags[0] or '
        "$.addresses[?type=work].city",
        '3:1: [attributes] does not declare "a": from = "source:crm"',
    ),
    "[sources.crm]\nurl = 'https://x'\nmap = { a = '$.a' }\n"
    "[attributes]\na = { type = 'text' }": '3:1: "a" is declared with from = "app": '
    'write from = "source:crm" there',
    "[webhooks.crm]\nsecret = 'x'": (
        "2:1: a secret stands in the environment, not here: write secret = "
        '"env:SHOPWINDOW_SOURCE_..."',
        '1:2: the webhook "crm" needs a map: attribute = "$.path"',
    ),
    "[webhooks.crm]\nsecret = 'env:SHOPWINDOW_SECRET_KEYS'\nmap = { a = '$.a' }\n"
    "[attributes]\na = { type = 'text', from = 'webhook:crm' }": (
        "2:1: SHOPWINDOW_SECRET_KEYS cannot be read from here: only SHOPWINDOW_SOURCE_..."
    ),
    "[imports.pos]\ncustomer = 'x'": '1:2: the import "pos" says nothing: map = { '
    'ATTRIBUTE = "COLUMN" }, or event = "Order Completed"',
    "[imports.pos]\nevent = 'Order Complete'\nmap = { a = 'A' }\n"
    "[attributes]\na = { type = 'text', from = 'import:pos' }": (
        '2:1: unknown event "Order Complete": did you mean "Order Completed"?'
    ),
    "[imports.pos]\nevent = 'Order Completed'\ntime = 'T'\n"
    "properties = { order_id = 'B', prise = 'P' }": (
        '4:1: "Order Completed" does not say "prise": did you mean "price"?'
    ),
    "[imports.pos]\nevent = 'Product Viewed'\nproperties = { product_id = 'P' }": (
        '1:2: "Product Viewed" happened at some time: write time = "COLUMN"'
    ),
    "[imports.pos]\nevent = 'Product Viewed'\ntime = 'T'": '1:2: "Product Viewed" says '
    'product_id: write product_id = "COLUMN"',
    "[imports.pos]\nevent = 'Product Viewed'\ntime = 'T'\nproperties = { product_id = "
    "'P' }\ndecimal = ';'\ndelimiter = '#'\nencoding = 'utf-16'\nfoo = 1": (
        '5:1: ";" is no decimal sign: write "." or ","',
        '6:1: unknown delimiter: one of , ; | and "\\t"',
        '7:1: unknown encoding "utf-16": for example utf-8 or cp1252',
        '8:1: unknown key "foo" in [imports.pos]: known: customer, decimal, delimiter, '
        "encoding, event, id, map, properties, ...",
    ),
    "[sources.crm]\nurl = 'https://x'\nretry = 3": '3:1: unknown key "retry" in '
    "[sources.crm]: known: cache, header, map, preset, stale, url",
    "[sources.crm]\nurl = 'env:SHOPWINDOW_SECRET_KEYS'": (
        "2:1: SHOPWINDOW_SECRET_KEYS cannot be read from here: only SHOPWINDOW_SOURCE_...",
        '2:1: the source "crm" needs a url',
    ),
    "[sources.crm]\nurl = 'https://x'\nheader = { K = 'env:HOME' }": "3:1: HOME cannot be "
    "read from here: only SHOPWINDOW_SOURCE_...",
    "[sources.crm]\nurl = 'https://x'\nheader = { Host = 'other' }": '3:1: "Host" is not '
    "for site.toml to set",
    "[fragments]\nx = 1": '2:1: "x" must be a table',
    "[fragments.x]": '1:2: the fragment "x" needs a url',
    "[fragments.X_y]\nurl = 'https://cms/'": '1:2: "X_y" cannot be a fragment\'s name: use '
    "small letters, digits and hyphens",
    "[fragments.x]\nurl = 'env:SHOPWINDOW_SOURCE_CMS'": "2:1: a url starts with https:// or "
    "http://, and a host",
    "[fragments.x]\nurl = 'ftp://cms/'": "2:1: a url starts with https:// or http://, and a "
    "host",
    "[fragments.x]\nurl = 'https://{host}/'\nparameters = ['host']": "2:1: the host cannot be "
    "a parameter: write out which server it is",
    "[fragments.x]\nurl = 'https://me:secret@cms/'": "2:1: a url holds no name and password: "
    'header = { Authorization = "env:SHOPWINDOW_SOURCE_..." }',
    "[fragments.x]\nurl = 'https://cms:none/'": '2:1: "https://cms:none" is not a server: for '
    "example https://cms.internal:8443",
    "[fragments.x]\nurl = 'https://cms/a b'": "2:1: a url cannot have ' ': write it "
    "percent-encoded",
    "[fragments.x]\nurl = 'https://cms/käse'": "2:1: a url cannot have 'ä': write it "
    "percent-encoded",
    "[fragments.x]\nurl = 'https://käse.example/'": "2:1: a url cannot have 'ä': write the "
    "host as DNS knows it, xn--...",
    "[fragments.x]\nurl = 'https://cms/a#b'": '2:1: a url has no "#" here: it would never reach '
    "the server",
    "[fragments.x]\nurl = 'https://cms/../a'": '2:1: a url has no "." or ".." among its parts: '
    "write out where it leads",
    "[fragments.x]\nurl = 'https://cms/{category'": "2:1: a brace has no partner: write for "
    "example {category}",
    "[fragments.x]\nurl = 'https://cms/{category}'": '2:1: nothing fills "{category}": a '
    "parameter is declared: parameters = [...]",
    "[fragments.x]\nurl = 'https://cms/'\nparameters = ['category']": "2:1: the url does not "
    'have the parameter "category": write {category} where it belongs',
    "[fragments.x]\nurl = 'https://cms/{a}'\nparameters = ['a?']": '2:1: "a" may be left away, '
    "so it cannot be in the path: put it into the query, or leave its question mark away",
    "[fragments.x]\nurl = 'https://cms/?n={visitor.first-name}'": "2:1: "
    '"{visitor.first-name}" is about the visitor: it never goes to another server: take it out',
    "[fragments.x]\nurl = 'https://cms/?l={language}'\nparameters = ['language']": "3:1: "
    '"language" cannot be a parameter: {language} is the page\'s, without being declared',
    "[fragments.x]\nurl = 'https://cms/?a={a}'\nparameters = ['a', 'a?']": '3:1: "a" is '
    "declared twice",
    "[fragments.x]\nurl = 'https://cms/'\ncache = 'long'": '3:1: "long" is not a duration: '
    "write for example 10 minutes",
    "[fragments.x]\nurl = 'https://cms/'\nheader = { Authorization = 'env:HOME' }": "3:1: HOME "
    "cannot be read from here: only SHOPWINDOW_SOURCE_...",
    "[fragments.x]\nurl = 'https://cms/'\nheader = { 'X Y' = 'z' }": '3:1: "X Y" is not the '
    "name of a header",
    '[fragments.x]\nurl = "https://cms/"\nheader = { X = "a\\r\\nY: b" }': '3:1: "X" has '
    "characters that cannot be sent: printable ASCII; write anything else percent-encoded",
    "[fragments.x]\nurl = 'https://cms/'\ncach = '1 day'": '3:1: unknown key "cach" in '
    '[fragments.x]: did you mean "cache"?',
    **{
        f"[{name}]\nx = 1": f'1:2: "{name}" is not available yet'
        for name in ("preview", "journeys")
    },
}  # fmt: skip


@pytest.mark.parametrize("text", WRONG)
def test_an_error_names_its_place_and_what_would_be_right(text: str) -> None:
    settings, findings = read(text)
    said = WRONG[text]
    wanted = (said,) if isinstance(said, str) else said
    assert (
        tuple(
            str(finding).removeprefix("site.toml:").replace(" error: ", " ", 1)
            for finding in findings
        )
        == wanted
    )
    assert settings.profile_ms == 50  # what is wrong has its default


def test_all_errors_are_told_at_once() -> None:
    _, findings = read("[site]\nname = 1\n[cookie]\ndays = 0\n[nothing]\n")
    assert [finding.line for finding in findings] == [2, 4, 5]


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("30 seconds", 30),
        ("1 minute", 60),
        ("2 hours", 7200),
        ("1 day", 86_400),
        ("1 week", 604_800),
    ],
)
def test_a_cache_is_written_in_words(written: str, seconds: int) -> None:
    settings, findings = read(f"[sources.x]\nurl = 'https://x/'\ncache = '{written}'")
    assert findings == []
    assert settings.sources[0].cache == seconds


def test_the_store_of_the_environment_wins() -> None:
    written = "[store]\nurl = 'sqlite:///a.db'"
    settings, findings = read(written, {"SHOPWINDOW_STORE": "memory:"})
    assert settings.store == "memory:" and not findings
    assert read(written, {"SHOPWINDOW_STORE": ""})[0].store == "sqlite:///a.db"
    assert read(written)[0].store == "sqlite:///a.db"


def test_a_wrong_store_of_the_environment_is_named_as_that() -> None:
    wrong = {"SHOPWINDOW_STORE": "mysql://x", "SHOPWINDOW_EVENTS": "redis://x"}
    _, (store, events) = read("[store]\nurl = 'sqlite:///a.db'", wrong)
    assert store.message.startswith("SHOPWINDOW_STORE, which goes before this: ")
    assert events.message.startswith("SHOPWINDOW_EVENTS, which goes before this: ")
    _, (written,) = read("[store]\nurl = 'mysql://x'", {"SHOPWINDOW_STORE": ""})
    assert written.message == '"mysql" is no kind of store'


def test_events_may_be_kept_elsewhere() -> None:
    written = "[events]\nurl = 'sqlite:///log.db'"
    assert read(written)[0].events == "sqlite:///log.db"
    environment = {"SHOPWINDOW_EVENTS": "postgresql://shop@db/shop"}
    settings, findings = read(written, environment)
    assert settings.events == "postgresql://shop@db/shop" and not findings
    assert read("")[0].events == ""


def test_a_source_whose_secret_is_missing_does_not_take_the_shop_down(
    caplog: pytest.LogCaptureFixture,
) -> None:
    text = "[sources.crm]\nurl = 'env:SHOPWINDOW_SOURCE_URL'\n"
    text += "header = { Authorization = 'env:SHOPWINDOW_SOURCE_KEY' }"
    for environment in ({}, {"SHOPWINDOW_SOURCE_URL": "", "SHOPWINDOW_SOURCE_KEY": ""}):
        settings, findings = read(text, environment)
        assert findings == []
        (source,) = settings.sources
        assert source.url == "http://unset.invalid/"
        assert source.header == {"Authorization": ""}
    assert (
        "SHOPWINDOW_SOURCE_URL is not set: the source crm stays silent" in caplog.text
    )
    assert "SHOPWINDOW_SOURCE_KEY is not set" in caplog.text


def test_an_environment_that_is_wrong_does_not_take_the_shop_down() -> None:
    text = "[sources.crm]\nurl = 'env:SHOPWINDOW_SOURCE_URL'\n"
    _, findings = read(text, {"SHOPWINDOW_SOURCE_URL": "crm.internal"})
    assert findings == []


def test_keys_come_newest_first() -> None:
    keys = "  the newest of the keys ,,the oldest of all keys"
    assert read_keys({"SHOPWINDOW_SECRET_KEYS": keys}) == (
        b"the newest of the keys",
        b"the oldest of all keys",
    )


def test_a_short_key_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 16 characters"):
        read_keys({"SHOPWINDOW_SECRET_KEYS": "long enough as a key,short"})


def test_without_keys_there_is_a_random_one_and_a_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING, "shopwindow"):
        (one,), (other,) = read_keys({}), read_keys({"SHOPWINDOW_SECRET_KEYS": " , "})
    assert one != other and len(one) >= 32
    assert caplog.text.count("SHOPWINDOW_SECRET_KEYS is not set") == 2


@pytest.mark.parametrize("value", ["production", "Production"])
def test_production_without_keys_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="SHOPWINDOW_ENV is production"):
        read_keys({"SHOPWINDOW_ENV": value})


def test_only_the_word_production_means_it() -> None:
    assert is_production({"SHOPWINDOW_ENV": "production"})
    assert not is_production({"SHOPWINDOW_ENV": "staging"})
    assert not is_production({})


def test_what_only_looks_like_production_is_told_of(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING, "shopwindow"):
        assert not is_production({"SHOPWINDOW_ENV": "Prod"})
    assert "SHOPWINDOW_ENV is 'prod', and only production means it" in caplog.text
    caplog.clear()
    for value in ("production", " Production ", "staging", ""):
        is_production({"SHOPWINDOW_ENV": value})
    assert not caplog.text


def test_keys_that_are_refused_say_how_to_make_one() -> None:
    for environment in (
        {"SHOPWINDOW_SECRET_KEYS": "short"},
        {"SHOPWINDOW_ENV": "production"},
    ):
        with pytest.raises(ValueError, match="make one with python -c"):
            read_keys(environment)
