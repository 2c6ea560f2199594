"""Which processes of the gateway are alive: each holds a lock on a file of its own.

A process writes "observed" before a message goes on and "settled" when it is through. If it dies
in between, someone must settle for it; but only if it is truly dead. A process id says little
(it is given out again, and another container counts for itself). A lock of ``flock(2)`` says it
exactly: the kernel drops it when the last descriptor closes, by ``kill -9`` as well. The
descriptor is not inherited by programs that are started (PEP 446).
"""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from typing import TYPE_CHECKING

from gateway import file_owner

if TYPE_CHECKING:
    from pathlib import Path


class ProcessLock:
    """The lock files of one ledger, in a folder beside it: ``LEDGER.d/PROCESS.lock``."""

    def __init__(self, ledger: Path) -> None:
        self._folder = ledger.with_name(ledger.name + ".d")
        self._held: tuple[int, Path] | None = None

    def acquire(self, process: str) -> None:
        """Hold this process's lock from now on. Raises ``OSError`` where it cannot be made."""
        if self._held is not None:
            return
        self._folder.mkdir(mode=0o700, exist_ok=True)
        file_owner.follow_folder(self._folder, self._folder.parent)
        file = self._file(process)
        while True:
            handle = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
            file_owner.follow_folder(handle, self._folder)
            fcntl.flock(handle, fcntl.LOCK_EX)
            if _is_at(handle, file):
                self._held = handle, file
                return
            # Another process took it for a dead one's and removed it before we had the lock.
            os.close(handle)

    def is_dead(self, process: str) -> bool:
        """Whether nobody holds that process's lock. Its file is removed if so."""
        file = self._file(process)
        try:
            handle = os.open(file, os.O_RDWR)
        except OSError:
            # Shown before its first event, removed by nobody alive: or restored from a backup.
            return True
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        else:
            with suppress(OSError):
                file.unlink()
            return True
        finally:
            os.close(handle)

    def remove_dead(self, process: str) -> None:
        """Remove the files of the dead, whether or not they left anything to settle."""
        with suppress(OSError):
            for file in self._folder.glob("*.lock"):
                if file.stem != process:
                    self.is_dead(file.stem)

    def release(self) -> None:
        """Let go, as the last act: whoever looks from now on takes this process for dead."""
        if self._held is None:
            return
        handle, file = self._held
        with suppress(OSError):
            # While the lock is held, so that nobody can take it in between.
            file.unlink()
        os.close(handle)
        self._held = None

    def _file(self, process: str) -> Path:
        # The name reaches us from the ledger too: it must not lead out of the folder.
        safe = "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in process)
        return self._folder / f"{safe}.lock"


def _is_at(handle: int, file: Path) -> bool:
    try:
        there = file.stat()
    except OSError:
        return False
    ours = os.fstat(handle)
    return (there.st_dev, there.st_ino) == (ours.st_dev, ours.st_ino)
