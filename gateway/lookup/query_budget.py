"""How many questions may be asked in an hour: a hard bound over any hour, not an average."""

from __future__ import annotations

from collections import deque

HOUR = 3600.0


class QueryBudget:
    """At most ``per_hour`` within any 3,600 seconds. Times are monotonic seconds, given."""

    __slots__ = ("_per_hour", "_taken")

    def __init__(self, per_hour: int) -> None:
        self._per_hour = per_hour
        self._taken: deque[float] = deque()

    def take(self, count: int, now: float) -> float:
        """Take ``count``, all at once; seconds to wait where they are not to be had yet.

        0 says that they are taken. More than an hour's are not to be had in any hour: then an
        hour's count as all of them.
        """
        count = min(count, self._per_hour)
        while self._taken and now - self._taken[0] >= HOUR:
            self._taken.popleft()
        missing = len(self._taken) + count - self._per_hour
        if missing > 0:
            return self._taken[missing - 1] + HOUR - now
        self._taken.extend([now] * count)
        return 0.0
