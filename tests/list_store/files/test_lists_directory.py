import multiprocessing
import os
import stat

import pytest

from gateway.list_store.files import lists_directory as files
from gateway.list_store.files.lists_directory import Folder


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_asking_for_paths_makes_nothing(folder):
    assert folder.source("x") == folder.path / "sources" / "x.jsonl"
    assert not folder.path.exists()


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_o06_what_is_made_is_for_the_gateways_user_and_group_alone(folder, umask):
    before = os.umask(umask)
    try:
        with folder.locked():
            files.replace(folder.current, b"x")
            files.append(folder.history, b"y")
    finally:
        os.umask(before)
    everything = [folder.path, *folder.path.rglob("*")]
    assert len(everything) == 8
    assert not any(mode(path) & 0o027 for path in everything if path.is_dir())
    assert not any(mode(path) & 0o137 for path in everything if path.is_file())


def test_a_file_is_replaced_as_a_whole_or_not_at_all(folder, monkeypatch):
    folder.make()
    files.replace(folder.current, b"old")

    def broken(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", broken)
    with pytest.raises(OSError, match="No space left"):
        files.replace(folder.current, b"new")
    assert folder.current.read_bytes() == b"old"
    assert [path.name for path in folder.path.iterdir() if path.is_file()] == ["current.json"]


def test_a_line_that_a_crash_tore_off_is_taken_away_by_the_next(folder):
    folder.make()
    files.append(folder.history, b"one")
    with folder.history.open("ab") as stream:
        stream.write(b"tor")
    files.append(folder.history, b"two")
    assert folder.history.read_bytes() == b"one\ntwo\n"


def test_what_a_killed_writer_left_is_no_source_and_no_snapshot(folder):
    folder.make()
    for path in (folder.source("x"), folder.snapshots / "sha256-0.gz", folder.linked):
        (path.parent / f".{path.name}-a1b2c3d4").write_bytes(b"half")
    assert not list(folder.sources.glob("*.jsonl"))
    assert not list(folder.snapshots.glob("*.gz"))


def test_a_folder_that_cannot_be_written_is_an_os_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="Not a directory"), Folder(tmp_path / "file" / "l").locked():
        raise AssertionError


def _hold(path, told, may_end):
    with Folder(path).locked():
        told.set()
        may_end.wait(30)


def test_one_writer_at_a_time_across_processes(folder):
    context = multiprocessing.get_context("spawn")
    told, may_end = context.Event(), context.Event()
    other = context.Process(target=_hold, args=(folder.path, told, may_end))
    other.start()
    try:
        assert told.wait(30)
        with (folder.path / ".lock").open() as lock, pytest.raises(BlockingIOError):
            files.fcntl.flock(lock, files.fcntl.LOCK_EX | files.fcntl.LOCK_NB)
    finally:
        may_end.set()
        other.join(30)
    assert other.exitcode == 0
    with folder.locked():
        pass


def test_what_a_killed_writer_left_is_taken_away_after_an_hour(tmp_path):
    folder = Folder(tmp_path / "lists")
    folder.make()
    old, new = (folder.sources / f".unfinished-{name}" for name in ("old", "new"))
    for file in (old, new):
        file.write_bytes(b"half")
    os.utime(old, (0, 0))
    with folder.locked():
        assert (old.exists(), new.exists()) == (False, True)


def a_pipe(path):
    os.mkfifo(path)


def a_link(path):
    path.symlink_to("elsewhere")


def a_directory(path):
    path.mkdir()


@pytest.mark.parametrize("make", [a_pipe, a_link, a_directory])
def test_a_lock_that_is_no_file_is_refused_and_not_followed(folder, make):
    folder.make()
    make(folder.path / ".lock")
    with pytest.raises(OSError, match="is not what it should be: move it away"), folder.locked():
        pass
    assert not (folder.path / "elsewhere").exists()
