import pytest

from gateway.errors import ListError
from gateway.list_store.files import imported_source
from gateway.list_store.files.imported_source import Header
from gateway.list_store.imports import remove_list
from gateway.list_store.snapshots import build_snapshot, coverage, snapshot_history
from gateway.lists.parsing.entry import Entry
from gateway.model import Listing


@pytest.fixture
def forget(policies, folder, at):
    return lambda name, days=1: remove_list.remove(policies, folder, name, at(days))


@pytest.fixture
def other(policies, folder, at):
    """Put a second list in force, with an institution of its own."""

    def write(days=0):
        listing = Listing("US-BIS-EL", None, "7")
        entry = Entry("us-bis-7", "Other", "x.csv:1", (listing,), domains=("other.example.net",))
        imported_source.write(folder, Header("us-csl", at(days), at(days), (), 1), [entry])
        return build_snapshot.put_in_force(policies, folder, at(days))

    return write


def test_s08_what_is_forgotten_is_in_force_no_more_and_not_expected(take, forget, folder, policies):
    taken = take("A", "B")
    done = forget("own")
    assert done.entries == 2
    assert list(done.snapshot.domains) == ["written.ru"]
    assert (
        snapshot_history.current(folder).digest
        == done.snapshot.digest
        != taken.built.snapshot.digest
    )
    assert coverage.lost_sources(folder) == []
    assert not folder.source("own").exists()
    assert (
        build_snapshot.put_in_force(policies, folder, snapshot_history.current(folder).at)
        is not None
    )


def test_its_refusal_and_the_note_of_its_age_go_too(take, forget, folder, at):
    take("A")
    imported_source.write_checked(folder, "own", at())
    imported_source.write_refusal(folder, "own", imported_source.Refusal(at(), "half of it"))
    forget("own")
    assert list(folder.sources.iterdir()) == []


@pytest.mark.parametrize("name", ["us-csl", "", ".", "../current", "own.jsonl", "*"])
def test_what_is_not_there_is_told_and_changes_nothing(take, forget, files, name):
    take("A")
    before = files()
    with pytest.raises(ListError, match=r"nothing is kept of .*; there are own"):
        forget(name)
    assert files() == before


def test_s08_while_another_is_damaged_the_last_good_snapshot_stays(take, other, forget, folder):
    take("A")
    before = other().digest
    folder.source("own").write_bytes(b"junk")
    folder.source("us-csl").unlink()
    done = forget("us-csl")
    assert done.snapshot is None
    assert [fault.file for fault in done.faults] == [str(folder.source("own"))]
    assert snapshot_history.current(folder).digest == before
    assert coverage.lost_sources(folder) == []
    done = forget("own")
    assert list(done.snapshot.domains) == ["written.ru"]


def test_a_folder_in_its_place_goes_where_it_is_empty(take, forget, folder):
    take("A")
    folder.source("own").unlink()
    folder.source("own").mkdir()
    assert forget("own").snapshot is not None
    assert not folder.source("own").exists()


def test_a_list_that_comes_back_gives_the_snapshot_that_was(take, forget):
    first = take("A", "B")
    forget("own")
    again = take("A", "B", days=2)
    assert again.built.snapshot.digest == first.built.snapshot.digest
