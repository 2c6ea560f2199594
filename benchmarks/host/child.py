"""Programs started for the run: servers, commands and errands in processes of their own.

Nothing outlives the run, not even its crash.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).parents[2]
"""The tree that is measured, and where its modules are run."""

READY_SECONDS = 30
STOP_SECONDS = 15

# Below Linux's usual range for outgoing connections, of which this run makes thousands.
_PORTS = range(20_000, 32_000)


class BenchmarkError(Exception):
    """The run cannot go on; the text says why, for the person who started it."""


class Ports:
    """Free loopback ports, each given once: a port used twice would still hold old connections."""

    def __init__(self) -> None:
        self.given = 0
        self._next = os.getpid() * 100 % len(_PORTS)

    def pair(self) -> tuple[int, int]:
        """Give two of them."""
        return self.take(), self.take()

    def take(self) -> int:
        """Give the next free one. Raises :class:`BenchmarkError` where none is."""
        for _ in _PORTS:
            port = _PORTS[self._next]
            self._next = (self._next + 1) % len(_PORTS)
            with socket.socket() as probe, contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                self.given += 1
                return port
        raise BenchmarkError(f"no port is free from {_PORTS.start} to {_PORTS.stop - 1}")


def find(program: str) -> str | None:
    """Give a program's path, also in folders that a user's PATH leaves out; ``None``: not here."""
    return shutil.which(program) or shutil.which(program, path="/usr/sbin:/usr/local/sbin")


@contextlib.contextmanager
def running(
    command: Sequence[str], port: int, log: Path, *, unprivileged: bool = False
) -> Iterator[int]:
    """Run a server until the block ends; gives its process id once it greets on ``port``.

    What it says goes to ``log``. ``unprivileged``: as nobody, where we are root. Raises
    :class:`BenchmarkError` where it does not greet within :data:`READY_SECONDS`.
    """
    # A caller must not name a program that ends up elsewhere: what it prints goes to the log.
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*die_with_parent(unprivileged=unprivileged), *command],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait_for_greeting(process, port, log)
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def die_with_parent(*, unprivileged: bool = False) -> list[str]:
    """What stands before a command so that the program ends with us, however we end.

    ``unprivileged``: and has no rights of ours, where we are root. Raises
    :class:`BenchmarkError` where that cannot be had.
    """
    setpriv = find("setpriv")
    drop = unprivileged and os.geteuid() == 0
    if setpriv is None:
        if drop:
            raise BenchmarkError("as root, smtp-sink needs setpriv (package util-linux)")
        return []
    rights = ["--reuid=nobody", "--regid=nogroup", "--clear-groups"] if drop else []
    return [setpriv, *rights, "--pdeathsig=KILL", "--"]


def used(command: Sequence[str], said: Path | None = None, *, name: str) -> tuple[float, float]:
    """Run a program of ours to its end; its CPU seconds, and its memory in bytes at the highest.

    It reads the file ``said``, or nothing; what it prints is thrown away. Raises
    :class:`BenchmarkError`, which calls it ``name``, where it fails.
    """
    with Path(said or os.devnull).open("rb") as stdin:
        process = subprocess.Popen(
            command, cwd=ROOT, stdin=stdin, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        assert process.stderr is not None
        words = process.stderr.read().decode()
        _, status, spent = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        process.stderr.close()
    if process.returncode:
        raise BenchmarkError(f"{name} failed: {words.strip()[-300:]}")
    return spent.ru_utime + spent.ru_stime, spent.ru_maxrss * 1024


def found(module: str, errand: str, *arguments: Path) -> dict[str, Any]:
    """Have an errand of one of ``benchmarks.tasks`` measured in a process of its own.

    Gives what it found. Raises :class:`BenchmarkError` where it breaks off.
    """
    command = [sys.executable, "-m", f"benchmarks.tasks.{module}", errand, *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchmarkError(f"{errand} broke off: {done.stderr.strip()[-300:]}")
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def _wait_for_greeting(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        with (
            contextlib.suppress(OSError),
            socket.create_connection(("127.0.0.1", port), timeout=2) as client,
        ):
            if client.recv(512).startswith(b"220"):
                client.sendall(b"QUIT\r\n")
                while client.recv(512):
                    pass
                return
        time.sleep(0.05)
    raise BenchmarkError(f"{process.args!r} did not get ready on port {port}:\n{tail(log)}")


def tail(log: Path, lines: int = 8) -> str:
    """Give the last lines of a program's log."""
    return "\n".join(log.read_text("utf-8", "replace").splitlines()[-lines:])
