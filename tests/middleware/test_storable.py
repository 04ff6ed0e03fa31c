"""Whether an answer may be kept: against a second reading of the RFCs, over many header sets."""

from email.utils import formatdate
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from shopwindow.middleware.pagecache.storable import (
    Lifetime,
    NotAsked,
    Unstorable,
    directives,
    kept_headers,
    lifetime,
    look,
    varying,
    wanted,
)
from tests.sizes import runs

NOW = 1_800_000_000
Headers = list[tuple[bytes, bytes]]


class Said(NamedTuple):
    """A directive, and how it is written."""

    name: str
    value: str | None = None
    quoted: bool = False
    upper: bool = False

    def __str__(self) -> str:
        name = self.name.upper() if self.upper else self.name
        if self.value is None:
            return name
        return f'{name}="{self.value}"' if self.quoted else f"{name}={self.value}"


SECONDS = st.sampled_from(
    ["0", "1", "10", "60", "3600", "99999999999999", "-5", "1.5", "soon", ""]
)
TIMED = ["max-age", "s-maxage", "stale-while-revalidate", "stale-if-error"]
BARE = [
    "public", "must-revalidate", "proxy-revalidate", "immutable", "no-transform",
    "community",
]  # fmt: skip
FORBIDDING = ["private", "no-store", "no-cache"]
SAID = st.one_of(
    st.builds(Said, st.sampled_from(TIMED), SECONDS, st.booleans(), st.booleans()),
    st.builds(Said, st.sampled_from(BARE), st.none(), st.just(False), st.booleans()),
    st.builds(
        Said,
        st.just("other"),
        st.just("no-store, private"),
        st.just(True),
        st.just(False),
    ),
)
FORBIDS = st.one_of(
    st.builds(
        Said, st.sampled_from(FORBIDDING), st.none(), st.just(False), st.booleans()
    ),
    st.builds(
        Said,
        st.sampled_from(FORBIDDING),
        st.just("set-cookie, x"),
        st.just(True),
        st.just(False),
    ),
)
MAX_AGE = st.builds(Said, st.just("max-age"), SECONDS, st.booleans(), st.booleans())
# Most answers forbid nothing: else few would be kept.
MOSTLY_FINE = st.lists(st.one_of(*[SAID] * 9, *[MAX_AGE] * 6, FORBIDS), max_size=4)


class Answer(NamedTuple):
    """The start of an answer, before anybody has written it down."""

    general: list[Said] | None
    surrogate: list[Said] | None
    cdn: list[Said] | None
    expires: int | str | None  # seconds from now
    date: int | None
    age: int | None
    vary: list[str]
    pragma: bool
    status: int
    others: list[tuple[str, str]]
    between: str

    @property
    def headers(self) -> Headers:
        rows: list[tuple[str, str]] = list(self.others)
        for name, said in (
            ("Cache-Control", self.general), ("surrogate-control", self.surrogate),
            ("CDN-Cache-Control", self.cdn),
        ):  # fmt: skip
            if said is not None:
                half = len(said) // 2  # a list may be in several lines
                for part in (said[:half], said[half:]) if half else (said,):
                    rows.append((name, self.between.join(map(str, part))))
        if isinstance(self.expires, int):
            rows.append(("Expires", formatdate(NOW + self.expires, usegmt=True)))
        elif self.expires is not None:
            rows.append(("expires", self.expires))
        if self.date is not None:
            rows.append(("date", formatdate(NOW + self.date, usegmt=True)))
        if self.age is not None:
            rows.append(("Age", str(self.age)))
        rows += [("Vary", name) for name in self.vary]
        if self.pragma:
            rows.append(("Pragma", "no-cache"))
        return [(name.encode(), value.encode()) for name, value in rows]


ANSWERS = st.builds(
    Answer,
    st.one_of(st.none(), MOSTLY_FINE),
    st.one_of(st.none(), MOSTLY_FINE),
    st.one_of(st.none(), MOSTLY_FINE),
    st.one_of(st.none(), st.sampled_from([-60, 0, 20, 86_400, "0", "-1", "tomorrow"])),
    st.one_of(st.none(), st.sampled_from([-86_400, -30, 0, 30])),
    st.one_of(st.none(), st.sampled_from([0, 5, 59, 100_000])),
    st.lists(st.sampled_from(["accept", "Cookie", "X-A, x-b", "te", "x-d", "x-c, *"]), max_size=2),
    st.booleans(),
    st.sampled_from([200] * 8 + [203, 206, 301, 304, 404, 500]),
    st.lists(
        st.sampled_from(
            [
                ("Set-Cookie", "a=1"), ("content-encoding", "gzip"), ("x-a", "no-store"),
                ("content-encoding", "identity"), ("content-type", "text/html"),
            ]
        ),
        max_size=2,
    ),
    st.sampled_from([",", ", ", " , ", ",\t"]),
)  # fmt: skip


# Both ages are seldom made up together, so that both count.
SHARED = Answer(
    [Said("max-age", "60"), Said("s-maxage", "10")],
    *(None, None, None, None, None),
    *([], False, 200, [], ", "),
)


def number(said: list[Said] | None, name: str) -> int | None:
    """RFC 9111, 1.2.2 and 4.2.1: of several the smallest, nonsense is stale."""
    values = [one.value for one in said or () if one.name == name]
    if not values:
        return None
    return min(
        min(int(v), 31_536_000) if v is not None and v.isdigit() else 0 for v in values
    )


def reference(answer: Answer, asked: float | None) -> float | str:
    """How many seconds the answer is fresh, or why it is not kept.

    RFC 9111, 3: final, understood, without no-store, private (shared cache), and our own
    refusals: only 200, no Set-Cookie, no no-cache, no coding.
    """
    fields = [said or [] for said in (answer.general, answer.surrogate, answer.cdn)]
    if answer.status != 200:
        return "status"
    if any(one.name in FORBIDDING for said in fields for one in said):
        return "forbidden"
    if ("Set-Cookie", "a=1") in answer.others:
        return "cookie"
    if ("content-encoding", "gzip") in answer.others:
        return "coding"
    if any("*" in part for part in answer.vary):  # 4.1
        return "vary"
    if not answer.general and answer.pragma:  # 5.4
        return "pragma"
    # RFC 9213, 2.2: the first field of the list that is there says it alone.
    for said in (answer.surrogate, answer.cdn):
        age = number(said, "max-age")
        if age is not None:
            life = float(age)
            break
    else:
        if asked is None:
            return "not asked"
        life = asked
        # 4.2.1: s-maxage, max-age, Expires minus Date.
        for name in ("s-maxage", "max-age"):
            age = number(answer.general, name)
            if age is not None:
                life = min(life, age)
                break
        else:
            if isinstance(answer.expires, str):  # 5.3
                life = 0
            elif answer.expires is not None:
                life = min(life, answer.expires - (answer.date or 0))
    # 4.2.3: the age that it has when it comes.
    life -= max(answer.age or 0, -(answer.date or 0), 0)
    return life if life > 0 else "stale"


@settings(
    max_examples=runs(1_000, 150),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(ANSWERS, st.sampled_from([None, 0.0, 1.0, 60.0, 90_000.0]))
@example(SHARED, 90_000.0)
def test_what_is_kept_and_how_long(answer: Answer, asked: float | None) -> None:
    expected = reference(answer, asked)
    given = None if asked is None else Lifetime(asked, 7.0, 9.0)
    try:
        look(answer.status, answer.headers)
        varying(answer.headers)
        found = lifetime(answer.headers, given, NOW)
    except NotAsked:
        assert expected == "not asked"
        return
    except Unstorable as reason:
        assert isinstance(expected, str) and expected != "not asked", reason
        return
    assert found.fresh == expected
    said = [*(answer.general or ())]
    targeted = next(
        (s for s in (answer.surrogate, answer.cdn) if number(s, "max-age") is not None),
        None,
    )
    names = {one.name for one in (*said, *(targeted or ()))}
    if names & {"must-revalidate", "proxy-revalidate", "s-maxage"}:  # 4.2.4
        assert (found.stale, found.error) == (0, 0)
        return
    usual = given or Lifetime(0)
    source = said if targeted is None else targeted
    for name, got, other in (  # RFC 5861
        ("stale-while-revalidate", found.stale, usual.stale),
        ("stale-if-error", found.error, usual.error),
    ):
        own = number(source, name)
        assert got == (other if own is None else own)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a", "b-c", "max-age"]), st.text('ab,\\" =;', max_size=6)
        )
    )
)
def test_a_quoted_list_hides_nothing_and_invents_nothing(
    rows: list[tuple[str, str]],
) -> None:
    def quoted(value: str) -> str:
        return value.replace("\\", "\\\\").replace('"', '\\"')

    text = ", ".join(f'{name}="{quoted(value)}"' for name, value in rows)
    found = directives([(b"x", text.encode())], b"x")
    assert set(found) == {name for name, _ in rows}


@given(st.text(max_size=40))
@example('private="')
@example('a="b, no-store')
def test_any_text_that_forbids_is_heard(text: str) -> None:
    """Whatever stands around it, outside of quotation marks."""
    value = (text.replace('"', "") + ", no-store").encode("utf-8", "replace")
    assert "no-store" in directives([(b"cache-control", value)], b"cache-control")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"max-age=60+10", Lifetime(60, 10, 0)),
        (b'max-age=3600, content="ESI/1.0"', Lifetime(3600, 0, 0)),
        (b"max-age=60;varnish", Lifetime(60, 0, 0)),
        (b"MAX-AGE = 60 , stale-if-error=5", Lifetime(60, 0, 5)),
    ],
)
def test_surrogate_control_as_it_is_written(text: bytes, expected: Lifetime) -> None:
    headers = [(b"Surrogate-Control", text)]
    assert lifetime(headers, None, NOW) == expected
    assert wanted(headers)


@pytest.mark.parametrize("text", [b"no-store", b"max-age=0", b"", b"content=x"])
def test_who_asks_for_nothing(text: bytes) -> None:
    assert not wanted([(b"surrogate-control", text), (b"cache-control", b"max-age=9")])


def test_fields_of_the_connection_are_not_kept() -> None:
    headers = [
        (b"Connection", b"close, X-Hop"), (b"x-hop", b"1"), (b"Keep-Alive", b"1"),
        (b"Transfer-Encoding", b"chunked"), (b"age", b"5"), (b"X-Kept", b"1"),
    ]  # fmt: skip
    assert kept_headers(headers) == [(b"X-Kept", b"1")]
