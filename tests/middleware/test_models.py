"""Workers notice what was trained, and pages go on whatever is in the folder."""

import asyncio
import logging
import os
import shutil
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from shopwindow import Shopwindow
from shopwindow.fragments.recommendations import Model
from shopwindow.fragments.recommendations.model import current_name
from shopwindow.middleware import models
from shopwindow.middleware.models import Models
from shopwindow.middleware.settings import read_settings
from tests.commands import run
from tests.fragments.models import NOON, small
from tests.shop import KEYS, site_folder

A = {"a": [("b", 1.0)]}
B = {"a": [("c", 1.0)]}


class Looking:
    """Models that look when they are told to."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self.live: list[str] = []
        self.counted: Counter[str] = Counter()
        self.warned: list[str] = []
        self.now = 100.0
        self.models = Models(lambda: self.out, self._bring, self._count, self._warn)

    def _bring(self, model: Model) -> None:
        self.live.append(model.name)

    def _count(self, what: str) -> None:
        self.counted[what] += 1

    def _warn(self, about: str, message: str, *arguments: object) -> None:
        self.warned.append(message % arguments)

    def look(self, after: float = 1.0) -> None:
        self.now += after
        self.models.look(self.now)


@pytest.fixture
def looking(tmp_path: Path) -> Looking:
    return Looking(tmp_path / "models")


def later(minutes: int) -> datetime:
    return NOON + timedelta(minutes=minutes)


def spoil(folder: Path) -> None:
    path = folder / "ids.npy"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def test_what_is_trained_goes_live_once(looking: Looking) -> None:
    looking.look()
    assert (looking.live, looking.warned) == ([], [])  # a shop may live without
    first = small(looking.out, A)
    looking.look()
    looking.look()
    second = small(looking.out, B, now=later(1))
    looking.look()
    assert looking.live == [first.name, second.name]
    assert looking.counted == {"live": 2}


def test_looking_asks_the_file_system_once(
    looking: Looking, monkeypatch: pytest.MonkeyPatch
) -> None:
    small(looking.out, A)
    looking.look()

    def never(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(models, "current_name", never)
    monkeypatch.setattr(models, "folders", never)
    for _ in range(100):
        looking.look()
    assert looking.counted == {"live": 1}


def test_the_last_good_one_stays_and_is_told_of_once(looking: Looking) -> None:
    first = small(looking.out, A)
    looking.look()
    second = small(looking.out, B, now=later(1))
    spoil(second)
    for _ in range(100):
        looking.look()
    assert looking.live == [first.name]
    assert looking.counted == {"live": 1, "refused": 1}
    assert len(looking.warned) == 1
    assert f"{second.name}/ids.npy: its checksum is wrong" in looking.warned[0]
    assert f"{first.name} stays" in looking.warned[0]


def test_without_a_last_good_one_the_newest_sound_one_is_served(
    looking: Looking,
) -> None:
    made = [small(looking.out, A, now=later(minute)) for minute in range(3)]
    spoil(made[2])
    looking.look()
    assert looking.live == [made[1].name]
    assert looking.counted == {"live": 1, "refused": 1}


def test_one_that_comes_piece_by_piece_goes_live_when_it_is_whole(
    looking: Looking, tmp_path: Path
) -> None:
    made = small(tmp_path / "elsewhere", A)
    looking.out.mkdir()
    (looking.out / "CURRENT").write_text(made.name)  # a copy in the wrong order
    looking.look()
    (looking.out / made.name).mkdir()
    for name in sorted(os.listdir(made)):
        looking.look()
        assert looking.live == []
        shutil.copy(made / name, looking.out / made.name / name)
    for _ in range(60):
        looking.look()
    assert looking.live == [made.name]


def test_what_is_refused_is_tried_again_more_and_more_seldom(
    looking: Looking, monkeypatch: pytest.MonkeyPatch
) -> None:
    looking.out.mkdir()
    (looking.out / "CURRENT").write_text("model-20261126T120000Z-12345678")
    tried = 0
    real = current_name

    def counting(out: Path) -> str:
        nonlocal tried
        tried += 1
        return real(out)

    monkeypatch.setattr(models, "current_name", counting)
    for _ in range(600):
        looking.look()
    assert 10 < tried < 20
    assert looking.counted == {"refused": 1}


@pytest.mark.parametrize("written", ["", "nonsense", "../../etc", "\x00", "x" * 10_000])
def test_a_current_of_nonsense_is_refused(looking: Looking, written: str) -> None:
    first = small(looking.out, A)
    looking.look()
    (looking.out / "CURRENT").write_text(written)
    looking.look()
    assert looking.live == [first.name]
    assert looking.counted["refused"] == 1


def test_a_folder_that_vanishes_takes_nothing_away(looking: Looking) -> None:
    first = small(looking.out, A)
    looking.look()
    shutil.rmtree(looking.out)
    looking.look()
    assert looking.live == [first.name]
    assert looking.counted["refused"] == 1
    second = small(looking.out, B)
    looking.look()
    assert looking.live == [first.name, second.name]


def test_parameters_that_cannot_be_read_never_reach_a_page(looking: Looking) -> None:
    small(looking.out, A, parameters={"reminder": "much"})
    looking.look()
    assert (looking.live, looking.counted) == ([], {"refused": 1})


def test_our_own_fault_is_told_and_looked_after_again(
    looking: Looking, monkeypatch: pytest.MonkeyPatch
) -> None:
    small(looking.out, A)
    real = Model.open

    def full(*_: object) -> Model:
        raise MemoryError

    monkeypatch.setattr(Model, "open", full)
    looking.look()
    assert looking.counted == {"failed": 1}
    monkeypatch.setattr(Model, "open", real)
    looking.look(60)
    assert looking.counted == {"failed": 1, "live": 1}


def test_another_folder_is_another_model(looking: Looking, tmp_path: Path) -> None:
    first, second = small(looking.out, A), small(tmp_path / "other", B)
    looking.look()
    looking.out = tmp_path / "other"
    looking.look()
    assert looking.live == [first.name, second.name]


# -- the window -------------------------------------------------------------------------------


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(models, "POLL", 0.01)
    yield


async def until_live(window: Shopwindow, name: str) -> None:
    for _ in range(500):
        if window.model is not None and window.model.name == name:
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"{name} is not live: {window.model!r}")


def test_a_window_serves_the_model_and_then_the_next(
    tmp_path: Path, quick: None
) -> None:
    site = site_folder(tmp_path / "site")
    out = tmp_path / "site" / "models"

    async def live() -> None:
        first = small(out, A)
        window = Shopwindow(site, keys=KEYS)
        assert window.model is None
        async with window:
            assert window.model is not None  # before the first page
            assert window.model.name == first.name
            held = window.model  # as a page does
            second = small(out, B, now=later(1))
            await until_live(window, second.name)
            shutil.rmtree(first)
            assert held.number("b") == 1
            window.reload()  # of the site
            assert window.model.name == second.name
            counted = {m.name: m.samples for m in window.metrics()}
            assert counted["shopwindow_models"] == {("live",): 2}

    asyncio.run(live())


def test_a_window_without_a_model_has_none_and_says_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def live() -> None:
        async with Shopwindow(site_folder(tmp_path / "site"), keys=KEYS) as window:
            assert window.model is None
            assert not any(m.name == "shopwindow_models" for m in window.metrics())

    with caplog.at_level(logging.WARNING):
        asyncio.run(live())
    assert not [record for record in caplog.records if "model" in record.getMessage()]


def test_a_model_that_is_corrupt_from_the_start_keeps_no_shop_from_starting(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    site = site_folder(tmp_path / "site")
    spoil(small(tmp_path / "site" / "models", A))

    async def live() -> None:
        async with Shopwindow(site, keys=KEYS) as window:
            assert window.model is None
            assert window.counters["warning model"] == 1

    asyncio.run(live())
    assert "popular products go on" in caplog.text


# -- settings and check -----------------------------------------------------------------------


def folder_of(text: str, **environment: str) -> Path:
    read, findings = read_settings(Path("/site"), text, environment)
    assert findings == []
    return read.model


def test_where_the_models_are() -> None:
    assert folder_of("") == Path("/site/models")
    beside = '[store]\nurl = "sqlite:////var/lib/shop/kept.db"'
    assert folder_of(beside) == Path("/var/lib/shop/models")
    assert folder_of('[store]\nurl = "memory:"') == Path("/site/models")
    named = '[recommendations]\nmodel = "../learned"'
    assert folder_of(named) == Path("/site/../learned")
    assert folder_of(named, SHOPWINDOW_MODEL="/m") == Path("/m")
    assert folder_of(named, SHOPWINDOW_MODEL="") == Path("/site/../learned")


def test_what_is_wrong_with_the_table_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for written, place, words in [
        ("model = 5", "site.toml:2:1", "must be a text"),
        ('modle = "x"', "site.toml:2:1", "model"),
        ('model = "file"', "site.toml:2:1", "is a file: name the folder"),
    ]:
        text = f"[recommendations]\n{written}\n"
        settings, findings = read_settings(tmp_path, text, {})
        assert [finding.place for finding in findings] == [place]
        assert words in str(findings[0])
        assert settings.model == tmp_path / "models"
    _, (finding,) = read_settings(tmp_path, "", {"SHOPWINDOW_MODEL": "file"})
    assert "SHOPWINDOW_MODEL, which goes before this" in finding.message


def check(site: Path) -> str:
    return run("check", site).output


def test_check_warns_of_a_model_that_is_named_and_missing(tmp_path: Path) -> None:
    site = site_folder(tmp_path / "site")
    assert "all is well" in check(site)
    settings = site / "site.toml"
    settings.write_text(
        settings.read_text() + '\n[recommendations]\nmodel = "learned"\n'
    )
    line = settings.read_text().count("\n")
    assert (
        f"site.toml:{line}:1: warning: {site}/learned/CURRENT: there is no model"
        in (check(site))
    )
    made = small(site / "learned", A)
    assert "all is well" in check(site)
    spoil(made)
    assert "ids.npy: its checksum is wrong" in check(site)


def test_check_warns_of_a_model_that_nobody_named_and_is_corrupt(
    tmp_path: Path,
) -> None:
    site = site_folder(tmp_path / "site")
    spoil(small(site / "models", A))
    assert "warning: " in check(site)
    assert "its checksum is wrong" in check(site)
