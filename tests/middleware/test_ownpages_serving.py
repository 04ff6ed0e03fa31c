"""The visitor's own pages over a real server and a SQLite file, walked through as a person does."""

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from tests.asgi import BROWSER
from tests.ownpages import HERE, files, filled_in, tree
from tests.servers import free_port, serving
from tests.shop import KEYS

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module", params=["", "/shop"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Path]]:
    """The address of the shop, at the root or below a path, and its folder."""
    folder = tmp_path_factory.mktemp("shop")
    for name, text in files(language="de").items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("memory:", "sqlite:///shop.db"), "utf-8")
    port = free_port()
    app = "tests.serve:below" if request.param else "tests.serve:app"
    command = [sys.executable, "-m", "uvicorn", app, "--app-dir", str(ROOT)]
    command += ["--port", str(port), "--no-access-log"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHOP_SITE", str(folder))
        patch.setenv("SHOPWINDOW_SECRET_KEYS", KEYS[0].decode())
        with serving(command, port, folder / "log"):
            yield f"http://127.0.0.1:{port}{request.param}", folder


def test_from_the_first_question_to_the_last_byte(server: tuple[str, Path]) -> None:
    shop, folder = server
    here = shop + HERE
    headers = {"user-agent": BROWSER.decode(), "accept": "text/html"}
    with httpx.Client(headers=headers, follow_redirects=True) as person:

        def send(page: str, answer: httpx.Response, **said: str) -> httpx.Response:
            """What the page's last form sends, where it says, with what is chosen."""
            action = tree(answer.text).find("form")[-1]["action"]
            assert action.endswith(HERE + page)
            origin = shop.partition("/shop")[0]
            data = filled_in(answer.text) | {
                k.replace("_", ":", 1): v for k, v in said.items()
            }
            return person.post(
                origin + action,
                data=data,
                headers={"origin": origin, "sec-fetch-site": "same-origin"},
            )

        first = person.get(here + "consent")
        assert (
            first.status_code == 200
            and "Sie haben noch nicht geantwortet" in first.text
        )
        assert send("consent", first, choice="granted").status_code == 200
        assert "Default" in person.get(shop + "/").text
        person.get(shop + "/p/tea-1")
        page = person.get(here + "preferences")
        assert "Was interessiert Sie?" in page.text
        saved = send("preferences", page, say_pet="dog", category_cups="never")
        assert "Gespeichert." in saved.text
        assert filled_in(saved.text)["category:cups"] == "never"
        tailored = person.get(shop + "/")
        assert "For dogs" in tailored.text
        known = person.get(here + "known")
        assert "Sencha" in known.text and "Weil Sie es uns gesagt haben." in known.text
        (dismissal, *_) = tree(tailored.text).find("form")
        origin = shop.partition("/shop")[0]
        back = person.post(
            origin + dismissal["action"], headers={"referer": shop + "/?a=b"}
        )
        assert str(back.url) == shop + "/?a=b" and "For dogs" not in back.text
        with person.stream("HEAD", here + "known") as head:
            assert head.status_code == 200 and head.read() == b""
        file = person.get(here + "download")
        assert file.headers["content-disposition"].startswith("attachment;")
        visitor = file.json()["cookie"]["id"]
        names = [event["name"] for event in file.json()["events"]]
        assert {"Product Viewed", "Promotion Dismissed", "Preference Set"} <= {*names}
        gone = send("erase", person.get(here + "erase"))
        assert gone.status_code == 200 and "Gelöscht." in gone.text
        assert not person.cookies
        assert "noch nicht geantwortet" in person.get(here + "consent").text
    with closing(sqlite3.connect(folder / "shop.db")) as store:
        (left,) = store.execute("SELECT count(*) FROM events").fetchone()
        assert left == 0
        rows = store.execute("SELECT length(data) FROM profiles").fetchall()
        assert rows == [(0,)], "one tombstone, and nothing in it"
    assert visitor.encode() not in (folder / "shop.db").read_bytes()
    assert visitor not in (folder / "log").read_text()


def test_two_people_at_once_see_their_own(server: tuple[str, Path]) -> None:
    shop, _ = server
    headers = {"user-agent": BROWSER.decode(), "accept": "text/html"}
    with (
        httpx.Client(headers=headers) as ann,
        httpx.Client(headers=headers) as bob,
    ):
        for person, product in ((ann, "tea-1"), (bob, "cup-1")):
            person.post(shop + HERE + "consent", data={"choice": "granted"})
            person.get(f"{shop}/p/{product}")
        for _ in range(5):
            for person, own, other in (
                (ann, "Sencha", "White"),
                (bob, "White", "Sencha"),
            ):
                said = person.get(shop + HERE + "known").text
                assert own in said and other not in said
                said = person.get(shop + HERE + "download").text
                assert (("tea-1" in said), ("cup-1" in said)) == (
                    own == "Sencha",
                    own == "White",
                )
