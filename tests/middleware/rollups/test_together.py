"""Who leaves while somebody updates: nothing that the other one counted is written over."""

import threading
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from shopwindow.middleware.rollups.sqlite import SqliteTables
from shopwindow.middleware.rollups.sums import Key
from shopwindow.middleware.stores.sqlite import SqliteStore
from tests.counted import PLAN, Shop, kept, opened
from tests.databases import Place


@pytest.mark.parametrize("way", ["update", "rebuild"])
def test_an_update_between_reading_the_sums_and_changing_them(
    tmp_path: Path, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Place(f"sqlite:///{tmp_path}/shop.db")
    with (
        closing(SqliteStore(tmp_path / "shop.db")) as store,
        opened(place) as leaving,
    ):
        shop = Shop(store, 7)
        shop.act(120)
        leaving.update(PLAN, shop.now + 1)
        shop.act(60)

        def update() -> None:
            with opened(place) as rollups:
                rollups.update(PLAN, shop.now, rebuild=way == "rebuild")

        other = threading.Thread(target=update)
        read = SqliteTables.sums

        def slowly(
            tables: SqliteTables, generation: int, keys: Sequence[Key]
        ) -> dict[Key, bytes]:
            found = read(tables, generation, keys)
            if threading.current_thread() is not other and not other.ident:
                other.start()
                other.join(0.5)  # or it waits until this change is done
            return found

        monkeypatch.setattr(SqliteTables, "sums", slowly)
        shop.erase(leaving)
        other.join(10)
        assert other.ident and not other.is_alive()
        leaving.update(PLAN, shop.now + 1)
        assert kept(leaving) == shop.expected()
