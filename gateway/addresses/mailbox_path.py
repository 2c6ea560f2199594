"""The path of a MAIL or RCPT line: one as a rule, several where servers read it differently.

RFC 5321 section 4.1.2 wants a path in angle brackets, and nearly every line has it. Servers take
more: display names, comments, blanks, junk behind the brackets. Which of it is the address, no
two of them agree on; so whatever one of them could take for an address is looked at. What mailbox
a path names is read by :mod:`gateway.addresses.mailbox`.
"""

from __future__ import annotations

import re
from typing import Final

PATH_LIMIT = 1000
"""Bytes of a MAIL or RCPT line within which its path must end: RFC 5321 section 4.5.3.1.3 gives a
path 256. Postfix cuts a line at 2,048 bytes without a word, and would read another path."""

# A quoted string may hold ">" (RFC 5321 section 4.1.2, Quoted-string).
_BRACKETED: Final = re.compile(rb'[^:]*:\s*<((?:"(?:[^"\\]|\\.)*"|\\.|[^"\\>])*)>', re.DOTALL)
_BARE: Final = re.compile(rb'[^:]*:\s*((?:"(?:[^"\\]|\\.)*"|\\.|[^\s\\])*)(<[^>]*>)?', re.DOTALL)


def path(raw: bytes) -> bytes:
    """The path of a MAIL or RCPT line, without its angle brackets; what a lenient server reads.

    Some servers take ``RCPT TO:user@example.org``, so an address without brackets counts too.
    A line without any gives ``b""``.
    """
    # What nearly every line is: brackets behind the first colon, and nothing quoted in them.
    colon = raw.find(b":")
    end = raw.find(b">", colon)
    if raw[colon + 1 : colon + 2] == b"<" and colon >= 0 and end >= 0:
        between = raw[colon + 2 : end]
        if b'"' not in between and b"\\" not in between:
            return between
    return _path(raw)


def _path(raw: bytes) -> bytes:
    match = _BRACKETED.match(raw)
    if match is not None:
        return match[1]
    match = _BARE.match(raw)
    if match is None:
        return b""
    # A display name before the brackets is nobody's mailbox.
    named = match[2] or match[1]
    return (named[named.rfind(b"<") + 1 :] if b"<" in named else named).strip(b"<>")


_PARAMETER: Final = re.compile(rb"[A-Za-z0-9-]+(?:=[^\s<>]*)?")
_VALUED_PARAMETER: Final = re.compile(rb"[A-Za-z0-9-]+=[^\s<>]*")


def path_ends_early(raw: bytes) -> bool:
    """Whether the path of a MAIL or RCPT ends in the line's first :data:`PATH_LIMIT` bytes.

    Behind it stand parameters and nothing else: what may be read as an address may be cut.
    """
    bracketed = _BRACKETED.match(raw)
    match = bracketed or _BARE.match(raw)
    if match is None or match.end() > PATH_LIMIT or not raw[match.end() :][:1].isspace():
        return False
    # Behind a path without brackets a word without a value may be read as more of the path.
    parameter = _PARAMETER if bracketed else _VALUED_PARAMETER
    return all(parameter.fullmatch(word) is not None for word in raw[match.end() :].split())


_SPECIAL: Final = b'"\\()<,;: \t\x0b\x0c'
_BLANKS: Final = frozenset((b" ", b"\t", b"\r"))

# As Exim finds them, from the line's end. One that holds a bracket it may take for an address.
_LAST_PARAMETER: Final = re.compile(rb"[A-Za-z]+=[^\s=<>]*")
_COMMENT: Final = re.compile(rb"\([^()]*\)")
_NESTED = 8  # comments in comments; deeper ones are seen as what stands between brackets
_PIECES: Final = re.compile(rb"@+|[<>,;:() ]|[^<>,;:()@ ]+")


def readings(raw: bytes) -> tuple[bytes, ...]:
    """The path of a RCPT line as :func:`path` reads it, then any others."""
    colon = raw.find(b":")
    end = raw.find(b">", colon)
    if colon >= 0 and end >= 0 and raw[colon + 1 : colon + 2] == b"<":
        between = raw[colon + 2 : end]
        is_plain = len(between.translate(None, _SPECIAL)) == len(between)
        if is_plain and raw[end + 1 : end + 2] in _BLANKS and raw.find(b"<", end) < 0:
            return (between,)
    return _every(raw, raw[colon + 1 :].split())


def _every(raw: bytes, words: list[bytes]) -> tuple[bytes, ...]:
    """All that could be an address, of each domain one."""
    while len(words) > 1 and _LAST_PARAMETER.fullmatch(words[-1]) is not None:
        words.pop()
    text = b" ".join(words)
    found: dict[bytes, bytes] = {}
    for reading in (path(raw), *_addresses(text), *_addresses(_uncommented(text))):
        found.setdefault(_gist(reading), reading)
    return tuple(found.values())


def _addresses(text: bytes) -> list[bytes]:
    """What stands about each ``@``, and what looks like a relayed path, with and without blanks."""
    found: list[bytes] = []
    unquoted = text.translate(None, b'"\\')
    for each in (unquoted, unquoted.replace(b" ", b"")):
        before, at = b"", b""
        for piece in [*_PIECES.findall(each), b" "]:
            if piece.startswith(b"@"):
                at = b"@" if before else b""
                continue
            if piece in b"<>,;:() ":
                piece = b""  # noqa: PLW2901 - it ends what stands before it
            if at and piece:
                found.append(before + b"@" + piece)
            elif not at and (b"%" in before or b"!" in before):
                found.append(before)
            before, at = piece, b""
    return found


def _uncommented(text: bytes) -> bytes:
    for _ in range(_NESTED):
        text = _COMMENT.sub(b"", text)
    return text


def _gist(reading: bytes) -> bytes:
    """What tells one reading from another: its domain, or all of it where that is not the end."""
    bare = _uncommented(reading).translate(None, b'"\\ \t\x0b\x0c').lower()
    if b"%" in bare or b"!" in bare:
        return bare
    return bare[bare.rfind(b"@") + 1 :].strip(b".")
