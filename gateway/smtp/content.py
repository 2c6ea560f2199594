"""Message content as it streams by: where it ends, and what only looks like its end.

Only ``CRLF . CRLF`` ends the content (RFC 5321 section 4.1.1.4). A *look-alike* is a line that,
with its NULs taken out, is a single dot, where CR, LF and CRLF all count as line ends, and whose
dot is not bounded by exactly CRLF on both sides. Some peers end the content there too (SMTP
smuggling, CVE-2023-51764 and its siblings), so none may get out; the reasons are in
``docs/decisions/0004-look-alike-terminators.md``.

The theory is the automaton in ``_NEXT``, one step a byte. :class:`ContentScanner` gives the same
answers at the speed of ``bytes.find``: it steps only over the first bytes of a chunk, and over
the last, and lets a regular expression leap over what lies between.
"""

from __future__ import annotations

import re
from enum import IntEnum
from typing import Final

_CR: Final = 0x0D
_LF: Final = 0x0A
_DOT: Final = 0x2E
_NUL: Final = 0x00


class _At(IntEnum):
    """What the bytes so far end in. The last two end the scan."""

    TEXT = 0  # inside a line
    CR = 1  # after a CR: a line end by itself, or half of CRLF
    CRLF = 2  # at a line start bounded by exactly CRLF
    LINE = 3  # at a line start of another kind: bare LF, or NULs behind a line end
    DOT = 4  # CRLF "."
    DOT_CR = 5  # CRLF "." CR
    ODD_DOT = 6  # a dot at a line start that is not CRLF's, or a dot with NULs behind it
    END = 7
    LOOKALIKE = 8


_OTHER: Final = -1

_NEXT: Final[dict[_At, dict[int, _At]]] = {
    _At.TEXT: {_CR: _At.CR, _LF: _At.LINE, _OTHER: _At.TEXT},
    _At.CR: {
        _CR: _At.CR,
        _LF: _At.CRLF,
        _NUL: _At.LINE,
        _DOT: _At.ODD_DOT,
        _OTHER: _At.TEXT,
    },
    _At.CRLF: {
        _CR: _At.CR,
        _LF: _At.LINE,
        _NUL: _At.LINE,
        _DOT: _At.DOT,
        _OTHER: _At.TEXT,
    },
    _At.LINE: {
        _CR: _At.CR,
        _LF: _At.LINE,
        _NUL: _At.LINE,
        _DOT: _At.ODD_DOT,
        _OTHER: _At.TEXT,
    },
    _At.DOT: {_CR: _At.DOT_CR, _LF: _At.LOOKALIKE, _NUL: _At.ODD_DOT, _OTHER: _At.TEXT},
    _At.DOT_CR: {_LF: _At.END, _OTHER: _At.LOOKALIKE},
    _At.ODD_DOT: {
        _CR: _At.LOOKALIKE,
        _LF: _At.LOOKALIKE,
        _NUL: _At.ODD_DOT,
        _OTHER: _At.TEXT,
    },
}

# What is kept back in a state, so that neither the final dot nor half of it goes on early.
_HELD: Final = {_At.DOT: b".", _At.DOT_CR: b".\r"}

# A dot behind a line end or a NUL, then a line end: the end, a look-alike, or "x NUL . CR".
_CANDIDATE: Final = re.compile(rb"\.(?<=[\r\n\0]\.)\0*[\r\n]")
# The same with all that is before the dot, back to the line end: slower, and never wrong.
_LINE_OF_DOT: Final = re.compile(rb"[\r\n]\0*\.(?=\0*[\r\n])")
_MISSES: Final = 8
_WHOLE_END: Final = b"\r\n.\r\n"
_WINDOW: Final = 8192
_NULS: Final = re.compile(rb"\0*")


def _step(state: _At, byte: int) -> _At:
    row = _NEXT[state]
    return row.get(byte, row[_OTHER])


def _step_past(state: _At, byte: int) -> _At:
    """Step where look-alikes pass: one leaves the scan at the line end that closed it."""
    after = _step(state, byte)
    if after is not _At.LOOKALIKE:
        return after
    # In ". CR x" the CR was that line end, and x stands behind it.
    return _step(_At.CR if state is _At.DOT_CR else _At.TEXT, byte)


class Scan(IntEnum):
    """What a chunk held."""

    MORE = 0
    END = 1
    LOOKALIKE = 2


# As in gateway.smtp.dialogue_states: every chunk asks for some.
_AT_TEXT: Final = _At.TEXT
_AT_CR: Final = _At.CR
_AT_CRLF: Final = _At.CRLF
_AT_LINE: Final = _At.LINE
_AT_DOT_CR: Final = _At.DOT_CR
_AT_END: Final = _At.END
_AT_LOOKALIKE: Final = _At.LOOKALIKE
SCAN_MORE: Final = Scan.MORE
SCAN_END: Final = Scan.END
SCAN_LOOKALIKE: Final = Scan.LOOKALIKE


class ContentScanner:
    """Finds the end of one message's content in whatever pieces it comes.

    After :meth:`feed`, ``passed`` is what may go on to the next hop, and ``rest`` what follows
    the terminator, which is none of this message's. The terminator itself is in neither: whoever
    releases it writes :data:`TERMINATOR`; ``ended`` is ``passed`` with it. After
    ``Scan.LOOKALIKE`` nothing of the chunk may go on, and the scan stands where it stood before
    the chunk: :meth:`ignore_lookalikes` and feed it again to find the real end.
    """

    __slots__ = ("_cut", "_end", "_held", "_refuse", "_state", "_taken")

    def __init__(self, *, refuse_lookalikes: bool = True) -> None:
        # The content begins at a line start: the CRLF of the DATA command is before it.
        self._state = _AT_CRLF
        self._held = b""
        self._refuse = refuse_lookalikes
        self._taken = b""  # what was held back, and the last chunk
        self._cut = 0  # where in it the terminator begins, or what may become one
        self._end = 0  # where in it the terminator ends

    @property
    def passed(self) -> bytes:
        """What may go on to the next hop."""
        return _first(self._taken, self._cut)

    @property
    def ended(self) -> bytes:
        """At the end: what may go on to the next hop, with the terminator."""
        return _first(self._taken, self._end)

    @property
    def rest(self) -> bytes:
        """At the end: what follows the terminator."""
        return self._taken[self._end :]

    def ignore_lookalikes(self) -> None:
        """From here on, only the real end counts."""
        self._refuse = False

    def clear(self) -> None:
        """Let go of the last chunk: ``passed``, ``ended`` and ``rest`` are empty from here on.

        Kept until the next one comes, it would make the allocator give memory back and ask for
        it again with each chunk.
        """
        self._taken = b""

    def feed(self, data: bytes) -> Scan:
        """Scan the next chunk, which is not empty."""
        start, state = 0, self._state
        if state is not _AT_TEXT:
            start, state = self._step_over_start(data)
            if state >= _AT_END:
                return self._lookalike() if state is _AT_LOOKALIKE else self._ended(data, start)
            # The chunk, or the terminator's beginning in it, is all there was.
            if start == len(data):
                return self._more(data, state)
        found = self._leap(data, start, state)
        if found is not None:
            return found
        return self._more(data, _state_at_end(data, start, state))

    def _step_over_start(self, data: bytes) -> tuple[int, _At]:
        """Step until the line end or dot that the last chunk left open is decided."""
        state, at, size = self._state, 0, len(data)
        step = _step if self._refuse else _step_past
        while at < size and state is not _AT_TEXT:
            byte = data[at]
            # From a line end inside this chunk on, the pattern sees all that it must.
            if at >= 2 and state <= _AT_LINE and data[at - 1] in b"\r\n":
                break
            state = step(state, byte)
            at += 1
            if state >= _AT_END:
                break
            if byte == _NUL:
                at = _end_of_nuls(data, at)
        return at, state

    def _leap(self, data: bytes, start: int, state: _At) -> Scan | None:
        """Look at every place where the content might end from ``start`` on."""
        if not self._refuse:
            return self._leap_to_end(data, start)
        at, misses = start, 0
        while (match := _candidate(data, at)) is not None:
            dot, after = match.start(), match.end()
            at = dot + 1
            if data[dot - 1] == _NUL and not _is_line_start(data, dot, start, state):
                # There may be one every few bytes, all of them none.
                misses += 1
                if misses >= _MISSES:
                    line = _LINE_OF_DOT.search(data, dot)
                    if line is None:
                        return None
                    at = line.end() - 1
                continue
            bounded = data[dot - 2 : dot] == b"\r\n" if dot >= 2 else False
            if bounded and data[dot + 1 : after] == b"\r":
                if after == len(data):
                    return self._more(data, _AT_DOT_CR)
                if data[after] == _LF:
                    return self._ended(data, after + 1)
            return self._lookalike()
        return None

    def _leap_to_end(self, data: bytes, start: int) -> Scan | None:
        """The same where look-alikes pass: only the one place that counts is looked for."""
        end = data.find(_WHOLE_END, max(0, start - 2))
        if end >= 0:
            return self._ended(data, end + len(_WHOLE_END))
        if data.endswith(_WHOLE_END[:-1]) and len(data) - 2 >= start:
            return self._more(data, _AT_DOT_CR)
        return None

    def _ended(self, data: bytes, at: int) -> Scan:
        """The terminator is here: ``at`` is behind its last byte."""
        self._taken = self._held + data if self._held else data
        self._end = len(self._held) + at
        self._cut = self._end - len(TERMINATOR)
        self._held = b""
        return SCAN_END

    def _lookalike(self) -> Scan:
        self._taken = b""
        self._cut = self._end = 0
        return SCAN_LOOKALIKE

    def _more(self, data: bytes, state: _At) -> Scan:
        held = _HELD.get(state, b"") if state is not _AT_TEXT else b""
        self._taken = self._held + data if self._held else data
        self._end = len(self._taken)
        self._cut = self._end - len(held)
        self._held = held
        self._state = state
        return SCAN_MORE


def _first(data: bytes, size: int) -> bytes:
    """The first bytes; all of them are no copy: nearly every chunk is passed on as it came."""
    return data if size == len(data) else data[:size]


TERMINATOR: Final = b".\r\n"
"""What the scanner keeps back: the CRLF before it belongs to the content's last line."""


def _candidate(data: bytes, at: int) -> re.Match[bytes] | None:
    """The next place from ``at`` on where the pattern fits.

    ``bytes.find`` crosses what has no dots, such as base64, thirty times faster than the re
    module does: the pattern is shown only the windows that hold some.
    """
    while (at := data.find(b".", at)) >= 0:
        last = data.rfind(b".", at, at + _WINDOW)
        # The pattern looks past the last dot: over NULs, to one byte that may be a line end.
        match = _CANDIDATE.search(data, at, _end_of_nuls(data, last + 1) + 1)
        if match is not None:
            return match
        at = last + 1
    return None


def _end_of_nuls(data: bytes, at: int) -> int:
    match = _NULS.match(data, at)
    return match.end() if match else at


def _is_line_start(data: bytes, at: int, start: int, state: _At) -> bool:
    """Whether only NULs lie between ``at`` and a line end; ``state`` holds at ``start``."""
    while at > start and data[at - 1] == _NUL:
        at -= 1
    if at > start:
        return data[at - 1] in b"\r\n"
    return state in (_AT_CR, _AT_CRLF, _AT_LINE)


def _state_at_end(data: bytes, start: int, state: _At) -> _At:
    """The state behind the chunk, in which no end and no look-alike was found."""
    if data[-1] not in b"\r\n.\0":
        return _AT_TEXT
    tail = len(data.rstrip(b".\0"))
    # Behind the last line end lie only dots and NULs: two bytes before it decide its kind.
    if tail > start and data[tail - 1] in b"\r\n":
        at = max(start, tail - 2)
        state = state if at == start else _AT_TEXT
    elif tail > start:
        return _AT_TEXT
    else:
        at = start
    while at < len(data):
        byte = data[at]
        state = _step_past(state, byte)
        at += 1
        if byte == _NUL:
            at = _end_of_nuls(data, at)
        if state is _AT_TEXT and at >= tail:
            break  # only dots and NULs follow
    return state


HEADER_LIMIT = 65536
"""Bytes of a matched message's header block that are looked at; the rest stays unread."""


class HeaderCapture:
    """Keeps the header block of a matched message, and not a byte of its body."""

    __slots__ = ("_kept", "is_complete")

    def __init__(self) -> None:
        self._kept = bytearray()
        self.is_complete = False

    def feed(self, content: bytes) -> None:
        """Take what went on to the next hop, until the empty line or the limit."""
        if self.is_complete or self.is_cut:
            return
        # An empty line may straddle two chunks: look again at the last three bytes.
        again = max(0, len(self._kept) - 3)
        self._kept += content[: HEADER_LIMIT - len(self._kept)]
        end = _EMPTY_LINE.search(self._kept, again)
        if self._kept[:2] == b"\r\n":
            self._kept.clear()
            self.is_complete = True
        elif end is not None:
            del self._kept[end.start() + 1 :]
            self.is_complete = True

    @property
    def is_cut(self) -> bool:
        """Whether the limit came before the block's end."""
        return not self.is_complete and len(self._kept) >= HEADER_LIMIT

    @property
    def block(self) -> bytes:
        """The header fields, without the empty line that ends them."""
        return bytes(self._kept)


_EMPTY_LINE: Final = re.compile(rb"\n\r?\n")
