"""The databases that tests start are there, and gone afterwards."""

import socket

import pytest

from tests import databases


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_postgresql_can_be_stopped_and_started_again() -> None:
    with databases.cluster() as cluster:
        for _ in range(2):
            with cluster.running():
                assert answers(cluster.port)
            assert not answers(cluster.port)
    assert not cluster.folder.exists()


def test_redis_is_gone_after_the_block() -> None:
    with databases.redis_server() as port:
        assert answers(port)
    assert not answers(port)


@pytest.mark.parametrize("missing", ["postgresql", "redis_server"])
@pytest.mark.parametrize("all_must_run", [False, True])
def test_a_server_that_is_not_installed_is_said_loudly(
    missing: str, all_must_run: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setattr(databases, "postgres_programs", lambda: None)
    monkeypatch.setenv("NO_SKIPPED_TESTS", "1" if all_must_run else "")
    outcome = pytest.fail.Exception if all_must_run else pytest.skip.Exception
    with pytest.raises(outcome, match="is not here: apt-get install"):
        with getattr(databases, missing)():
            raise AssertionError
