"""The policies that were in force, each edition kept for good, and which one was in force when.

::

    policies/sha256-POLICY.CONTENT.gz    an edition: the digest of its rules, and of its content
    policies.jsonl                       a line for every change: when, and which

Several editions may have the same rules and other entities or letters. Nothing here is ever taken
away: an old event is judged again by it (behaviour A5).
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zlib import error as ZlibError

from gateway import __version__
from gateway.archive import edition
from gateway.archive import folder as files
from gateway.errors import Fault, FaultyFile, ListError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gateway.archive.edition import Edition
    from gateway.archive.folder import Folder

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Term:
    """An edition came into force: when, by its digests, and the file that it is kept in."""

    at: datetime
    policy: str
    texts: str
    file: str


def path_of(folder: Folder, kept: Edition) -> Path:
    """Where an edition lies, or would."""
    content = hashlib.sha256(kept.content).hexdigest()
    return folder.policies / f"{kept.policy.replace(':', '-')}.{content}.gz"


def keep(folder: Folder, made: Edition, at: datetime) -> Path:
    """Keep an edition for good, and write down that it is in force from now on.

    What is kept already is not written again. Raises :class:`ListError` where the files are no
    longer those that the rules were loaded from, and ``OSError`` where it cannot be kept.
    """
    path = path_of(folder, made)
    is_kept = _holds_what_it_says(path)
    if not is_kept:
        _check(made, path)
    with folder.held():
        if not is_kept:
            # No time within: the same edition gives the same file.
            files.replace(path, gzip.compress(made.content, 6, mtime=0))
        if _last_file(folder) != path.name:
            said = {
                "at": at.astimezone(UTC).isoformat(timespec="seconds"),
                "policy": made.policy,
                "texts": made.texts,
                "file": path.name,
            }
            files.append(folder.policies_history, json.dumps(said).encode("ascii"))
    return path


def _check(made: Edition, path: Path) -> None:
    try:
        is_same = made.is_what_it_says()
    except FaultyFile as error:
        raise ListError(error.faults) from None
    if not is_same:
        message = "the policies were changed while they were read; the next reload keeps them"
        raise ListError([Fault(str(path.parent), None, None, message)])


def open_kept(folder: Folder, policy: str, texts: str | None = None) -> Edition:
    """Open an edition by the digest of its rules, of which ``texts`` chooses one with such letters.

    Raises :class:`ListError`: none is kept here, or it is not what its name says.
    """
    if not _DIGEST.match(policy):
        raise _gone(folder, f"{policy}: is no digest of a policy (sha256: and 64 hex digits)")
    paths = sorted(folder.policies.glob(f"{policy.replace(':', '-')}.*.gz"))
    if not paths:
        raise _gone(folder, f"{policy}: no such policy is kept here")
    faults: list[Fault] = []
    whole: list[Edition] = []
    for path in paths:
        try:
            found = _opened(path, policy)
        except ListError as error:
            faults += error.faults
            continue
        if texts in (None, found.texts):
            return found
        whole.append(found)
    if not whole:
        raise ListError(faults)
    raise _gone(folder, f"{texts}: no such notice texts are kept here with policy {policy}")


def terms(folder: Folder) -> list[Term]:
    """Give every change of the edition in force, the first one first. Raises :class:`ListError`."""
    path = folder.policies_history
    try:
        lines = path.read_bytes().splitlines()
    except FileNotFoundError:
        return []
    except OSError as error:
        message = f"cannot be read: {error.strerror or error}"
        raise ListError([Fault(str(path), None, None, message)]) from None
    found = []
    for number, line in enumerate(lines, 1):
        try:
            found.append(_term(line))
        except (ValueError, KeyError, TypeError, RecursionError):
            # The last line may be torn by a crash; the edition itself is kept under its name.
            if number < len(lines):
                message = "is damaged; take the line out, the policies are kept apart from it"
                raise ListError([Fault(str(path), number, None, message)]) from None
    return found


def texts_at(folder: Folder, policy: str, at: datetime) -> str | None:
    """Give the digest of the notice texts by which one wrote at a time; ``None``: not known.

    For events that do not bear it. Raises :class:`ListError`.
    """
    before = [each for each in terms(folder) if each.policy == policy and each.at <= at]
    return before[-1].texts if before else None


def _opened(path: Path, policy: str) -> Edition:
    content = _content(path)
    try:
        found = edition.parsed(content)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _unusable(path, f"was written by another version of Monition ({error})") from None
    if found.policy != policy:
        raise _unusable(path, "does not hold what its name says")
    return found


def _content(path: Path) -> bytes:
    try:
        with gzip.open(io.BytesIO(path.read_bytes())) as stream:
            content = stream.read(edition.LARGEST + 1)
    except (OSError, EOFError, ZlibError) as error:
        raise _unusable(path, f"cannot be read ({error})") from None
    # Before anything in it is believed.
    if path.name.split(".")[1] != hashlib.sha256(content).hexdigest():
        raise _unusable(path, "does not hold what its name says")
    return content


def _holds_what_it_says(path: Path) -> bool:
    try:
        _content(path)
    except ListError:
        return False
    return True


def _last_file(folder: Folder) -> str | None:
    try:
        known = terms(folder)
    except ListError:
        return None
    return known[-1].file if known else None


def _term(line: bytes) -> Term:
    said: dict[str, Any] = json.loads(line)
    return Term(
        datetime.fromisoformat(said["at"]), str(said["policy"]), str(said["texts"]), said["file"]
    )


def _gone(folder: Folder, what: str) -> ListError:
    return ListError([Fault(str(folder.policies), None, None, what)])


def _unusable(path: Path, what: str) -> ListError:
    return ListError([Fault(str(path), None, None, what)])
