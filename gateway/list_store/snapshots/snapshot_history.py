"""The snapshots that were in force, each kept under its digest, and which one is now.

Nothing that was in force is ever taken away: an old event is judged again by it (behaviour A5).
"""

from __future__ import annotations

import contextlib
import dataclasses
import gzip
import hashlib
import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from gateway.errors import Fault, ListError
from gateway.list_store.files import lists_directory as files
from gateway.list_store.files import safe_open
from gateway.screening import snapshot, snapshot_lines

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from gateway.list_store.files.lists_directory import Folder
    from gateway.screening.snapshot import Snapshot


_DIGEST = re.compile(r"sha256:[0-9a-f]{64}\Z", re.ASCII)

_ANEW = "`monition lists update policies` makes it anew"
_BEGIN = "move it away, and the next change begins another; the snapshots are kept apart from it"
_LOST = "one in force is made anew by `monition lists update policies`; an older one, by a backup"
_GONE = "`monition lists update policies` begins another; the snapshots are kept apart from it"


@dataclass(frozen=True, slots=True)
class SnapshotActivation:
    """A snapshot came into force: when (aware), and from which content of which files.

    ``inputs`` is a digest of all that it was made of, ``entries`` how many of them each list gave,
    ``sources`` the digest of what is kept of each, ``accepted`` of each file of what people
    accepted, by name; an earlier version wrote none.
    """

    at: datetime
    digest: str
    inputs: str
    entities: int
    entries: dict[str, int]
    sources: dict[str, str] = field(default_factory=dict)
    accepted: dict[str, str] = field(default_factory=dict)


def path_of(folder: Folder, digest: str) -> Path:
    """Where a snapshot lies, or would."""
    return folder.snapshots / f"{digest.replace(':', '-')}.gz"


def keep(folder: Folder, made: Snapshot) -> None:
    """Keep a snapshot for good, not yet in force; the directory is held. Raises ``OSError``."""
    path = path_of(folder, made.digest)
    if not safe_open.is_whole(content, path):
        lines = snapshot_lines.lines(made.entities.values(), made.mailbox_kinds)
        # No time within: the same snapshot gives the same file.
        files.replace(path, gzip.compress(b"".join(line + b"\n" for line in lines), 6, mtime=0))


def save(folder: Folder, made: Snapshot, activation: SnapshotActivation) -> None:
    """Keep a snapshot and put it in force; the directory is held. Raises ``OSError``."""
    keep(folder, made)
    before = current(folder)
    since = before.at if before and before.digest == activation.digest else activation.at
    activation = dataclasses.replace(activation, at=since)
    complete_history(folder, activation)
    write_current(folder, activation)


def write_current(folder: Folder, activation: SnapshotActivation) -> None:
    """Say which snapshot is in force; the directory is held. Raises ``OSError``."""
    files.replace(folder.current, _line(activation) + b"\n")


def _line(activation: SnapshotActivation) -> bytes:
    said = {
        "at": activation.at.astimezone(UTC).isoformat(timespec="seconds"),
        "digest": activation.digest,
        "inputs": activation.inputs,
        "entities": activation.entities,
        "entries": activation.entries,
        "sources": activation.sources,
        "accepted": activation.accepted,
    }
    return json.dumps(said).encode("ascii")


def load(folder: Folder, digest: str) -> Snapshot:
    """Load a snapshot by its digest, of which ``sha256:`` and the end may be left out.

    Raises :class:`ListError`: it is not kept here, or not what its name says.
    """
    path = _found(folder, digest)
    lines = content(path).splitlines()
    try:
        return snapshot.from_lines(lines)
    except safe_open.MALFORMED as error:
        what = f"was written by another version of Monition ({safe_open.reason_of(error)})"
        raise safe_open.damaged(path, None, what, _LOST) from None


def content(path: Path, remedy: str = _LOST) -> bytes:
    """Read a snapshot's lines. Raises :class:`ListError`: it is gone, or not what its name says."""
    found = safe_open.read_gzip_file(path, remedy)
    # Before anything in it is believed.
    if path.name != f"sha256-{hashlib.sha256(found).hexdigest()}.gz":
        raise safe_open.damaged(path, None, "does not hold what its name says", remedy)
    return found


def kept_files(folder: Folder) -> list[Path]:
    """Give the files of all snapshots. Raises :class:`ListError`."""
    return [
        path
        for path in safe_open.files_in(folder.snapshots, ".gz")
        if path.name.startswith("sha256-")
    ]


def _found(folder: Folder, digest: str) -> Path:
    wanted = digest.removeprefix("sha256:").removeprefix("sha256-")
    is_a_name = wanted.isascii() and wanted.isalnum()
    kept = [path for path in kept_files(folder) if path.name.startswith(f"sha256-{wanted}")]
    kept = kept if is_a_name else []
    if len(kept) != 1:
        what = (
            "more than one snapshot begins so"
            if kept
            else f"no such snapshot is kept here; {_LOST}"
        )
        raise ListError([Fault(str(folder.snapshots), None, None, f"{digest}: {what}")])
    return kept[0]


def current(folder: Folder) -> SnapshotActivation | None:
    """Read which snapshot is in force; ``None``: none was put in force, or it cannot be told."""
    try:
        return in_force(folder)
    except ListError:
        return None


def in_force(folder: Folder) -> SnapshotActivation | None:
    """Read which snapshot is in force; ``None``: none ever was.

    Raises :class:`ListError` where that cannot be told: the file that says so is damaged, or it is
    gone and another file knows that there was one.
    """
    if (said := safe_open.read_file(folder.current, _ANEW)) is None:
        if folder.history.exists() or kept_files(folder):
            raise safe_open.damaged(folder.current, None, "is gone", _ANEW)
        return None
    try:
        return _activation(said)
    except safe_open.MALFORMED as error:
        what = f"is damaged ({safe_open.reason_of(error)})"
        raise safe_open.damaged(folder.current, 1, what, _ANEW) from None


def last_known(folder: Folder) -> SnapshotActivation | None:
    """Give the activation in force or, where that cannot be told, the last that is known of."""
    if (now := current(folder)) is not None:
        return now
    found = readable_activations(folder)
    return found[-1] if found else None


def readable_activations(folder: Folder) -> list[SnapshotActivation]:
    """Give every change that can still be read, the first one first; no damage is told."""
    try:
        lines = (safe_open.read_file(folder.history, _BEGIN) or b"").splitlines()
    except ListError:
        return []
    found = []
    for line in lines:
        with contextlib.suppress(*safe_open.MALFORMED):
            found.append(_activation(line))
    return found


def activations(folder: Folder) -> list[SnapshotActivation]:
    """Give every change of the snapshot in force, the first one first. Raises :class:`ListError`.

    None where none was ever in force. Where one is and the file is gone, that is told.
    """
    if (said := safe_open.read_file(folder.history, _BEGIN)) is None:
        if folder.current.exists():
            raise safe_open.damaged(folder.history, None, "is gone", _GONE)
        return []
    # A snapshot whose line was torn is kept under its name.
    remedy = "take the line out, the snapshots are kept apart from it"
    return safe_open.records(folder.history, said, _activation, remedy)


def in_force_on(folder: Folder, day: date) -> SnapshotActivation:
    """Give what was in force when a day ended, in UTC. Raises :class:`ListError`: nothing was."""
    known = activations(folder)
    before = [activation for activation in known if activation.at.astimezone(UTC).date() <= day]
    if before:
        return before[-1]
    first = f"the first one came on {known[0].at:%Y-%m-%d}" if known else "none ever was"
    message = f"no snapshot was in force on {day.isoformat()}: {first}"
    raise ListError([Fault(str(folder.history), None, None, message)])


def before_current(folder: Folder) -> SnapshotActivation | None:
    """Give what was in force before the present snapshot; ``None``: it is the first.

    Raises :class:`ListError` where that cannot be told.
    """
    now = in_force(folder)
    before = activations(folder)
    if now is None:
        return None
    # A crash may have come between a new last line and its coming into force.
    while before and before[-1].digest != now.digest:
        before.pop()
    if not before:
        raise safe_open.damaged(folder.history, None, "does not name what is in force", _GONE)
    while before and before[-1].digest == now.digest:
        before.pop()
    return before[-1] if before else None


def complete_history(folder: Folder, activation: SnapshotActivation) -> None:
    """See to it that the history ends with what is in force; the directory is held.

    Raises ``OSError``.
    """
    # By its own last line: a crash may have come between the two files.
    if _last_digest(folder) != activation.digest:
        files.append(folder.history, _line(activation))


def _last_digest(folder: Folder) -> str | None:
    try:
        lines = (safe_open.read_file(folder.history, _BEGIN) or b"").splitlines(keepends=True)
    except ListError:
        return None
    try:
        # A line without its end is torn, and about to be taken away.
        return _activation(next(line for line in reversed(lines) if line.endswith(b"\n"))).digest
    except (StopIteration, *safe_open.MALFORMED):
        return None


def _activation(line: bytes) -> SnapshotActivation:
    said = json.loads(line)
    if not _DIGEST.match(said["digest"]):
        raise ValueError("no digest where one should be")
    return SnapshotActivation(
        safe_open.parse_time(said["at"]),
        said["digest"],
        safe_open.parse_text(said["inputs"]),
        safe_open.parse_count(said["entities"]),
        {name: safe_open.parse_count(of) for name, of in said["entries"].items()},
        {name: safe_open.parse_text(of) for name, of in said.get("sources", {}).items()},
        {name: safe_open.parse_text(of) for name, of in said.get("accepted", {}).items()},
    )
