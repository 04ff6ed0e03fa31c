"""What the commands say of fragments that come from other servers."""

import asyncio
import json
import sys
from pathlib import Path

import pytest

from tests.commands import run
from tests.elsewhere import elsewhere, teaser

pytestmark = pytest.mark.anyio
SITE = """
[fragments.cms-teaser]
url = "{url}/{{category}}?lang={{language}}&size={{size}}"
parameters = ["category", "size?"]
"""
RULES = """\
# yaml-language-server: $schema=../.schema/rules.schema.json
version: 1
rules:
  - id: from-the-cms
    slot: home.hero
    priority: 900
    when: [device: desktop]
    show: cms-teaser
    with: {category: garden, size: L}
"""
APP = """
from starlette.responses import HTMLResponse

app = HTMLResponse('<html lang="en"><section data-shopwindow="home.hero">Default</section>')
"""


def made(folder: Path, url: str = "https://cms.internal/teasers") -> Path:
    site = folder / "shop"
    run("new", site)
    with (site / "site.toml").open("a") as file:
        file.write(SITE.format(url=url))
    (site / "rules/cms.yaml").write_text(RULES)
    return site


def test_a_site_with_one_is_checked_whole(tmp_path: Path) -> None:
    site = made(tmp_path)
    assert "all is well" in run("check", site).stdout
    rules = site / "rules/cms.yaml"
    rules.write_text(RULES.replace("size: L", "sise: L"))
    said = run("check", site, code=1).stdout
    assert 'cms.yaml:9:30: error: fragment "cms-teaser" has no parameter "sise"' in said
    text = (site / "site.toml").read_text()
    (site / "site.toml").write_text(text.replace('"size?"', '"size"?'))
    assert "site.toml:" in run("check", site, code=1).stdout
    (site / "site.toml").write_text(text.replace("{size}", "{visitor.first_name}"))
    said = run("check", site, code=1).stdout
    assert "it never goes to another server" in said and " | url = " in said


def test_a_name_is_given_once(tmp_path: Path) -> None:
    site = made(tmp_path)
    (site / "fragments").mkdir()
    (site / "fragments/cms-teaser.de.html").write_text("<p>Hello</p>")
    said = run("check", site, code=1).stdout
    assert (
        'fragments/cms-teaser.de.html:1:1: error: "cms-teaser" comes from another server: '
        "site.toml, [fragments.cms-teaser]: rename one of them"
    ) in said


def test_editors_complete_its_parameters(tmp_path: Path) -> None:
    site = made(tmp_path)
    schema = json.loads(run("schema", site, "--stdout", "rules").stdout)
    fragments = schema["definitions"]["fragment"]
    about = dict(zip(fragments["enum"], fragments["enumDescriptions"], strict=True))
    assert about["cms-teaser"] == (
        "From another server. Needs `category`; may have `size`."
    )


def test_explain_says_where_it_comes_from(tmp_path: Path) -> None:
    site = made(tmp_path)
    asked = ("explain", site, "--persona", "gardener", "--slot", "home.hero")
    url = "https://cms.internal/teasers/garden?lang=en&size=L"
    assert f"  home.hero\n    from {url}\n    shown from-the-cms" in run(*asked).stdout
    line = json.loads(run(*asked, "--format", "json").stdout)
    assert line["slots"]["home.hero"]["from"] == url
    decided = run("decide", site, "--persona", "gardener").stdout
    assert "home.hero: cms-teaser, by from-the-cms (rules/cms.yaml:4)" in decided


async def test_a_preview_has_time_to_fetch_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "shop_with_cms.py").write_text(APP)
    async with elsewhere() as there:
        site = made(tmp_path, f"{there.url}/late")  # later than any page waits
        asked = ("preview", site, "shop_with_cms:app", "--persona", "gardener")
        silent = await asyncio.to_thread(run, *asked)
        assert "Default" in silent.stdout
        assert "something went wrong" in silent.stderr
        monkeypatch.setenv("SHOPWINDOW_ALLOWED_HOSTS", "127.0.0.1")
        seen = await asyncio.to_thread(run, *asked)
    shown = teaser("/late/garden?lang=en&size=L").decode()
    assert f'<section data-shopwindow="home.hero">{shown}</section>' in seen.stdout
    assert there.asked == ["/late/garden?lang=en&size=L"]
