"""The catalogue: what is read, what is refused and where, what can be looked up."""

import csv
import io
from datetime import date

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shopwindow.findings import Finding
from shopwindow.fragments.addresses import is_safe
from shopwindow.fragments.catalog import Price, read_catalog
from shopwindow.fragments.table import read_table
from tests.fragments.pets import CATEGORIES, FILES, catalog


def problems(**files: str) -> list[str]:
    named = {f"catalog/{name}.csv": text for name, text in files.items()}
    return [str(finding) for finding in read_catalog(named)[1]]


def test_a_product_has_everything_that_the_file_says() -> None:
    hay = catalog().products["hay"]
    assert hay.title == "Häu 1 kg"
    assert (hay.url, hay.image) == ("/p/hay", "/i/hay.svg")
    assert hay.price == 12.9
    assert isinstance(hay.price, Price)
    assert (hay.category, hay.brand, hay.tags) == ("rabbit", "Wiese", ("hay", "dry"))
    assert (hay.in_stock, hay.repurchase_days) == (True, 30)
    assert hay.added == date(2026, 1, 1)
    assert hay["colour"] == "green"
    assert str(hay) == "Häu 1 kg"


def test_tags_are_separated_by_spaces_or_semicolons() -> None:
    assert catalog().products["ball"].tags == ("toy", "round")


def test_a_category_can_be_named_by_its_title() -> None:
    shop = catalog()
    assert shop.products["bone"].category == "dog"
    assert shop.item("category", "Hasen & Co") is shop.categories["rabbit"]
    assert shop.item("category", "Rabbits") is shop.categories["rabbit"]
    assert shop.item("product", "Stroh") is None
    assert shop.item("category", "hamster") is None


def test_a_title_that_two_categories_share_names_neither() -> None:
    rows = "id,title,parent\na,Food,\nb,Toys,a\nc,Toys,\n"
    shop = catalog({"catalog/categories.csv": rows})
    assert shop.item("category", "Toys") is None
    assert shop.item("category", "Food") is shop.categories["a"]


def test_items_speak_the_language_of_the_page() -> None:
    shop = catalog()
    assert shop.languages == {"en"}
    assert str(shop.item("product", "hay", "en")) == "Hay 1 kg"
    assert str(shop.item("product", "hay", "de")) == "Häu 1 kg"
    assert str(shop.item("product", "straw", "en")) == "Stroh"
    assert str(shop.item("category", "dog", "en")) == "Dogs"
    translated = shop.item("product", "bone", "en")
    assert translated is not None
    assert translated.category == "dog"


RELATIVES = [
    (
        "product",
        "hay",
        "product:hay category:rabbit category:pets brand:Wiese tag:hay tag:dry",
    ),
    ("product", "ball", "product:ball category:dog category:pets tag:toy tag:round"),
    ("category", "rabbit", "category:rabbit category:pets"),
    ("category", "Hasen & Co", "category:rabbit category:pets"),
    ("article", "care", "article:care category:rabbit category:pets tag:care"),
    ("product", "unknown", ""),
    ("category", "unknown", ""),
]


@pytest.mark.parametrize(("kind", "id", "expected"), RELATIVES)
def test_an_event_counts_for_the_thing_and_all_it_belongs_to(
    kind: str, id: str, expected: str
) -> None:
    pairs = tuple(tuple(word.split(":")) for word in expected.split())
    assert catalog().relatives(kind, id) == pairs


def test_without_a_file_every_id_is_possible() -> None:
    shop = catalog({})
    assert shop.relatives("product", "x") == (("product", "x"),)
    assert catalog().relatives("query", "x") == (("query", "x"),)


def test_products_in_stock_are_listed_newest_first() -> None:
    shop = catalog()
    assert shop.newest == ("bone", "straw", "hay")
    assert shop.newest_in["rabbit"] == ("straw", "hay")
    assert shop.newest_in["pets"] == ("bone", "straw", "hay")
    assert shop.newest_in["dog"] == ("bone",)


def test_json_lines_say_the_same_as_csv() -> None:
    line = (
        b'{"id": "hay", "title": "H\\u00e4u", "url": "/p/hay", "price": 12.90, '
        b'"category": "rabbit", "tags": ["hay", "dry"], "in-stock": true, '
        b'"repurchase-days": 30, "brand": null}\n\n'
    )
    files = {
        "catalog/categories.csv": CATEGORIES,
        "catalog/products.jsonl": line.decode(),
    }
    hay = catalog(files).products["hay"]
    assert (hay.title, hay.price, hay.tags) == ("Häu", 12.9, ("hay", "dry"))
    assert (hay.in_stock, hay.repurchase_days, hay.brand) == (True, 30, "")


def test_line_ends_quotes_and_byte_order_mark_of_spreadsheets_are_read() -> None:
    text = (
        '\ufeffid,title,url\r\na,"Say ""hi"",\r\nBob",/p/a\r\n"b" , B ,/p/b\r\n,,\r\n'
    )
    shop = catalog({"catalog/products.csv": text})
    assert shop.products["a"].title == 'Say "hi",\nBob'
    assert shop.products["b"].title == "B"
    assert list(shop.products) == ["a", "b"]


@pytest.mark.parametrize("text", ["", "\n\n", "id,title,url\n", "\ufeff"])
def test_an_empty_file_is_an_empty_catalogue(text: str) -> None:
    assert catalog({"catalog/products.csv": text}).products == {}


HEAD = "id,title,url,price,category,in-stock,repurchase-days,added,parent\n"
WRONG = [
    ("id,title\na,A\n", "1:1: error: the column \"url\" is missing: needed are id,"),
    ("id,titel,url\na,A,/\n", 'the column "title" is missing: did you mean "titel"?'),
    ("id,title,url\na,A,/\na,B,/\n", '3:1: error: the id "a" is there twice: first in'),
    ("id,title,url\n,A,/\n", "2:1: error: this product has no id"),
    ("id,title,url\na,,/\n", "2:3: error: this product has no title"),
    ("id,title,url\na,A\n", "2:1: error: 2 cells, but the header has 3"),
    ("id,title,url\na,A, x,/\n", "2:8: error: 4 cells, but the header has 3"),
    ('id,title,url\na,"A,/\n', "2:3: error: this quote is never closed"),
    ('id,title,url\na,"A"b,/\n', "2:6: error: text after the closing quote"),
    ("id;title;url\na;A;/\n", "1:1: error: the cells of this file are not separated"),
    ("id,title,url,url\n", '1:14: error: column "url" is there twice'),
    ("id,title,url,\na,A,/,\n", "1:14: error: this column has no name"),
    ("id,title,url,price.en\n", '1:14: error: "price" cannot be translated'),
    ("id,title,url,title.English\n", '1:14: error: "English" is not a language'),
    ("id,title,url,price\na,A,/,12x\n", '2:7: error: "12x" is not a price'),
    ("id,title,url,price\na,A,/,-1\n", '2:7: error: "-1" is not a price'),
    ("id,title,url,price\na,A,/,nan\n", '2:7: error: "nan" is not a price'),
    ('id,title,url,price\na,A,/,"1,5"\n', '2:7: error: "1,5" is not a price'),
    ("id,title,url,added\na,A,/,2026-2-1\n", '2:7: error: "2026-2-1" is not a date'),
    ("id,title,url,added\na,A,/,2026-02-30\n", '"2026-02-30" is not a date'),
    ("id,title,url,repurchase-days\na,A,/,0\n", '"0" is not a number of days'),
    ("id,title,url,in-stock\na,A,/,maybe\n", '"maybe" does not say if it is in'),
    ("id,title,url\na,A,javascript:x\n", "2:5: error: this address does not lead"),
    ("id,title,url,image.en\na,A,/,data:x\n", "2:7: error: this address does not lead"),
    ("id,title,url,url.en\na,A,/,data:x\n", "2:7: error: this address does not lead"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), WRONG)
def test_what_is_wrong_is_said_with_its_place(text: str, expected: str) -> None:
    found = problems(products=text)
    assert len(found) == 1, found
    assert found[0].startswith("catalog/products.csv:")
    assert expected in found[0]


def test_all_errors_are_said_at_once_with_their_lines() -> None:
    rows = "id,title,url,price,category\n1,A,/,x,rabit\n2,B,javascript:1,y,dog\n"
    found, findings = read_catalog(
        {"catalog/categories.csv": CATEGORIES, "catalog/products.csv": rows}
    )
    assert [(f.line, f.column) for f in findings] == [(2, 7), (2, 9), (3, 5), (3, 18)]
    assert findings[1].hint == 'did you mean "rabbit"?'
    assert findings[1].excerpt == "1,A,/,x,rabit"
    assert findings[1].length == 5
    assert list(found.products) == ["1", "2"]


def test_a_place_after_a_cell_of_several_lines_is_right() -> None:
    rows = 'id,title,url,price\na,"one\ntwo\nthree",/p,x\nb,B,/,y\n'
    assert [p.split(" error")[0] for p in problems(products=rows)] == [
        "catalog/products.csv:4:11:",
        "catalog/products.csv:5:7:",
    ]


def test_a_parent_can_be_named_by_its_title() -> None:
    rows = "id,title,parent,title.en\na,Tiere,,\nb,Hunde,Tiere,Dogs\n"
    shop = catalog({"catalog/categories.csv": rows})
    assert shop.relatives("category", "b") == (("category", "b"), ("category", "a"))
    translated = shop.item("category", "b", "en")
    assert translated is not None
    assert (translated.title, translated.parent) == ("Dogs", "a")


@pytest.mark.parametrize(
    ("word", "expected"),
    [("yes", True), ("NEIN", False), ("0", False), ("12", True), ("", True)],
)
def test_stock_is_a_word_or_a_number(word: str, expected: bool) -> None:
    rows = f"id,title,url,in-stock\na,A,/,{word}\n"
    assert catalog({"catalog/products.csv": rows}).products["a"].in_stock is expected


def test_unknown_parents_and_circles_of_parents_are_refused() -> None:
    rows = "id,title,parent\na,A,b\nb,B,c\nc,C,a\nd,D,e\nf,F,f\ng,G,a\n"
    found = problems(categories=rows)
    assert len(found) == 3
    assert "5:5" in found[0]
    assert 'the category "e" is unknown' in found[0]
    assert "2:5" in found[1]
    assert "a > b > c > a" in found[1]
    assert "f > f" in found[2]


def test_a_category_that_no_file_knows_is_fine_only_without_the_file() -> None:
    rows = "id,title,url,category\na,A,/,rabbit\n"
    assert problems(products=rows) == []
    assert len(problems(products=rows, categories="id,title\ndog,Dogs\n")) == 1


@pytest.mark.parametrize(
    ("file", "hint"),
    [
        ("catalog/product.csv", 'did you mean "products.csv"?'),
        ("catalog/products.xlsx", 'did you mean "products.csv"?'),
        ("catalog/notes", "known: "),
    ],
)
def test_an_unknown_file_is_named(file: str, hint: str) -> None:
    (finding,) = read_catalog({file: ""})[1]
    assert finding.hint.startswith(hint)


def test_two_files_of_one_kind_are_too_many() -> None:
    files = {"catalog/products.csv": "", "catalog/products.jsonl": ""}
    (finding,) = read_catalog(files)[1]
    assert "catalog/products.csv is there too" in finding.message


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("[1]", "1:1: error: this line is not a JSON object"),
        ('  {"id": }', "1:3: error: this line is not JSON"),
        ('{"id": "a", "title": {}}', '1:13: error: "title" holds an object'),
        ("[" * 100_000, "1:1: error: this line is not JSON"),
    ],
)
def test_json_lines_that_are_wrong_are_named(line: str, expected: str) -> None:
    _, findings = read_catalog({"catalog/products.jsonl": line})
    assert expected in str(findings[0])


@pytest.mark.parametrize(
    ("address", "safe"),
    [
        ("", True),
        ("/p/1", True),
        ("p?x=a:b", True),
        ("//cdn.example/x", True),
        ("https://example.org", True),
        ("MAILTO:a@example.org", True),
        ("tel:+49", True),
        ("javascript:alert(1)", False),
        ("JaVaScRiPt:alert(1)", False),
        (" \x01javascript:alert(1)", False),
        ("java\nscri\tpt:alert(1)", False),
        ("data:text/html,x", False),
        ("vbscript:x", False),
        ("blob:x", False),
    ],
)
def test_only_addresses_with_harmless_schemes_are_safe(
    address: str, safe: bool
) -> None:
    assert is_safe(address) is safe


cells = st.text(st.characters(exclude_categories=["Cs", "Cc"])).map(str.strip)


@given(
    st.lists(st.tuples(cells, cells, cells), max_size=8),
    st.sampled_from(["\n", "\r\n"]),
)
def test_csv_of_the_standard_library_is_read_back(
    rows: list[tuple[str, str, str]], end: str
) -> None:
    written = io.StringIO()
    writer = csv.writer(written, quoting=csv.QUOTE_ALL, lineterminator=end)
    writer.writerows([("a", "b", "c"), *rows])
    findings: list[Finding] = []
    table = read_table("x.csv", written.getvalue(), findings.append)
    assert findings == []
    read = [tuple(cell.text for cell in row.cells.values()) for row in table.rows]
    assert read == [row for row in rows if any(row)]


@given(st.text(st.sampled_from('ab",;\n\r \t\ufeffü1')))
def test_any_text_gives_a_catalogue_and_findings_inside_it(text: str) -> None:
    for name in ("catalog/products.csv", "catalog/products.jsonl"):
        _, findings = read_catalog({name: "id,title,url\n" + text})
        lines = text.count("\n") + text.count("\r") + 2
        for finding in findings:
            assert 1 <= finding.line <= lines
            assert 1 <= finding.column <= len(finding.excerpt) + 1


def test_items_can_be_copied_but_not_changed() -> None:
    hay = catalog(FILES).products["hay"]
    assert msgspec.structs.replace(hay, reason="x").reason == "x"
    with pytest.raises(AttributeError):
        hay.title = "x"  # type: ignore[misc]  # that this fails is what is tested
