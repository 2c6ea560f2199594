"""The snapshots that were in force, each kept under its digest, and which one is now."""

from __future__ import annotations

import gzip
import hashlib
import json
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from gateway.archive import folder as files
from gateway.errors import Fault, ListError
from gateway.screen import canonical, snapshot

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from gateway.archive.folder import Folder
    from gateway.screen.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Turn:
    """A snapshot came into force: when, and from which content of which files.

    ``inputs`` is a digest of all that it was made of, ``entries`` how many of them each list gave.
    """

    at: datetime
    digest: str
    inputs: str
    entities: int
    entries: dict[str, int]


def path_of(folder: Folder, digest: str) -> Path:
    """Where a snapshot lies, or would."""
    return folder.snapshots / f"{digest.replace(':', '-')}.gz"


def keep(folder: Folder, made: Snapshot) -> None:
    """Keep a snapshot for good, not yet in force; the directory is held. Raises ``OSError``."""
    path = path_of(folder, made.digest)
    if not _holds_what_it_says(path):
        lines = canonical.lines(made.entities.values(), made.people)
        # No time within: the same snapshot gives the same file.
        files.replace(path, gzip.compress(b"".join(line + b"\n" for line in lines), 6, mtime=0))


def save(folder: Folder, made: Snapshot, turn: Turn) -> None:
    """Keep a snapshot and put it in force; the directory is held. Raises ``OSError``."""
    keep(folder, made)
    before = current(folder)
    since = before.at if before and before.digest == turn.digest else turn.at
    said = json.dumps(
        {
            "at": since.astimezone(UTC).isoformat(timespec="seconds"),
            "digest": turn.digest,
            "inputs": turn.inputs,
            "entities": turn.entities,
            "entries": turn.entries,
        }
    ).encode("ascii")
    # By its own last line: a crash may have come between the two files.
    if _last_digest(folder) != turn.digest:
        files.append(folder.history, said)
    files.replace(folder.current, said + b"\n")


def load(folder: Folder, digest: str) -> Snapshot:
    """Load a snapshot by its digest, of which ``sha256:`` and the end may be left out.

    Raises :class:`ListError`: it is not kept here, or not what its name says.
    """
    path = _found(folder, digest)
    content = _content(path)
    try:
        return snapshot.from_lines(content.splitlines())
    except (ValueError, TypeError) as error:
        raise _unusable(path, f"was written by another version of Monition ({error})") from None


def _content(path: Path) -> bytes:
    try:
        content = gzip.decompress(path.read_bytes())
    except (OSError, EOFError, zlib.error) as error:
        raise _unusable(path, f"cannot be read ({error})") from None
    # Before anything in it is believed.
    if path.name != f"sha256-{hashlib.sha256(content).hexdigest()}.gz":
        raise _unusable(path, "does not hold what its name says")
    return content


def _holds_what_it_says(path: Path) -> bool:
    try:
        _content(path)
    except ListError:
        return False
    return True


def _found(folder: Folder, digest: str) -> Path:
    wanted = digest.removeprefix("sha256:").removeprefix("sha256-")
    kept = sorted(folder.snapshots.glob(f"sha256-{wanted}*.gz")) if wanted.isalnum() else []
    if len(kept) != 1:
        what = "more than one snapshot begins so" if kept else "no such snapshot is kept here"
        raise ListError([Fault(str(folder.snapshots), None, None, f"{digest}: {what}")])
    return kept[0]


def _unusable(path: Path, what: str) -> ListError:
    message = f"{what}; `monition lists status` shows which are kept"
    return ListError([Fault(str(path), None, None, message)])


def current(folder: Folder) -> Turn | None:
    """Read which snapshot is in force; ``None``: none was put in force, or it cannot be told."""
    try:
        return _turn(folder.current.read_bytes())
    except (OSError, ValueError, KeyError, TypeError):
        return None


def turns(folder: Folder) -> list[Turn]:
    """Give every change of the snapshot in force, the first one first."""
    try:
        lines = folder.history.read_bytes().splitlines()
    except FileNotFoundError:
        return []
    found = []
    for number, line in enumerate(lines, 1):
        try:
            found.append(_turn(line))
        except (ValueError, KeyError, TypeError):
            # The last line may be torn by a crash; the snapshot itself is kept under its name.
            if number < len(lines):
                message = "is damaged; take the line out, the snapshots are kept apart from it"
                raise ListError([Fault(str(folder.history), number, None, message)]) from None
    return found


def in_force_on(folder: Folder, day: date) -> Turn:
    """Give what was in force when a day ended, in UTC. Raises :class:`ListError`."""
    known = turns(folder)
    before = [turn for turn in known if turn.at.astimezone(UTC).date() <= day]
    if before:
        return before[-1]
    first = f"the first one came on {known[0].at:%Y-%m-%d}" if known else "none ever was"
    message = f"no snapshot was in force on {day.isoformat()}: {first}"
    raise ListError([Fault(str(folder.history), None, None, message)])


def before_current(folder: Folder) -> Turn | None:
    """Give what was in force before the present snapshot; ``None``: it is the first."""
    now = current(folder)
    known = turns(folder)
    if now is None:
        return None
    while known and known[-1].digest == now.digest:
        known.pop()
    return known[-1] if known else None


def _last_digest(folder: Folder) -> str | None:
    try:
        lines = folder.history.read_bytes().splitlines(keepends=True)
    except FileNotFoundError:
        return None
    try:
        # A line without its end is torn, and about to be taken away.
        return _turn(next(line for line in reversed(lines) if line.endswith(b"\n"))).digest
    except (StopIteration, ValueError, KeyError, TypeError):
        return None


def _turn(line: bytes) -> Turn:
    said = json.loads(line)
    at = datetime.fromisoformat(said["at"])
    return Turn(at, said["digest"], said["inputs"], said["entities"], dict(said["entries"]))
