"""No core of a gateway's process lands anywhere: one held an unmatched message."""

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

IS_DUMPABLE = """
import ctypes
from gateway.serve.process_limits.core_dumps import forbid_core_dumps
prctl = ctypes.CDLL(None).prctl
print(prctl(3, 0, 0, 0, 0), forbid_core_dumps(), prctl(3, 0, 0, 0, 0))
"""


def cores(folder):
    return [path.name for path in folder.iterdir() if path.name.startswith("core")]


@pytest.fixture
def lets_cores(tmp_path, monkeypatch):
    """Whoever is started from here may leave a core, in a folder of the test's."""
    unlimited = resource.RLIM_INFINITY
    before = resource.getrlimit(resource.RLIMIT_CORE)
    if before[1] != unlimited:
        pytest.skip("this machine lets no process leave a core")
    folder = tmp_path / "cores"
    folder.mkdir()
    monkeypatch.chdir(folder)
    resource.setrlimit(resource.RLIMIT_CORE, (unlimited, unlimited))
    yield folder
    resource.setrlimit(resource.RLIMIT_CORE, (before[0], unlimited))


@pytest.mark.parametrize("number", [signal.SIGABRT, signal.SIGSEGV])
def test_o15_a_gateway_that_crashes_leaves_no_core(serve, until, lets_cores, number):
    pattern = Path("/proc/sys/kernel/core_pattern").read_text().strip()
    if not pattern.startswith(("|", "/")):
        # What is asked is worth something: any other process leaves one here.
        subprocess.run([sys.executable, "-c", "import os; os.abort()"], check=False)
        assert cores(lets_cores)
        for name in cores(lets_cores):
            (lets_cores / name).unlink()
    gateway = serve(workers=2)
    workers = until(gateway.workers)
    for pid in (gateway.process.pid, *workers):
        limits = Path(f"/proc/{pid}/limits").read_text()
        (line,) = [each for each in limits.splitlines() if each.startswith("Max core file size")]
        assert line.split()[4:6] == ["0", "0"]
    with gateway.client() as client:
        assert client.open() == 250
        assert client.envelope() == 354
        client.sock.sendall(b"Subject: secret\r\n\r\nhalf a message")
        worker = gateway.worker_of(client)
        os.kill(worker, number)
        until(lambda: worker not in gateway.workers(), "the worker's end")
    until(gateway.is_well, "another worker")
    gateway.send(number)
    assert gateway.ended() == -number
    assert cores(lets_cores) == []


def test_o15_a_process_says_that_it_is_not_to_be_dumped():
    done = subprocess.run(
        [sys.executable, "-c", IS_DUMPABLE], check=True, capture_output=True, text=True
    )
    assert done.stdout.split() == ["1", "True", "0"]
