"""The machine and the programs that a result was taken with."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import subprocess
from pathlib import Path


def facts(directory: Path) -> dict[str, str | int]:
    """Gather what two results are set side by side with; ``directory`` holds the ledgers."""
    return {
        "commit": _commit(),
        "processors": processors(),
        "processor": _processor(),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "uvloop": importlib.metadata.version("uvloop"),
        "ledger_file_system": file_system(directory),
    }


def _commit() -> str:
    """The state of the source tree; ``-dirty`` with changes that no commit has."""
    try:
        told = subprocess.run(
            ["git", "describe", "--always", "--dirty"],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return told.stdout.strip()


def processors() -> int:
    """Count the processors that this script may use."""
    return len(os.sched_getaffinity(0))


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def file_system(directory: Path) -> str:
    """Name the kind of file system that the folder lies on: a tmpfs knows no fsync."""
    kind, longest = "unknown", -1
    for line in Path("/proc/self/mountinfo").read_text("utf-8", "replace").splitlines():
        here, _, there = line.partition(" - ")
        point = here.split()[4]
        if directory.resolve().is_relative_to(point) and len(point) > longest:
            kind, longest = there.split()[0], len(point)
    return kind


def load() -> str:
    """Give the load averages over one, five and fifteen minutes, as the table shows them."""
    return " ".join(f"{each:.2f}" for each in os.getloadavg())
