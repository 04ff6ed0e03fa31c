"""What is saved in the folder goes live: when it has come to rest, once, all or nothing."""

import asyncio
import os
import shutil
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from shopwindow import Shopwindow
from shopwindow.findings import Finding, SiteError
from shopwindow.middleware.loading import watching
from shopwindow.middleware.loading.watching import Watcher, look
from shopwindow.middleware.site import read_files, read_site
from shopwindow.middleware.texts import revision
from tests.asgi import ask
from tests.shop import FILES, KEYS, LANES, mounted, page, site_folder, whole

pytestmark = pytest.mark.anyio

RULES = FILES["rules/start.yaml"]
BROKEN = RULES.replace("show: banner", "show: baner", 1)


class Desk:
    """An editor at a folder, a watcher, and a clock that they share."""

    def __init__(self, folder: Path) -> None:
        self.folder = site_folder(folder)
        self.now = 0.0
        self.counted: Counter[str] = Counter()
        self.live: list[Mapping[str, str]] = []
        self.fault: Exception | None = None
        start = revision(read_files(folder)[0])
        self.watcher = Watcher(folder, start, self.reload, self.count)
        self.wait(1)

    def count(self, what: str) -> None:
        self.counted[what] += 1

    def reload(self, files: Mapping[str, str], findings: Sequence[Finding]) -> None:
        if self.fault is not None:
            raise self.fault
        read_site(self.folder, files, None, findings)
        self.live.append(files)

    def save(self, name: str, text: str) -> None:
        path = self.folder / name
        path.write_text(text)
        # A clock of files may be coarse; this one never stands still.
        os.utime(path, ns=(time.time_ns(), time.time_ns()))

    def wait(self, seconds: float) -> None:
        end = self.now + seconds
        while self.now < end:
            self.watcher.step(self.now)
            self.now = round(self.now + 0.05, 2)

    @property
    def rules(self) -> str:
        return self.live[-1]["rules/start.yaml"]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "site")


def test_what_is_live_already_is_not_read_again(desk: Desk) -> None:
    assert not desk.live and not desk.counted
    os.utime(desk.folder / "rules/start.yaml", (1, 1))
    desk.wait(1)
    assert not desk.live and not desk.counted


@pytest.mark.parametrize(
    "name",
    ["site.toml", "rules/start.yaml", "fragments/banner.html", "catalog/products.csv"],
)
def test_a_saved_file_is_live_within_half_a_second(desk: Desk, name: str) -> None:
    text = FILES[name].replace("Tea", "Fine tea").replace("tea", "fine tea", 1) + "\n"
    if name == "rules/start.yaml":
        text = RULES.replace("Hello", "Welcome")
    elif name == "catalog/products.csv":
        text = FILES[name].replace("White cup", "Black cup")
    desk.save(name, text)
    desk.wait(0.5)
    assert [files[name] for files in desk.live] == [text]
    assert desk.counted == {"reload": 1}


def test_many_files_of_one_checkout_are_one_reload(desk: Desk) -> None:
    for number in range(8):
        desk.save(f"rules/more-{number}.yaml", f"version: 1\nrules: [] # {number}\n")
        desk.wait(0.05)
    desk.wait(1)
    assert desk.counted == {"reload": 1}
    assert len(desk.live[0]) == len(FILES) + 8


def test_a_save_by_renaming_is_one_reload(desk: Desk) -> None:
    path = desk.folder / "rules/start.yaml"
    path.rename(path.with_suffix(".yaml~"))
    desk.wait(0.3)
    desk.save("rules/.start.yaml.new", RULES.replace("Hello", "Welcome"))
    (desk.folder / "rules/.start.yaml.new").rename(path)
    desk.wait(1)
    assert desk.counted == {"reload": 1}
    assert "Welcome" in desk.rules


def test_a_deleted_file_takes_its_rules_along(desk: Desk) -> None:
    (desk.folder / "rules/start.yaml").unlink()
    desk.wait(1)
    assert "rules/start.yaml" not in desk.live[0]


def test_a_broken_file_is_told_once_for_its_text(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    desk.save("rules/start.yaml", BROKEN)
    desk.wait(2)
    desk.save("rules/start.yaml", BROKEN)
    desk.wait(2)
    assert not desk.live and desk.counted == {"reload refused": 1}
    assert (
        caplog.text.count('rules/start.yaml:8:11: error: unknown fragment "baner"') == 1
    )
    desk.save("rules/start.yaml", RULES)  # as it was: that is live
    desk.wait(1)
    assert not desk.live
    desk.save("rules/start.yaml", RULES.replace("Hello", "Welcome"))
    desk.wait(1)
    assert desk.counted == {"reload refused": 1, "reload": 1}


def test_a_thousand_mistakes_do_not_fill_the_log(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    rule = "  - {id: x-%d, slot: home.herro, show: banner, with: {text: x}}\n"
    many = "".join(rule % number for number in range(100))
    desk.save("rules/more.yaml", f"version: 1\nrules:\n{many}")
    desk.wait(1)
    assert caplog.text.count('unknown slot "home.herro"') == watching.SHOWN
    assert "and 80 more: see `shopwindow check`" in caplog.text


def test_a_file_that_is_not_text_is_told_like_any_other(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    (desk.folder / "rules/latin.yaml").write_bytes(b"# \xe4\n")
    desk.wait(1)
    assert desk.counted == {"reload refused": 1}
    assert "rules/latin.yaml:1:1: error: not UTF-8" in caplog.text


def test_half_a_file_never_goes_live(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    desk.save("rules/start.yaml", RULES[: RULES.index("big-cart") + 4])
    desk.wait(60)
    assert not desk.live and desk.counted == {"reload refused": 1}
    assert caplog.text.count("the file was cut short here") == 1
    desk.save("rules/start.yaml", RULES.replace("Hello", "Welcome"))
    desk.wait(1)
    assert "Welcome" in desk.rules


def test_a_slow_writer_is_waited_for(desk: Desk) -> None:
    text = RULES.replace("More tea", "Much more tea")
    for end in range(20, len(text), 40):
        desk.save("rules/start.yaml", text[:end])
        desk.wait(0.4)
        assert not desk.live
    desk.save("rules/start.yaml", text)
    desk.wait(1)
    assert [files["rules/start.yaml"] for files in desk.live] == [text]


def test_a_text_without_its_last_line_break_is_believed_in_the_end(desk: Desk) -> None:
    text = RULES.replace("More tea", "Much more tea").rstrip()
    desk.save("rules/start.yaml", text)
    desk.wait(9)
    assert not desk.live
    desk.wait(2)
    assert desk.rules == text


def test_a_file_that_changes_while_it_is_read_is_not_believed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def changing(folder: Path) -> tuple[dict[str, str], list[Finding]]:
        found = read_files(folder)
        desk.save("rules/start.yaml", RULES.replace("Hello", "Good day to you"))
        return found

    desk.save("rules/start.yaml", RULES.replace("Hello", "Welcome"))
    monkeypatch.setattr(watching, "read_files", changing)
    desk.wait(0.3)
    assert not desk.live
    monkeypatch.undo()
    desk.wait(1)
    assert len(desk.live) == 1 and "Good day" in desk.rules


def test_what_fails_through_no_fault_of_the_files_is_tried_again(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    desk.fault = RuntimeError("the reader was killed")
    desk.save("rules/start.yaml", RULES.replace("Hello", "Welcome"))
    desk.wait(1)
    assert desk.counted == {"reload failed": 1} and "was killed" in caplog.text
    desk.fault = None
    desk.wait(watching.AGAIN)
    assert desk.counted == {"reload failed": 1, "reload": 1} and "Welcome" in desk.rules


def test_the_next_save_does_not_wait_for_that(desk: Desk) -> None:
    desk.fault = RuntimeError("the reader was killed")
    desk.save("rules/start.yaml", RULES.replace("Hello", "Welcome"))
    desk.wait(1)
    desk.fault = None
    desk.save("rules/start.yaml", RULES.replace("Hello", "Welcome back"))
    desk.wait(1)
    assert "Welcome back" in desk.rules


def test_a_look_costs_next_to_nothing(tmp_path: Path) -> None:
    folder = site_folder(tmp_path)
    for number in range(200):
        (folder / f"rules/more-{number}.yaml").write_text("version: 1\n")
    assert len(look(folder)) == len(FILES) + 200
    before = time.process_time()
    for _ in range(10):
        look(folder)
    assert (
        time.process_time() - before
    ) / 10 < 0.02  # four a second; usually under 1 ms


# -- in a running window ---------------------------------------------------------------------


@asynccontextmanager
async def started(folder: Path) -> AsyncIterator[Shopwindow]:
    async with Shopwindow(folder, keys=KEYS) as window:
        yield window


async def becomes(true: Callable[[], bool], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come true"
        await asyncio.sleep(0.01)


@pytest.fixture(params=["woken", "polling"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "polling":
        monkeypatch.setitem(sys.modules, "watchfiles", None)


@pytest.mark.usefixtures("way")
async def test_saving_is_all_that_is_needed(tmp_path: Path) -> None:
    folder = site_folder(tmp_path)
    async with started(folder) as window:
        before = window.site
        path = folder / "rules/start.yaml"
        await asyncio.sleep(0.5)
        path.write_text(RULES.replace("Hello", "Welcome"))
        await becomes(lambda: window.site is not before)
        await becomes(lambda: window.counters["reload"] == 1)
        threads = window._watching
        assert threads is not None
    await becomes(lambda: not threads.alive)


@pytest.mark.parametrize("switch", ["environment", "site"])
async def test_it_can_be_switched_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, switch: str
) -> None:
    folder = site_folder(tmp_path)
    if switch == "environment":
        monkeypatch.setenv("SHOPWINDOW_RELOAD", "off")
    else:
        toml = folder / "site.toml"
        toml.write_text(toml.read_text().replace("[site]", "[site]\nreload = false"))
    async with started(folder) as window:
        assert window._watching is None
        before = window.site
        (folder / "rules/start.yaml").write_text(RULES.replace("Hello", "Welcome"))
        await window.reload_soon()
        assert window.site is not before


async def test_a_request_in_flight_keeps_the_site_it_began_with(tmp_path: Path) -> None:
    folder = site_folder(tmp_path)
    window = Shopwindow(folder, keys=KEYS)

    def make() -> bytes:
        # The site changes while the shop makes the page.
        (folder / "rules/start.yaml").write_text(RULES.replace("Hello", "Welcome"))
        window.reload()
        return page(LANES["attribute"])

    async with window:
        app = mounted(whole(make), window)
        assert b"Hello" in (await ask(app)).body
        assert b"Welcome" in (await ask(app)).body


async def test_a_folder_that_goes_away_and_comes_back(tmp_path: Path) -> None:
    folder = site_folder(tmp_path / "site")
    async with started(folder) as window:
        before = window.site
        shutil.move(folder, tmp_path / "aside")
        await becomes(lambda: window.counters["reload refused"] == 1)
        assert window.site is before
        site_folder(folder, rules=RULES.replace("Hello", "Welcome"))
        await becomes(lambda: window.site is not before)


async def test_reload_soon_tells_what_is_wrong(tmp_path: Path) -> None:
    folder = site_folder(tmp_path)
    async with started(folder) as window:
        before = window.site
        (folder / "rules/start.yaml").write_text(BROKEN)
        with pytest.raises(SiteError, match="baner"):
            await window.reload_soon()
        assert window.site is before


async def test_an_experiment_that_goes_on_with_other_shares_is_noted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    variants = (
        "[{name: a, weight: 50, show: offer}, {name: b, weight: 50, show: offer}]"
    )
    rules = f"""
version: 1
rules:
  - {{id: x, slot: home.hero, split: {{experiment: e, variants: {variants}}}}}
"""
    folder = site_folder(tmp_path, rules=rules)
    async with started(folder) as window:
        before = window.site
        changed = rules.replace("name: b, weight: 50", "name: b, weight: 150")
        (folder / "rules/start.yaml").write_text(changed)
        await becomes(lambda: window.site is not before)
        (folder / "rules/start.yaml").write_text(rules)
        await window.reload_soon()
    noted = [text for text in caplog.messages if "goes on with other shares" in text]
    assert ["variants a 25%, b 75%" in text for text in noted] == [True, False]
