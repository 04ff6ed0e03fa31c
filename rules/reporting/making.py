"""A report out of cells, counts and rules."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from msgspec.structs import replace

from ..allocating.guarding import guardrails_of
from ..allocating.rollout import Standing
from ..measurement.cells import Cell, Tally
from ..rule import Rule
from ..ruleset import RuleSet
from ..stages import STAGES
from .alerts import raised
from .asked import Asked
from .chosen import only
from .coverage import covered
from .drafts import MOVING, Draft, contexts, drafted, mode
from .earnings import earned
from .effects import settled
from .gathering import Counts, Gathered, gathered
from .remarks import remarks
from .report import Report, SampleRatio, Subject
from .subjects import finished

_EPOCH = date(1970, 1, 1).toordinal()
#: Days before the report that are read, too, for what is said of the course of things.
BACK = 57


def reported(
    cells: Iterable[tuple[Cell, Tally]],
    counts: Counts,
    rules: RuleSet,
    ask: Asked,
) -> Report:
    """The report that ``ask`` asks for.

    ``cells`` are those of its days; ``counts`` begin :data:`BACK` days before. ``rules`` are the
    site's of today: what they no longer hold is shown with what is known of it.
    """
    moving = {
        rule.split.experiment
        for rule in rules.rules
        if rule.split is not None and mode(rule.split) in MOVING
    } | ask.moved
    rolling = _rolling(rules.rules, ask)
    current = (pair for pair in cells if not rolling or _current(pair[0], rolling))
    found = gathered(current, counts, ask.since, ask.until, moving)
    report = Report(
        ask.site,
        day(ask.since),
        day(ask.until),
        ask.now,
        ask.updated,
        ask.currency,
        ask.language,
        ask.timezone,
        notes=_notes(found, ask),
        experiment=ask.experiment,
    )
    if not found.cells:
        return replace(report, empty=_empty(ask))
    whole = drafted(found, "site", "", ask)
    drafts = _drafts(found, rules.rules, ask)
    broken = _broken([whole, *drafts["experiment"]])
    total = _kind([whole], found, ask, broken)[0]
    groups = _as_shown(
        {kind: _kind(each, found, ask, broken) for kind, each in drafts.items()}
    )
    live = [rule for rule in rules.rules if _live(rule, ask)]
    coverage = covered(found, ask.slots)
    shown, held = (
        sum(arm.funnel.exposed for arm in total.arms if (arm.name == "holdout") == held)
        for held in (False, True)
    )
    judged = (total, *groups["experiment"], *groups["rule"])
    report = replace(
        report,
        total=total,
        earned=None if "" in broken else earned(total.effects, shown, held, ask.write),
        experiments=groups["experiment"],
        rules=groups["rule"],
        slots=groups["slot"],
        segments=groups["segment"],
        stages=groups["stage"],
        campaigns=groups["campaign"],
        coverage=coverage,
        findings=remarks(
            *(found, rules.rules, coverage, ask.now, (ask.last, ask.today), ask.write)
        ),
        # Of what is not counted yet, silence says nothing.
        alerts=raised(found, judged, live, ask.slots, _counted(ask), ask.write),
    )
    if not ask.experiment:
        return report
    return only(report, ask.experiment, _dealt(rules.rules, ask.experiment))


def day(number: int) -> str:
    """``2026-11-26``, of a day since 1970."""
    return date.fromordinal(number + _EPOCH).isoformat()


def _current(cell: Cell, rolling: Mapping[tuple[str, str], Standing]) -> bool:
    """Whether those who came first on that day can be compared: a roll-out that was changed
    begins anew, and one that everybody sees has nobody to compare them with."""
    standing = rolling.get((cell.kind, cell.name))
    if standing is None:
        return True
    last = cell.day + 1 if standing.last_day is None else standing.last_day
    return standing.first_day <= cell.day < last


def _rolling(rules: Iterable[Rule], ask: Asked) -> Mapping[tuple[str, str], Standing]:
    """Where the roll-outs stand, by their own name and by those of their rules."""
    found: dict[tuple[str, str], Standing] = {}
    for rule in rules:
        if rule.split is None or rule.split.rollout is None:
            continue
        standing = ask.standings.get(rule.split.experiment)
        if standing is not None:
            found["experiment", rule.split.experiment] = standing
            found["rule", rule.id] = standing
    return found


def _counted(ask: Asked) -> int:
    """The last day of which anything is known."""
    return ask.today if ask.counted is None else min(ask.today, ask.counted)


def _dealt(rules: Iterable[Rule], experiment: str) -> set[str]:
    return {
        rule.id
        for rule in rules
        if rule.split is not None and rule.split.experiment == experiment
    }


def _live(rule: Rule, ask: Asked) -> bool:
    """Whether it should show something now: a roll-out that went back does not."""
    split = rule.split
    if split is not None and split.rollout is not None:
        standing = ask.standings.get(split.experiment)
        if standing is not None and standing.back:
            return False
    return not rule.off and (rule.schedule is None or rule.schedule.active(ask.now))


def _drafts(
    found: Gathered, rules: Sequence[Rule], ask: Asked
) -> Mapping[str, list[Draft]]:
    """Of each kind what there is, in the order in which it is shown."""
    experiments = _experiments(rules)
    names = [*experiments, *_others(found.names("experiment"), experiments)]
    own = {rule.id: rule for rule in rules}
    drafts: dict[str, list[Draft]] = {
        "experiment": [
            drafted(found, "experiment", name, ask, experiments.get(name), context)
            for name in names
            for context in ("", *contexts(found, name, experiments.get(name)))
        ],
        "rule": [drafted(found, "rule", id, ask, rule) for id, rule in own.items()],
    }
    gone = _others(found.names("rule"), own)
    drafts["rule"] += [drafted(found, "rule", name, ask) for name in gone]
    campaigns = [found_ for rule in rules if (found_ := rule.about.get("campaign"))]
    for kind, expected in (
        ("slot", ask.slots),
        ("segment", ()),
        ("stage", STAGES),
        ("campaign", tuple(dict.fromkeys(campaigns))),
    ):
        seen = found.names(kind)
        # Of stages only those with visitors; slots and campaigns are there from the first day.
        listed = [one for one in expected if kind != "stage" or one in seen]
        every = [*listed, *_others(seen, listed)]
        drafts[kind] = (
            # Nobody asked for them, and no p is adjusted by those of another kind.
            [] if ask.experiment else [drafted(found, kind, one, ask) for one in every]
        )
    return drafts


def _experiments(rules: Iterable[Rule]) -> dict[str, Rule]:
    """A rule for each experiment: the first one that has a goal, with the guardrails of all."""
    found: dict[str, list[Rule]] = {}
    for rule in rules:
        if rule.split is not None:
            found.setdefault(rule.split.experiment, []).append(rule)
    return {
        name: replace(
            next((one for one in several if one.goal is not None), several[0]),
            guardrails=guardrails_of(several),
        )
        for name, several in found.items()
    }


def _others(names: Iterable[str], known: Iterable[str]) -> list[str]:
    known = set(known)
    return [name for name in names if name not in known]


def _broken(drafts: Iterable[Draft]) -> dict[str, SampleRatio]:
    """The experiments whose arms hold other visitors than they should, and under "" the site's
    holdout."""
    return {
        draft.name: draft.ratio
        for draft in drafts
        if draft.ratio is not None and draft.ratio.broken
    }


def _kind(
    drafts: Sequence[Draft],
    found: Gathered,
    ask: Asked,
    broken: Mapping[str, SampleRatio],
) -> tuple[Subject, ...]:
    """All subjects of one kind: their p are seen beside each other."""
    each = iter(settled([draft.raws for draft in drafts]))
    subjects = []
    for draft in drafts:
        effects = [next(each) for _ in draft.raws]
        subjects.append(finished(draft, effects, found, ask, broken))
    return tuple(subjects)


def _as_shown(
    groups: Mapping[str, tuple[Subject, ...]],
) -> dict[str, tuple[Subject, ...]]:
    """In the order in which they are shown; experiments by segment stand within the experiment."""
    whole: dict[str, Subject] = {}
    parts: dict[str, list[Subject]] = {}
    for subject in groups["experiment"]:
        if subject.context:
            parts.setdefault(subject.name, []).append(subject)
        else:
            whole[subject.name] = subject
    experiments = tuple(
        replace(subject, parts=tuple(parts.get(name, ())))
        for name, subject in whole.items()
    )
    # What nobody met comes after what there is something to say about.
    met = {
        kind: tuple(sorted(subjects, key=lambda one: not one.visitors))
        for kind, subjects in groups.items()
    }
    return {**met, "experiment": experiments}


def _notes(found: Gathered, ask: Asked) -> tuple[str, ...]:
    if not found.cells:
        return ()
    told = []
    if not ask.holdout and "holdout" not in found.arms("site", ""):
        told.append(
            "There is no holdout, so that nobody can say what everything together earns: write "
            'holdout = "5%" under [experiments] in site.toml.'
        )
    if crossed := found.total("site", "", "crossed"):
        told.append(
            f"{ask.write.count(crossed)} visitors saw both sides of the holdout and count for "
            "neither."
        )
    return tuple(told)


def _empty(ask: Asked) -> str:
    if ask.updated is None:
        return (
            "Nothing has been summed up yet. Leave --no-update away, or let "
            "`shopwindow measure` run beside the shop."
        )
    if ask.events == 0:
        return (
            "There are no events yet. They come with the first visitors who consent; to see a "
            "report now, try `shopwindow demo` and `shopwindow simulate`."
        )
    return (
        f"Nobody was shown anything from {day(ask.since)} to {day(ask.until)} that counts. Only "
        "visitors count who agreed to personalisation and to statistics: does the shop ask for "
        "both? Does `shopwindow explain` show a rule that decides? Earlier days: --since."
    )
