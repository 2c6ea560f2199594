"""Orders to the sender, which runs as a process of its own."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

from benchmarks.host import child
from benchmarks.host.child import BenchmarkError
from benchmarks.traffic.order import Order, Sent

if TYPE_CHECKING:
    from collections.abc import Iterator

SECONDS = 300


def done(order: Order) -> Sent:
    """Have it sent, and wait until it is; raises as :func:`ended`."""
    with begun(order) as process:
        return ended(process)


@contextlib.contextmanager
def begun(order: Order) -> Iterator[subprocess.Popen[str]]:
    """Have it sent while the block runs; who leaves it before the end breaks it off."""
    process = subprocess.Popen(
        [*child.die_with_parent(), sys.executable, "-m", "benchmarks.traffic.sender"],
        cwd=child.ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdin is not None
        process.stdin.write(json.dumps(asdict(order)))
        # Its end is what the sender waits for; communicate() finds nothing left to write.
        process.stdin.close()
        process.stdin = None
        yield process
    finally:
        process.kill()
        process.communicate()


def ended(process: subprocess.Popen[str]) -> Sent:
    """Wait for the sender; what it tells, or ``BenchmarkError`` with what went wrong."""
    try:
        out, said = process.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        raise BenchmarkError(f"sending took over {SECONDS} seconds") from None
    if process.returncode:
        last = said.strip().splitlines() or [f"the sender ended with {process.returncode}"]
        raise BenchmarkError(last[-1])
    return Sent(**json.loads(out))
