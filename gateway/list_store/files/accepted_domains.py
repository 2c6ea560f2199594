"""What people decided about proposals: accepted domains, and what was rejected.

What was accepted becomes an ``[[addition]]`` in ``accepted/entities.toml``, behind whatever stands
there: the file is a person's as well. What was rejected is a line in ``rejected.jsonl``.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from gateway.errors import Fault
from gateway.list_store.files import lists_directory as files
from gateway.list_store.files import safe_open

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gateway.list_store.files.lists_directory import Folder

_RESTORE = "move it away, or restore it from a backup"
_EMPTY = hashlib.sha256(b"").hexdigest()


@dataclass(frozen=True, slots=True)
class Acceptance:
    """A person's yes: this domain, in normal form, is that entity's, as ``source`` says why."""

    entity: str
    domain: str
    source: str
    by: str
    on: date


@dataclass(frozen=True, slots=True)
class Rejection:
    """A person's no to a proposal, by its id."""

    id: str
    entity: str
    domain: str
    by: str
    on: date
    note: str = ""


def path_of(folder: Folder) -> Path:
    """The entities file that accepted domains are added to."""
    return folder.accepted / "entities.toml"


def rejections_of(folder: Folder) -> Path:
    """The file of what was rejected."""
    return folder.path / "rejected.jsonl"


def read_text(folder: Folder) -> str:
    """Give the entities file as it stands; an empty text where there is none.

    Raises :class:`ListError` where it cannot be read or is not UTF-8.
    """
    path = path_of(folder)
    content = safe_open.read_file(path, _RESTORE)
    try:
        return (content or b"").decode("utf-8")
    except UnicodeDecodeError:
        raise safe_open.damaged(path, None, "is not UTF-8", "save it as UTF-8") from None


def digests(folder: Folder) -> dict[str, str]:
    """Give the SHA-256 of each file of what was accepted, in hex, by its name.

    Raises :class:`ListError` where one cannot be read.
    """
    found: dict[str, str] = {}
    for path in safe_open.files_in(folder.accepted, ".toml"):
        if (content := safe_open.read_file(path, _RESTORE)) is not None:
            found[path.name] = hashlib.sha256(content).hexdigest()
    return found


def lost_files(folder: Folder, known: Mapping[str, str]) -> list[Fault]:
    """Word which files are gone, of those with these digests that the snapshot was made of.

    One that was emptied was emptied on purpose, and may go. Raises :class:`ListError`.
    """
    here = digests(folder)
    message = (
        "is gone, and the snapshot in force was made of it; restore it from a backup, or put an "
        "empty file in its place, which says that what was accepted there may go"
    )
    return [
        Fault(str(folder.accepted / name), None, None, message)
        for name, digest in sorted(known.items())
        if name not in here and digest != _EMPTY
    ]


def add(folder: Folder, acceptance: Acceptance) -> None:
    """Add to the entities file, durably; the directory is held.

    Raises :class:`ListError` where the file as it stands cannot be read, and ``OSError``.
    """
    before = read_text(folder)
    gap = "" if not before else "\n" if before.endswith("\n") else "\n\n"
    files.replace(path_of(folder), f"{before}{gap}{_table(acceptance)}".encode())


def restore(folder: Folder, text: str) -> None:
    """Make the entities file what it was, an empty text: none; the directory is held.

    Raises ``OSError``.
    """
    if text:
        files.replace(path_of(folder), text.encode())
    else:
        path_of(folder).unlink(missing_ok=True)


def reject(folder: Folder, rejection: Rejection) -> None:
    """Remember a no, durably; the directory is held. Raises ``OSError``."""
    said = {**asdict(rejection), "on": rejection.on.isoformat()}
    line = json.dumps(said, ensure_ascii=False).encode("utf-8")
    files.append(rejections_of(folder), line)


def rejected(folder: Folder) -> dict[str, Rejection]:
    """Give all rejections by the proposal's id; the latest counts. Raises :class:`ListError`."""
    path = rejections_of(folder)
    content = safe_open.read_file(path, "move it away, and they are proposed again") or b""
    # Whose line was torn is asked again.
    found = safe_open.records(path, content, _rejection, "take the line out")
    return {each.id: each for each in found}


def _rejection(line: bytes) -> Rejection:
    said = json.loads(line)
    texts: dict[str, Any] = {key: safe_open.parse_text(value) for key, value in said.items()}
    return Rejection(**{**texts, "on": date.fromisoformat(said["on"])})


def _table(acceptance: Acceptance) -> str:
    return (
        "[[addition]]\n"
        f"entity = {_quoted(acceptance.entity)}\n"
        "  [[addition.domain]]\n"
        f"  name = {_quoted(acceptance.domain)}\n"
        f"  source = {_quoted(acceptance.source)}\n"
        f"  reviewer = {_quoted(acceptance.by)}\n"
        f"  reviewed_on = {acceptance.on.isoformat()}\n"
    )


def _quoted(text: str) -> str:
    """A basic string of TOML 1.0: its escapes are JSON's, but that it asks for one of DEL too."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
