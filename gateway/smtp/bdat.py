"""A message that comes in chunks, RFC 3030: each announces its octets, none has a final dot."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

UNOFFERED_LIMIT = 16 << 20
"""Octets of a chunk that was never offered, and is thrown away: more than honest clients send."""

UNWANTED_LIMIT = 1 << 30
"""Octets of a chunk that comes at the wrong moment, and is thrown away: the client was offered
chunks, and may have sent this one before it could know."""

OCTETS_LIMIT = (1 << 31) - 1
"""Octets of one chunk: servers that count in 32 bits take what is beyond for commands."""

# As RFC 3030 section 2 spells it, and in no other way: where the next hop sees another number or
# no chunk at all, the octets would be commands to it. So there are no leading zeros either, which
# C's strtol may read as octal.
_BDAT: Final = re.compile(rb"BDAT (0|[1-9][0-9]{0,9})( LAST)?\r\n", re.IGNORECASE)


class BdatChunk(NamedTuple):
    """What a BDAT line announces."""

    octets: int
    is_last: bool


def parse_bdat(line: bytes) -> BdatChunk | None:
    """Read a BDAT line; ``None`` where servers may differ on how many octets follow."""
    match = _BDAT.fullmatch(line)
    if match is None or (octets := int(match[1])) > OCTETS_LIMIT:
        return None
    return BdatChunk(octets, is_last=match[2] is not None)
