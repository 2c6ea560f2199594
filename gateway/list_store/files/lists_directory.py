"""The lists directory on disk: where things lie in it, and how a file in it is replaced.

::

    sources/NAME.jsonl        what was last taken from a list: a header line, then one entry a line
    sources/NAME.refused      why a later import was not taken
    accepted/entities.toml    domains and addresses that a person accepted
    rejected.jsonl            proposals that a person rejected
    linked.jsonl              domains that the DNS ties to listed ones
    mail_hosts.jsonl          domains whose mail goes to hosts of listed ones: for proposals alone
    snapshots/DIGEST.gz       every snapshot that was ever in force: verdicts can be given again
    history.jsonl             which one was in force from when
    policies/DIGEST.….gz      every edition of the policies that was, with its notice texts
    policies.jsonl            which one was in force from when
    current.json              the one in force
    acts.jsonl                what people and updates did: imports, and lists that may go

A file is replaced as a whole (a new one is written, made durable and renamed) or not at all, so
readers need no lock. Writers take one.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gateway import file_owner

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from gateway.config import Config

DIRECTORY_MODE = 0o750

_BLOCK = 1 << 16
_OF_ANOTHER_KIND = {errno.EEXIST, errno.EISDIR, errno.ENOTDIR, errno.ELOOP, errno.ENXIO}
_UNFINISHED = ".unfinished-"
_FORGOTTEN_SECONDS = 3600  # longer than any writer takes
FILE_MODE = 0o640


@dataclass(frozen=True, slots=True)
class Folder:
    """The paths below one lists directory. Nothing is opened or made by asking for them."""

    path: Path
    record: Path | None = None
    """A folder elsewhere that remembers what was last in force (``last_in_force.py``), if any."""

    @classmethod
    def of(cls, config: Config) -> Folder:
        """The configured one, with what remembers it beside the ledger."""
        return cls(config.lists.directory, config.ledger.record)

    @property
    def sources(self) -> Path:
        """The folder of what was imported."""
        return self.path / "sources"

    @property
    def accepted(self) -> Path:
        """The folder of entities files that hold what people accepted."""
        return self.path / "accepted"

    @property
    def snapshots(self) -> Path:
        """The folder of all snapshots."""
        return self.path / "snapshots"

    @property
    def policies(self) -> Path:
        """The folder of all editions of the policies."""
        return self.path / "policies"

    @property
    def policies_history(self) -> Path:
        """The file with a line for every change of the edition in force."""
        return self.path / "policies.jsonl"

    @property
    def current(self) -> Path:
        """The file that names the snapshot in force."""
        return self.path / "current.json"

    @property
    def acts(self) -> Path:
        """The file with a line for every import and every list that a person let go."""
        return self.path / "acts.jsonl"

    @property
    def linked(self) -> Path:
        """The file of domains that the DNS ties to listed ones."""
        return self.path / "linked.jsonl"

    @property
    def history(self) -> Path:
        """The file with a line for every change of the snapshot in force."""
        return self.path / "history.jsonl"

    def source(self, name: str) -> Path:
        """The file of one imported list."""
        return self.sources / f"{name}.jsonl"

    def refusal(self, name: str) -> Path:
        """The file that says why the latest import of a list was not taken."""
        return self.sources / f"{name}.refused"

    @property
    def _directories(self) -> tuple[Path, ...]:
        return self.path, self.sources, self.accepted, self.snapshots, self.policies

    def make(self) -> None:
        """Make the directory and those in it. Raises ``OSError``."""
        for path in self._directories:
            make_directory(path)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other writers out, waiting for one that is there. Raises ``OSError``.

        The directory is made where it is missing. Not to be held twice: the second waits for ever.
        """
        self.make()
        with open_lock_file(self.path / ".lock") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._sweep()
            yield

    def _sweep(self) -> None:
        """Take away what writers that were killed have left half written."""
        for path in self._directories:
            for file in path.glob(f"{_UNFINISHED}*"):
                with contextlib.suppress(OSError):
                    if time.time() - file.stat().st_mtime > _FORGOTTEN_SECONDS:
                        file.unlink()


def make_directory(path: Path) -> None:
    """Make a directory, and those above it, where they are missing. Raises ``OSError``."""
    missing = [path, *path.parents]
    for each in reversed(missing[: next(n for n, one in enumerate(missing) if one.exists())]):
        each.mkdir(mode=DIRECTORY_MODE, exist_ok=True)
        file_owner.follow_folder(each, each.parent)
    if not path.is_dir():
        path.mkdir()  # tells what is in its way


def replace(path: Path, content: bytes) -> None:
    """Replace a file as a whole, durably; whoever reads it sees the old one or the new one.

    Raises ``OSError``; the file is whole then, too.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=_UNFINISHED)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            os.fchmod(stream.fileno(), FILE_MODE)
            file_owner.follow_folder(stream.fileno(), path.parent)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_directory(path.parent)


def append(path: Path, line: bytes) -> None:
    """Add a line to a file, durably; a line that a crash tore off before is taken away.

    ``line`` comes without its end. Raises ``OSError``, also where something else lies there.
    """
    with _opened(path) as stream:
        stream.truncate(_end_of_last_line(stream))
        stream.write(line + b"\n")
        stream.flush()
        os.fsync(stream.fileno())
    sync_directory(path.parent)


def _end_of_last_line(stream: BinaryIO) -> int:
    end = stream.seek(0, os.SEEK_END)
    while end:
        start = max(0, end - _BLOCK)
        stream.seek(start)
        if (found := stream.read(end - start).rfind(b"\n")) >= 0:
            return start + found + 1
        end = start
    return 0


def open_lock_file(path: Path) -> BinaryIO:
    """Open a file to be locked; it is made where it is missing.

    Raises ``OSError``, also where it is a link or no file: nobody else would be kept out by it.
    """
    return _opened(path, os.O_NOFOLLOW)


def _opened(path: Path, flags: int = 0) -> BinaryIO:
    flags |= os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK
    try:
        handle = os.open(path, flags, FILE_MODE)
    except OSError as error:
        if error.errno not in _OF_ANOTHER_KIND:
            raise
        raise _not_what_it_should_be(path) from None
    if stat.S_ISREG(os.fstat(handle).st_mode):
        file_owner.follow_folder(handle, path.parent)
        return os.fdopen(handle, "a+b")
    os.close(handle)
    raise _not_what_it_should_be(path)


def _not_what_it_should_be(path: Path) -> OSError:
    return OSError(errno.EINVAL, "is not what it should be: move it away", str(path))


def sync_directory(path: Path) -> None:
    """Make a renamed or a new file's name as durable as its content. Raises ``OSError``."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
