"""No core dumps: a process's memory holds mail that nobody was found in (behaviour O15)."""

from __future__ import annotations

import contextlib
import ctypes
import resource

_PR_SET_DUMPABLE = 4  # prctl(2)


def forbid_core_dumps() -> bool:
    """Leave no core of this process, nor of those forked from it; whether the kernel agreed.

    The limit keeps the kernel from writing a file. Where it hands cores to a program
    (``|`` in ``/proc/sys/kernel/core_pattern``, core(5)) that limit does not count, and the process
    must not be dumpable at all: then nobody but root may look into it by ``/proc`` either.
    """
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        is_off = libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) == 0
    except (OSError, AttributeError):
        return False  # no Linux
    return is_off and resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)
