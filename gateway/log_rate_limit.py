"""A limit for lines of the log that may be due a thousand times a second: so many a minute."""

from __future__ import annotations

PERIOD_SECONDS = 60
"""The minute that is counted in."""


class LogRateLimit:
    """One kind of line. Times are seconds on any one clock that never goes back."""

    __slots__ = ("_began", "_left_out", "_most", "_written")

    def __init__(self, most: int = 1) -> None:
        """``most`` is how many are written in a minute, which begins with the first of them."""
        self._most = most
        self._written = 0
        self._left_out = 0
        self._began = float("-inf")

    def suppressed(self, now: float) -> int | None:
        """Ask for one more line: ``None``, it is not to be written.

        Otherwise it is, and is to say how many were left out before it; 0 for none.
        """
        if now - self._began >= PERIOD_SECONDS:
            self._began, self._written = now, 0
        if self._written == self._most:
            self._left_out += 1
            return None
        self._written += 1
        left_out, self._left_out = self._left_out, 0
        return left_out
