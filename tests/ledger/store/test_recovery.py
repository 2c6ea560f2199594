"""Real processes, killed and crowded: nothing that was acknowledged may be missing."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.ledger.query.ledger_reader import LedgerReader
from gateway.ledger.store.emergency_journal import Journal, line
from gateway.ledger.store.settlement import as_json
from gateway.ledger.store.write_job import Durability

ROOT = Path(__file__).parents[3]


@pytest.fixture
def journalled(mail, folder):
    """A journal with two messages, the first settled, as a process with no database left it."""
    (folder / "ledger.db").mkdir()
    ledger = mail.open_ledger(folder, "dead")
    ledger.start()
    first, second = mail.records("m1", process="dead"), mail.records("m2", process="dead")
    ledger.observe(first).result()
    ledger.settle(mail.settlement("m1", first)).result()
    ledger.observe(second).result()
    ledger.close()
    (folder / "ledger.db").rmdir()
    return folder / "ledger.journal"


def verdict(folder):
    with LedgerReader(folder / "ledger.db") as reader:
        return reader.verify()


def facts_of(rows, kind):
    return [
        json.loads(row["facts"])
        for row in rows("SELECT facts FROM event WHERE kind = ? ORDER BY seq", kind)
    ]


def test_the_journal_is_taken_in_once_in_order_and_emptied(journalled, folder, start, rows):
    ledger = start()
    assert [row["kind"] for row in rows("SELECT kind FROM event ORDER BY seq")] == [
        "OBSERVED",
        "SETTLED",
        "OBSERVED",
        "JOURNALLED",
        "SETTLED",
        "STARTED",
    ]
    assert rows("SELECT outcome, notice FROM finding ORDER BY seq") == [
        {"outcome": "delivered", "notice": "queued"},
        # Its process died before it was settled.
        {"outcome": "unknown", "notice": "none"},
    ]
    (taken,) = facts_of(rows, "JOURNALLED")
    assert (taken["events"], taken["settlements"], taken["known"], taken["set_aside"]) == (
        2,
        1,
        0,
        0,
    )
    assert journalled.read_bytes() == b""
    assert len(rows("SELECT * FROM outbox")) == 1
    assert verdict(folder).is_intact
    assert any("2 events and 1 settlements" in text for text in ledger.told)


def test_a_crash_before_the_journal_is_emptied_doubles_nothing(journalled, folder, start, rows):
    before = journalled.read_bytes()
    start().close()
    count = rows("SELECT count(*) AS n FROM event WHERE kind IN ('OBSERVED', 'SETTLED')")
    journalled.write_bytes(before)
    start("process-2").close()
    assert rows("SELECT count(*) AS n FROM event WHERE kind IN ('OBSERVED', 'SETTLED')") == count
    assert len(facts_of(rows, "JOURNALLED")) == 1
    assert len(rows("SELECT * FROM outbox")) == 1
    assert journalled.read_bytes() == b""
    assert verdict(folder).is_intact


@pytest.mark.parametrize("cut", [1, 40, 500])
def test_a_torn_last_line_is_told_and_kept_aside(journalled, folder, start, rows, cut):
    whole = journalled.read_bytes()
    lines = whole.splitlines(keepends=True)
    torn = lines[-1][: -cut - 1]
    journalled.write_bytes(b"".join(lines[:-1]) + torn)
    ledger = start()
    aside = Journal(journalled).set_aside_path
    assert aside.read_bytes() == torn + b"\n"
    assert any("could not be taken in" in text and str(aside) in text for text in ledger.told)
    assert len(rows("SELECT * FROM finding")) == 1
    assert facts_of(rows, "JOURNALLED")[0]["set_aside"] == 1


@pytest.mark.parametrize(
    "strange",
    [
        line("record", {"id": "X"}),
        line("record", {"id": 7, "at": 1, "kind": None, "facts": 3, "personal": {}, "salts": {}}),
        line(
            "record", {"id": "X", "at": "x", "kind": "x", "facts": {}, "personal": 7, "salts": {}}
        ),
        line("settlement", {"message": "m", "results": 7}),
        line("later", {}),
        b"\n",
        b"\x00" * 100 + b"\n",
    ],
)
def test_a_line_that_makes_no_sense_costs_no_other(journalled, folder, start, rows, strange):
    journalled.write_bytes(strange + journalled.read_bytes())
    ledger = start()
    assert ledger.fault is None
    assert len(rows("SELECT * FROM finding")) == 2
    assert Journal(journalled).set_aside_path.read_bytes() == strange
    assert verdict(folder).is_intact


def test_a_settlement_without_its_observation_is_kept_aside(mail, journalled, start):
    stray = line("settlement", as_json(mail.settlement("m9", mail.records("m9"))))
    journalled.write_bytes(stray)
    ledger = start()
    assert Journal(journalled).set_aside_path.read_bytes() == stray
    assert any("never observed" in text for text in ledger.told)


def test_r19_what_was_acknowledged_survives_kill_9(write, folder, start, rows):
    child = write("victim", 10_000, "settled")
    acknowledged = []
    for text in child.stdout:
        if text.startswith("observed"):
            acknowledged += text.split()[2:]
        if len(acknowledged) == 60:
            break
    child.kill()
    acknowledged += [
        id_ for text in child.stdout if text.startswith("observed") for id_ in text.split()[2:]
    ]
    child.wait()
    start("next")
    found = {row["id"] for row in rows("SELECT id FROM event WHERE kind = 'OBSERVED'")}
    assert set(acknowledged) <= found
    assert rows("SELECT * FROM awaiting") == []
    assert rows("SELECT count(*) AS n FROM finding WHERE outcome = 'pending'") == [{"n": 0}]
    assert verdict(folder).is_intact


def test_r19_the_dead_are_settled_as_unknown_without_a_notice_and_the_living_are_not(
    write, start, rows
):
    dead, alive = write("dead", 2, "observed"), write("alive", 2, "observed")
    for child in (dead, alive):
        assert [child.stdout.readline().split()[0] for _ in range(3)] == [
            "started",
            *["observed"] * 2,
        ]
    dead.kill()
    dead.wait()
    ledger = start("next")
    outcomes = rows(
        "SELECT json_extract(e.facts, '$.process') AS process, outcome, notice "
        "FROM finding f JOIN event e USING (id) ORDER BY process"
    )
    assert [tuple(row.values()) for row in outcomes] == [
        ("alive", "pending", "none"),
        ("alive", "pending", "none"),
        ("dead", "unknown", "none"),
        ("dead", "unknown", "none"),
    ]
    assert any("2 events of processes that died" in text for text in ledger.told)


def test_r19_one_outbox_row_per_sender_and_window_with_two_processes_at_once(write, rows, folder):
    children = [write(name, 15, "same") for name in ("one", "two")]
    for child in children:
        child.stdout.readline()
    for child in children:
        child.stdin.write("go\n")
        child.stdin.flush()
    states = [
        text.split()[1]
        for child in children
        for text in child.communicate()[0].splitlines()
        if text.startswith("settled")
    ]
    # A writer that waited too long leaves the decision to the journal, and it is the same one.
    assert set(states) <= {"queued", "suppressed:rhythm", "journalled"}
    assert states.count("queued") <= 1
    if not Journal(folder / "ledger.journal").is_empty:
        write("last", 0, "settled").wait()
    assert len(rows("SELECT * FROM outbox")) == 1
    assert rows("SELECT count(*) AS n FROM finding WHERE notice = 'queued'") == [{"n": 1}]
    assert len(rows("SELECT * FROM finding")) == 30
    assert verdict(folder).is_intact


def test_a10_100_writers_at_once_lose_nothing(write, folder, rows):
    children = [write(f"crowd{number}", 3, "crowd") for number in range(4)]
    for child in children:
        assert child.communicate()[0] == "no failure\n"
    # What a writer that waited too long had left to the journal is taken in by the next one.
    write("last", 0, "settled").wait()
    assert len(rows("SELECT DISTINCT id FROM finding")) == 300
    assert rows("SELECT count(*) AS n FROM finding WHERE outcome <> 'delivered'") == [{"n": 0}]
    assert len(rows("SELECT * FROM outbox")) == 1
    assert verdict(folder).is_intact


FULL = """
import os, resource, sys
sys.path.insert(0, sys.argv[2])
import writing_process as mail
ledger = mail.open_ledger(sys.argv[1])
ledger.start()
kept = [ledger.observe(mail.records("m1")).result()]
limit = os.stat(sys.argv[1] + "/ledger.db-wal").st_size
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
(folder := mail.Path(sys.argv[1])).joinpath("ledger.journal").write_bytes(b"")
resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
for number in range(3):
    try:
        kept.append(ledger.observe(mail.records(f"full{number}")).result())
    except mail.LedgerError as error:
        kept.append("refused")
        said = str(error)
fault = ledger.fault
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
import gateway.ledger.store.group_commit
import time
while ledger.fault is not None:
    kept.append(ledger.observe(mail.records("after")).result())
    time.sleep(0.05)
ledger.observe(mail.records("last")).result()
ledger.close()
print(kept[:4], fault, said, sep="\\n")
"""


def test_o04_a_full_disk_is_told_refuses_and_mends(folder, rows):
    """RLIMIT_FSIZE makes the kernel refuse to let any file grow, as a full disk does."""
    child = subprocess.run(
        [sys.executable, "-c", FULL, folder, Path(__file__).parents[1]],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert child.returncode == 0, child.stderr
    kept, fault, said = child.stdout.splitlines()
    assert kept == "[<Durability.LEDGER: 'ledger'>, 'refused', 'refused', 'refused']"
    assert "full" in fault
    assert "the emergency journal" in said
    messages = [facts["message"] for facts in facts_of(rows, "OBSERVED")]
    assert (messages[0], messages[-1]) == ("m1", "last")
    assert not any(message.startswith("full") for message in messages)
    assert verdict(folder).is_intact


def test_a_ledger_copied_by_sqlites_backup_goes_on_as_a_ledger(mail, folder, start, tmp_path, rows):
    ledger = start()
    ledger.observe(mail.records()).result()
    copy = sqlite3.connect(tmp_path / "copy.db")
    source = sqlite3.connect(folder / "ledger.db")
    source.backup(copy)
    copy.close()
    source.close()
    ledger.close()
    for file in folder.glob("ledger.db*"):
        shutil.rmtree(file) if file.is_dir() else file.unlink()
    shutil.copy(tmp_path / "copy.db", folder / "ledger.db")
    again = start("process-2")
    assert again.observe(mail.records("m2")).result() is Durability.LEDGER
    assert rows("SELECT outcome FROM finding ORDER BY seq") == [
        {"outcome": "unknown"},
        {"outcome": "pending"},
    ]
    assert verdict(folder).is_intact
