"""How long the disk takes to make something last: what a durable message waits for."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

WRITES = 100
BYTES = 8192
"""About what one transaction of the ledger adds to SQLite's write-ahead log."""


def sync_seconds(directory: Path, writes: int = WRITES) -> list[float]:
    """Append to a file and wait for the disk, so many times; give each wait, in seconds.

    ``fdatasync``, as SQLite waits for its log.
    """
    file, waits = directory / "synced", []
    with file.open("wb", buffering=0) as out:
        for _ in range(writes):
            out.write(b"x" * BYTES)
            began = time.perf_counter()
            os.fdatasync(out.fileno())
            waits.append(time.perf_counter() - began)
    file.unlink()
    return waits
