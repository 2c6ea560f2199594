"""Checks of the machine: what a configuration needs of it, asked by ``config check`` alone.

None of this keeps ``serve`` from starting: a disk may be mounted late, and mail has to flow.
"""

from __future__ import annotations

import os
import pwd
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import TYPE_CHECKING

from gateway.config import certificate, departments

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.config.settings import Config
    from gateway.errors import Fault

_REMEDY = "give it to the gateway's user, and run this check as that user"


def machine_faults(config: Config) -> Iterator[Fault]:
    """Tell which files and folders are missing, or can't be used by the user who asks."""
    for key, path in (
        ("ledger.path", config.ledger.path),
        ("ledger.emergency_journal", config.ledger.emergency_journal),
    ):
        if (wrong := _file_to_write(path)) is not None:
            yield config.fault(key, wrong)
    if (wrong := _folder_to_read(config.policies.directory)) is not None:
        yield config.fault("policies.directory", wrong)
    lists = config.lists.directory
    # The first import makes this folder; until then there is nothing to read.
    wrong = _folder_to_read(lists) or _folder_to_write(lists)
    if _mode(lists) is not None and wrong is not None:
        yield config.fault("lists.directory", wrong)
    for key, endpoints in (
        ("relay.listen", config.relay.listen),
        ("relay.listen_tls", config.relay.listen_tls),
    ):
        for endpoint in endpoints:
            if endpoint.path is None:
                continue
            if (wrong := _folder_to_write(Path(endpoint.path).parent)) is not None:
                yield config.fault(key, f"{endpoint}: {wrong}")
    yield from certificate.faults(config)
    yield from departments.faults(config)


def _file_to_write(path: Path) -> str | None:
    mode = _mode(path)
    if mode is None:
        return _folder_to_write(path.parent)
    if mode and not S_ISREG(mode):
        return f"{path} is not a file"
    if not _may(path, os.R_OK | os.W_OK):
        return f"{path} can't be read and written by {_user()}; {_REMEDY}"
    return _folder_to_write(path.parent)


def _folder_to_write(folder: Path) -> str | None:
    mode = _mode(folder)
    if mode is None:
        return f"the folder {folder} does not exist; create it for the gateway's user"
    if mode and not S_ISDIR(mode):
        return f"{folder} is not a folder"
    if not _may(folder, os.W_OK | os.X_OK):
        return f"the folder {folder} can't be written by {_user()}; {_REMEDY}"
    return None


def _folder_to_read(folder: Path) -> str | None:
    mode = _mode(folder)
    if mode is None:
        return f"the folder {folder} does not exist"
    if mode and not S_ISDIR(mode):
        return f"{folder} is not a folder"
    if not _may(folder, os.R_OK | os.X_OK):
        return f"the folder {folder} can't be read by {_user()}; {_REMEDY}"
    return None


def _mode(path: Path) -> int | None:
    """Give the mode of what is there; 0 where it can't be looked at, ``None`` for nothing."""
    try:
        return path.stat().st_mode
    except PermissionError:
        return 0
    except OSError:
        return None


def _may(path: Path, mode: int) -> bool:
    # As the user whose rights count when files are opened, not the one who signed in.
    return os.access(path, mode, effective_ids=True)


def _user() -> str:
    uid = os.geteuid()
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
