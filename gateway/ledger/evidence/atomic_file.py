"""Writing a file that is there whole or not at all: what leaves the ledger is evidence.

For its owner alone (0600), on the disk before it bears its name. What goes wrong is told with the
file and the remedy, and leaves nothing behind.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING

from gateway.errors import LedgerError

if TYPE_CHECKING:
    from collections.abc import Iterator

_UNFINISHED = ".unfinished-"


@contextmanager
def atomic_writer(path: Path, *, replace: bool = False) -> Iterator[IO[bytes]]:
    """A stream for what is to be at ``path``; it gets its name when the block ends well.

    Until then it lies beside it, under the stream's own ``name``.

    Raises ``LedgerError`` for a file that is there already (unless ``replace``), a folder that is
    missing or cannot be written, a full disk.
    """
    if not replace and os.path.lexists(path):
        raise LedgerError(f"{path} is there already: name another file, or say --force")
    if path.is_dir():
        raise LedgerError(f"{path} is a folder: name a file in it")
    with _told(path):
        stream = tempfile.NamedTemporaryFile(  # noqa: SIM115 - closed below, told otherwise
            dir=path.parent, prefix=_UNFINISHED, delete=False
        )
    temporary = Path(stream.name)
    try:
        with _told(path):
            with stream:
                yield stream
                stream.flush()
                os.fsync(stream.fileno())
            temporary.replace(path)
            sync_folder(path.parent)
    except BaseException:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


def sync_folder(folder: Path) -> None:
    """Make a name in that folder as durable as its file. Raises ``OSError``."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise LedgerError(
            f"{path} cannot be written ({error.strerror or error}): nothing was left there; look "
            f"at {path.parent}: is it there, may you write in it, is its disk full?"
        ) from error
