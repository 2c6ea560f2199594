from __future__ import annotations

import fcntl
import os
import resource
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import LedgerError
from gateway.ledger.store.emergency_journal import (
    Journal,
    JournalError,
    line,
    record_as_json,
    record_from_json,
)

ROOT = Path(__file__).parents[3]


@pytest.fixture
def journal(folder):
    return Journal(folder / "ledger.journal")


def entries(journal):
    with journal.locked() as held:
        return list(held.entries())


def test_what_is_written_is_synced_and_its_name_with_it(journal, folder, monkeypatch):
    synced = []
    fsync = os.fsync

    def noted(handle):
        synced.append(Path(f"/proc/self/fd/{handle}").resolve().name)
        fsync(handle)

    monkeypatch.setattr("os.fsync", noted)
    journal.write([line("record", {})])
    journal.write([line("record", {})])
    assert synced == [folder.name, "ledger.journal", "ledger.journal"]
    with journal.locked() as held:
        held.empty([b"torn"])
    assert synced[3:] == ["ledger.journal.aside", folder.name, "ledger.journal"]


def test_what_is_written_is_read_in_order(journal):
    journal.write([line("record", {"n": 1}), line("settlement", {"n": 2})])
    journal.write([line("record", {"n": 3})])
    assert [(entry.type, entry.content["n"]) for entry in entries(journal)] == [
        ("record", 1),
        ("settlement", 2),
        ("record", 3),
    ]


def test_the_file_is_for_its_owner_alone_whatever_the_umask(journal, folder):
    before = os.umask(0)
    try:
        journal.write([line("record", {})])
        with journal.locked() as held:
            held.empty([b"torn"])
    finally:
        os.umask(before)
    for file in (folder / "ledger.journal", journal.set_aside_path):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_nobody_else_writes_while_it_is_taken_in(journal, folder):
    journal.write([line("record", {})])
    with (
        journal.locked(),
        (folder / "ledger.journal").open("ab") as other,
        pytest.raises(BlockingIOError),
    ):
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    with (folder / "ledger.journal").open("ab") as other:
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_emptied_it_holds_nothing_and_what_was_unfit_lies_aside(journal, folder):
    assert journal.is_empty
    journal.write([line("record", {"secret": "ivan@mipt.ru"})])
    assert not journal.is_empty
    with journal.locked() as held:
        held.empty([b"first", b"second\n"])
    assert journal.is_empty
    assert (folder / "ledger.journal").read_bytes() == b""
    assert journal.set_aside_path.read_bytes() == b"first\nsecond\n"


@given(data=st.data())
def test_a_torn_or_changed_line_is_told_apart_and_costs_no_other(tmp_path_factory, data):
    journal = Journal(tmp_path_factory.mktemp("j") / "ledger.journal")
    lines = [line("record", {"n": number}) for number in range(3)]
    which = data.draw(st.integers(0, 2))
    raw = bytearray(lines[which])
    if which == 2 and data.draw(st.booleans()):
        del raw[data.draw(st.integers(0, len(raw) - 2)) :]
    else:
        raw[data.draw(st.integers(0, len(raw) - 2))] ^= data.draw(st.integers(1, 255))
    lines[which] = bytes(raw)
    (journal.set_aside_path.parent / "ledger.journal").write_bytes(b"".join(lines))
    found = entries(journal)
    whole = {entry.content["n"] for entry in found if entry.type}
    assert whole == {0, 1, 2} - {which}
    assert b"".join(entry.line for entry in found) == b"".join(lines)


@given(st.binary(max_size=300))
def test_no_bytes_are_too_strange_to_be_read(tmp_path_factory, raw):
    journal = Journal(tmp_path_factory.mktemp("j") / "ledger.journal")
    (journal.set_aside_path.parent / "ledger.journal").write_bytes(raw)
    found = entries(journal)
    assert b"".join(entry.line for entry in found) == raw
    assert not any(entry.type for entry in found)


def test_what_follows_a_torn_line_does_not_grow_onto_it(journal, folder):
    (folder / "ledger.journal").write_bytes(line("record", {"n": 1}) + b"torn")
    journal.write([line("record", {"n": 2})])
    assert [entry.content.get("n") for entry in entries(journal)] == [1, None, 2]


def test_a_record_is_kept_whole(mail):
    (record,) = mail.records()
    assert record_from_json(record_as_json(record)) == record


@pytest.mark.parametrize("where", ["folder", "missing/ledger.journal", "file/ledger.journal"])
def test_a_journal_that_cannot_be_is_told_with_the_remedy(tmp_path, where):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("x")
    with pytest.raises(JournalError, match=r"cannot be written: .*its folder must exist") as caught:
        Journal(tmp_path / where).write([line("record", {})])
    assert isinstance(caught.value, LedgerError)


def test_a_full_disk_leaves_no_half_a_block(folder):
    """RLIMIT_FSIZE makes the kernel refuse to let a file grow, as a full disk does."""
    path = folder / "ledger.journal"
    program = f"""
import resource, sys
from pathlib import Path
from gateway.ledger.store.emergency_journal import Journal, JournalError, line
journal = Journal(Path({str(path)!r}))
journal.write([line("record", {{"n": 1}})])
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    journal.write([line("record", {{"n": number, "long": "x" * 3000}}) for number in (2, 3)])
except JournalError as error:
    print(error)
    sys.exit(7)
"""
    child = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert child.returncode == 7, child.stderr
    assert "File too large" in child.stdout
    assert path.read_bytes() == line("record", {"n": 1})
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 4096


def test_two_processes_write_whole_lines(folder):
    program = f"""
from pathlib import Path
from gateway.ledger.store.emergency_journal import Journal, line
import sys
journal = Journal(Path({str(folder / "ledger.journal")!r}))
for number in range(50):
    journal.write([line("record", {{"who": sys.argv[1], "n": number, "long": "x" * 5000}})])
"""
    children = [
        subprocess.Popen(
            [sys.executable, "-c", program, name], env={**os.environ, "PYTHONPATH": str(ROOT)}
        )
        for name in "ab"
    ]
    assert [child.wait() for child in children] == [0, 0]
    found = entries(Journal(folder / "ledger.journal"))
    for name in "ab":
        theirs = [entry.content["n"] for entry in found if entry.content["who"] == name]
        assert theirs == list(range(50))
