import multiprocessing
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from gateway.errors import ListError
from gateway.list_store.files import imported_source
from gateway.list_store.files import lists_directory as files_on_disk
from gateway.list_store.files.lists_directory import Folder
from gateway.list_store.imports import import_run
from gateway.list_store.imports.import_run import ImportFiles
from gateway.list_store.snapshots import build_snapshot, snapshot_history

LISTS = Path(__file__).parents[2] / "lists" / "files"
LETTERS = [f"I{number}" for number in range(20)]


def test_a_list_is_in_force_when_it_was_taken(take, folder, policies, at):
    taken = take("A", "B")
    assert taken.is_changed
    assert taken.before is None
    assert taken.header.entries == 2
    assert snapshot_history.current(folder).digest == taken.built.snapshot.digest
    assert snapshot_history.current(folder).entries == {"own": 2}
    assert build_snapshot.current_or_built(policies, folder, at()).domains.covers(
        "mail.a.example.ru"
    )
    again = take("A", "B", days=1)
    assert not again.is_changed
    assert imported_source.read_header(folder, "own").imported_at == at(1)


def test_the_snapshot_in_force_is_found_again_without_being_made(take, folder, policies, at):
    taken = take("A")
    assert snapshot_history.current(folder).inputs == build_snapshot.inputs_digest(policies, folder)
    folder.source("own").touch()
    assert (
        build_snapshot.current_or_built(policies, folder, at()).digest
        == taken.built.snapshot.digest
    )


def test_s08_a_list_that_lost_more_than_a_tenth_is_refused(take, folder, files, at):
    take(*LETTERS)
    before = files()
    with pytest.raises(ListError, match="lacks 3 of the 20 institutions that own had") as caught:
        take(*LETTERS[3:], days=1)
    assert "nothing was changed" in str(caught.value)
    refusal = imported_source.read_refusal(folder, "own")
    assert refusal.at == at(1)
    assert "lacks 3 of the 20" in refusal.reason
    after = files()
    assert after.pop("sources/own.refused")
    assert after == before


def test_s08_a_tenth_may_go_and_more_when_a_person_says_so(take, folder):
    take(*LETTERS)
    take(*LETTERS[2:], days=1)
    with pytest.raises(ListError):
        take(*LETTERS[:10], days=2)
    assert imported_source.read_refusal(folder, "own")
    take(*LETTERS[:10], days=3, accepts_loss=True)
    assert imported_source.read_refusal(folder, "own") is None
    assert len(imported_source.read_entries(folder, "own")) == 10


def test_s08_other_institutions_do_not_make_up_for_those_that_are_lost(take):
    take(*LETTERS)
    with pytest.raises(ListError, match="lacks 20 of the 20"):
        take(*(f"J{number}" for number in range(40)), days=1)


def test_s08_a_list_of_nobody_is_refused_even_so(policies, folder, at, tmp_path):
    path = tmp_path / "consolidated.xml"
    person = "<INDIVIDUAL><DATAID>1</DATAID><FIRST_NAME>A</FIRST_NAME></INDIVIDUAL>"
    path.write_text(f"<CONSOLIDATED_LIST>{person}</CONSOLIDATED_LIST>")
    nobody = ImportFiles("un-sc", [path], accepts_loss=True)
    with pytest.raises(ListError, match="names no institution"):
        import_run.import_list(policies, folder, nobody, at())


def test_s08_a_fetched_list_below_its_bound_is_refused(policies, folder, at):
    small = ImportFiles("un-sc", [LISTS / "un" / "consolidated.xml"], fetched={})
    with pytest.raises(ListError, match=r"names \d institutions, and un-sc has 50 at the least"):
        import_run.import_list(policies, folder, small, at())
    import_run.import_list(policies, folder, replace(small, fetched=None), at())


def test_s12_a_broken_file_is_told_and_changes_nothing(take, files):
    take("A", "B")
    before = files()
    with pytest.raises(ListError, match=r"own\.csv:3: "):
        take("A", "B,\x00", days=1)
    after = files()
    assert after.pop("sources/own.refused")
    assert after == before


def test_s12_faulty_policies_refuse_the_import_too(take, policies, folder, files):
    take("A")
    before = files()
    (policies / "entities" / "b.toml").write_text("[[entity]]\n")
    with pytest.raises(ListError, match=r"b\.toml"):
        take("A", "B", days=1)
    after = files()
    after.pop("sources/own.refused")
    assert after == before


def test_a_source_that_no_catalogue_has_leaves_no_trace(policies, folder, at, tmp_path):
    with pytest.raises(ListError, match="did you mean own"):
        import_run.import_list(policies, folder, ImportFiles("owm", [tmp_path / "own.csv"]), at())
    assert not folder.path.exists()


# ── a crash at any moment ────────────────────────────────────────────────────────────────────


LATER = datetime(2026, 11, 25, tzinfo=UTC)


class Crash(BaseException):
    """The process is gone: nothing of it runs any more, no handler of errors either."""


def crash_at(monkeypatch, step):
    """Let the process die at the step of that number that touches the disk; count the steps."""
    steps = []

    def dying(really):
        def call(*arguments, **more):
            steps.append(really.__name__)
            if len(steps) == step:
                raise Crash
            return really(*arguments, **more)

        return call

    for name in ("replace", "append"):
        monkeypatch.setattr(files_on_disk, name, dying(getattr(files_on_disk, name)))
    return steps


def test_an_import_touches_the_disk_in_five_steps_and_the_first_one_names_the_folder(
    take, monkeypatch
):
    steps = crash_at(monkeypatch, 0)
    take("A")
    # The snapshot, the act, the source, the line of history, the note of which is in force.
    assert steps == ["replace", "replace", "append", "replace", "append", "replace"]
    del steps[:]
    take("A", "B", days=1)
    assert steps == ["replace", "append", "replace", "append", "replace"]


@pytest.mark.parametrize("step", [1, 2, 3, 4, 5])
def test_s12_after_a_crash_at_any_step_the_old_or_the_new_is_live_and_whole(
    take, folder, policies, monkeypatch, step
):
    old = take("A").built.snapshot.digest
    with monkeypatch.context() as patch:
        crash_at(patch, step)
        with pytest.raises(Crash):
            take("A", "B", days=1)
    # The one in force is the old one until the last step, whatever else is there.
    assert snapshot_history.current(folder).digest == old
    assert snapshot_history.load(folder, old).digest == old
    live = build_snapshot.current_or_built(policies, folder, LATER)
    assert ("own-b" in live.entities) is (step > 3)
    # Whoever comes next puts it right, and then nothing tells of the crash.
    after = build_snapshot.put_in_force(policies, folder, LATER)
    assert after.digest == live.digest
    assert snapshot_history.current(folder).digest == after.digest
    digests = [activation.digest for activation in snapshot_history.activations(folder)]
    assert digests == ([old] if step <= 3 else [old, after.digest])
    assert snapshot_history.load(folder, after.digest).digest == after.digest


@pytest.mark.parametrize("step", [1, 2, 3, 4, 5])
def test_s12_the_same_import_after_a_crash_ends_as_if_there_had_been_none(
    take, folder, files, monkeypatch, step
):
    take("A")
    with monkeypatch.context() as patch:
        crash_at(patch, step)
        with pytest.raises(Crash):
            take("A", "B", days=1)
    new = take("A", "B", days=1).built.snapshot.digest
    assert snapshot_history.current(folder).digest == new
    assert [activation.digest for activation in snapshot_history.activations(folder)][1:] == [new]
    assert len([name for name in files() if name.startswith("snapshots/")]) == 2


@pytest.mark.parametrize("step", [1, 2, 3, 4, 5])
def test_a_full_disk_at_any_step_is_an_os_error_and_the_old_one_stays(
    take, folder, policies, monkeypatch, step
):
    old = take("A").built.snapshot.digest
    count = 0
    really = files_on_disk.os.fsync

    def full(handle):
        nonlocal count
        count += 1
        # A file's own fsync, and then its folder's.
        if count == 2 * step - 1:
            raise OSError(28, "No space left on device")
        really(handle)

    with monkeypatch.context() as patch:
        patch.setattr(files_on_disk.os, "fsync", full)
        with pytest.raises(OSError, match="No space left"):
            take("A", "B", days=1)
    assert snapshot_history.current(folder).digest == old
    assert snapshot_history.load(folder, old).digest == old
    assert not list(folder.path.rglob(".*-*"))
    assert build_snapshot.put_in_force(policies, folder, LATER)


# ── several at once ──────────────────────────────────────────────────────────────────────────


def _import(policies, path, files, barrier):
    folder = Folder(path)
    barrier.wait(30)
    for each in files:
        import_run.import_list(
            policies, folder, ImportFiles("own", [each], accepts_loss=True), datetime.now(UTC)
        )


def test_s10_two_processes_that_import_at_once_leave_one_whole_snapshot(
    policies, folder, parcel, at
):
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(2)
    parcels = {
        names: parcel(*names, file=f"{''.join(names)}.csv") for names in ("ABC", "ABD", "AB", "CD")
    }
    of = {names: each.paths[0] for names, each in parcels.items()}
    processes = [
        context.Process(target=_import, args=(policies, folder.path, files, barrier))
        for files in ([of["ABC"], of["AB"]] * 3, [of["ABD"], of["CD"]] * 3)
    ]
    for each in processes:
        each.start()
    for each in processes:
        each.join(60)
    assert [each.exitcode for each in processes] == [0, 0]
    activations = snapshot_history.activations(folder)
    assert all(one.digest != other.digest for one, other in pairwise(activations))
    assert activations[-1] == snapshot_history.current(folder)
    entries = {each.id for each in imported_source.read_entries(folder, "own")}
    assert entries in [{f"own-{name.lower()}" for name in names} for names in parcels]
    live = build_snapshot.current_or_built(policies, folder, at())
    assert live.digest == activations[-1].digest
    assert entries | {"written"} == set(live.entities)
    for activation in activations:
        assert snapshot_history.load(folder, activation.digest).digest == activation.digest


def test_what_lies_where_a_refusal_would_leaves_no_import_half_done(take, folder):
    take("A")
    folder.refusal("own").mkdir()
    taken = take("A", "B", days=1)
    assert snapshot_history.current(folder).digest == taken.built.snapshot.digest
    import_run.record_unchanged(folder, "own", datetime(2026, 11, 23, tzinfo=UTC))
    assert imported_source.read_entries(folder, "own")[-1].name == "B"


def test_a_full_disk_does_not_hide_what_is_wrong_with_the_file(take, folder, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(import_run, "record_refusal", full)
    with pytest.raises(import_run.ImportRefusedError, match="no row below"):
        take()
