"""What was last in force, remembered elsewhere, and what a lists directory is held against."""

import json
import os
import shutil

import pytest

from gateway.errors import ListError
from gateway.list_store import list_status
from gateway.list_store.files import last_in_force, recorded_acts
from gateway.list_store.files.lists_directory import Folder
from gateway.list_store.imports import import_run, remove_list
from gateway.list_store.snapshots import build_snapshot, coverage, snapshot_in_force


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "state").mkdir()
    return Folder(tmp_path / "lists", tmp_path / "state" / "ledger.record")


@pytest.fixture
def serve(policies, folder, at):
    def serve(days=1, *, of=folder, before=None):
        return snapshot_in_force.snapshot_in_force(policies, of, at(days), keep=True, before=before)

    return serve


@pytest.fixture
def gone(folder):
    """Take the whole directory away; gives where it went."""

    def take_away():
        return folder.path.rename(folder.path.with_name("away"))

    return take_away


def words(found):
    return [fault.message for fault in found.faults]


def test_s09_where_nothing_was_in_force_an_absent_directory_is_a_first_start(serve, folder):
    shutil.rmtree(folder.path, ignore_errors=True)
    assert serve().faults == ()
    shutil.rmtree(folder.path)
    # The policies alone were in force: nothing is lost with the directory.
    assert serve(2).faults == ()


def test_o07_a_directory_that_is_gone_is_missed_and_not_made_anew(serve, take, folder, gone):
    take("A", "B")
    good = serve().snapshot.digest
    gone()
    found = serve(2)
    assert found.snapshot.digest == good
    assert words(found)[0].startswith("is gone, with the lists in force (own); put it back")
    assert found.instead_text.startswith("the last good snapshot stays in force")
    assert not folder.path.exists()
    # In a process that has it in memory, that is what stays.
    mine = serve(2).snapshot
    found = serve(2, before=mine)
    assert found.snapshot is mine
    assert found.instead_text == f"the last good snapshot stays in force, {good}"


def test_o07_it_mends_when_the_directory_is_back(serve, take, folder, gone):
    take("A", "B")
    good = serve().snapshot.digest
    away = gone()
    assert serve(2).faults
    away.rename(folder.path)
    assert (serve(2).faults, serve(2).snapshot.digest) == ((), good)


def test_o07_an_old_copy_put_back_in_its_place_is_not_believed(serve, take, folder):
    take("A")
    serve()
    shutil.copytree(folder.path, folder.path.with_name("backup"))
    take("A", "B", "C", days=1)
    good = serve(2).snapshot.digest
    shutil.rmtree(folder.path)
    folder.path.with_name("backup").rename(folder.path)
    found = serve(3)
    assert found.snapshot.digest == good
    (told,) = words(found)
    assert told.startswith("names 1 institutions, and 3 were in force; no import and no refresh")
    take("A", days=4, accepts_loss=True)
    assert serve(5).faults == ()


def test_o07_an_old_copy_of_one_list_is_not_believed_either(serve, take, folder):
    take("A")
    old = folder.source("own").read_bytes()
    take("A", "B", "C", days=1)
    good = serve(2).snapshot.digest
    folder.source("own").write_bytes(old)
    found = serve(3)
    assert found.snapshot.digest == good
    assert "names 1 institutions, and 3 were in force" in words(found)[0]


def test_o07_an_old_copy_with_as_many_institutions_is_not_believed(serve, take, folder):
    take("A", "B", "C")
    serve()
    source = folder.source("own")
    older = source.read_bytes()
    take("A", "B", "D", days=1, accepts_loss=True)
    serve(1)
    source.write_bytes(older)
    assert words(serve(2))[0].startswith("is another than was in force; no import and no refresh")


def test_o07_another_directory_in_its_place_has_no_say_with_what_was_done_in_it(  # noqa: PLR0917
    serve, take, folder, policies, parcel, at, gone
):
    take("A", "B")
    good = serve().snapshot.digest
    gone()
    other = Folder(folder.path.with_name("other"), folder.record)
    import_run.import_list(policies, other, parcel("A", accepts_loss=True), at(2))
    other.path.rename(folder.path)
    found = serve(3)
    assert found.snapshot.digest == good
    assert "names 1 institutions, and 2 were in force" in words(found)[0]
    # As large as it was, it may serve: nothing is lost.
    take("A", "C", days=4, accepts_loss=True)
    assert serve(5).faults == ()


def test_s21_what_a_person_or_a_refresh_takes_away_is_no_loss(serve, take, folder, policies, at):
    take("A", "B")
    serve()
    take("A", days=1, accepts_loss=True)
    found = serve(2)
    assert found.faults == ()
    assert "own-b" not in found.snapshot.entities
    remove_list.remove(policies, folder, "own", at(3), by="j.lindqvist", reason="a trial")
    assert serve(4).faults == ()
    acts = recorded_acts.read(folder).acts
    assert [(act.act, act.source, act.by, act.reason) for act in acts] == [
        ("import", "own", "", ""),
        ("import", "own", "", ""),
        ("forget", "own", "j.lindqvist", "a trial"),
    ]


def test_o07_a_list_that_is_gone_with_its_directory_can_be_forgotten(  # noqa: PLR0917
    serve, take, folder, policies, at, gone
):
    take("A")
    serve()
    gone()
    assert serve(2).faults
    with pytest.raises(ListError, match="nothing is kept of un-sc; there are own"):
        remove_list.remove(policies, folder, "un-sc", at(3))
    assert remove_list.remove(policies, folder, "own", at(3)).entries == 1
    found = serve(4)
    assert found.faults == ()
    assert list(found.snapshot.domains) == ["written.ru"]


def test_s21_an_update_of_the_policies_puts_no_smaller_lists_in_force(
    serve, take, folder, policies, at
):
    take("A")
    serve()
    folder.source("own").unlink()
    folder.current.unlink()
    folder.history.unlink()
    with pytest.raises(coverage.IncompleteListsError, match=r"own\.jsonl: is gone"):
        build_snapshot.put_in_force(policies, folder, at(2))
    assert not folder.current.exists()
    status = list_status.status(policies, folder)
    assert [fault.file for each in status.sources for fault in each.damage] == [
        str(folder.source("own"))
    ]


def test_s08_an_import_in_the_place_of_a_lost_one_is_weighed_against_it(serve, take, gone):
    take("A", "B", "C")
    serve()
    gone()
    with pytest.raises(ListError, match="lacks 2 of the 3 institutions that own had"):
        take("A", days=2)


def test_o07_what_was_accepted_is_missed_with_the_directory(serve, folder, gone, take):
    take("A")
    (folder.accepted / "entities.toml").write_text("# accepted\n")
    serve()
    gone()
    with pytest.raises(ListError, match="comes into force when the other lists are mended"):
        take("A", days=2)
    assert ["put an empty file in its place" in each for each in words(serve(3))] == [True]
    (folder.accepted / "entities.toml").write_text("")
    assert serve(4).faults == ()


def test_o07_a_directory_of_somebody_elses_is_not_believed(serve, take, folder):
    take("A")
    good = serve().snapshot.digest
    if os.geteuid() != 0:
        pytest.skip("only root can give a directory away")
    os.chown(folder.path, 4242, 4242)
    found = serve(2)
    assert found.snapshot.digest == good
    assert "belongs to somebody else now (user 4242)" in words(found)[0]
    os.chown(folder.path, 0, 0)
    os.chown(folder.sources, 4242, 4242)
    assert [fault.file for fault in serve(2).faults] == [str(folder.sources)]


def test_o07_where_the_memory_is_damaged_the_directory_has_its_own_word(serve, take, folder, gone):
    take("A")
    serve()
    file = last_in_force.path_of(folder.record)
    file.write_text("{")
    assert serve(2).faults == ()
    assert json.loads(file.read_text())["sources"]["own"]["entries"] == 1
    file.write_text("{")
    gone()
    assert "is damaged" in words(serve(3))[0]


def test_only_the_last_snapshot_is_remembered(serve, take, folder):
    for number, names in enumerate((["A"], ["A", "B"], ["A", "B", "C"])):
        take(*names, days=number)
        serve(number)
    assert len(list(folder.record.glob("sha256-*.gz"))) == 1
    assert {path.stat().st_mode & 0o777 for path in folder.record.iterdir()} == {0o640}


def test_without_a_folder_for_the_ledger_nothing_is_remembered_and_nothing_made(
    serve, take, tmp_path
):
    take("A")
    nowhere = Folder(tmp_path / "lists", tmp_path / "nowhere" / "ledger.record")
    assert serve(of=nowhere).faults == ()
    assert not (tmp_path / "nowhere").exists()


def test_o07_a_process_that_comes_late_takes_what_another_one_took_in_before_the_loss(  # noqa: PLR0917
    serve, take, policies, folder, at, gone
):
    take("A")
    mine = serve(1).snapshot
    take("A", "B", days=2)
    good = serve(3).snapshot.digest
    gone()
    found = snapshot_in_force.snapshot_in_force(
        policies, folder, at(4), keep=True, before=mine, since=at(1)
    )
    assert found.snapshot.digest == good
    found = snapshot_in_force.snapshot_in_force(
        policies, folder, at(4), keep=True, before=mine, since=at(3)
    )
    assert found.snapshot is mine


def test_s21_an_update_takes_no_smaller_directory_that_is_whole_in_itself(  # noqa: PLR0917
    serve, take, folder, policies, parcel, at, gone
):
    take("A", "B")
    serve()
    gone()
    other = Folder(folder.path.with_name("other"))
    import_run.import_list(policies, other, parcel("A"), at(2))
    other.path.rename(folder.path)
    with pytest.raises(coverage.IncompleteListsError, match="names 1 institutions, and 2 were"):
        build_snapshot.put_in_force(policies, folder, at(3))
