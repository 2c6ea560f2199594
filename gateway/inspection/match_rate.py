"""Whether matches come at an unusual rate, of one sender's or of all: told, never acted upon.

In bounded memory, and without a name: of each sender only a keyed hash is held, for a minute. The
count of one sender is a lower bound (Misra and Gries, 1982): whoever makes more than one in
:data:`MOST_SENDERS` of all matches is among those held.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

PERIOD_SECONDS = 60.0
"""The minute that is counted in."""

USUAL_OF_ONE = 60
"""Matched messages of one sender in a minute that are still usual, in one process."""

USUAL_OF_ALL = 600
"""The same for all senders together."""

MOST_SENDERS = 256
"""So many senders are told apart at once."""


class RateExceeded(NamedTuple):
    """In this minute the bound was passed for the first time: whose it is, and the bound.

    ``scope`` is ``sender`` or ``all``.
    """

    scope: str
    bound: int


class MatchRate:
    """The rate in one process. Times are seconds of any clock that never goes back."""

    def __init__(self, key: bytes) -> None:
        """``key`` is random, 16 bytes: without it no hash tells a sender."""
        self._key = key
        self._began = float("-inf")
        self._of_all = 0
        self._of_one: dict[bytes, int] = {}
        self._told_at: dict[str, float] = {}

    def count(self, sender: bytes, now: float) -> tuple[RateExceeded, ...]:
        """Count a matched message; what is unusual by it and was not told in this minute."""
        if now - self._began >= PERIOD_SECONDS:
            self._began, self._of_all = now, 0
            self._of_one.clear()
        self._of_all += 1
        found = []
        if self._count_one(sender) > USUAL_OF_ONE:
            found.append(RateExceeded("sender", USUAL_OF_ONE))
        if self._of_all > USUAL_OF_ALL:
            found.append(RateExceeded("all", USUAL_OF_ALL))
        before = float("-inf")
        news = tuple(each for each in found if self._told_at.get(each.scope, before) < self._began)
        self._told_at |= {each.scope: now for each in news}
        return news

    def is_unusual(self, scope: str, now: float) -> bool:
        """Whether the bound was passed in this minute or the one before."""
        return now - self._told_at.get(scope, float("-inf")) < 2 * PERIOD_SECONDS

    def _count_one(self, sender: bytes) -> int:
        name = hashlib.blake2b(sender.lower(), digest_size=8, key=self._key).digest()
        if name in self._of_one or len(self._of_one) < MOST_SENDERS:
            self._of_one[name] = self._of_one.get(name, 0) + 1
            return self._of_one[name]
        # Everybody held loses one against the one who finds no place.
        self._of_one = {each: count - 1 for each, count in self._of_one.items() if count > 1}
        return 0
