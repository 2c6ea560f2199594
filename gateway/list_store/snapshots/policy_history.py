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
import json
import re
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Any

from gateway.errors import Fault, FaultyFile, ListError
from gateway.list_store.files import lists_directory as files
from gateway.list_store.files import safe_open
from gateway.list_store.snapshots import policy_edition

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from gateway.list_store.files.lists_directory import Folder
    from gateway.list_store.snapshots.policy_edition import Edition

_LOST = "what was decided by it cannot be given again, but from a backup"
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class EditionActivation:
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
    is_kept = safe_open.is_whole(content, path)
    if not is_kept:
        _check(made, path)
    with folder.locked():
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


def load(folder: Folder, policy: str, texts: str | None = None) -> Edition:
    """Open an edition by the digest of its rules, of which ``texts`` chooses one with such letters.

    Raises :class:`ListError`: none is kept here, or it is not what its name says.
    """
    if not _DIGEST.match(policy):
        raise _gone(folder, f"{policy}: is no digest of a policy (sha256: and 64 hex digits)")
    named = f"{policy.replace(':', '-')}."
    paths = [
        path
        for path in safe_open.files_in(folder.policies, ".gz")
        if path.name.startswith(named) and path.name.count(".") == 2
    ]
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


def activations(folder: Folder) -> list[EditionActivation]:
    """Give every change of the edition in force, the first one first. Raises :class:`ListError`."""
    path = folder.policies_history
    said = safe_open.read_file(path, "move it away, and the next change begins another") or b""
    # An edition whose line was torn is kept under its name.
    remedy = "take the line out, the policies are kept apart from it"
    return safe_open.records(path, said, _term, remedy)


def texts_at(folder: Folder, policy: str, at: datetime) -> str | None:
    """Give the digest of the notice texts by which one wrote at a time; ``None``: not known.

    For events that do not bear it. Raises :class:`ListError`.
    """
    before = [each for each in activations(folder) if each.policy == policy and each.at <= at]
    return before[-1].texts if before else None


def _opened(path: Path, policy: str) -> Edition:
    written = content(path)
    try:
        found = policy_edition.parse(written)
    except safe_open.MALFORMED as error:
        what = f"was written by another version of Monition ({safe_open.reason_of(error)})"
        raise safe_open.damaged(path, None, what, _LOST) from None
    if found.policy != policy:
        raise safe_open.damaged(path, None, "does not hold what its name says", _LOST)
    return found


def content(path: Path, remedy: str = _LOST) -> bytes:
    """Read what an edition holds. Raises :class:`ListError`: it is gone, or not what it says."""
    found = safe_open.read_gzip_file(path, remedy, policy_edition.LARGEST)
    # Before anything in it is believed.
    if path.name.split(".")[1:2] != [hashlib.sha256(found).hexdigest()]:
        raise safe_open.damaged(path, None, "does not hold what its name says", remedy)
    return found


def _last_file(folder: Folder) -> str | None:
    try:
        known = activations(folder)
    except ListError:
        return None
    return known[-1].file if known else None


def _term(line: bytes) -> EditionActivation:
    said: dict[str, Any] = json.loads(line)
    policy, texts, file = (safe_open.parse_text(said[key]) for key in ("policy", "texts", "file"))
    if not safe_open.is_own_name(file):
        raise ValueError("no name of an edition where one should be")
    return EditionActivation(safe_open.parse_time(said["at"]), policy, texts, file)


def _gone(folder: Folder, what: str) -> ListError:
    return ListError([Fault(str(folder.policies), None, None, what)])
