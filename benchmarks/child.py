"""A program started for the run, and its end: nothing outlives the run, not even its crash."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

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
        """Two of them."""
        return self.take(), self.take()

    def take(self) -> int:
        """The next free one."""
        for _ in _PORTS:
            port = _PORTS[self._next]
            self._next = (self._next + 1) % len(_PORTS)
            with socket.socket() as probe, contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                self.given += 1
                return port
        raise BenchmarkError(f"no port is free from {_PORTS.start} to {_PORTS.stop - 1}")


def find(program: str) -> str | None:
    """The program's path; where a normal user's PATH leaves out the folder, too."""
    return shutil.which(program) or shutil.which(program, path="/usr/sbin:/usr/local/sbin")


@contextlib.contextmanager
def running(
    command: Sequence[str], port: int, log: Path, *, unprivileged: bool = False
) -> Iterator[int]:
    """Run a server until the block ends; gives its process id once it greets on ``port``.

    What it says goes to ``log``. ``unprivileged``: as nobody, where we are root.
    """
    # A caller must not name a program that ends up elsewhere: what it prints goes to the log.
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*leash(unprivileged=unprivileged), *command],
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


def leash(*, unprivileged: bool = False) -> list[str]:
    """What stands before a command so that the program ends with us, however we end.

    ``unprivileged``: and has no rights of ours, where we are root.
    """
    setpriv = find("setpriv")
    drop = unprivileged and os.geteuid() == 0
    if setpriv is None:
        if drop:
            raise BenchmarkError("as root, smtp-sink needs setpriv (package util-linux)")
        return []
    rights = ["--reuid=nobody", "--regid=nogroup", "--clear-groups"] if drop else []
    return [setpriv, *rights, "--pdeathsig=KILL", "--"]


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
    """The last words of a program."""
    return "\n".join(log.read_text("utf-8", "replace").splitlines()[-lines:])
