"""A message that comes in chunks, RFC 3030: each announces its octets, none has a final dot."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from gateway.smtp.content import Scan
from gateway.smtp.message import Message

if TYPE_CHECKING:
    from gateway.model import Outcome

UNOFFERED_LIMIT = 16 << 20
"""Octets of a chunk that was never offered, and is thrown away: more than honest clients send."""

OCTETS_LIMIT = (1 << 31) - 1
"""Octets of one chunk: servers that count in 32 bits take what is beyond for commands."""

# As RFC 3030 section 2 spells it, and in no other way: where the next hop sees another number or
# no chunk at all, the octets would be commands to it. So there are no leading zeros either, which
# C's strtol may read as octal.
_BDAT: Final = re.compile(rb"BDAT (0|[1-9][0-9]{0,9})( LAST)?\r\n", re.IGNORECASE)


class Chunk(NamedTuple):
    """What a BDAT line announces."""

    octets: int
    is_last: bool


def announced(line: bytes) -> Chunk | None:
    """Read a BDAT line; ``None`` where servers may differ on how many octets follow."""
    match = _BDAT.fullmatch(line)
    if match is None or (octets := int(match[1])) > OCTETS_LIMIT:
        return None
    return Chunk(octets, is_last=match[2] is not None)


class ChunkedMessage(Message):
    """Its octets go on as they are. Of a watched one the last octet is withheld, as a dot would be.

    Where the last chunk is empty, that is its command line.
    """

    __slots__ = ("_is_last", "_left")

    def __init__(self, *, watch: bool) -> None:
        super().__init__(watch=watch, refuse_lookalikes=False)
        self._left = 0
        self._is_last = False

    @property
    def is_whole(self) -> bool:
        """Whether the last chunk has ended."""
        return self._is_last and not self._left

    @property
    def withholds(self) -> bool:
        """Whether its reply is not among the awaited ones before its end has gone on."""
        return self.is_watched and self._is_last

    @property
    def awaits_octets(self) -> bool:
        """Whether the chunk that was announced has octets to come."""
        return bool(self._left)

    def announce(self, chunk: Chunk, line: bytes, to_next_hop: list[bytes]) -> None:
        """A chunk begins: pass its command line on, unless that is what must be withheld."""
        self._left, self._is_last = chunk
        if self.is_watched and self._is_last and not self._left:
            self.terminator = line
        else:
            to_next_hop.append(line)

    def take(self, data: bytes, to_next_hop: list[bytes]) -> Scan:
        """Pass on octets of the chunk; ``Scan.END`` is the chunk's end, and leaves ``rest``."""
        taken, self.rest = data[: self._left], data[self._left :]
        self._left -= len(taken)
        if self.is_lost:
            self._swallowed += len(taken)
        else:
            if self.is_watched and self.is_whole:
                taken, self.terminator = taken[:-1], taken[-1:]
            if taken:
                to_next_hop.append(taken)
            if self.header is not None:
                self.header.feed(taken)
        return Scan.MORE if self._left else Scan.END

    def lose(self, reply: bytes, outcome: Outcome) -> None:
        """The next hop gets no more; the client gets this reply when the chunk has ended."""
        self.is_lost = True
        self.settle(reply, outcome)
