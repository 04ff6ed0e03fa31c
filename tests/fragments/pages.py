"""Made-up pages with slots, as wrong as people and templates make them."""

from hypothesis import strategies as st

NAMES = ("a", "b", "home.hero")
ELEMENTS = (
    *("div", "section", "span", "h1", "h2", "b", "a", "em", "ul", "ol", "li", "p", "dl", "dd", "dt", "table", "tbody"),
    *("tr", "td", "th", "caption", "form", "button", "svg", "g", "title", "foreignObject", "math", "mi", "template"),
    *("select", "option", "article", "main", "nobr", "font", "pre", "object", "ruby", "rt", "summary", "x-y"),
)  # fmt: skip
BEGINS = (
    *("<div data-shopwindow=NAME>", "<section class='x>y' data-shopwindow='NAME'>", '<span\ndata-shopwindow = "NAME">'),
    *("<h1 data-shopwindow=NAME>", "<a href=/ data-shopwindow=NAME>", "<UL data-shopwindow=NAME>", "<p data-shopwindow=NAME>"),
    *("<b data-shopwindow=NAME>", "<table data-shopwindow=NAME>", "<button data-shopwindow=NAME>", "<x-y data-shopwindow=NAME>"),
    *("<article data-shopwindow=NAME>", "<td data-shopwindow=NAME>", "<object data-shopwindow=NAME>"),
)  # fmt: skip
WHOLE = (
    *("x", "x < y", " ", "\n", "é", "\0", "&lt;/div>", "<br>", "<img src='</div>'>", "<hr/>", "<input value=\"</b>\">"),
    *("<!-- </div> -->", "<!-->", "<!-- x --!>", "<? </div>", "<!x>", "</>", "</ div>", "<script>'</div>'</script>"),
    *("<script><!--<script></script></div>--></script>", "<style></div></style>", "<textarea><div></textarea>"),
    *("<title></div></title>", "<noscript></div></noscript>", "<iframe></div></iframe>", "<xmp><b></xmp>"),
    *("<svg><path/></svg>", "<svg><![CDATA[</div>]]></svg>", "<svg><style><b></svg>", "<math><mi><div></math>"),
    *("<template></div></template>", "<table><tr><td>1<td>2</table>", "<ul><li>1<li>2</ul>", "<p>1<p>2"),
    *("<select><option>1<option>2</select>", "<i title='<div data-shopwindow=a>'>", "<b><div></b></div>", "</br>", "</p>"),
)  # fmt: skip
_TAGS = st.one_of(
    st.sampled_from(ELEMENTS).map("<{}>".format),
    st.sampled_from(ELEMENTS).map("</{}>".format),
    st.sampled_from(ELEMENTS).map("<{0}>x</{0}>".format),
)
_MARKUP = st.one_of(st.sampled_from(WHOLE), _TAGS)


@st.composite
def _slots(draw: st.DrawFn, depth: int = 2) -> str:
    """A slot and what is in it, most often with its end."""
    name = draw(st.sampled_from(NAMES))
    parts = st.one_of(_MARKUP, _slots(depth - 1)) if depth else _MARKUP
    content = "".join(draw(st.lists(parts, max_size=5)))
    if draw(st.integers(0, 5)) == 0:
        return f"<!-- shopwindow:{name} -->{content}<!-- /shopwindow -->"
    begin = draw(st.sampled_from(BEGINS))
    tag = begin[1:].replace("\n", " ").split(" ")[0].lower()
    end = draw(st.sampled_from((f"</{tag}>", f"</{tag}>", f"</{tag} x='>' >", "")))
    return begin.replace("NAME", name) + content + end


#: Pages in which an element may be left open, end twice, stand where none can, or look like text.
PAGES = st.lists(st.one_of(_MARKUP, _slots(), _slots()), min_size=1, max_size=7).map(
    "".join
)
