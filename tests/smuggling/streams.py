"""The byte strings that the tests are about: look-alikes as they were seen, and all others."""

import itertools

NAMED = {
    "LF . LF": b"\n.\n",
    "LF . CR": b"\n.\r",
    "LF . CRLF": b"\n.\r\n",
    "CR . LF": b"\r.\n",
    "CR . CR": b"\r.\r",
    "CR . CRLF": b"\r.\r\n",
    "CRLF . LF": b"\r\n.\n",
    "CRLF . CR": b"\r\n.\r",
    "CRLF NUL . CRLF": b"\r\n\0.\r\n",
    "CRLF . NUL CRLF": b"\r\n.\0\r\n",
    "CRLF . CR CRLF": b"\r\n.\r\r\n",
    "CR CRLF . CR CRLF": b"\r\r\n.\r\r\n",
    "CR NUL LF . CRLF": b"\r\0\n.\r\n",
    "CRLF . CR NUL LF": b"\r\n.\r\0\n",
    "LF NUL . NUL LF": b"\n\0.\0\n",
}
"""Look-alikes: those of CVE-2023-51764 to -51766 and CVE-2024-27305, and their relations."""

HONEST = {
    "CRLF . x": b"\r\n. x\r\n",
    "CRLF . . CRLF": b"\r\n..\r\n",
    "LF . . LF": b"\n..\n",
    "CRLF . NUL x": b"\r\n.\0x\r\n",
    "x . LF": b"\nx.\n",
    "bare LF": b"one\ntwo\n\nthree",
    "bare CR": b"one\rtwo\r\rthree",
    "CR CRLF": b"one\r\r\ntwo\r\r\r\nthree",
    "NUL": b"\0\r\n\0\0\r\n",
    "LF . x": b"\n.x\n",
    "CRLF . LF x, stuffed": b"\r\n..\nx\r\n",
}
"""Sloppy, and not one line of a lone dot in it."""

FORGED = (
    b"MAIL FROM:<rector@example.edu>\r\nRCPT TO:<victim@example.org>\r\nDATA\r\n"
    b"Subject: forged\r\n\r\nforged\r\n.\r\n"
)
"""What an attacker hides behind a look-alike. Its end is the end of the whole content, too."""

ALPHABET = (b"\r", b"\n", b"\0", b".", b"x")


def strings(longest: int):
    """All strings over the alphabet up to a length."""
    for length in range(longest + 1):
        yield from map(b"".join, itertools.product(ALPHABET, repeat=length))


def around_a_dot(longest: int):
    """All that can stand around a dot, up to a length on either side.

    A letter or another dot decides whatever lies beyond it: only the outermost byte may be one.
    ``strings`` has the mixtures.
    """
    neighbours = [b""]
    for length in range(1, longest + 1):
        for outermost in ALPHABET:
            others = itertools.product(ALPHABET[:3], repeat=length - 1)
            neighbours += [outermost + b"".join(each) for each in others]
    for before, behind in itertools.product(neighbours, repeat=2):
        yield before + b"." + behind[::-1]


PLACES = {
    "at the content's beginning": (b"", FORGED),
    "in the middle": (b"Subject: x\r\n\r\ntext", FORGED),
    "just before the terminator": (b"text\r\nxx", b"\r\n.\r\nRSET\r\n"),
    "joined to the terminator": (b"text\r\n", b".\r\nRSET\r\n.\r\n"),
}
"""What stands before and behind the string."""


def splits(before: bytes, core: bytes, after: bytes):
    """The stream in two pieces, at every byte boundary in and about the core."""
    stream = before + core + after
    first = max(1, len(before) - 2)
    last = min(len(stream) - 1, len(before) + len(core) + 4)
    for cut in range(first, last + 1):
        yield stream[:cut], stream[cut:]


def single_bytes(stream: bytes) -> list[bytes]:
    return [stream[at : at + 1] for at in range(len(stream))]


def in_any_pieces(before: bytes, core: bytes, after: bytes):
    """Every way there is to cut the core, with the byte before it and the one behind it."""
    fixed, pieces = before[:-1], before[-1:] + core + after[:1]
    for cuts in itertools.product((False, True), repeat=len(pieces) - 1):
        places = [0, *(at for at, is_cut in enumerate(cuts, 1) if is_cut), len(pieces)]
        parts = [pieces[start:end] for start, end in itertools.pairwise(places)]
        yield [part for part in (fixed, *parts, after[1:]) if part]
