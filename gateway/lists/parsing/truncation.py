"""Whether a file of rows was cut short: it then looks like a shorter list."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, cast

from gateway.lists.parsing.untrusted_file import UntrustedFile, refuse

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_BYTES = 64 * 1024 * 1024
"""Bytes in a file of rows. OFAC's largest had 4 million in June 2024."""

MAX_LINES = 500_000
"""Lines in a file of rows. OFAC's largest had 20,872."""

_END_OF_FILE = b"\x1a"


class TruncationCheck:
    """Reads a part's lines on, counts them, and remembers how the last one ended.

    ``part`` is to be read in place of the part that was given.
    """

    def __init__(self, file: UntrustedFile) -> None:
        self._stream = file.stream
        self._last = b""
        self._lines = 0
        self._bytes = 0
        self.part = UntrustedFile(file.name, cast("BinaryIO", self))

    def readline(self, size: int = -1, /) -> bytes:
        """Give the next line, as a binary stream does; beyond the bounds the file is refused."""
        line = self._stream.readline(size)
        if line:
            self._last = line
            self._lines += 1
            self._bytes += len(line)
            if self._bytes > MAX_BYTES or self._lines > MAX_LINES:
                refuse(
                    self.part,
                    self._lines,
                    f"is longer than {MAX_BYTES} bytes or {MAX_LINES} lines; is this the list?",
                )
        return line

    @property
    def has_end_mark(self) -> bool:
        """Whether the file ended with the sign for its end that OFAC writes."""
        return self._last.rstrip().endswith(_END_OF_FILE)

    def check(self, beside: Iterable[TruncationCheck] = (), *, last_is_whole: bool = False) -> None:
        """Refuse a file that was read and did not come to its end.

        Its last line must be ended; where it is known to have all its columns, a last column in
        quotes ends it as well. Where a file beside it has a sign at its end, so must it.
        """
        ends = (b"\n", b'"') if last_is_whole else (b"\n",)
        if not self.has_end_mark and not self._last.endswith(ends):
            self._refuse("its last line has no end")
        if not self.has_end_mark and any(other.has_end_mark for other in beside):
            self._refuse("the sign at its end is missing, which other files beside it have")

    def _refuse(self, why: str) -> None:
        refuse(self.part, self._lines, f"is cut short ({why}); fetch it again")
