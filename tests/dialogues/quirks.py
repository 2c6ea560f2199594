"""The page on quirks, as the tests read it."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
QUIRKS = (ROOT / "docs" / "quirks.md").read_text(encoding="utf-8")
OFFERED = frozenset(
    word.encode() for word in re.findall(r"`(\w+)`", re.search(r"Offered on:(.*)", QUIRKS)[1])
)
OURS = b"250 XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE\r\n"


def headings():
    return re.findall(r"^## (\S+)$", QUIRKS, re.MULTILINE)


def as_offered(replies: bytes) -> bytes:
    """The replies with the EHLO keywords taken out that the page on quirks takes out."""

    def filtered(match) -> bytes:
        first, *rest = match[0].splitlines(keepends=True)
        named = [((line[4:].split() or [b""])[0], line) for line in rest]
        kept = [line for name, line in named if name in OFFERED or name == b"XFORWARD"]
        if b"XFORWARD" not in dict(named):
            kept.append(OURS)
        *before, last = kept
        return b"".join([first, *(b"250-" + line[4:] for line in before), b"250 " + last[4:]])

    return re.sub(rb"250-next\.example.*\r\n(?:250-.*\r\n)*250 .*\r\n", filtered, replies)
