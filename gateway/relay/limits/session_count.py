"""How many clients are here, in all workers together: without a lock, without a system call.

Each worker has a place of its own in memory that all of them share, writes to no other, and adds
up all of them. That memory is made before the workers are forked.
"""

from __future__ import annotations

import mmap

_WIDTH = 4  # bytes of a C unsigned int, on every platform that has fork


class SharedCounter:
    """One number in as many parts as there are workers."""

    __slots__ = ("_parts", "_place")

    def __init__(self, workers: int) -> None:
        # Without a file, and shared: whoever is forked from us reads and writes the same page.
        self._parts = memoryview(mmap.mmap(-1, workers * _WIDTH)).cast("I")
        self._place = 0

    @property
    def total(self) -> int:
        """In all workers."""
        return sum(self._parts)

    def enter(self, limit: int) -> bool:
        """Count one more, unless that makes more than ``limit`` of them in all workers."""
        # Counted before it is asked: two workers with one place left may both say no, but never
        # both say yes. Whoever was turned away for nothing tries again.
        self._parts[self._place] += 1
        if sum(self._parts) <= limit:
            return True
        self._parts[self._place] -= 1
        return False

    def leave(self) -> None:
        """Count one less."""
        self._parts[self._place] -= 1

    def become_worker(self, number: int) -> None:
        """From now on this process is worker ``number``, from 1; whoever was it before is dead."""
        self._place = number - 1
        self._parts[self._place] = 0

    def clear(self, number: int) -> None:
        """Forget what worker ``number`` counted: it is dead, and its connections with it."""
        self._parts[number - 1] = 0


class SessionCount:
    """The clients of ``workers`` processes, each of which says which it is by `become_worker`."""

    __slots__ = ("sessions", "waiting", "workers")

    def __init__(self, workers: int = 1) -> None:
        self.workers = workers
        self.sessions = SharedCounter(workers)
        """Clients that are served."""
        self.waiting = SharedCounter(workers)
        """Connections that are no session yet: a header or a handshake is to come."""

    def become_worker(self, number: int) -> None:
        """From now on this process is worker ``number``, from 1."""
        self.sessions.become_worker(number)
        self.waiting.become_worker(number)

    def clear(self, number: int) -> None:
        """Worker ``number`` is dead, and nobody is with it any more."""
        self.sessions.clear(number)
        self.waiting.clear(number)
