from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.ledger.store.process_lock import ProcessLock

ROOT = Path(__file__).parents[3]

PROGRAM = """
import sys
from pathlib import Path
from gateway.ledger.store.process_lock import ProcessLock
ProcessLock(Path(sys.argv[1])).acquire("other")
print("shown", flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def ledger_path(folder):
    return folder / "ledger.db"


@pytest.fixture
def other(ledger_path):
    child = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, ledger_path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    child.stdout.readline()
    yield child
    child.kill()
    child.communicate()


def test_r19_a_process_is_alive_until_it_is_killed(ledger_path, other):
    process_lock = ProcessLock(ledger_path)
    assert not process_lock.is_dead("other")
    other.kill()
    other.wait()
    assert process_lock.is_dead("other")


def test_a_process_that_let_go_is_dead_and_leaves_no_file(ledger_path):
    one, two = ProcessLock(ledger_path), ProcessLock(ledger_path)
    one.acquire("one")
    one.acquire("one")
    assert not two.is_dead("one")
    one.release()
    one.release()
    assert two.is_dead("one")
    assert list(Path(f"{ledger_path}.d").iterdir()) == []


def test_a_process_that_nobody_knows_is_dead(ledger_path):
    assert ProcessLock(ledger_path).is_dead("never seen")


def test_files_of_the_dead_are_swept_and_those_of_the_living_stay(ledger_path, other):
    process_lock = ProcessLock(ledger_path)
    process_lock.acquire("mine")
    (Path(f"{ledger_path}.d") / "old.lock").touch()
    process_lock.remove_dead("mine")
    assert {file.name for file in Path(f"{ledger_path}.d").iterdir()} == {"mine.lock", "other.lock"}
    process_lock.release()


def test_a_name_cannot_lead_out_of_the_folder(ledger_path, folder):
    victim = folder / "victim.lock"
    victim.touch()
    assert ProcessLock(ledger_path).is_dead("../victim")
    assert victim.exists()
