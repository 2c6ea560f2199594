"""How fresh the lists are: whether others came into force, and how old each of them is."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from gateway.errors import ListError
from gateway.list_store import list_status
from gateway.list_store.files import imported_source
from gateway.list_store.files.lists_directory import Folder
from gateway.list_store.snapshots import snapshot_history

if TYPE_CHECKING:
    from datetime import datetime

    from gateway.config import Config
    from gateway.metrics import Metrics

SEARCH_SECONDS = 2
"""How often it is looked whether another snapshot is in force: a ``stat`` of one file."""

MEASURE_SECONDS = 10
"""How often the ages are measured."""

NOT_FETCHED = "policies"
"""Among ``lists.sources`` what people wrote, which has no age."""


class NewerSnapshot:
    """Notices that another snapshot was put in force: an import or an update did it."""

    def __init__(self, config: Config) -> None:
        self._folder = Folder(config.lists.directory)
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


def measure(config: Config, metrics: Metrics, now: datetime) -> None:
    """Set the age of each list that is configured or was imported, and whether it was refused.

    In seconds before ``now``, an aware time. One that is configured and was never taken, or cannot
    be read, is infinitely old: an alert on age then holds for it too.
    """
    folder = Folder(config.lists.directory)
    names = {*_tried(folder), *config.lists.sources} - {NOT_FETCHED}
    for gauge in (metrics.list_age, metrics.list_refused):
        known = {sample.labels["source"] for family in gauge.collect() for sample in family.samples}
        for name in known - names:
            gauge.remove(name)
    for name in names:
        metrics.list_age.labels(name).set(_age(folder, name, now))
        metrics.list_refused.labels(name).set(_is_refused(folder, name))


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
