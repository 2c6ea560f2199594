"""What a ledger may meet: each is told in words, with what to do, and nothing is lost."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.errors import LedgerError
from gateway.ledger.office import office_writer
from gateway.ledger.query.ledger_reader import LedgerReader
from gateway.ledger.questions.filters import Filters
from gateway.ledger.record import office_events
from gateway.ledger.store.emergency_journal import Backlog, Journal
from gateway.ledger.store.open_database import open_for_reading
from gateway.ledger.store.store_contract import StoreError
from gateway.ledger.store.write_job import Durability
from gateway.ledger.verify.verification import verify_ledger
from gateway.model import Disposition

ROOT = Path(__file__).parents[2]
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def written(mail, folder, start):
    ledger = start()
    found = mail.records("m1")
    ledger.observe(found).result()
    ledger.settle(mail.settlement("m1", found)).result()
    ledger.close()
    return folder / "ledger.db"


def test_a_ledger_in_a_folder_that_cannot_be_written_is_read_and_verified(
    written, read_only_folder
):
    with read_only_folder(written.parent) as copy:
        path = copy / "ledger.db"
        with LedgerReader(path) as reader:
            assert reader.count(Filters()) == 1
        assert verify_ledger(path).flaws == ()
        record = office_events.disposed(
            "x", Disposition.OPEN, office_events.Actor("o", NOON, os.urandom)
        )
        with pytest.raises(StoreError, match="must be able to read and write it and its folder"):
            office_writer.append(path, [record])


def test_a_folder_that_cannot_be_written_with_a_log_in_it_is_not_taken_for_one_at_rest(
    written, read_only_folder
):
    """A log holds what is not in the file yet: without it the newest events would be missing."""

    def with_log(copy):
        (copy / "ledger.db-wal").write_bytes(b"x" * 100)

    with (
        read_only_folder(written.parent, with_log) as copy,
        pytest.raises(StoreError, match="must be able to read and write it and its folder"),
    ):
        open_for_reading(copy / "ledger.db")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small file system")
def test_o04_a_full_disk_costs_nothing_that_was_acknowledged(mail, rows, folder, written):
    """A real one, of a megabyte; the journal on another disk keeps what it cannot."""
    top = Path(tempfile.mkdtemp(prefix="monition-"))
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "none", top], check=False
    ).returncode:
        top.rmdir()
        pytest.skip("nothing can be mounted here")
    try:
        shutil.copy(written, top / "ledger.db")
        ledger = mail.LedgerWriter(
            top / "ledger.db", folder / "ledger.journal", process="p", clock=mail.now,
            entropy=os.urandom, tell=lambda text, error: told.append(text),
        )  # fmt: skip
        told = []
        ledger.start()
        (top / "ballast").write_bytes(b"x" * (free(top) - 40_000))
        kept = [ledger.observe(mail.records(f"full{n}")).result() for n in range(40)]
        assert {Durability.LEDGER, Durability.JOURNAL} >= set(kept)
        assert kept[-1] is Durability.JOURNAL
        assert any("full" in text for text in told)
        (top / "ballast").unlink()
        while ledger.fault is not None or not ledger.journal.is_empty:
            ledger.waiting().exception()
        ledger.close()
        assert verify_ledger(top / "ledger.db").flaws == ()
        with LedgerReader(top / "ledger.db") as reader:
            assert reader.count(Filters()) == 41
    finally:
        subprocess.run(["umount", top], check=True)
        top.rmdir()


def free(folder):
    found = os.statvfs(folder)
    return found.f_bavail * found.f_bsize


def test_o04_a_clock_set_back_changes_neither_order_nor_chain(mail, folder, start):
    """The order is that of ``seq``; a time is what the clock said."""
    clock = [NOON]
    ledger = start(clock=lambda: clock[0])
    for name, hours in (("noon", 0), ("set back", -3), ("later", 1)):
        found = mail.records(name, at=NOON + timedelta(hours=hours), sender=name.encode())
        assert ledger.observe(found).result() is Durability.LEDGER
    clock[0] = NOON - timedelta(days=400)
    assert ledger.observe(mail.records("ages ago", at=clock[0])).result() is Durability.LEDGER
    ledger.close()
    assert verify_ledger(folder / "ledger.db").flaws == ()
    with LedgerReader(folder / "ledger.db") as reader:
        rows = list(reader.findings(Filters()))
        assert [row["at"][:13] for row in rows] == [
            *("2025-10-16T12", "2026-11-20T13", "2026-11-20T09", "2026-11-20T12"),
        ]
        since = Filters(since=NOON, until=NOON + timedelta(hours=2))
        assert [row["sender"] for row in reader.findings(since)] == ["later", "noon"]


def test_a_torn_journal_is_counted_until_a_person_looked(mail, folder, start, written):
    found = mail.records("kept")
    with closing(sqlite3.connect(written, isolation_level=None)) as another:
        another.execute("BEGIN IMMEDIATE")
        ledger = start("process-2")
        assert ledger.observe(found).result() is Durability.JOURNAL
        another.execute("ROLLBACK")
    ledger.close()
    path = folder / "ledger.journal"
    if Journal(path).is_empty:
        pytest.fail("it should have waited in the journal")
    with path.open("ab") as file:
        file.write(path.read_bytes()[:50])
    assert Journal(path).backlog() == Backlog(waiting=2, set_aside=0)
    ledger = start("process-3")
    assert Journal(path).backlog() == Backlog(waiting=0, set_aside=1)
    assert ledger.taken_in == 1
    ledger.close()
    assert verify_ledger(written).flaws == ()


@pytest.mark.parametrize("junk", [b"", b"junk", b"SQLite format 3\0" + bytes(84)])
def test_what_is_no_ledger_is_told_and_left_as_it_is(mail, folder, start, junk):
    (folder / "ledger.db").write_bytes(junk)
    with pytest.raises(LedgerError, match=r"damaged or no ledger|is empty"):
        open_for_reading(folder / "ledger.db")
    assert (folder / "ledger.db").read_bytes() == junk
    if not junk:
        return
    ledger = start()
    assert "damaged or no ledger" in ledger.fault
    assert ledger.observe(mail.records()).result() is Durability.JOURNAL
    ledger.close()
    assert (folder / "ledger.db").read_bytes() == junk


FULL = """
import os, resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
from gateway.cli.main import main
main()
"""


def test_a_command_on_a_full_disk_ends_with_words_and_status_2(written, tmp_path):
    config = tmp_path / "monition.toml"
    config.write_text(
        '[institution]\nname = "U"\ndomains = ["example.edu"]\n'
        '[compliance]\noffice = "o"\nemail = "o@example.edu"\n'
        f'[ledger]\npath = "{written}"\nemergency_journal = "{written}.journal"\n'
    )
    before = written.read_bytes()
    child = subprocess.run(
        [sys.executable, "-c", FULL, "audit", "list", "-c", config],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (child.returncode, child.stdout) == (2, "")
    assert "is full" in child.stderr
    assert "Traceback" not in child.stderr
    assert written.read_bytes() == before
