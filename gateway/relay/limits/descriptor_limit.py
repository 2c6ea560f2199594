"""Whether a process runs short of descriptors, seen before it has none left.

With none left, a waiting connection can be neither taken nor told anything. Event loops help
themselves: libuv, which uvloop stands on, keeps one descriptor, gives it up to take a connection
and closes it without a word, so that nobody here hears of it. So the last few are never handed
out to sessions: a client that would get one of them is told 421 with it, and it is free again.

The number of a new descriptor tells how many are in use: it is always the lowest that is free
(POSIX.1-2017, General Information, section 2.14).
"""

from __future__ import annotations

import resource
import sys

RESERVED_DESCRIPTORS = 32
"""Descriptors that no session gets: for those who are told so at once, for the ledger, for the
connections to next hops of whoever is inside already."""


class DescriptorLimit:
    """The process's limit of descriptors, as it was when it was last measured."""

    __slots__ = ("limit",)

    def __init__(self) -> None:
        self.limit = 0
        self.measure()

    def measure(self) -> None:
        """Look at the limit anew: prlimit(1) may change it while we run."""
        allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        self.limit = sys.maxsize if allowed == resource.RLIM_INFINITY else allowed

    def is_reached_by(self, descriptor: int) -> bool:
        """Whether a descriptor just handed out is one of the last."""
        return descriptor >= self.limit - min(RESERVED_DESCRIPTORS, self.limit // 4)
