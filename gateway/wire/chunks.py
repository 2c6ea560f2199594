"""A message that comes in chunks, RFC 3030: each announces its octets, none has a final dot."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gateway.wire.content import Scan
from gateway.wire.message import Message

if TYPE_CHECKING:
    from gateway.model import Outcome

UNOFFERED_LIMIT = 16 << 20
"""Octets of a chunk that was never offered, and is thrown away: more than honest clients send."""


class Chunk(NamedTuple):
    """What a BDAT line announces."""

    octets: int
    is_last: bool


def announced(line: bytes) -> Chunk | None:
    """Read a BDAT line; ``None`` where it does not say how many octets follow."""
    words = line.split()
    if len(words) not in (2, 3) or not words[1].isdigit() or len(words[1]) > 18:
        return None
    if len(words) == 3 and words[2].upper() != b"LAST":
        return None
    return Chunk(int(words[1]), is_last=len(words) == 3)


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
