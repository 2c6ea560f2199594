import pytest

from gateway.errors import ListError
from gateway.list_store.snapshots import snapshot_history, snapshot_in_force


@pytest.fixture
def serve(policies, folder, at):
    return lambda days=1, *, keep=True: snapshot_in_force.snapshot_in_force(
        policies, folder, at(days), keep=keep
    )


def test_what_the_files_ask_for_serves_and_is_kept_only_where_asked(serve, folder):
    found = serve(keep=False)
    assert (found.faults, found.unkept) == ((), None)
    assert not folder.path.exists()
    assert (
        serve().snapshot.digest == found.snapshot.digest == snapshot_history.current(folder).digest
    )


@pytest.mark.parametrize(
    "damage", [lambda path: path.unlink(), lambda path: path.write_bytes(b"x")]
)
def test_s08_a_lost_or_damaged_list_leaves_the_last_good_one(serve, take, folder, damage, at):
    digest = take("A").built.snapshot.digest
    damage(folder.source("own"))
    found = serve()
    assert found.snapshot.digest == digest
    assert found.faults[0].file == str(folder.source("own"))
    assert found.last.at == at()
    assert found.instead_text.startswith(
        f"the last good snapshot stays in force, {digest}, of 2026-"
    )


def test_s08_where_the_last_snapshot_is_damaged_too_the_one_before_serves(serve, take, folder):
    first = take("A").built.snapshot.digest
    second = take("A", "B", days=1).built.snapshot.digest
    folder.source("own").write_bytes(b"x")
    snapshot_history.path_of(folder, second).write_bytes(b"x")
    assert serve(2).snapshot.digest == first
    snapshot_history.path_of(folder, first).unlink()
    found = serve(2)
    assert list(found.snapshot.domains) == ["written.ru"]
    assert found.last is None
    assert "serve alone" in found.instead_text


def test_s09_a_directory_that_cannot_be_written_is_told_and_serves(serve, folder):
    folder.path.mkdir()
    folder.snapshots.write_bytes(b"no folder")
    found = serve()
    assert found.snapshot is not None
    assert found.unkept


def test_p05_faulty_policies_are_told_and_not_served_around(serve, take, policies):
    take("A")
    (policies / "entities" / "a.toml").write_text("[")
    with pytest.raises(ListError, match=r"a\.toml:1: is not TOML"):
        serve()


def test_s08_an_entry_that_was_altered_and_still_parses_is_not_believed(serve, take, folder):
    digest = take("A").built.snapshot.digest
    path = folder.source("own")
    path.write_bytes(path.read_bytes().replace(b"a.example.ru", b"b.example.ru"))
    found = serve()
    assert found.snapshot.digest == digest
    assert "its entries are not those that were written" in found.faults[0].message
