"""Schedules: what editors write, and when it is in force."""

from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shopwindow.findings import Finding
from shopwindow.rules.document import Document
from shopwindow.rules.schedule import Schedule
from shopwindow.rules.schedules import read_schedule
from tests.sizes import runs

BERLIN = ZoneInfo("Europe/Berlin")


def read(text: str) -> tuple[Schedule | None, list[str]]:
    findings: list[Finding] = []
    document = Document("f", f"schedule: {text}", findings)
    assert document.root is not None
    ((key, node),) = document.root.entries
    return (
        read_schedule(document, key, node, BERLIN),
        [str(finding).removeprefix("f:1:") for finding in findings],
    )


def schedule(text: str) -> Schedule:
    found, findings = read(text)
    assert found is not None and not findings
    return found


def at(text: str, zone: str = "Europe/Berlin", fold: int = 0) -> float:
    wall = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold)
    return wall.timestamp()


# -- what it means ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        (
            "{from: 2026-11-20, until: 2026-12-25}",
            ["2026-11-20 00:00", "2026-12-24 23:59"],
            ["2026-11-19 23:59", "2026-12-25 00:00"],
        ),
        ("{from: 2026-11-20 08:30}", ["2026-11-20 08:30"], ["2026-11-20 08:29"]),
        (
            "{from: '2026-11-20T08:00+00:00'}",
            ["2026-11-20 09:00"],
            ["2026-11-20 08:59"],
        ),
        (
            "{days: [sat, sun]}",
            ["2026-11-21 00:00", "2026-11-22 23:59"],
            ["2026-11-20 23:59", "2026-11-23 00:00"],
        ),
        (
            "{hours: 08:00-18:00}",
            ["2026-11-20 08:00", "2026-11-21 17:59"],
            ["2026-11-20 07:59", "2026-11-20 18:00"],
        ),
        (
            "{hours: 22:00-06:00}",
            ["2026-11-20 22:00", "2026-11-20 05:59", "2026-11-20 00:00"],
            ["2026-11-20 21:59", "2026-11-20 06:00"],
        ),
        (
            "{days: fri, hours: 22:00-06:00}",  # the evening of Friday and its night
            ["2026-11-20 22:00", "2026-11-21 05:59"],
            ["2026-11-20 05:59", "2026-11-21 06:00", "2026-11-21 22:00"],
        ),
        ("{hours: 18:00-24:00}", ["2026-11-20 23:59"], ["2026-11-20 00:00"]),
        (
            "{hours: 08:00-09:00, timezone: America/New_York}",
            ["2026-11-20 14:00"],
            ["2026-11-20 08:30", "2026-11-20 15:00"],
        ),
        (
            "{from: 2026-11-20 12:00, days: fri, hours: 08:00-18:00}",
            ["2026-11-20 12:00", "2026-11-27 08:00"],
            ["2026-11-20 11:59", "2026-11-13 12:00"],
        ),
        ("{hours: 00:00-24:00, days: [fri]}", ["2026-11-20 03:00"], ["2026-11-21"]),
    ],
)
def test_a_schedule_is_in_force_when_it_says(
    text: str, inside: list[str], outside: list[str]
) -> None:
    found = schedule(text)
    assert [time for time in inside if not found.active(at(time))] == []
    assert [time for time in outside if found.active(at(time))] == []


def test_it_expires_at_its_end() -> None:
    found = schedule("{until: 2026-12-25, hours: 08:00-18:00}")
    assert not found.expired(at("2026-12-24 23:59"))
    assert found.expired(at("2026-12-25 00:00"))
    assert not schedule("{days: mon}").expired(at("2999-01-01"))


@pytest.mark.parametrize(
    ("text", "now", "then"),
    [
        (
            "{from: 2026-11-20, until: 2026-12-25}",
            "2026-11-19 10:00",
            "2026-11-20 00:00",
        ),
        (
            "{from: 2026-11-20, until: 2026-12-25}",
            "2026-11-20 00:00",
            "2026-12-25 00:00",
        ),
        ("{from: 2026-11-20, until: 2026-12-25}", "2026-12-25 00:00", None),
        ("{from: 2026-11-20}", "2026-12-25 00:00", None),
        ("{hours: 22:00-06:00}", "2026-11-20 12:00", "2026-11-20 22:00"),
        ("{hours: 22:00-06:00}", "2026-11-20 22:00", "2026-11-21 06:00"),
        ("{days: [sat, sun]}", "2026-11-20 12:00", "2026-11-21 00:00"),
        ("{days: [sat, sun]}", "2026-11-21 00:00", "2026-11-23 00:00"),
        ("{days: [sat, sun], until: 2026-11-22}", "2026-11-21", "2026-11-22 00:00"),
        ("{days: [fri], hours: 08:00-18:00}", "2026-11-20 18:00", "2026-11-27 08:00"),
    ],
)
def test_it_knows_when_its_answer_may_change(
    text: str, now: str, then: str | None
) -> None:
    wanted = at(then) if then else None
    assert schedule(text).next_change(at(now)) == wanted


def test_it_is_described_as_it_is_written() -> None:
    text = "{from: 2026-11-20, until: 2026-12-25 08:00, days: [tue, mon], hours: 22:00-06:00}"
    assert str(schedule(text)) == (
        "from 2026-11-20, until 2026-12-25 08:00, mon tue, 22:00-06:00 (Europe/Berlin)"
    )


# -- when clocks change ------------------------------------------------------------------------


def test_a_time_that_is_skipped_moves_forward_with_a_warning() -> None:
    found, findings = read("{from: 2026-03-29 02:30, until: 2027-03-28 02:00}")
    assert findings == [
        "18: warning: on 2026-03-29 the clock in Europe/Berlin skips 02:30: 03:00 is taken",
        "43: warning: on 2027-03-28 the clock in Europe/Berlin skips 02:00: 03:00 is taken",
    ]
    assert found is not None
    assert not found.active(at("2026-03-29 01:59"))
    assert found.active(at("2026-03-29 03:00"))


def test_a_time_that_comes_twice_means_its_first() -> None:
    found = schedule("{from: 2026-10-25 02:30}")
    assert not found.active(at("2026-10-25 02:29"))
    assert found.active(at("2026-10-25 02:30"))
    assert found.active(at("2026-10-25 02:10", fold=1))
    found = schedule("{hours: 01:00-02:30}")
    assert found.active(at("2026-10-25 02:29"))
    assert not found.active(at("2026-10-25 02:10", fold=1))


def test_a_day_is_from_its_first_moment_on_where_midnight_is_skipped() -> None:
    found = schedule("{from: 2026-04-24, timezone: Africa/Cairo}")
    assert not found.active(at("2026-04-23 23:59", "Africa/Cairo"))
    assert found.active(at("2026-04-24 01:00", "Africa/Cairo"))


def test_a_day_that_has_begun_stays_begun_where_the_clock_goes_back_over_midnight() -> (
    None
):
    # At 00:01 on the 7th the clock went back to 23:01 on the 6th.
    found = schedule("{hours: 00:00-06:00, days: sun, timezone: America/St_Johns}")
    assert not found.active(at("2010-11-06 23:30", "America/St_Johns"))
    assert found.active(at("2010-11-06 23:30", "America/St_Johns", fold=1))


@pytest.mark.parametrize(
    ("text", "now", "day"),
    [
        ("{hours: 02:30-06:00}", "2026-01-01", date(2026, 3, 29)),
        ("{hours: 22:00-02:00}", "2026-01-01", date(2026, 3, 29)),
        ("{hours: 02:30-06:00}", "2026-03-30", date(2027, 3, 28)),
        ("{hours: 03:00-06:00}", "2026-01-01", None),
        ("{hours: 02:30-06:00, days: sat}", "2026-01-01", None),
        ("{hours: 22:00-02:30, days: sat}", "2026-01-01", date(2026, 3, 29)),
        ("{hours: 02:30-06:00, until: 2026-03-01}", "2026-01-01", None),
        (
            "{hours: 02:30-06:00, from: 2027-01-01}",
            "2026-01-01",
            date(2027, 3, 28),
        ),
        ("{from: 2026-01-01}", "2026-01-01", None),
    ],
)
def test_hours_that_a_day_skips_are_known(
    text: str, now: str, day: date | None
) -> None:
    assert schedule(text).skipped(at(now)) == day


# What a clock shows in the second week of these months includes a change of it.
CHANGES = [
    ("Europe/Berlin", datetime(2026, 3, 26)),
    ("Europe/Berlin", datetime(2026, 10, 22)),
    ("America/New_York", datetime(2026, 3, 5)),
    ("America/St_Johns", datetime(2010, 11, 4)),  # from 00:01 back to 23:01
    ("America/Havana", datetime(2026, 3, 5)),  # midnight is skipped
    ("America/Sao_Paulo", datetime(2018, 2, 14)),  # midnight comes twice
    ("Africa/Cairo", datetime(2026, 4, 21)),
    ("Australia/Lord_Howe", datetime(2026, 4, 2)),  # half an hour
    ("Australia/Lord_Howe", datetime(2026, 10, 1)),
    ("Pacific/Apia", datetime(2011, 12, 27)),  # a whole day is skipped
    ("UTC", datetime(2026, 3, 26)),
]
MINUTES = 7 * 1440


@cache
def walls(zone: str, first: datetime) -> list[datetime]:
    """What the clock shows, minute by minute, for a week and two days around it."""
    start = first.replace(tzinfo=UTC) - timedelta(days=2)
    return [
        (start + timedelta(minutes=minute))
        .astimezone(ZoneInfo(zone))
        .replace(tzinfo=None)
        for minute in range(MINUTES + 4 * 1440)
    ]


def by_hand(
    found: Schedule, zone: str, first: datetime, bounds: tuple[datetime, datetime]
) -> list[bool]:
    """The answer for each minute of the week, from nothing but the clock on the wall."""
    shown = walls(zone, first)

    def reached(wall: datetime) -> int:
        """The first minute at which the clock shows ``wall`` or a later time."""
        return next((i for i, each in enumerate(shown) if each >= wall), len(shown))

    opens, closes = found.hours or (0, 1440)
    answer = [False] * len(shown)
    day = shown[0].replace(hour=0, minute=0) - timedelta(days=1)
    while day <= shown[-1]:
        if not found.days or day.weekday() in found.days:
            end = day + timedelta(days=closes <= opens, minutes=closes)
            span = range(reached(day + timedelta(minutes=opens)), reached(end))
            for minute in span:
                answer[minute] = True
        day += timedelta(days=1)
    inside = range(*(reached(bound) for bound in bounds))
    answer = [was and minute in inside for minute, was in enumerate(answer)]
    return answer[2 * 1440 : 2 * 1440 + MINUTES]


@settings(max_examples=runs(150, 40), deadline=None)
@given(st.data())
def test_it_agrees_with_a_clock_that_is_looked_at_every_minute(
    data: st.DataObject,
) -> None:
    zone, first = data.draw(st.sampled_from(CHANGES))
    minutes = st.integers(0, 1439) | st.integers(0, 5 * 60)
    opens, closes = data.draw(
        st.tuples(minutes, minutes | st.just(1440)).filter(lambda h: h[0] != h[1])
    )
    days = data.draw(st.lists(st.sampled_from(["mon", "wed", "fri", "sat", "sun"])))
    bounds = sorted(
        first + timedelta(minutes=data.draw(st.integers(0, MINUTES))) for _ in range(2)
    )
    if bounds[0] == bounds[1]:
        bounds[1] += timedelta(days=1)
    hours = f"'{opens // 60:02}:{opens % 60:02}-{closes // 60:02}:{closes % 60:02}'"
    said = [f"timezone: {zone}", f"hours: {hours}"]
    said += [f"days: [{', '.join(days)}]"] * bool(days)
    said += [f"from: '{bounds[0]}'", f"until: '{bounds[1]}'"]
    found, findings = read(f"{{{', '.join(said)}}}")
    if found is None:  # both bounds in one skipped hour
        assert any("ends when it starts" in finding for finding in findings)
        return
    answer = by_hand(found, zone, first, (bounds[0], bounds[1]))
    start = first.replace(tzinfo=UTC).timestamp()
    # Every minute near an edge, and some of the others.
    turns = [m for m in range(1, MINUTES) if answer[m] != answer[m - 1]]
    looked = sorted(
        {m + d for m in turns for d in (-1, 0, 1)} | set(range(0, MINUTES, 97))
    )
    for minute in looked:
        if 0 <= minute < MINUTES:
            assert found.active(start + 60 * minute) is answer[minute], minute
    # From change to change there is nothing to miss.
    now: float | None = start
    while now is not None and now < start + 60 * MINUTES:
        minute = int(now - start) // 60
        later = found.next_change(now)
        assert later is None or later > now
        end = MINUTES if later is None else min(MINUTES, int(later - start) // 60)
        assert set(answer[minute:end]) <= {answer[minute]}
        now = later


# -- what is wrong -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("{}", '1: error: "schedule" says nothing: write for example'),
        ("{timezone: UTC}", '1: error: "schedule" says nothing'),
        ("soon", '11: error: "schedule" must be `key: value` lines, not "soon"'),
        (
            "{form: 2026-11-20}",
            'unknown key "form" in "schedule": did you mean "from"?',
        ),
        (
            "{from: 2026-12-31, until: 2026-12-01}",
            "11: error: schedule ends before it starts",
        ),
        (
            "{from: 2026-12-01, until: 2026-12-01}",
            "11: error: schedule ends when it starts: `until` itself is not in it",
        ),
        (
            "{from: tomorrow}",
            '18: error: "from" needs a day or a time, not "tomorrow": write 2026-12-01',
        ),
        ("{until: 2026-02-30}", '"until" needs a day or a time, not "2026-02-30"'),
        ("{until: [2026-02-03]}", '"until" needs a day or a time, not a list'),
        ("{until: 9999-12-31}", '"until" needs a day or a time, not "9999-12-31"'),
        (
            "{days: [mon, thursday]}",
            '24: error: unknown weekday "thursday": did you mean "thu"?',
        ),
        ("{days: Mon}", 'unknown weekday "Mon": did you mean "mon"?'),
        (
            "{days: Dienstag}",
            'unknown weekday "Dienstag": write one of mon, tue, wed, thu, fri, sat, sun',
        ),
        (
            "{days: mon-fri}",
            'unknown weekday "mon-fri": name each day: [mon, tue, wed]',
        ),
        ("{days: []}", '"days" needs at least one text'),
        (
            "{hours: 8-18}",
            '"hours" needs a beginning and an end, not "8-18": write for example `22:00-06:00`',
        ),
        ("{hours: 08:60-09:00}", '"hours" needs a beginning and an end'),
        ("{hours: 24:00-09:00}", '"hours" needs a beginning and an end'),
        ("{hours: 08:00-24:01}", '"hours" needs a beginning and an end'),
        ("{hours: [08:00, 09:00]}", '"hours" needs a beginning and an end, not a list'),
        (
            "{hours: 08:00-08:00}",
            '"hours" 08:00-08:00 begins when it ends: leave it away for the whole day',
        ),
        (
            "{until: 2026-12-01, timezone: Europe/Berln}",
            'unknown time zone "Europe/Berln": for example Europe/Berlin',
        ),
    ],
)
def test_what_is_wrong_is_found_once(text: str, finding: str) -> None:
    found, findings = read(text)
    assert found is None
    assert len(findings) == 1 and finding in findings[0], findings


NEVER_ON = [
    ("{from: 2026-12-01, until: 2026-12-05, days: [sat, sun]}", True),
    ("{from: 2026-12-01, until: 2026-12-06, days: [sat, sun]}", False),
    ("{from: 2026-12-01 09:00, until: 2026-12-01 17:00, hours: 18:00-20:00}", True),
    ("{from: 2026-12-01 09:00, until: 2026-12-01 18:01, hours: 18:00-20:00}", False),
    ("{from: 2026-12-05, until: 2026-12-06, days: [fri], hours: 22:00-06:00}", False),
    ("{from: 2026-12-01, until: 2027-12-01, days: [sun]}", False),
    ("{from: 2026-12-01, days: [sun]}", False),
    ("{until: 2026-12-01, days: [sun]}", False),
]


@pytest.mark.parametrize(("written", "never"), NEVER_ON)
def test_a_schedule_without_a_moment_is_known(written: str, never: bool) -> None:
    schedule, findings = read(written)
    assert schedule is not None and not findings
    assert schedule.never() is never
