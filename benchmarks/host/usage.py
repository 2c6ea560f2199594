"""What a process has used, as the Linux kernel counts it."""

from __future__ import annotations

import contextlib
import os
import resource
import time
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")
_SCHEDULER_CLOCK = 2  # CPUCLOCK_SCHED in linux/posix-timers.h: user + system, in nanoseconds


def tree(pid: int) -> list[int]:
    """Give the ids of a process and all below it."""
    found = [pid]
    for parent in found:
        for thread in _threads(parent):
            with contextlib.suppress(OSError):
                found += map(int, (thread / "children").read_text().split())
    return found


def _threads(pid: int) -> list[Path]:
    with contextlib.suppress(OSError):
        return list(Path(f"/proc/{pid}/task").iterdir())
    return []


def cpu_seconds(pid: int) -> float:
    """Sum up user and system time of a process, its threads and children, ended ones included.

    Read from the process's CPU clock, which counts nanoseconds; /proc/PID/stat counts
    hundredths of a second, too coarse for a second's work. Only children that have ended
    are taken from there.
    """
    return sum(time.clock_gettime(_clock(each)) + _reaped(each) for each in tree(pid))


def _clock(pid: int) -> int:
    # What clock_getcpuclockid(3) computes: MAKE_PROCESS_CPUCLOCK of the same header.
    return (~pid << 3) | _SCHEDULER_CLOCK


def _reaped(pid: int) -> float:
    # The name in field 2 may hold spaces; cutime and cstime are fields 16 and 17 (proc(5)).
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[13]) + int(fields[14])) / _TICK


def rest(pid: int, *, seconds: float = 2) -> None:
    """Wait until the process has nothing left to do, so that its tail is counted as its own.

    For ``seconds`` at most.
    """
    until, before = time.monotonic() + seconds, cpu_seconds(pid)
    while time.monotonic() < until:
        time.sleep(0.05)
        now = cpu_seconds(pid)
        if now - before < 0.001:
            return
        before = now


def forget_peak(pid: int) -> None:
    """Let the highest resident memory begin anew at what it is now (proc(5), clear_refs)."""
    for each in tree(pid):
        Path(f"/proc/{each}/clear_refs").write_text("5")


def resident_bytes(pid: int, *, peak: bool) -> int:
    """Sum up the resident memory of a process and its children, now or at its highest."""
    field = "VmHWM:" if peak else "VmRSS:"
    total = 0
    for each in tree(pid):
        for line in Path(f"/proc/{each}/status").read_text().splitlines():
            if line.startswith(field):
                total += int(line.split()[1]) * 1024
    return total


def our_seconds() -> float:
    """Give the CPU time of this script and of its programs that have ended."""
    return sum(
        used.ru_utime + used.ru_stime
        for used in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def machine_seconds() -> float:
    """Give the CPU time that the machine has spent on work since it started, as proc(5) tells.

    What a hypervisor gave to other machines counts as well: it was not there for us.
    """
    fields = Path("/proc/stat").read_text().splitlines()[0].split()[1:]
    user, nice, system, _idle, _iowait, irq, softirq, stolen, *_ = map(int, fields)
    return (user + nice + system + irq + softirq + stolen) / _TICK
