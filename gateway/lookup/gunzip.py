"""Opening what came compressed, in pieces of bounded size (RFC 1952)."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from gateway.errors import MonitionError

if TYPE_CHECKING:
    from collections.abc import Iterator

PIECE = 1 << 18
"""Bytes given at once: some kilobytes may hold gigabytes, and nobody knows before."""

_GZIP = 16 + zlib.MAX_WBITS


class GunzipError(MonitionError):
    """What came is no gzip, or not all of it."""


class Gunzip:
    """One compressed stream, opened as it comes; it may have several members."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(_GZIP)
        self._is_begun = False

    def decompress(self, data: bytes) -> Iterator[bytes]:
        """Give what the next bytes hold, in pieces of at most ``PIECE`` bytes.

        Raises :class:`GunzipError` where they are no gzip, while the pieces are taken.
        """
        while data:
            if self._member.eof:
                self._member = zlib.decompressobj(_GZIP)
            self._is_begun = True
            try:
                piece = self._member.decompress(data, PIECE)
            except zlib.error as error:
                raise GunzipError(f"the answer is no whole gzip ({error})") from None
            data = self._member.unused_data if self._member.eof else self._member.unconsumed_tail
            if piece:
                yield piece

    def close(self) -> None:
        """There is no more. Raises :class:`GunzipError` where there should be."""
        if self._is_begun and not self._member.eof:
            raise GunzipError("the answer broke off within its gzip")
