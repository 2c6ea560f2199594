from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import timedelta

from gateway.ledger.store.sqlite_store import SqliteStore


def test_a04_retain_does_as_the_configuration_says(audit, events, configure):
    assert audit("retain").stderr == "there is nothing to erase\n"
    configure("[retention]\nopen_days = 201")
    assert "nothing to erase" in audit("retain", "--dry-run").stderr
    audit("dispose", events[0], "--as", "personal", "--reason", "decided just now")
    configure("personal_days = 1")
    assert "nothing to erase" in audit("retain").stderr


def test_a04_retain_says_what_went_by_disposition(audit, events, ledger_path, facts_of, configure):
    configure("[retention]\nopen_days = 199")
    trial = audit("retain", "--dry-run")
    assert "would be erased from 1 event, by parts: sender 1, recipient 1" in trial.stderr
    assert "  open: 1 finding" in trial.stderr
    done = audit("retain")
    assert done.exit_code == 0
    assert "erased from 1 event, by parts: sender 1, recipient 1\n  open: 1 find" in done.stderr
    rows = [json.loads(row) for row in audit("list", "--format", "json").stdout.splitlines()]
    assert [row["sender"] for row in rows] == ["jane@example.edu", "joe@example.edu", None]
    (told,) = facts_of("ERASED")
    assert (told["cause"], told["by"]) == ("retention", "officer")
    with closing(sqlite3.connect(ledger_path)) as connection:
        (id_,) = connection.execute("SELECT id FROM event WHERE kind = 'ERASED'").fetchone()
    words = " ".join(audit("show", id_).stdout.split())
    assert "officer had personal data erased because its time was over: events 1, parts" in words


def test_retain_has_an_example_and_begins_no_ledger(audit, ledger_path):
    shown = audit("retain", "--help")
    assert "monition audit retain" in shown.stdout.partition("Example")[2]
    result = audit("retain")
    assert (result.exit_code, "there is no ledger" in result.stderr) == (2, True)
    assert not ledger_path.exists()


def test_a04_retain_says_when_the_ledger_is_behind_the_clock(audit, mail, ledger_path):
    store = SqliteStore(ledger_path)
    at = mail.now() - timedelta(days=5000)
    with store.transaction():
        for record in mail.records("m1", at=at):
            store.append(record)
    store.close()
    done = audit("retain")
    assert done.exit_code == 0
    assert f"judged as of {at:%Y-%m-%d %H:%M} UTC, the time of the ledger's last" in done.stderr
    assert "there is nothing to erase" in done.stderr
