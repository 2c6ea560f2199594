import errno
import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import ListError
from gateway.list_store.files import imported_source, safe_open
from gateway.list_store.files.lists_directory import Folder
from gateway.list_store.snapshots import policy_history, snapshot_history

TEXTS = st.text(max_size=8) | st.sampled_from(
    ["2026-11-22T12:00:00+00:00", "2026-11-22", "0001-01-01T00:00:00+23:59", "sha256:" + "0" * 64]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
KEYS = (
    *("at", "digest", "inputs", "entities", "entries", "sources", "format", "source", "reason"),
    *("imported_at", "checked_at", "originals", "rejected", "version", "policy", "texts", "file"),
)
OBJECTS = st.dictionaries(st.sampled_from(KEYS), VALUES | st.just(1))


@given(OBJECTS | VALUES)
def test_whatever_json_lies_in_a_file_is_told_and_no_bug(tmp_path_factory, said):
    folder = Folder(tmp_path_factory.mktemp("lists") / "l")
    folder.make()
    line = json.dumps(said).encode() + b"\n"
    for path in (
        *(folder.current, folder.history, folder.policies_history),
        *(folder.source("own"), folder.refusal("own"), imported_source.checked(folder, "own")),
    ):
        path.write_bytes(line)
    for ask in (
        lambda: snapshot_history.in_force(folder),
        lambda: snapshot_history.last_known(folder),
        lambda: snapshot_history.activations(folder),
        lambda: policy_history.activations(folder),
        lambda: imported_source.read_header(folder, "own"),
        lambda: imported_source.read_entries(folder, "own"),
        lambda: imported_source.read_refusal(folder, "own"),
    ):
        assert all("; " in fault.message for fault in faults_of(ask))


def faults_of(ask):
    try:
        ask()
    except ListError as error:
        return error.faults
    return ()


def test_a_file_is_read_and_one_that_is_not_there_is_none(tmp_path):
    (tmp_path / "a").write_bytes(b"x")
    assert safe_open.read_file(tmp_path / "a", "mend it") == b"x"
    assert safe_open.read_file(tmp_path / "b", "mend it") is None


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (os.mkfifo, "is no file; mend it"),
        (os.mkdir, "cannot be read (Is a directory); move it away, then mend it"),
        (lambda path: path.symlink_to("/dev/null"), "is no file; mend it"),
        (lambda path: path.symlink_to(path), "cannot be read (Too many levels"),
    ],
    ids=["pipe", "folder", "device", "loop"],
)
def test_what_is_no_file_is_told_with_the_remedy(tmp_path, make, told):
    path = tmp_path / "a"
    make(path)
    with pytest.raises(ListError) as caught:
        safe_open.read_file(path, "mend it")
    assert f"{path}: {told}" in str(caught.value)


def test_of_anothers_file_the_remedy_is_its_user(tmp_path):
    error = PermissionError(errno.EACCES, "Permission denied")
    told = str(safe_open.unreadable(tmp_path / "a", error, "import the list again"))
    assert told.endswith(
        "(Permission denied); run this as the gateway's user, or give it back to that user"
    )


def test_what_is_too_large_is_not_read_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(safe_open, "LARGEST", 10)
    (tmp_path / "a").write_bytes(b"x" * 11)
    with pytest.raises(ListError, match="is larger than 10 bytes"):
        safe_open.read_file(tmp_path / "a", "mend it")


def test_hidden_files_are_a_writers_own(tmp_path):
    for name in ("b.x", "a.x", ".unfinished.x", "c.y"):
        (tmp_path / name).touch()
    assert [path.name for path in safe_open.files_in(tmp_path, ".x")] == ["a.x", "b.x"]
    assert safe_open.files_in(tmp_path / "gone", ".x") == []
    with pytest.raises(ListError, match="Not a directory"):
        safe_open.files_in(tmp_path / "a.x", ".x")


@pytest.mark.parametrize(
    ("text", "is_one"), [("own.jsonl", True), ("a\nb.jsonl", False), ("", False)]
)
def test_the_names_that_we_give_are_plain(text, is_one):
    assert safe_open.is_own_name(text) == is_one
