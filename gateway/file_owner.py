"""Whose a new file is: what root makes in another's folder is given to that folder's owner.

Else `monition serve`, run once as root, would leave a ledger and lists that the service's own user
can neither read nor write.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def follow_folder(made: int | Path, folder: Path) -> None:
    """Give a file or folder just made to the owner and group of the folder it was made in.

    ``made`` is a descriptor or a path, which is not followed where it is a link. Only root can, and
    only root need; where it cannot, on a share that knows no owners, all stays as it is.
    """
    if os.geteuid() != 0:
        return
    with contextlib.suppress(OSError):
        whose = folder.stat()
        if whose.st_uid == 0:
            return
        if isinstance(made, int):
            os.fchown(made, whose.st_uid, whose.st_gid)
        else:
            os.chown(made, whose.st_uid, whose.st_gid, follow_symlinks=False)
