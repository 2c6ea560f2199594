from __future__ import annotations

import stat

import pytest

from gateway.errors import LedgerError
from gateway.ledger.evidence.atomic_file import atomic_writer


def test_a_file_is_there_when_it_is_whole_and_its_owners_alone(tmp_path):
    path = tmp_path / "out"
    with atomic_writer(path) as stream:
        stream.write(b"all")
        assert not path.exists()
    assert path.read_bytes() == b"all"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_what_fails_leaves_nothing_and_what_was_there(tmp_path):
    path = tmp_path / "out"
    path.write_text("before")
    with pytest.raises(RuntimeError):
        fail(path, b"half", RuntimeError())
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_is_there_is_replaced_only_when_told(tmp_path):
    path = tmp_path / "out"
    path.write_text("before")
    with pytest.raises(LedgerError, match="is there already: name another file, or say --force"):
        atomic_writer(path).__enter__()
    with atomic_writer(path, replace=True) as stream:
        stream.write(b"after")
    assert path.read_text() == "after"


def test_a08_a_full_disk_leaves_no_file(tmp_path, small_files):
    with small_files(4096), pytest.raises(LedgerError, match="is its disk full"):
        fail(tmp_path / "out", b"x" * 100_000)
    assert list(tmp_path.iterdir()) == []


def fail(path, content, error=None):
    with atomic_writer(path, replace=True) as stream:
        stream.write(content)
        if error is not None:
            raise error


def test_a_folder_that_is_missing_or_in_the_way_is_told(tmp_path):
    with pytest.raises(LedgerError, match="cannot be written"):
        atomic_writer(tmp_path / "no" / "out").__enter__()
    with pytest.raises(LedgerError, match="is a folder"):
        atomic_writer(tmp_path, replace=True).__enter__()
