"""The strict reading of a RCPT line, and nothing beyond it.

Written from RFC 5321 section 4.1.2 (with RFC 6531's UTF-8 and RFC 3461's parameters), and on
purpose not with anything of ours: it tells which lines the standard reads, and how.
"""

from __future__ import annotations

import re
from typing import Final

_ATEXT: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\-\u0080-\U0010ffff]"
_DOT_STRING: Final = rf"{_ATEXT}+(?:\.{_ATEXT}+)*"
_QUOTED: Final = r'"(?:[ !#-\[\]-~\u0080-\U0010ffff]|\\[ -~])*"'
_SUB_DOMAIN: Final = (
    r"[A-Za-z0-9\u0080-\U0010ffff](?:[A-Za-z0-9\-\u0080-\U0010ffff]*[A-Za-z0-9\u0080-\U0010ffff])?"
)
_DOMAIN: Final = rf"{_SUB_DOMAIN}(?:\.{_SUB_DOMAIN})*"
_SNUM: Final = r"[0-9]{1,3}"
_LITERAL: Final = (
    rf"\[(?:{_SNUM}(?:\.{_SNUM}){{3}}|IPv6:[0-9A-Fa-f:.]+|[A-Za-z0-9\-]*[A-Za-z0-9]:[!-Z^-~]+)\]"
)
_ROUTE: Final = rf"@{_DOMAIN}(?:,@{_DOMAIN})*:"
_PARAMETER: Final = r"[A-Za-z0-9][A-Za-z0-9\-]*(?:=[!-<>-~]+)?"
_RCPT: Final = re.compile(
    rf"RCPT TO:<(?:{_ROUTE})?(?:{_DOT_STRING}|{_QUOTED})@(?P<domain>{_DOMAIN}|{_LITERAL})>"
    rf"(?: {_PARAMETER})*",
    re.IGNORECASE,
)


def domain(line: bytes) -> str | None:
    """The domain that RFC 5321 reads in a RCPT line; ``None`` where it reads none."""
    try:
        found = _RCPT.fullmatch(line.decode())
    except UnicodeDecodeError:
        return None
    return found["domain"] if found else None
