"""Which of the next hop's EHLO keywords are offered on: those that work from end to end."""

from __future__ import annotations

import functools

OFFERED_KEYWORDS = frozenset(
    {
        b"8BITMIME",  # RFC 6152
        b"CHUNKING",  # RFC 3030, without its BINARYMIME
        b"DSN",  # RFC 3461
        b"ENHANCEDSTATUSCODES",  # RFC 2034
        b"PIPELINING",  # RFC 2920
        b"SIZE",  # RFC 1870
        b"SMTPUTF8",  # RFC 6531
    }
)

XFORWARD = b"XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE"
"""What is offered to a trusted peer where the next hop lacks it: we then answer it alone."""


# A next hop says the same to every client, or little else: the last few are not read again.
@functools.lru_cache(maxsize=8)
def keywords(raw: bytes) -> frozenset[bytes]:
    """The keywords of an EHLO reply, in capitals."""
    return frozenset(_keyword(line) for line in raw.splitlines()[1:])


@functools.lru_cache(maxsize=8)
def offered_reply(raw: bytes, *, xforward: bool = False, starttls: bool = False) -> bytes:
    """The next hop's EHLO reply as the client gets it.

    Only keyword lines are taken out; every other byte stays, but for the hyphen of what has
    become the last line. ``xforward`` offers XFORWARD, in the next hop's own words where it has
    any; ``starttls`` offers our own STARTTLS.
    """
    first, *rest = raw.splitlines(keepends=True)
    kept = [first]
    wanted = OFFERED_KEYWORDS | {b"XFORWARD"} if xforward else OFFERED_KEYWORDS
    kept += [line for line in rest if _keyword(line) in wanted]
    if xforward and not any(_keyword(line) == b"XFORWARD" for line in rest):
        kept.append(raw[:3] + b" " + XFORWARD + b"\r\n")
    if starttls:
        kept.append(raw[:3] + b" STARTTLS\r\n")
    *before, last = kept
    return b"".join(_joined(line, b"-") for line in before) + _joined(last, b" ")


def _joined(line: bytes, separator: bytes) -> bytes:
    """The line with the separator that its place in the reply asks for."""
    text = line[4:] if len(line) > len(b"250\r\n") else b"\r\n"
    if separator == b" " and text == b"\r\n":
        return line
    return line[:3] + separator + text


def _keyword(line: bytes) -> bytes:
    # "AUTH=LOGIN" is an old spelling of a keyword with an argument.
    words = line[4:].replace(b"=", b" ", 1).split(None, 1)
    return words[0].upper() if words else b""
