from __future__ import annotations

import resource

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.errors import LedgerError
from gateway.ledger.erasure import leftover_scan
from gateway.ledger.erasure.mentions import SoughtMailbox, read_mailbox
from gateway.ledger.store.emergency_journal import Journal, line

JANE = SoughtMailbox("jane", "example.edu")
ALIKE = (b"mary-jane@example.edu", b"jane@example.edu.cn")


@pytest.fixture
def path(folder):
    path = folder / "ledger.db"
    path.write_bytes(b"")
    return path


def look(path, alike=(), **options):
    options = {"spare_ledger": False, **options}
    return leftover_scan.scan(path, path.with_name("ledger.journal"), JANE, alike, **options)


def test_a03_every_file_beside_the_ledger_is_looked_through_but_the_shared_memory(path, folder):
    for name in ("ledger.db", "ledger.journal", "ledger.journal.aside", "backup", "ledger.db-shm"):
        (folder / name).write_bytes(b"\x00JANE@example.EDU\x00")
    (folder / "other").write_bytes(b"jane at example.edu")
    found = {file.name for file in look(path)}
    assert found == {"ledger.db", "ledger.journal", "ledger.journal.aside", "backup"}
    assert path not in look(path, spare_ledger=True)


def test_a03_the_journals_own_folder_is_looked_through_as_well(path, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "ledger.journal").write_bytes(b"jane@example.edu")
    found = leftover_scan.scan(path, elsewhere / "ledger.journal", JANE, (), spare_ledger=False)
    assert found == (elsewhere / "ledger.journal",)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(before=st.integers(0, 100), after=st.integers(0, 100), other=st.sampled_from(ALIKE))
def test_a03_an_address_is_found_wherever_a_block_ends_and_a_longer_one_is_passed_over(
    path, monkeypatch, before, after, other
):
    monkeypatch.setattr(leftover_scan, "_BLOCK", 64)
    monkeypatch.setattr(leftover_scan, "_OVERLAP", 40)
    path.write_bytes(b"x" * before + b" jane@example.edu " + b"y" * after)
    assert look(path, ALIKE) == (path,)
    path.write_bytes(b"x" * before + other + b"y" * after)
    assert look(path, ALIKE) == ()
    assert look(path) == (path,)
    path.write_bytes(other + b"x" * before + b"\x03jane@example.edu" + b"y" * after + other)
    assert look(path, ALIKE) == (path,)


def test_a03_lines_put_aside_that_name_the_person_go_and_the_others_stay(path, folder):
    journal = folder / "ledger.journal"
    mine, other = line("odd", {"said": "by\njane@example.edu"}), line("odd", {"said": "mary"})
    aside = Journal(journal).set_aside_path
    aside.write_bytes(mine + other + b"torn mary-jane@example.edu\n" + b"\xff torn\n")
    assert leftover_scan.erase_set_aside(journal, JANE) == 2
    assert aside.read_bytes() == other + b"\xff torn\n"
    assert leftover_scan.erase_set_aside(journal, JANE) == 0
    aside.write_bytes(mine)
    assert leftover_scan.erase_set_aside(journal, JANE) == 1
    assert not aside.exists()
    assert leftover_scan.erase_set_aside(journal, JANE) == 0


def test_a03_on_a_full_disk_no_line_put_aside_is_lost(path, folder):
    journal = folder / "ledger.journal"
    aside = Journal(journal).set_aside_path
    lines = line("odd", {"said": "jane@example.edu"}) + line("odd", {"said": "mary"}) * 40
    aside.write_bytes(lines)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, hard))
    try:
        with pytest.raises(LedgerError, match="cannot be written"):
            leftover_scan.erase_set_aside(journal, JANE)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert aside.read_bytes() == lines
    assert leftover_scan.erase_set_aside(journal, JANE) == 1


@pytest.mark.parametrize(
    ("sought", "text"),
    [
        ("zed@example.edu", 'x "zed"@EXAMPLE.edu'),
        ("zed@example.edu", '{"said": "\\"zed\\"@example.edu"}'),
        ("zed@example.edu", "From: zed=40example.edu"),
        ("zed@example.edu", "list+zed=example.edu@relay.example"),
        ("j\u00e4ne@b\u00fccher.example", "J\u00c4NE@B\u00dcCHER.EXAMPLE"),
        ("j\u00e4ne@b\u00fccher.example", "J\u00e4ne@xn--bcher-kva.example"),
        ("j\u00e4ne@b\u00fccher.example", "ja\u0308ne@bu\u0308cher.example"),
        ("j\u00e4n\u00e9@x.example", "j\u00c4n\u00e9@x.example"),
        ("j\u00e4ne@x.example", '{"said": "J\\u00c4NE@x.example"}'),
    ],
)
def test_a03_an_address_is_found_in_files_in_any_spelling(path, folder, sought, text):
    (folder / "copy").write_text(f"\x00{text}\n")
    journal = path.with_name("ledger.journal")
    assert leftover_scan.scan(path, journal, read_mailbox(sought), (), spare_ledger=False) == (
        folder / "copy",
    )


@pytest.mark.parametrize(
    "text",
    ["mary-jane=40example.edu", "mary-jane=example.edu@relay", "jane=example.education@relay"],
)
def test_a03_a_wrapped_address_of_another_is_passed_over(path, folder, text):
    (folder / "copy").write_text(text)
    assert look(path) == ()


def test_a03_folders_below_are_looked_through_up_to_a_number(path, folder, monkeypatch):
    below = folder / "old" / "older"
    below.mkdir(parents=True)
    (below / "export.csv").write_text("jane@example.edu\n")
    (folder / "old" / "linked").symlink_to(below)
    assert look(path) == (below / "export.csv",)
    monkeypatch.setattr(leftover_scan, "MOST_FILES", 1)
    assert look(path) == (folder,)


def test_a03_lines_that_wait_are_counted_and_none_is_touched(path, folder):
    journal = folder / "ledger.journal"
    assert leftover_scan.count_lines(journal, JANE) == leftover_scan.JournalLines()
    assert not journal.exists()
    mine, other = line("odd", {"said": "by jane@example.edu"}), line("odd", {"said": "mary"})
    journal.write_bytes(mine + other + mine)
    aside = Journal(journal).set_aside_path
    aside.write_bytes(mine + other + b"torn jane@examp\n" + b"torn jan\n")
    assert leftover_scan.count_lines(journal, JANE) == leftover_scan.JournalLines(
        journal=2, aside=2, torn=1
    )
    assert leftover_scan.erase_set_aside(journal, JANE) == 2
    assert aside.read_bytes() == other + b"torn jan\n"
    assert leftover_scan.erase_set_aside(journal, JANE, drops_torn=True) == 1
    assert aside.read_bytes() == other
    assert journal.read_bytes() == mine + other + mine
