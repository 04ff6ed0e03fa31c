"""The editors' folder, read and checked as a whole: everything of it is live, or nothing."""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from ..findings import Finding, SiteError
from ..fragments.catalog import Catalog
from ..fragments.library import Library
from ..fragments.recommendations.candidates import ENGINE
from ..fragments.recommendations.strategies import STRATEGIES
from ..fragments.remote import Remote
from ..fragments.render import Click, Renderer
from ..fragments.slots import SlotNames
from ..rules.counting import Counted
from ..rules.events import PROMOTION_VIEWED, SAYS
from ..rules.exposures import Exposures
from ..rules.facts import Event, Profile
from ..rules.learning import learn
from ..rules.ruleset import RuleSet
from ..rules.vocabulary import Parameters, Vocabulary
from .clicks import PREFIX as CLICK
from .clicks import SCRIPT
from .context import ContextReader
from .engines.settings import EngineSettings
from .material import Material, read_material
from .settings import Settings, read_settings
from .texts import below, revision
from .tracking import Tracks

if TYPE_CHECKING:
    from ..fragments.selectors import Selectors
    from .ownpages.templates import Overrides

LARGEST = 16 * 1024 * 1024  # bytes of one file
ReadRules = Callable[[Mapping[str, str], Vocabulary], tuple[RuleSet, list[Finding]]]
_PATTERNS = (
    "site.toml",
    "rules/**/*.yaml",
    "rules/**/*.yml",
    "fragments/*.html",
    "catalog/*",
    "pages/*",
)


class Site(msgspec.Struct, frozen=True, eq=False):
    """A site ready to serve: immutable, swapped in one assignment."""

    settings: Settings
    rules: RuleSet
    material: Material
    renderer: Renderer
    vocabulary: Vocabulary
    tracks: Tracks
    context: ContextReader
    names: SlotNames
    selectors: "Selectors | None"  # most sites have none
    reorders: Mapping[str, str]
    remotes: Mapping[
        str, Remote
    ]  # the fragments of other servers; most sites have none
    engines: Mapping[str, EngineSettings]  # that propose products; most sites have none
    asks: bool  # whether a page may have to wait for any of these
    pages: "Overrides | None"  # of the visitor's own pages; most sites have none
    watched: frozenset[str]
    exposures: Exposures
    warnings: tuple[Finding, ...]
    revision: str  # of all files together

    def __repr__(self) -> str:
        rules, slots = len(self.rules.rules), len(self.settings.slots)
        return f"<Site {self.settings.name!r}: {slots} slots, {rules} rules>"

    @property
    def catalog(self) -> Catalog:
        return self.material.catalog

    @property
    def library(self) -> Library:
        return self.material.library

    def learn(self, profile: Profile | None, event: Event) -> Profile | None:
        """``profile`` after ``event``; the same object if there is nothing to remember."""
        if event.name == PROMOTION_VIEWED:
            if not self.watched or not self._is_watched(event):
                return profile
        return learn(profile, event, self.catalog.relatives)

    def _is_watched(self, event: Event) -> bool:
        """Whether a rule asks how often something of this page was shown."""
        says = SAYS[PROMOTION_VIEWED]
        shown = event.properties.get(says.listed)
        return isinstance(shown, list) and any(
            name in self.watched
            for promotion in shown
            if isinstance(promotion, dict)
            for name in (promotion.get("rule"), promotion.get(says.property))
            if isinstance(name, str)  # shops may track what they like
        )


def _watched(rules: RuleSet) -> frozenset[str]:
    """The rules with a cap or a split and the fragments in ``shown`` conditions: who else is
    shown how often stands in the log alone, because the profile is read with every request."""
    found: set[str] = {rule.id for rule in rules.rules if rule.cap or rule.split}

    def look(condition: object) -> None:
        if isinstance(condition, Counted) and condition.verb == "shown":
            found.add(condition.key)
        for part in getattr(condition, "conditions", ()):
            look(part)

    for rule in rules.rules:
        look(rule)
    for segment in rules.segments.values():
        look(segment.condition)
    return frozenset(found)


def read_files(folder: Path) -> tuple[dict[str, str], list[Finding]]:
    """The texts of all files of a site, by their name below ``folder``."""
    files: dict[str, str] = {}
    findings: list[Finding] = []
    for part in ("rules", "fragments", "catalog", "pages"):
        try:  # glob passes over a folder that it may not list
            if (folder / part).exists():
                os.listdir(folder / part)
        except OSError as error:
            findings.append(Finding(part, 1, 1, f"cannot be read: {error.strerror}"))
    for pattern in _PATTERNS:
        for path in sorted(folder.glob(pattern)):
            name = path.relative_to(folder).as_posix()
            if path.name.startswith("."):
                continue
            name = name.encode("utf-8", "backslashreplace").decode()
            try:
                if not path.is_file():
                    continue
                if not path.resolve().is_relative_to(folder.resolve()):
                    hint = "copy the file into the folder"
                    findings.append(
                        Finding(name, 1, 1, "a link that leads out of the folder", hint)
                    )
                    continue
                if path.stat().st_size > LARGEST:
                    findings.append(
                        Finding(name, 1, 1, f"larger than {LARGEST >> 20} MB")
                    )
                    continue
                content = path.read_bytes()
                files[name] = content.decode("utf-8-sig")
            except OSError as error:
                findings.append(
                    Finding(name, 1, 1, f"cannot be read: {error.strerror}")
                )
            except UnicodeDecodeError as error:
                line = content.count(b"\n", 0, error.start) + 1
                findings.append(
                    Finding(name, line, 1, "not UTF-8", "save the file as UTF-8")
                )
    if not folder.is_dir():
        hint = f"looked for {folder.absolute()}; `shopwindow new DIR` makes one"
        findings.append(Finding(str(folder), 1, 1, "there is no such folder", hint))
    elif "site.toml" not in files and not findings:
        hint = "`shopwindow new DIR` makes a folder to start from"
        findings.append(Finding("site.toml", 1, 1, f"{folder} has no site.toml", hint))
    return files, findings


def check_site(
    folder: Path,
    files: Mapping[str, str],
    click: Click | None = None,
    read: ReadRules | None = None,
    before: Site | None = None,
) -> tuple[Site, list[Finding]]:
    """Compile ``files`` into a site, with everything that is wrong or doubtful about them.

    ``click`` makes the links that fragments want counted: fragment and address to a link.
    ``read`` reads the rules, by default :func:`read_rules`. What has not changed since the site
    ``before`` is taken from there.
    """
    if read is None:
        # Reading YAML costs memory and a while to import, in every program that imports us.
        from ..rules.reading import read_rules

        read = read_rules

    settings, findings = read_settings(folder, files.get("site.toml", ""))
    material = read_material(
        files, settings.language, before.material if before else None
    )
    findings += material.findings
    catalog, library = material.catalog, material.library
    findings += _twice(settings, files)
    pages, found = _pages(files)
    findings += found
    vocabulary = _vocabulary(settings, catalog, library)
    rules, found = read(
        {
            name: text
            for name, text in below("rules/", files).items()
            if "/tests/" not in name
        },
        vocabulary,
    )
    findings += found
    # Only what the shop itself wrote is its business to mend.
    fragments = library.fragments
    site = Site(
        settings=settings,
        rules=rules,
        material=material,
        renderer=Renderer(
            library,
            catalog,
            currency=settings.currency,
            click=click,
            lead=CLICK,
            plain_links=settings.clicks == SCRIPT,
        ),
        vocabulary=vocabulary,
        tracks=Tracks(
            settings.tracks,
            lambda kind, id: kind == "query" or bool(catalog.relatives(kind, id)),
        ),
        context=ContextReader(
            settings,
            frozenset({settings.language}) | library.languages | catalog.languages,
        ),
        names=SlotNames(settings.slots),
        selectors=_selectors(settings),
        reorders={
            name: fragment.reorder
            for name, fragment in fragments.items()
            if fragment.reorder
        },
        remotes=settings.remotes,
        engines=settings.engines,
        asks=bool(settings.remotes or settings.engines),
        pages=pages,
        watched=_watched(rules),
        exposures=Exposures(rules, settings.experiments.report_segments),
        warnings=tuple(
            finding for finding in findings if finding.severity == "warning"
        ),
        revision=revision(files),
    )
    if settings.remotes:
        # Only here: what it imports takes a while.
        from .doubts import leaking

        findings += leaking(site)
    return site, findings


def _twice(settings: Settings, files: Mapping[str, str]) -> list[Finding]:
    """Fragments that site.toml names and that a file holds, too."""
    return [
        Finding(
            file,
            1,
            1,
            f'"{name}" comes from another server: site.toml, [fragments.{name}]',
            "rename one of them",
        )
        for file in below("fragments/", files)
        if (name := file.rpartition("/")[2].partition(".")[0]) in settings.remotes
    ]


def read_site(
    folder: Path,
    files: Mapping[str, str] | None = None,
    click: Click | None = None,
    findings: Sequence[Finding] = (),
    read: ReadRules | None = None,
    before: Site | None = None,
) -> Site:
    """The site of ``folder``. Raises :class:`SiteError` with every finding.

    ``files`` and ``findings`` are what :func:`read_files` said, if that was asked before.
    ``read`` and ``before`` are as in :func:`check_site`.
    """
    if files is None:
        files, findings = read_files(folder)
    if "site.toml" not in files:
        raise SiteError(findings)
    site, found = check_site(folder, files, click, read, before)
    findings = worth_telling((*findings, *found))
    if any(finding.severity == "error" for finding in findings):
        raise SiteError(findings)
    return site


def worth_telling(findings: Sequence[Finding]) -> list[Finding]:
    """Without what only follows from a site.toml that cannot be read: all its names are unknown."""
    broken = any(finding.code == "toml" for finding in findings)
    return [one for one in findings if not (broken and one.code == "unknown")]


def _pages(files: Mapping[str, str]) -> tuple["Overrides | None", list[Finding]]:
    """The shop's own templates of the visitor's pages, and warnings about them."""
    if not below("pages/", files):
        return None, []
    from .ownpages.samples import SAMPLES  # brings all pages
    from .ownpages.templates import read_overrides

    return read_overrides(files, SAMPLES)


def _selectors(settings: Settings) -> "Selectors | None":
    found = {name: one.selector for name, one in settings.slots.items() if one.selector}
    if not found:
        return None
    from ..fragments.selectors import Selectors  # brings lol-html

    return Selectors(found)


def _vocabulary(settings: Settings, catalog: Catalog, library: Library) -> Vocabulary:
    products = catalog.products.values()
    items = (*products, *catalog.articles.values())
    return Vocabulary(
        slots=frozenset(settings.slots),
        attributes=settings.attributes,
        fragments={
            name: Parameters(
                frozenset(fragment.parameters.required),
                frozenset(fragment.parameters.optional),
                fragment.parameters.open,
            )
            for name, fragment in library.fragments.items()
        }
        | {
            name: Parameters(remote.required, remote.optional, remote=True)
            for name, remote in settings.remotes.items()
        },
        categories={id: item.title for id, item in catalog.categories.items()},
        parents={id: item.parent for id, item in catalog.categories.items()},
        products=frozenset(catalog.products),
        articles=frozenset(catalog.articles),
        brands=frozenset(item.brand for item in products if item.brand),
        tags=frozenset(tag for item in items for tag in item.tags),
        strategies=frozenset(STRATEGIES) | {ENGINE + name for name in settings.engines},
        timezone=settings.timezone,
    )
