from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.ledger import remains
from gateway.ledger.journal import Journal, line
from gateway.ledger.mention import Mailbox

JANE = Mailbox("jane", "example.edu")
ALIKE = (b"mary-jane@example.edu", b"jane@example.edu.cn")


@pytest.fixture
def path(folder):
    path = folder / "ledger.db"
    path.write_bytes(b"")
    return path


def look(path, alike=(), **options):
    options = {"spare_ledger": False, **options}
    return remains.look(path, path.with_name("ledger.journal"), JANE, alike, **options)


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
    found = remains.look(path, elsewhere / "ledger.journal", JANE, (), spare_ledger=False)
    assert found == (elsewhere / "ledger.journal",)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(before=st.integers(0, 100), after=st.integers(0, 100), other=st.sampled_from(ALIKE))
def test_a03_an_address_is_found_wherever_a_block_ends_and_a_longer_one_is_passed_over(
    path, monkeypatch, before, after, other
):
    monkeypatch.setattr(remains, "_BLOCK", 64)
    monkeypatch.setattr(remains, "_OVERLAP", 40)
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
    aside = Journal(journal).aside
    aside.write_bytes(mine + other + b"torn mary-jane@example.edu\n" + b"\xff torn\n")
    assert remains.forget_set_aside(journal, JANE) == 2
    assert aside.read_bytes() == other + b"\xff torn\n"
    assert remains.forget_set_aside(journal, JANE) == 0
    aside.write_bytes(mine)
    assert remains.forget_set_aside(journal, JANE) == 1
    assert not aside.exists()
    assert remains.forget_set_aside(journal, JANE) == 0
