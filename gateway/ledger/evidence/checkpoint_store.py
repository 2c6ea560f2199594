"""Where checkpoints are kept, and whether the ledger still agrees with those that were.

Two ways that need nothing but the machine: a file to which lines are only added, and the machine's
own log, which institutions gather elsewhere. The third, mail, is the command's.
"""

from __future__ import annotations

import fcntl
import os
import socket
import stat
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Protocol

from gateway.errors import LedgerError
from gateway.ledger.verify.checkpoint import as_line, out_of_order, read_checkpoints

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gateway.ledger.record.chain import Checkpoint
    from gateway.ledger.verify.checkpoint import KeptCheckpoint

# RFC 5424, section 6.2.1: security and authorization (10), normal but significant (5).
_PRIORITY = 10 * 8 + 5
_NAME = "monition-checkpoint"


class OpenChain(Protocol):
    """The hashes of an open ledger, as any that reads it gives them."""

    def identity(self) -> str | None:
        """The hash of the first event, in hex; ``None`` where there is none."""

    def checkpoint(self) -> Checkpoint:
        """The head of the chain."""

    def hash_at(self, seq: int) -> str | None:
        """The hash of that row as it is stored, in hex; ``None`` where there is no such row."""


def disagreements(history: tuple[KeptCheckpoint, ...], ledger: OpenChain) -> Iterator[str]:
    """What a ledger says otherwise than the checkpoints, each a sentence without its full stop.

    It looks at the rows that they name and at the first; that the rows between are sound is for
    ``verify`` to say.
    """
    if (what := out_of_order(history)) is not None:
        yield what
    mine = ledger.identity()
    head = ledger.checkpoint()
    for kept in history:
        seq = kept.checkpoint.seq
        if kept.ledger is not None and mine is not None and kept.ledger != mine:
            yield (
                f"the checkpoint of row {seq} is another ledger's (its first event has the hash "
                f"{kept.ledger}, here it is {mine}), or the ledger was rewritten from the first"
            )
            return
        if seq > head.seq:
            yield (
                f"the ledger ends at row {head.seq}, but the checkpoint was taken at row {seq}: "
                "its tail was cut off, or it is another ledger"
            )
            return
        if seq and (found := ledger.hash_at(seq)) != kept.checkpoint.hash:
            yield (
                f"row {seq} has the hash {found}, but the checkpoint kept {kept.checkpoint.hash}: "
                "the ledger was rewritten up to here"
            )
            return


def other_signer(path: Path, kept: KeptCheckpoint) -> bytes | None:
    """The key that signed the history's last signed line, where ``kept`` is not signed by it.

    Its 32 bytes; ``None``: it is, or nothing there is signed or can be read. Ask before
    :func:`append`, which tells what is wrong with a history that cannot be read.
    """
    try:
        signed = [each.signature.key for each in read_checkpoints(path) if each.signature]
    except LedgerError:
        return None
    mine = kept.signature and kept.signature.key
    return signed[-1] if signed and signed[-1] != mine else None


def append(path: Path, kept: KeptCheckpoint, ledger: OpenChain) -> bool:
    """Add a checkpoint to a history, durably; ``False`` where its last line says the same.

    The ledger must agree with all that the history says: a history of a ledger that was cut or
    rewritten would excuse it. Raises ``LedgerError`` for a ledger that does not agree and for a
    file that cannot be written, is none, or holds no checkpoints; it is then as it was.
    """
    try:
        # Appended, never replaced: the file may be one that the system lets nobody else change
        # (chattr +a), and it may be a name in a folder where no other can be made.
        handle = os.open(path, os.O_CREAT | os.O_RDWR | os.O_APPEND, 0o600)
    except OSError as error:
        raise LedgerError(f"{path} cannot be written: {error.strerror}") from error
    with os.fdopen(handle, "r+b", buffering=0) as stream:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise LedgerError(f"{path} is no file: a history is one, to which lines are added")
        fcntl.flock(stream, fcntl.LOCK_EX)
        _drop_torn_line(stream)
        size = stream.seek(0, os.SEEK_END)
        if size:
            history = read_checkpoints(path)
            for what in disagreements(history, ledger):
                raise LedgerError(f"{path}: {what}: run `monition audit verify`")
            last = history[-1]
            if last.checkpoint == kept.checkpoint and (last.signature or not kept.signature):
                return False
        line = (as_line(kept) + "\n").encode()
        try:
            if stream.write(line) != len(line):
                raise OSError(None, "no room for a whole line")  # noqa: TRY301 - told below
            os.fsync(stream.fileno())
        except OSError as error:
            with suppress(OSError):
                stream.truncate(size)
            raise LedgerError(f"{path} cannot be written: {error.strerror}") from error
    return True


def _drop_torn_line(stream: IO[bytes]) -> None:
    """Take away what a crash left of a line; where the file forbids it, reading tells of it."""
    stream.seek(0)
    content = stream.read()
    if not content.endswith(b"\n"):
        with suppress(OSError):
            stream.truncate(content.rfind(b"\n") + 1)


def to_syslog(kept: KeptCheckpoint, address: str = "/dev/log") -> None:
    """Hand a checkpoint to the machine's own log. Raises ``LedgerError`` where nobody listens.

    In the form that every local daemon takes, and sends on as RFC 5424 asks: the priority, a tag,
    the checkpoint as one line of JSON.
    """
    line = f"<{_PRIORITY}>{_NAME}: {as_line(kept)}".encode()
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
            log.connect(address)
            log.send(line)
    except OSError as error:
        raise LedgerError(
            f"the system's log at {address} does not take it: {error.strerror}"
        ) from error
