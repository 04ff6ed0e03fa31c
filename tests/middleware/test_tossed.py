"""Cookies that somebody else planted: two hundred shapes, and never another one's id.

Whoever owns a sub-domain, or a moment on an unsafe network, can set cookies for the whole domain: beside ours,
with names that some parsers take for ours, or with the attacker's own, properly signed value. The prefix
``__Host-`` keeps browsers from sending a planted cookie under our exact name; all other shapes have to fail here.
"""

import itertools

from shopwindow.middleware.visitor import VisitorCookie, new_visitor

NOW = 1_795_300_000.0
COOKIE = VisitorCookie((b"a key of sixteen or more characters",))
MINE, THEIRS = (
    new_visitor(frozenset({"personalization", "statistics"}), NOW) for _ in range(2)
)
A, B = COOKIE.value(MINE), COOKIE.value(THEIRS)
HOST, PLAIN = b"__Host-shopwindow", b"shopwindow"

# What parsers here and there strip, or take for a blank or for nothing.
BLANKS = (
    *(b"\xa0", b"\x85", b"\x0b", b"\x0c", b"\x1c", b"\x1f", b"\t", b"\r", b"\n", b"\x00"),
    *(one.encode() for one in ("\u2000", "\u2003", "\u3000", "\ufeff", "\u200b", "\xa0", "\x85", "\u2028")),
    *(b"  ", b"\t ", b'"', b"'", b"$", b",", b"\\", b"%20", b"+"),
)  # fmt: skip
NAMES = (
    *(blank + HOST for blank in BLANKS),
    *(HOST + blank for blank in BLANKS),
    *(blank + HOST + blank for blank in BLANKS),
    *(blank + PLAIN for blank in BLANKS),
    *(b"__Host-" + blank + PLAIN for blank in BLANKS),
    *(HOST.upper(), HOST.lower(), HOST.title(), b"__host-shopwindow", b"__HOST-shopwindow"),
    *(b"__Secure-shopwindow", b"__Http-shopwindow", b"__Host-Http-shopwindow"),
    *(PLAIN, PLAIN.upper(), b"Shopwindow", b"_Host-shopwindow", b"___Host-shopwindow"),
    *(b"x__Host-shopwindow", b"__Host-shopwindow2", b"__Host-shopwindow[]", b"__Host-shopwindow.a"),
    *(b"__Host-shopwindo%77", b"__Host%2Dshopwindow", b"__Host-shopwindow%00", b"a=__Host-shopwindow"),
    *(b"__Host-shopwindow-consent", b"__Host-", b"", b"shop\xadwindow", b"__Host-\xd1\x95hopwindow"),
)  # fmt: skip
VALUES = (
    *(blank + B for blank in BLANKS),
    *(B + blank for blank in BLANKS),
    *(b'"' + B + b'"', b"'" + B + b"'", b'"' + B, B + b'"', b"=" + B, b"j:" + B),
    *(B.swapcase(), B[:-1], B + B, B + b"," + A, A + b"," + B, B + b"." + A, B.replace(b".", b"%2E")),
    *(B.replace(b".", b"|"), B.partition(b".")[2], A[:-43] + B[-43:], B[:-43] + A[-43:]),
    *(B.rpartition(b".")[0], B.partition(b".")[0] + A[22:], A.partition(b".")[0] + B[22:]),
)  # fmt: skip


def _planted() -> list[bytes]:
    named = [name + b"=" + B for name in NAMES]
    valued = [HOST + b"=" + value for value in VALUES]
    odd = [B, HOST + b"=", HOST, b"=" + B, b"=", HOST + b"\t=" + B, HOST + b"==" + B]
    return [*named, *valued, *odd]


PLANTED = _planted()


def test_there_are_two_hundred_shapes() -> None:
    assert len(set(PLANTED)) >= 200


def test_alone_no_shape_is_anybodys_id() -> None:
    for planted, lead in itertools.product(PLANTED, (b"", b"a=1; ", b"a=1;")):
        assert COOKIE.read(lead + planted, True, NOW) is None, planted


def test_beside_the_real_cookie_no_shape_takes_its_place() -> None:
    """At most it makes the visitor nobody: it never makes them another."""
    kept = 0
    for planted in PLANTED:
        for header in (
            HOST + b"=" + A + b"; " + planted,
            planted + b"; " + HOST + b"=" + A,
            planted + b";" + HOST + b"=" + A + b";" + planted,
            HOST + b"=" + A + b"; " + planted + b"; " + HOST + b"=" + A,
        ):
            found = COOKIE.read(header, True, NOW)
            assert found in (MINE, None), planted
            kept += found == MINE
    assert kept > len(PLANTED) * 2  # other names do not even disturb


def test_two_of_our_name_that_differ_are_nobody() -> None:
    ours, theirs = HOST + b"=" + A, HOST + b"=" + B
    for header in itertools.permutations((ours, theirs, b"a=1")):
        assert COOKIE.read(b"; ".join(header), True, NOW) is None
    assert COOKIE.read(ours + b"; " + ours, True, NOW) == MINE


def test_on_this_machine_the_plain_name_counts_and_the_other_does_not() -> None:
    """Browsers refuse ``__Host-`` over plain http: there, the plain name is ours."""
    plain, host = PLAIN + b"=" + A, HOST + b"=" + B
    assert COOKIE.read(plain + b"; " + host, False, NOW) == MINE
    assert COOKIE.read(host, False, NOW) is None
    assert COOKIE.read(plain + b"; " + host, True, NOW) == THEIRS  # and there, this one
    for planted in PLANTED:
        if not planted.removeprefix(b" ").startswith(PLAIN + b"="):
            assert COOKIE.read(planted + b"; " + plain, False, NOW) in (MINE, None)
