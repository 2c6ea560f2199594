"""All that is kept for good: whether each snapshot and each edition that was in force is whole.

An old verdict is given again by them (behaviour A5), perhaps years later: that one is damaged is
better known while there is still a backup of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.errors import ListError
from gateway.list_store.files import safe_open
from gateway.list_store.snapshots import policy_history, snapshot_history

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from gateway.errors import Fault
    from gateway.list_store.files.lists_directory import Folder

READ_WHOLE = 32
"""Of each kind, how many of the latest are read whole; of older ones it is seen that they begin."""

_MAGIC = b"\x1f\x8b"  # RFC 1952, section 2.3.1


def damaged_snapshots(folder: Folder, but: str | None = None) -> Iterator[Fault]:
    """Tell what is wrong with the snapshots that the history names, but that of digest ``but``."""
    digests = dict.fromkeys(
        activation.digest for activation in reversed(snapshot_history.readable_activations(folder))
    )
    paths = [snapshot_history.path_of(folder, digest) for digest in digests if digest != but]
    yield from _faults(paths, snapshot_history.content, folder.history)


def damaged_editions(folder: Folder) -> Iterator[Fault]:
    """Tell what is wrong with the editions of the policies that their history names."""
    try:
        files = dict.fromkeys(
            activation.file for activation in reversed(policy_history.activations(folder))
        )
    except ListError:
        return  # that is told where the history itself is looked at
    paths = [folder.policies / name for name in files]
    yield from _faults(paths, policy_history.content, folder.policies_history)


def _faults(
    paths: list[Path], read: Callable[[Path, str], bytes], named_in: Path
) -> Iterator[Fault]:
    remedy = (
        f"restore it from a backup, or take its line out of {named_in.name}: what was decided by "
        "it can then not be given again"
    )
    for number, path in enumerate(paths):
        try:
            if number < READ_WHOLE:
                read(path, remedy)
            else:
                _begin(path, remedy)
        except ListError as error:
            yield from error.faults


def _begin(path: Path, remedy: str) -> None:
    try:
        with safe_open.open_file(path, remedy) as stream:
            is_one = stream.read(len(_MAGIC)) == _MAGIC
    except FileNotFoundError:
        raise safe_open.damaged(path, None, "is gone", remedy) from None
    if not is_one:
        raise safe_open.damaged(path, None, "does not hold what its name says", remedy)
