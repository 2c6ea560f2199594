import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.host import child, usage
from benchmarks.peers import slow_sink

ROOT = Path(__file__).parents[3]


@pytest.fixture
def process(ports, tmp_path):
    port = ports.take()
    command = [sys.executable, slow_sink.__file__, str(port), "1e9"]
    with child.running(command, port, tmp_path / "log") as pid:
        yield pid


WORK = """\
import os, time
from benchmarks.host import usage
before, clock = usage.cpu_seconds(os.getpid()), time.process_time()
sum(range(1_000_000))
print(usage.cpu_seconds(os.getpid()) - before, time.process_time() - clock)
"""


def test_cpu_time_is_the_kernels_own():
    # In a process with no children: what our own ones use meanwhile is no other test's affair.
    told = subprocess.run([sys.executable, "-c", WORK], cwd=ROOT, capture_output=True, check=True)
    used, by_clock = map(float, told.stdout.split())
    assert used == pytest.approx(by_clock, abs=0.005)


def test_memory_is_told_in_bytes_now_and_at_its_highest(process):
    now, peak = (usage.resident_bytes(process, peak=peak) for peak in (False, True))
    assert 5e6 < now <= peak < 1e9


def test_the_highest_can_be_forgotten():
    block = bytearray(64_000_000)
    high = usage.resident_bytes(os.getpid(), peak=True)
    del block
    usage.forget_peak(os.getpid())
    assert usage.resident_bytes(os.getpid(), peak=True) < high - 32_000_000


def test_a_process_that_rests_is_not_waited_for_any_longer(process):
    before = usage.cpu_seconds(process)
    usage.rest(process)
    assert usage.cpu_seconds(process) - before < 1


def test_the_machine_has_worked_at_least_as_much_as_we(process):
    assert usage.machine_seconds() > usage.our_seconds() > 0
    assert usage.machine_seconds() > usage.cpu_seconds(process)
