"""The editors' folder: all of it is live, or nothing."""

import errno
import re
from pathlib import Path

import pytest

from shopwindow.findings import SiteError
from shopwindow.middleware import site as sites
from shopwindow.middleware.site import check_site, read_files, read_site
from shopwindow.rules.facts import Event
from tests.shop import FILES
from tests.sizes import runs


def folder(root: Path, **changes: str | bytes | None) -> Path:
    """The test shop's folder with some files written anew, or (None) left out."""
    files: dict[str, str | bytes | None] = {**FILES, **changes}
    for name, content in files.items():
        if content is not None:
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
    return root


def refused(root: Path) -> list[str]:
    with pytest.raises(SiteError) as raised:
        read_site(root)
    return [str(finding) for finding in raised.value.findings]


def test_a_folder_becomes_a_site(tmp_path: Path) -> None:
    site = read_site(folder(tmp_path))
    assert repr(site) == "<Site 'Tea & Cups': 2 slots, 3 rules>"
    assert set(site.catalog.products) == {"tea-1", "cup-1"}
    assert "banner" in site.library.fragments
    assert site.warnings == ()
    sighting = site.tracks.sighting("/p/tea-1", b"")
    assert sighting is not None and sighting.properties == {"product_id": "tea-1"}
    assert site.tracks.sighting("/p/coffee", b"") is None


def test_the_site_learns_with_its_own_catalogue(tmp_path: Path) -> None:
    site = read_site(folder(tmp_path))
    event = Event("1", "Product Viewed", "v", 1.8e9, 20_000, {"product_id": "tea-1"})
    profile = site.learn(None, event)
    assert profile is not None and "tea-1" in profile.counts["viewed product"]
    unknown = Event("2", "Product Viewed", "v", 1.8e9, 20_000, {"product_id": "x"})
    profile = site.learn(None, unknown)
    assert profile is not None and profile.counts == {}


@pytest.mark.parametrize(
    ("promotions", "counted"),
    [
        ([{"promotion_id": "banner"}], True),
        ([{"promotion_id": "other", "rule": "x"}], False),
        ([{"promotion_id": ["banner"], "rule": 7}, "banner", None], False),
        ({"promotion_id": "banner"}, False),
        (None, False),
    ],
)
def test_a_showing_is_learnt_where_a_rule_asks_for_it(
    tmp_path: Path, promotions: object, counted: bool
) -> None:
    rules = (
        FILES["rules/start.yaml"]
        + """\
  - id: enough
    slot: home.hero
    when: [not-shown: {fragment: banner}]
    show: banner
    with: {text: enough}
"""
    )
    site = read_site(folder(tmp_path, **{"rules/start.yaml": rules}))
    event = Event("e", "Promotion Viewed", "v", 1.0, 0, {"promotions": promotions})
    assert (site.learn(None, event) is not None) is counted


def test_the_smallest_site_is_an_empty_file(tmp_path: Path) -> None:
    (tmp_path / "site.toml").write_text("")
    site = read_site(tmp_path)
    assert len(site.rules.rules) == 0 and site.settings.name == tmp_path.name


def test_everything_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    changes: dict[str, str | bytes | None] = {
        "site.toml": FILES["site.toml"] + "[cookie]\ndays = 0\n",
        "rules/start.yaml": FILES["rules/start.yaml"].replace(
            "show: banner", "show: baner", 1
        ),
        "rules/latin.yaml": b"version: 1\nrules: []\n# \xe4\n",
        "fragments/banner.html": "{# parameters: text #}<p>{{ text </p>",
    }
    said = refused(folder(tmp_path, **changes))
    places = [re.match(r"([\w./]+):(\d+):\d+: error: ", line) for line in said]
    assert all(places)
    assert {place[1] for place in places if place} == set(changes)
    assert "rules/latin.yaml:3:1: error: not UTF-8: save the file as UTF-8" in said
    assert any('"baner"' in line for line in said)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    (line,) = refused(tmp_path / "nowhere")
    assert "nowhere:1:1: error: there is no such folder: looked for /" in line
    assert "`shopwindow new DIR` makes one" in line


def test_a_folder_that_is_not_there_says_where_it_was_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # a server starts elsewhere than its developer thinks
    (line,) = refused(Path("nowhere"))
    assert f"looked for {tmp_path / 'nowhere'}; " in line


def test_a_folder_without_site_toml_says_how_to_begin(tmp_path: Path) -> None:
    (line,) = refused(folder(tmp_path, **{"site.toml": None}))
    assert "has no site.toml: `shopwindow new DIR` makes a folder" in line


def test_what_follows_from_a_broken_site_toml_is_not_told(tmp_path: Path) -> None:
    (line,) = refused(folder(tmp_path, **{"site.toml": "[site]\nname = Tea\n"}))
    assert line.startswith("site.toml:2:8: error: this is not valid TOML: ")


def test_a_site_toml_that_cannot_be_read_is_what_is_wrong(tmp_path: Path) -> None:
    assert refused(folder(tmp_path, **{"site.toml": b"\xff"})) == [
        "site.toml:1:1: error: not UTF-8: save the file as UTF-8"
    ]


def test_a_file_that_is_too_large_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sites, "LARGEST", 1 << 20)
    large = b"x" * ((1 << 20) + 1)
    files, findings = read_files(folder(tmp_path, **{"rules/large.yaml": large}))
    assert "rules/large.yaml" not in files
    assert [str(f) for f in findings] == [
        "rules/large.yaml:1:1: error: larger than 1 MB"
    ]


def test_only_files_of_a_site_are_read(tmp_path: Path) -> None:
    more: dict[str, str | bytes | None] = {
        "notes.txt": "x",
        "rules/.draft.yaml": "x",
        "rules/deep/er/more.yml": "version: 1\nrules: []\n",
        "rules/readme.md": "x",
        "fragments/sub/x.html": "x",
        "catalog/.DS_Store": b"\xff",
        "shopwindow.db": b"\xff",
    }
    root = folder(tmp_path, **more)
    (root / "rules" / "folder.yaml").mkdir()
    files, findings = read_files(root)
    assert findings == []
    assert set(files) == {*FILES, "rules/deep/er/more.yml"}


def test_a_byte_order_mark_and_windows_line_ends_are_no_fault(tmp_path: Path) -> None:
    marked = {
        name: b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode()
        for name, text in FILES.items()
    }
    site = read_site(folder(tmp_path, **marked))
    assert len(site.rules.rules) == 3


def test_rule_tests_are_no_rules(tmp_path: Path) -> None:
    tests = {"rules/tests/personas.yaml": "personas: {}\n"}
    assert len(read_site(folder(tmp_path, **tests)).rules.rules) == 3


ALONE = """
version: 1
rules:
  - id: alone
    slot: home.hero
    show: banner
    with: {text: x}
    cap: {times: 1}
    cap-group: lonely
"""


def test_a_warning_does_not_stop_the_site(tmp_path: Path) -> None:
    files = {**FILES, "rules/alone.yaml": ALONE}
    site, findings = check_site(tmp_path, files)
    assert {finding.severity for finding in findings} == {"warning"}
    assert site.warnings == tuple(findings)
    assert len(read_site(tmp_path, files).rules.rules) == 4


def test_every_cut_of_every_file_is_a_site_or_a_list_of_findings(
    tmp_path: Path,
) -> None:
    for name, text in FILES.items():
        cuts = runs(len(text) // 7, len(text) // 30)
        for number in range(cuts):
            end = len(text) * number // cuts
            files = {**FILES, name: text[:end]}
            try:
                read_site(tmp_path, files)
            except SiteError as error:
                assert error.findings


def test_a_link_does_not_bring_other_files_onto_the_page(tmp_path: Path) -> None:
    root = folder(tmp_path / "site")
    secret = tmp_path / "secret"
    secret.write_text("<p>a key</p>")
    (root / "fragments/leak.html").symlink_to(secret)
    (root / "fragments/inside.html").symlink_to(root / "fragments/banner.html")
    files, findings = read_files(root)
    assert [(f.file, f.message) for f in findings] == [
        ("fragments/leak.html", "a link that leads out of the folder")
    ]
    assert "fragments/leak.html" not in files and "fragments/inside.html" in files


def test_a_folder_that_may_not_be_listed_is_not_an_empty_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(path: Path) -> list[str]:  # root may list every folder
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr("os.listdir", locked)
    found = read_files(folder(tmp_path))[1]
    assert {(f.file, f.message) for f in found} == {
        (part, "cannot be read: Permission denied")
        for part in ("rules", "fragments", "catalog")
    }
