from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.ledger.store.process_lock import Liveness

ROOT = Path(__file__).parents[3]

PROGRAM = """
import sys
from pathlib import Path
from gateway.ledger.store.process_lock import Liveness
Liveness(Path(sys.argv[1])).show("other")
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
    liveness = Liveness(ledger_path)
    assert not liveness.is_dead("other")
    other.kill()
    other.wait()
    assert liveness.is_dead("other")


def test_a_process_that_let_go_is_dead_and_leaves_no_file(ledger_path):
    one, two = Liveness(ledger_path), Liveness(ledger_path)
    one.show("one")
    one.show("one")
    assert not two.is_dead("one")
    one.hide()
    one.hide()
    assert two.is_dead("one")
    assert list(Path(f"{ledger_path}.d").iterdir()) == []


def test_a_process_that_nobody_knows_is_dead(ledger_path):
    assert Liveness(ledger_path).is_dead("never seen")


def test_files_of_the_dead_are_swept_and_those_of_the_living_stay(ledger_path, other):
    liveness = Liveness(ledger_path)
    liveness.show("mine")
    (Path(f"{ledger_path}.d") / "old.lock").touch()
    liveness.sweep("mine")
    assert {file.name for file in Path(f"{ledger_path}.d").iterdir()} == {"mine.lock", "other.lock"}
    liveness.hide()


def test_a_name_cannot_lead_out_of_the_folder(ledger_path, folder):
    victim = folder / "victim.lock"
    victim.touch()
    assert Liveness(ledger_path).is_dead("../victim")
    assert victim.exists()
