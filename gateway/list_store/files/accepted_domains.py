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
from gateway.list_store.files import paths as files
from gateway.list_store.files import safe_open

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gateway.list_store.files.paths import Folder

_RESTORE = "move it away, or restore it from a backup"
_EMPTY = hashlib.sha256(b"").hexdigest()


@dataclass(frozen=True, slots=True)
class Acceptance:
    """A person's yes: this domain is that entity's, for the reasons that ``source`` names."""

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
    """The entities file as it stands; an empty text where there is none.

    Raises :class:`ListError`.
    """
    path = path_of(folder)
    content = safe_open.content(path, _RESTORE)
    try:
        return (content or b"").decode("utf-8")
    except UnicodeDecodeError:
        raise safe_open.damaged(path, None, "is not UTF-8", "save it as UTF-8") from None


def digests(folder: Folder) -> dict[str, str]:
    """Give the SHA-256 of each file of what was accepted, by name. Raises :class:`ListError`."""
    found: dict[str, str] = {}
    for path in safe_open.listing(folder.accepted, ".toml"):
        if (content := safe_open.content(path, _RESTORE)) is not None:
            found[path.name] = hashlib.sha256(content).hexdigest()
    return found


def lost(folder: Folder, known: Mapping[str, str]) -> list[Fault]:
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
    """Add to the entities file, durably; the directory is held. Raises ``OSError``."""
    before = read_text(folder)
    gap = "" if not before else "\n" if before.endswith("\n") else "\n\n"
    files.replace(path_of(folder), f"{before}{gap}{_table(acceptance)}".encode())


def put_back(folder: Folder, text: str) -> None:
    """Make the entities file what it was; the directory is held."""
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
    content = safe_open.content(path, "move it away, and they are proposed again") or b""
    lines = content.splitlines()
    found: dict[str, Rejection] = {}
    for number, line in enumerate(lines, 1):
        try:
            said = json.loads(line)
            texts: dict[str, Any] = {key: safe_open.text(value) for key, value in said.items()}
            each = Rejection(**{**texts, "on": date.fromisoformat(said["on"])})
            found[each.id] = each
        except safe_open.MALFORMED:
            # The last line may be torn by a crash; the person is asked again.
            if number < len(lines) or content.endswith(b"\n"):
                remedy = "take the line out"
                raise safe_open.damaged(path, number, "is damaged", remedy) from None
    return found


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
