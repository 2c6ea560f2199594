"""What the three have in common: a folder of its own, a process of ours, an end."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    import re
    from collections.abc import Mapping, Sequence

CACHE: Final = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "monition"
"""Where ``tests/e2e/install-system-packages`` unpacks what must not be installed."""

_SECONDS: Final = 120.0


class MissingError(Exception):
    """This server cannot be had here; the text says why."""


class Server:
    """One private server, from ``with`` to its end.

    ``finished`` matches in the log what it says when it is done with a message, and gives its id;
    ``None``: it is done when it has answered. ``queued`` finds that id in the answer. ``batch`` is
    how many recipients a transaction may have, most of which it refuses; ``pipelines``: they may
    be said at once.
    """

    name: str
    batch = 100
    pipelines = True
    finished: re.Pattern[bytes] | None = None
    queued: re.Pattern[bytes] | None = None

    def __init__(self, sink: int) -> None:
        self.sink = sink
        self.port = free_port()
        # In memory: no test of ours asks what a server keeps when the power fails.
        memory = Path("/dev/shm")
        self.folder = Path(
            tempfile.mkdtemp(prefix="monition-", dir=memory if memory.is_dir() else None)
        )
        self.folder.chmod(0o755)
        self._process: subprocess.Popen[bytes] | None = None
        self.greeting = ""
        self._read = 0
        self._done: set[bytes] = set()

    def __enter__(self) -> Self:
        if os.geteuid():
            raise MissingError(f"{self.name} can be started by root only")
        try:
            self.configure()
            with (self.folder / "said").open("wb") as said:
                self._process = subprocess.Popen(
                    ["setpriv", "--pdeathsig", "TERM", *self.command()],
                    cwd=self.folder,
                    env={**os.environ, **self.environment()},
                    stdin=subprocess.DEVNULL,
                    stdout=said,
                    stderr=said,
                    start_new_session=True,
                )
            self._wait()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            # Those that it started may outlive it for a moment, and write into its folder.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _wait(self) -> None:
        deadline = time.monotonic() + _SECONDS
        while True:
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=_SECONDS) as probe:
                    self.greeting = probe.recv(1000).decode("ascii", "replace")
                    if self.greeting.startswith("220"):
                        return
            except OSError:
                pass
            assert self._process is not None
            if self._process.poll() is not None or time.monotonic() > deadline:
                said = (self.folder / "said").read_text(errors="replace")
                logged = self.log.read_text(errors="replace") if self.log.exists() else ""
                raise RuntimeError(f"{self.name} did not start: {said}{logged}")
            time.sleep(0.05)

    @property
    def log(self) -> Path:
        """The server's log."""
        return self.folder / "log"

    @property
    def version(self) -> str:
        """Which one it is, as it says itself."""
        raise NotImplementedError

    def configure(self) -> None:
        """Write what the server needs; raises :class:`MissingError`."""
        raise NotImplementedError

    def command(self) -> Sequence[str]:
        """The command line that starts it in the foreground."""
        raise NotImplementedError

    def environment(self) -> Mapping[str, str]:
        """What its environment has besides."""
        return {}

    def is_done(self, answer: bytes) -> bool:
        """Whether all has been delivered, or given up, of the message that got this answer."""
        if self.finished is None or self.queued is None:
            return True
        found = self.queued.search(answer)
        assert found is not None, answer
        if found[1] not in self._done:
            self._follow(self.finished)
        return found[1] in self._done

    def _follow(self, finished: re.Pattern[bytes]) -> None:
        if not self.log.exists():
            return
        with self.log.open("rb") as log:
            log.seek(self._read)
            new = log.read()
        whole = new[: new.rfind(b"\n") + 1]
        self._read += len(whole)
        self._done.update(finished.findall(whole))


def free_port() -> int:
    """A loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def program(name: str) -> str:
    """Where a program of the system is; raises :class:`MissingError`."""
    found = shutil.which(
        name, path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])
    )
    if found is None:
        raise MissingError(f"{name} is not installed: tests/e2e/install-system-packages does it")
    return found


def unpacked(path: str) -> Path:
    """Where a file of an unpacked package is; raises :class:`MissingError`."""
    found = CACHE / path
    if not found.exists():
        raise MissingError(f"{path} is not unpacked: tests/e2e/install-system-packages does it")
    return found


def libraries(name: str) -> dict[str, str]:
    """The environment in which an unpacked package finds its libraries."""
    folders = (CACHE / name).glob("**/lib/*-linux-gnu*")
    return {"LD_LIBRARY_PATH": os.pathsep.join(map(str, folders))}


def output(*command: str, **environment: str) -> str:
    """What a command prints; it must end well."""
    ended = subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, **environment}
    )
    if ended.returncode:
        raise RuntimeError(f"{command} gave {ended.returncode}: {ended.stderr}")
    return ended.stdout
