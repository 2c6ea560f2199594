"""Postfix's test programs: ``smtp-source`` sends, ``smtp-sink`` takes and counts."""

from __future__ import annotations

import subprocess
import time
from typing import TYPE_CHECKING

from benchmarks.host import child
from benchmarks.host.child import BenchmarkError

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.report.column import Column

SENDER = "alice@example.edu"
SEND_SECONDS = 300


def missing() -> str | None:
    """Say why nothing can be sent on this machine; ``None`` where it can."""
    absent = [name for name in ("smtp-source", "smtp-sink") if child.find(name) is None]
    return (
        f"{' and '.join(absent)} not found: install Postfix (package postfix)" if absent else None
    )


def send(column: Column, content: Path, recipient: str, messages: int, port: int) -> float:
    """Send so many messages in the column's way; gives the seconds that it took.

    Every recipient has a local part of its own, as ``smtp-source -N`` makes them. A reply other
    than the expected is a :class:`BenchmarkError`, and so is taking over :data:`SEND_SECONDS`.
    """
    program = child.find("smtp-source")
    assert program is not None
    command = [
        program,
        "-N",
        "-s",
        str(column.sessions),
        "-m",
        str(messages),
        "-M",
        "mail.example.edu",
    ]
    command += ["-F", str(content), "-f", SENDER, "-t", recipient]
    command += ["-d"] if column.is_kept else []
    began = time.perf_counter()
    try:
        done = subprocess.run(
            [*child.die_with_parent(), *command, f"127.0.0.1:{port}"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SEND_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise BenchmarkError(f"{messages} messages took over {SEND_SECONDS} seconds") from None
    took = time.perf_counter() - began
    if done.returncode:
        raise BenchmarkError(f"smtp-source ended with {done.returncode}: {done.stderr.strip()}")
    return took


def sink(port: int) -> list[str]:
    """Give the command of a next hop that takes everything and throws it away."""
    program = child.find("smtp-sink")
    assert program is not None
    return [program, "-c", "-m", "1000", f"127.0.0.1:{port}", "1000"]


def arrived(log: Path) -> int:
    """Count the messages that a sink has taken so far, by the last count in its log."""
    counts = log.read_text("ascii", "replace").rpartition("mesg=")[2].split()
    return int(counts[0]) if counts else 0
