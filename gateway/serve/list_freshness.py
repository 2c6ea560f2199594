"""How fresh the lists are: whether others came into force, and how old each of them is."""

from __future__ import annotations

import contextlib
import os
from math import inf
from typing import TYPE_CHECKING

from gateway.errors import ListError
from gateway.list_store import list_status
from gateway.list_store.files import imported_source, last_in_force
from gateway.list_store.files.lists_directory import Folder
from gateway.list_store.snapshots import build_snapshot, coverage, snapshot_history

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from gateway.config import Config
    from gateway.metrics import Metrics

SEARCH_SECONDS = 2
"""How often the lists directory is looked at: the names in it, and one file."""

MEASURE_SECONDS = 10
"""How often the ages are measured."""

RETRY_SECONDS = 60
"""How often lists with which something is wrong are tried again where nothing seems changed."""

NOT_FETCHED = "policies"
"""Among ``lists.sources`` what people wrote, which has no age."""


class NewerSnapshot:
    """Notices that another snapshot was put in force: an import or an update did it."""

    def __init__(self, config: Config) -> None:
        self._folder = Folder.of(config)
        self._seen: tuple[int, int] | None = None
        self._asked_for = ""

    def is_in_force(self, served: str) -> bool:
        """Whether one has come into force since this was last asked, and is not ``served``.

        ``served`` is a digest. Never twice in a row for the same one: what was loaded instead of it
        the first time would be loaded again. Two gateways that share a lists directory and not
        their policies would otherwise take turns for ever.
        """
        try:
            found = self._folder.current.stat()
        except OSError:
            return False
        # A file that is replaced has another inode, unless the old one was free again already.
        seen = (found.st_ino, found.st_mtime_ns)
        if seen == self._seen:
            return False
        self._seen = seen
        activation = snapshot_history.current(self._folder)
        if activation is None or activation.digest in {served, self._asked_for}:
            return False
        self._asked_for = activation.digest
        return True


class ListsWatch:
    """Notices that the lists directory is not what it was when it was last looked at.

    Another snapshot was put in force (:class:`NewerSnapshot`); or files were changed, taken away or
    closed by something else; or, while something is wrong, a person said that it may be so.
    """

    def __init__(self, config: Config) -> None:
        self._policies = config.policies.directory
        self._folder = Folder.of(config)
        self._newer = NewerSnapshot(config)
        self._seen = self._look()
        self._word = self._last_word()
        self._tried_at = float("-inf")

    def has_changed(self, served: str, faults: Sequence[str], now: float) -> bool:
        """Whether the lists are to be loaded again. Costs a few looks at names; never raises.

        ``served`` is the digest in force, ``faults`` what is known to be wrong, ``now`` monotonic
        seconds: what is wrong and mends without a trace is tried again every minute.
        """
        newer = self._newer.is_in_force(served)
        seen, word = self._look(), self._last_word()
        changed = seen != self._seen or (bool(faults) and word != self._word)
        self._seen, self._word = seen, word
        if newer:
            return True
        if faults and (changed or now - self._tried_at >= RETRY_SECONDS):
            self._tried_at = now
            return changed or tuple(map(str, coverage.faults(self._folder))) != tuple(faults)
        return changed and not self._is_as_served(served)

    def _is_as_served(self, served: str) -> bool:
        """Whether the files still ask for what is served: an import may change none of it."""
        activation = snapshot_history.current(self._folder)
        if activation is None or activation.digest != served or coverage.faults(self._folder):
            return False
        try:
            return activation.inputs == build_snapshot.inputs_digest(self._policies, self._folder)
        except (ListError, OSError):
            return False

    def _look(self) -> tuple[object, ...]:
        folder = self._folder
        lists = ((folder.sources, ".jsonl"), (folder.accepted, ".toml"))
        places = (folder.path, folder.snapshots, folder.policies)
        return (*map(_place, places), *(_files(path, suffix) for path, suffix in lists))

    def _last_word(self) -> object:
        record = self._folder.record
        return None if record is None else _place(last_in_force.path_of(record), as_file=True)


def _place(path: Path, *, as_file: bool = False) -> tuple[int, ...]:
    """What of a directory says whether it is the same, and open to us; or of a file."""
    try:
        found = path.stat()
        if as_file:
            return found.st_ino, found.st_mtime_ns, found.st_size
        os.scandir(path).close()
    except OSError as error:
        return (error.errno or 0,)
    return found.st_dev, found.st_ino, found.st_uid, found.st_mode


def _files(path: Path, suffix: str) -> tuple[object, ...]:
    found: list[object] = [_place(path)]
    with contextlib.suppress(OSError), os.scandir(path) as entries:
        for each in entries:
            if each.name.endswith(suffix) and not each.name.startswith("."):
                seen = each.stat()
                inode, changed = seen.st_ino, seen.st_mtime_ns
                found.append((each.name, inode, changed, seen.st_size, seen.st_uid, seen.st_mode))
    return tuple(sorted(found, key=repr))


def measure(config: Config, metrics: Metrics, now: datetime) -> None:
    """Set the age of each list that is configured or was imported, and whether it was refused.

    In seconds before ``now``, an aware time. One that is configured and was never taken, or cannot
    be read, is infinitely old: an alert on age then holds for it too.
    """
    folder = Folder.of(config)
    names = {*_tried(folder), *config.lists.sources} - {NOT_FETCHED}
    for gauge in (metrics.list_age, metrics.list_refused):
        known = {sample.labels["source"] for family in gauge.collect() for sample in family.samples}
        for name in known - names:
            gauge.remove(name)
    for name in names:
        metrics.list_age.labels(name).set(_age(folder, name, now))
        metrics.list_refused.labels(name).set(_is_refused(folder, name))


def measure_in_force(metrics: Metrics, institutions: int, faults: Sequence[str]) -> None:
    """Set how many institutions are looked for, and whether the lists could not be taken."""
    metrics.institutions_in_force.set(institutions)
    metrics.lists_unreadable.set(bool(faults))


def _tried(folder: Folder) -> set[str]:
    try:
        return list_status.tried_sources(folder)
    except (ListError, OSError):
        return set()  # it cannot be read; when the lists were loaded, that was told


def _is_refused(folder: Folder, name: str) -> bool:
    try:
        return folder.refusal(name).exists()
    except OSError:
        return False


def _age(folder: Folder, name: str, now: datetime) -> float:
    try:
        header = imported_source.read_header(folder, name)
    except (ListError, OSError):
        return inf
    return (now - header.checked_at).total_seconds() if header else inf
