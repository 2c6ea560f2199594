"""Where clients' bytes are read into, so that large messages under way stay small in memory.

uvloop reads up to 256,000 bytes at once. A next hop that reads slowly leaves such a chunk waiting
in each session, and 100 sessions hold 35 MB. So all sessions of a process read through one buffer,
whose part that a single read may fill shrinks as they become many: what waits is bounded for all of
them together, and twenty sessions still read as much at once as one.
"""

from __future__ import annotations

LARGEST_READ = 256 * 1024
"""Bytes of one read, where sessions are few."""

SMALLEST_READ = 16 * 1024
"""Bytes of one read, however many there are."""

ALL_READS = 8 * 1024 * 1024
"""Bytes that one read of each session may make."""


class ReadBuffer:
    """The buffer. It is filled and emptied within one step of the event loop, so one serves all."""

    __slots__ = ("_whole", "view")

    def __init__(self) -> None:
        self._whole = memoryview(bytearray(LARGEST_READ))
        self.view = self._whole
        """What the next read may fill."""

    def divide_among(self, sessions: int) -> None:
        """So many sessions read from now on."""
        size = min(LARGEST_READ, max(SMALLEST_READ, ALL_READS // max(1, sessions)))
        if size != len(self.view):
            self.view = self._whole[:size]

    def received(self, size: int) -> bytes:
        """Give the bytes that a read has left."""
        return bytes(self._whole[:size])
