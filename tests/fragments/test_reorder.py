"""Reordering: the same bytes, the visitor's own first, or nothing at all."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shopwindow.fragments.reorder import CutError, cut_children

CASES = [
    (
        b'<li data-key="a">A</li><li data-key="b">B</li>',
        b'<li data-key="b">B</li><li data-key="a">A</li>',
    ),
    (  # what stands between stays where it is
        b'\n<h2>Tiles</h2>\n<a data-key="a">A</a>,\n<!-- x --><a data-key="b"></a>.<hr>',
        b'\n<h2>Tiles</h2>\n<a data-key="b"></a>,\n<!-- x --><a data-key="a">A</a>.<hr>',
    ),
    (  # an unkeyed child keeps its place
        b"<p data-key=a>A</p><p>all</p><p data-key=b>B</p>",
        b"<p data-key=b>B</p><p>all</p><p data-key=a>A</p>",
    ),
    (  # one element around them
        b' <ul class="x">\n<li data-key=a>A</li>\n<li data-key=b>B</li>\n</ul> ',
        b' <ul class="x">\n<li data-key=b>B</li>\n<li data-key=a>A</li>\n</ul> ',
    ),
    (  # spellings of tags and attributes
        b"<LI CLASS=x Data-Key = 'a' hidden>A</lI ><li title='>' data-key=b/c>B</li x>",
        b"<LI CLASS=x Data-Key = 'a' hidden>A</lI ><li title='>' data-key=b/c>B</li x>",
    ),
    (  # void and self-closing elements, raw text, nesting
        b'<img data-key="a"><div data-key="b"><div><br><script>if (a < "</div>") b'
        b"</script><svg><path d='M0'/></svg></div><style>a > b {}</style></div>",
        b'<div data-key="b"><div><br><script>if (a < "</div>") b'
        b"</script><svg><path d='M0'/></svg></div><style>a > b {}</style></div>"
        b'<img data-key="a">',
    ),
    (  # data-key inside a child is not the child's
        b'<p data-key="a"><b data-key="b">1</b></p><p data-key="c"></p>'
        b'<p data-key="b">2</p>',
        b'<p data-key="b">2</p><p data-key="a"><b data-key="b">1</b></p>'
        b'<p data-key="c"></p>',
    ),
    (  # a lone < is text; the first of two attributes counts
        b'<p data-key="a" data-key="b">1 < 2 <3</p><p data-key="b">2</p>',
        b'<p data-key="b">2</p><p data-key="a" data-key="b">1 < 2 <3</p>',
    ),
    (  # references in keys
        b'<p data-key="a"></p><p data-key="&#98;"></p>',
        b'<p data-key="&#98;"></p><p data-key="a"></p>',
    ),
]


@pytest.mark.parametrize(("content", "expected"), CASES)
def test_the_visitors_own_children_come_first(content: bytes, expected: bytes) -> None:
    assert cut_children(content).ordered({"b": 1.0, "x": 2.0}) == expected
    assert cut_children(content).ordered({}) == content


def test_keys_may_have_umlauts_in_the_pages_encoding() -> None:
    content = '<p data-key="a"></p><p data-key="Häschen"></p>'
    for charset in ("utf-8", "latin-1"):
        found = cut_children(content.encode(charset), charset)
        assert found.keys == ("a", "Häschen")


def test_a_key_that_the_encoding_cannot_hold_is_none() -> None:
    content = b'<p data-key="a"></p><p data-key="\xff"></p><p data-key=b></p>'
    assert cut_children(content).keys == ("a", "b")


@pytest.mark.parametrize("between", [b"<!-->", b"<!--->", b"<!-- > --!>", b"<svg/>"])
def test_short_comments_and_empty_drawings_stay_between(between: bytes) -> None:
    content = b"<i data-key=a></i>" + between + b"<i data-key=b></i>"
    assert cut_children(content).between == (b"", between, b"")


@pytest.mark.parametrize(
    ("scores", "order"),
    [
        ({"c": 0.9, "b": 0.5}, "cbad"),
        ({"d": 0.5, "b": 0.5}, "bdac"),
        ({"a": 0.0, "b": -1.0}, "acdb"),
        ({"a": float("nan"), "d": 0.1}, "dabc"),
        ({}, "abcd"),
    ],
)
def test_the_highest_score_is_first_and_the_others_keep_their_order(
    scores: dict[str, float], order: str
) -> None:
    content = b"".join(b"<i data-key=%c></i>" % key for key in b"abcd")
    ordered = cut_children(content).ordered(scores)
    assert "".join(re.findall("data-key=(.)", ordered.decode())) == order


REFUSED = [
    (b"", "fewer than two"),
    (b"text", "fewer than two"),
    (b"<p data-key=a></p>", "fewer than two"),
    (b"<p data-key=a></p><p data-key=''></p>", "fewer than two"),
    (b"<li data-key=a>A<li data-key=b>B", "<li> is not closed"),
    (b"<li data-key=a>A<li data-key=b>B</li>", "<li> is not closed"),
    (b"<li data-key=a>A</li></ul><li data-key=b></li>", "an end tag without its start"),
    (b"<p data-key=a><b></p></b><p data-key=b></p>", "an end tag without its start"),
    (b"<p data-key=a></p></br><p data-key=b></p>", "an end tag without its start"),
    (b"<p data-key=a></p><p data-key=b", "neither a tag nor a comment"),
    (b"<p data-key='a></p><p data-key=b>", "neither a tag nor a comment"),
    (b"<p data-key=a></p><!-- <p data-key=b></p>", "this comment is not closed"),
    (b"<p data-key=a></p><![CDATA[x]]><p data-key=b></p>", "neither a tag nor a com"),
    (b"<p data-key=a></p><?x?><p data-key=b></p>", "neither a tag nor a comment"),
    (b"<p data-key=a></p></><p data-key=b></p>", "neither a tag nor a comment"),
    (b"<p data-key=a><script>x</p><p data-key=b></p>", "<script> is not closed"),
    (b"<p data-key=a><script><!-- x</script></p><p data-key=b></p>", "is not sure"),
    (b"<p data-key=a></p><plaintext><p data-key=b></p>", "<plaintext>"),
    (b"<p data-key=a></p><noscript></noscript><p data-key=b></p>", "<noscript>"),
    (b"<div data-key=a/><div data-key=b/>", "<div> is not closed"),
    (b"<svg data-key=a><p></p></svg><p data-key=b></p>", "HTML inside svg or math"),
    (b"<svg data-key=a><title><b></title></svg><p data-key=b></p>", "is not sure"),
    (b"<svg data-key=a><path d=M0/></svg><p data-key=b></p>", "an end tag without"),
    (b"<svg data-key=a><source></svg><p data-key=b></p>", "an end tag without its st"),
    (b"<svg data-key=a><foreignObject/></svg><p data-key=b></p>", "<foreignobject>"),
]


@pytest.mark.parametrize(("content", "expected"), REFUSED)
def test_content_that_cannot_be_cut_safely_is_refused(
    content: bytes, expected: str
) -> None:
    with pytest.raises(CutError, match=re.escape(expected)):
        cut_children(content)


inner = st.sampled_from(
    [b"", b"x", b"<b>&amp;</b>", b"<!-- > -->", b"<img src='>'>", b"\n\xc3\xbc", b"< "]
    + [b"<div><div></div></div>", b"<script>'</li>'</script>", b"<svg><g/></svg>"]
)
keyed = st.builds(
    lambda key, text: (key, b'<li data-key="%s">%s</li>' % (key.encode(), text)),
    st.sampled_from("abcdef"),
    inner,
)
scores = st.dictionaries(st.sampled_from("abcdefg"), st.floats())


@given(st.lists(st.tuples(inner, keyed), min_size=2, max_size=9), inner, scores)
def test_the_output_is_the_same_children_in_the_visitors_order(
    parts: list[tuple[bytes, tuple[str, bytes]]], after: bytes, given: dict[str, float]
) -> None:
    gaps = [gap for gap, _ in parts] + [after]
    children = [child for _, child in parts]

    def joined(ordered: list[tuple[str, bytes]]) -> bytes:
        texts = [text for _, text in ordered] + [b""]
        return b"".join(gap + text for gap, text in zip(gaps, texts, strict=True))

    def place(child: tuple[str, bytes]) -> float:
        score = given.get(child[0], 0.0)
        return -score if score == score else 0.0

    content = joined(children)
    assert cut_children(content).ordered(given) == joined(sorted(children, key=place))


tokens = st.sampled_from(
    [
        b"<p data-key=a>",
        b"<p data-key='b'>",
        b"</p>",
        b"<ul>",
        b"</ul>",
        b"x",
        b" ",
        b"<",
    ]
    + [b">", b"<br>", b"<!--", b"-->", b"<script>", b"</script>", b"'", b'"', b"<svg>"]
    + [
        b"</svg>",
        b"<g/>",
        b"<li data-key=c>",
        b"</li>",
        b"=",
        b"/",
        b"<!x",
        b"\xff",
        b"\0",
    ]
)


@given(st.lists(tokens, max_size=40).map(b"".join), scores)
def test_any_bytes_are_refused_or_keep_every_byte(
    content: bytes, given: dict[str, float]
) -> None:
    try:
        found = cut_children(content)
    except CutError:
        return
    assert len(found.keys) >= 2
    assert found.ordered({}) == content
    ordered = found.ordered(given)
    assert sorted(ordered) == sorted(content)
    # What came out can be cut again, into the same children.
    again = cut_children(ordered)
    assert again.between == found.between
    assert sorted(again.children) == sorted(found.children)
