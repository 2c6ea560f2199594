"""What is written to a ledger, timed in a process: ``python -m benchmarks.tasks.writing …``.

It prints what it found as one JSON object.
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.ledger.record.chain import ROOT, seal
from gateway.ledger.record.events import heartbeat
from gateway.ledger.record.record import Part, Record, timestamp, ulid
from gateway.ledger.schema import schema_v1
from gateway.ledger.schema.current_schema import APPLICATION_ID
from gateway.ledger.store.open_database import open_for_writing
from gateway.ledger.store.sqlite_store import SqliteStore
from gateway.ledger.verify.verification import verify_ledger

if TYPE_CHECKING:
    from collections.abc import Callable

TREE = Path(__file__).parents[2]
TOGETHER, COMMITS = 50, 60
PROCESSES, WRITERS, EVENTS = 4, 100, 100
PATIENCE = 60
TABLES = ("event", "personal", "awaiting", "outbox", "notice_window")
_SALT_BYTES, _ENTROPY_BYTES = 32, 10


def appending(directory: str) -> dict[str, float]:
    """Write matched recipients, fifty to a commit, by this schema and by the first one.

    Gives how many a CPU second.
    """
    folder = Path(directory)
    database, _ = open_for_writing(folder / "today.db")
    with closing(database.conn):
        today = _rate(database.conn)
    with closing(_begun(folder / "first.db")) as connection:
        connection.execute("PRAGMA synchronous = full")
        first = _rate(connection)
    return {"today": today, "first": first}


def migrating(ledger: str, directory: str) -> dict[str, float]:
    """Bring a ledger of the first release with the same events up to date: seconds."""
    path = Path(directory) / "old.db"
    with closing(_begun(path, is_empty=True)) as connection:
        connection.execute("ATTACH ? AS today", (ledger,))
        for table in TABLES:
            connection.execute(f"INSERT INTO main.{table} SELECT * FROM today.{table}")
        _guard(connection)
        (key,) = connection.execute(
            "SELECT value FROM today.setting WHERE name = 'pseudonym_key'"
        ).fetchone()
    began = time.monotonic()
    database, _ = open_for_writing(path)
    seconds = time.monotonic() - began
    # These events tell of a key already, which those of a first release never do.
    database.execute("UPDATE setting SET value = ? WHERE name = 'pseudonym_key'", (key,))
    database.conn.close()
    return {"seconds": seconds}


def crowding(directory: str) -> dict[str, float]:
    """Let a hundred writers in four processes write a hundred events each, one a transaction.

    Gives events, seconds, errors and the longest wait. Ends the process where an event is missing.
    """
    path = Path(directory) / "crowd.db"
    SqliteStore(path).close()
    began = time.monotonic()
    command = [sys.executable, "-m", "benchmarks.tasks.writing", "writers", str(path)]
    children = [
        subprocess.Popen(command, cwd=TREE, stdout=subprocess.PIPE) for _ in range(PROCESSES)
    ]
    found = [json.loads(child.communicate()[0]) for child in children]
    seconds = time.monotonic() - began
    verdict = verify_ledger(path)
    if not verdict.is_intact or verdict.events != WRITERS * EVENTS:
        raise SystemExit(f"{verdict.events} events, {verdict.flaws}")
    return {
        "events": verdict.events,
        "seconds": seconds,
        "errors": sum(each["errors"] for each in found),
        "longest": max(each["longest"] for each in found),
    }


def writers(path: str) -> dict[str, float]:
    """Write as a quarter of the crowd, a connection each: errors, and the longest wait."""

    def write(_: int) -> tuple[int, float]:
        store = SqliteStore(Path(path), patience=PATIENCE)
        errors, longest = 0, 0.0
        for _ in range(EVENTS):
            began = time.monotonic()
            try:
                with store.transaction():
                    store.append(heartbeat("p", at=datetime.now(UTC), entropy=os.urandom))
            except Exception:  # noqa: BLE001 - counted, whatever it was
                errors += 1
            longest = max(longest, time.monotonic() - began)
        store.close()
        return errors, longest

    number = WRITERS // PROCESSES
    with ThreadPoolExecutor(number) as crowd:
        ended = list(crowd.map(write, range(number)))
    return {"errors": sum(each for each, _ in ended), "longest": max(each for _, each in ended)}


def _begun(path: Path, *, is_empty: bool = False) -> sqlite3.Connection:
    """A ledger of the first release; ``is_empty``: its tables alone, to be filled and guarded."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = wal")
    connection.execute("PRAGMA synchronous = off")
    for entry in schema_v1.OBJECTS:
        if entry.type == "table" or not is_empty:
            connection.execute(entry.sql)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute("PRAGMA user_version = 1")
    return connection


def _guard(connection: sqlite3.Connection) -> None:
    for entry in schema_v1.OBJECTS:
        if entry.type != "table":
            connection.execute(entry.sql)


def _rate(connection: sqlite3.Connection) -> float:
    seq, head, began = 0, ROOT, time.process_time()
    for _ in range(COMMITS):
        connection.execute("BEGIN IMMEDIATE")
        for _ in range(TOGETHER):
            for record in _records(seq):
                event, data = seal(record, seq + 1, head)
                connection.execute(
                    "INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    (event.seq, event.id, event.at, event.kind, event.facts, event.commitments,
                     event.previous, event.hash),
                )  # fmt: skip
                for part, text in data.items():
                    connection.execute(
                        "INSERT INTO personal VALUES (?, ?, ?, ?)",
                        (event.id, part.value, record.salts[part], text),
                    )
                seq, head = event.seq, event.hash
        connection.execute("COMMIT")
    return COMMITS * TOGETHER / (time.process_time() - began)


def _records(number: int) -> tuple[Record, Record]:
    """One matched recipient, observed and settled."""
    now = datetime.now(UTC)
    observed, settled = (ulid(now, os.urandom(_ENTROPY_BYTES)) for _ in range(2))
    salts = {part: os.urandom(_SALT_BYTES) for part in (Part.SENDER, Part.RECIPIENT)}
    facts = {
        "message": observed,
        "process": "p",
        "mode": "warn",
        "department": "Physics",
        "standing": "listed",
        "kind": "individual",
        "tier": "blocking",
        "action": "warn",
        "entity": f"e{number % 300}",
        "entity_name": f"Institute {number % 300}",
        "list": "US-OFAC-SDN",
        "programme": "RUSSIA-EO14024",
        "rule": "subdomain",
        "matched": "mipt.ru",
        "policy_rule": "listed institutions: warn",
        "evidence": ["mipt.ru: ROR 00v0z9322, reviewed 2026-11-22"],
        "snapshot": f"sha256:{'5a' * 32}",
        "policy": f"sha256:{'b0' * 32}",
    }
    people = {
        Part.SENDER: {"address": f"p{number % 3000}@example.edu", "client": "192.0.2.7"},
        Part.RECIPIENT: {"address": f"r{number % 20000}@stud.mipt.ru", "reply": "250 Ok"},
    }
    end = {"observed": observed, "message": observed, "outcome": "delivered", "notice": "none"}
    replies = {Part.SENDER: {"next_queue_id": "5A"}, Part.RECIPIENT: {"reply": "250 Ok"}}
    return (
        Record(observed, timestamp(now), "OBSERVED", facts, people, salts),
        Record(settled, timestamp(now), "SETTLED", end, replies, salts),
    )


ERRANDS: dict[str, Callable[..., dict[str, Any]]] = {
    each.__name__: each for each in (appending, migrating, crowding, writers)
}

if __name__ == "__main__":
    print(json.dumps(ERRANDS[sys.argv[1]](*sys.argv[2:])))
