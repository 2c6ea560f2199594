"""RCPT lines as nobody writes them: a grammar of odd spellings, from a seed.

Each line bears its number in every local part, so that what a server makes of it is known again
wherever it ends.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from tests.fuzz.servers.spellings import SPECIALS, SPELLINGS

if TYPE_CHECKING:
    import random

OURS: Final = "ours.example"
"""The servers' own domain."""

LISTED: Final = ("skoltech.ru", "mipt.ru", "hit.edu.cn", "lab.mipt.ru")
"""Domains in ``policies/entities``, and one below."""

LISTED_MAILBOX: Final = ("almaz_zakupki", "mail.ru")
"""A mailbox in ``policies/entities`` at a provider that is not listed."""

INNOCENT: Final = ("gmail.com", "example.edu", "mail.ru", "cs.example.edu")
"""Providers, and a university, that nobody lists."""

_LITERALS: Final = ("[127.0.0.1]", "[192.0.2.7]", "[IPv6:::1]", "[IPv6:2001:db8::1]", "127.0.0.1")
_LONGEST: Final = 4000
_MARK: Final = re.compile(rb"u(\d{6})(?!\d)", re.IGNORECASE)
_EIGHT_BIT: Final = (b"\xa0", b"\xc2\xa0", b"\xe9", "é".encode(), b"\xe2\x80\x8b", b"\xff", b"\x7f")
_BLANK: Final = (" ", "  ", "\t")
_PARAMETERS: Final = (
    " NOTIFY=NEVER",
    " NOTIFY=FAILURE,DELAY",
    " ORCPT=rfc822;{a}",
    " ORCPT=rfc822;u+40{l} NOTIFY=NEVER",
    " orcpt=utf-8;{a}",
    " ORCPT={a}",
    " XYZ",
    " XYZ={a}",
    " <{a}>",
    " {a}",
    " ",
    "  ",
    "x",
    ",<{a}>",
)
_VERBS: Final = (
    "RCPT TO:",
    "rcpt to:",
    "RCPT TO: ",
    "RCPT TO:  ",
    "RCPT TO:\t",
    "RCPT  TO:",
    "RCPT TO :",
)


def mark(number: int) -> str:
    """What stands for a line's number in its local parts."""
    return f"u{number:06d}"


def marks(text: bytes) -> set[int]:
    """The numbers that stand in a text."""
    return {int(found) for found in _MARK.findall(text)}


def line(rng: random.Random, number: int) -> bytes:
    """A RCPT command without its line end, no longer than the wire takes one (R14)."""
    made = _Line(rng, number)
    text = made.text()
    while len(text) > _LONGEST:
        text = made.text()
    return text


class _Line:
    def __init__(self, rng: random.Random, number: int) -> None:
        self._rng = rng
        self._mark = mark(number)

    def text(self) -> bytes:
        rng = self._rng
        path = self._core()
        for _ in range(rng.choice((0, 0, 0, 0, 0, 1, 1, 1, 2, 3))):
            path = self._wrapped(path)
        if rng.randrange(12) != 0:
            path = f"<{path}>"
        verb = _VERBS[0] if rng.random() < 0.9 else rng.choice(_VERBS)
        parameters = ""
        if rng.random() < 0.12:
            parameters = rng.choice(_PARAMETERS).format(a=self._plain(), l=rng.choice(LISTED))
        text = f"{verb}{path}{parameters}".encode()
        for _ in range(rng.choice((0,) * 9 + (1, 1, 1, 2, 4))):
            text = self._noisy(text, len(verb))
        return text

    # What an address is made of.

    def _plain(self) -> str:
        if self._rng.random() < 0.06:
            local, domain = LISTED_MAILBOX
            return f"{local}+{self._mark}@{domain}"
        return f"{self._mark}@{self._name()}"

    def _name(self) -> str:
        """A domain name, as it is written in a list."""
        roll = self._rng.random()
        if roll < 0.5:
            return self._rng.choice(LISTED)
        return self._rng.choice(INNOCENT) if roll < 0.8 else OURS

    def _domain(self) -> str:
        """A domain in one of its spellings."""
        rng = self._rng
        if rng.random() < 0.08:
            return rng.choice(_LITERALS)
        name = self._name()
        if rng.random() < 0.55:
            return name
        return rng.choice(SPELLINGS)(rng, name)

    def _local(self) -> str:
        rng, mark = self._rng, self._mark
        roll = rng.random()
        if roll < 0.6:
            return mark
        return rng.choice(
            (
                f'"{mark}"',
                f'"{mark} x"',
                f'" {mark}"',
                f'"x\\" {mark}"',
                f"{mark}.x",
                f"{mark}..x",
                f"{mark}.",
                f".{mark}",
                f"{mark}+x",
                f"\\{mark}",
                f'{mark}."x"',
                f'"x"."{mark}"',
                f'"{mark}"x',
                f"x {mark}",
                f"{mark}(x)",
                f"(x){mark}",
                f"{mark}/x",
                f"é{mark}",
                f"=?utf-8?q?{mark}?=",
                f"SRS0=x=y={rng.choice(LISTED)}={mark}",
                f"{mark}={rng.choice(LISTED)}",
                f"x+{mark}={rng.choice(LISTED)}",
                f"{mark}" + "x" * rng.choice((60, 60, 250, 250, 1000, 2040)),
            )
        )

    def _core(self) -> str:
        rng = self._rng
        local, one, two, three = self._local(), self._domain(), self._domain(), self._domain()
        blank = rng.choice(("", "", *_BLANK))
        roll = rng.random()
        if roll < 0.28:
            return f"{local}@{one}"
        if roll < 0.31:
            return self._plain()
        if roll < 0.34:
            return f"{local}{blank}@{rng.choice(_BLANK)}{one}"
        if roll < 0.37:
            return self._hops()
        return rng.choice(
            (
                f"{local}@{one}@{two}",
                f"{local}@{one}{blank}@{two}@{three}",
                f"{local}@{one}@",
                f"{local}@{one}@@",
                f"{local}@@{one}",
                f"{local}%{one}",
                f"{local}%{one}@{two}",
                f"{local}%{one}@",
                f"{local}{blank}%{blank}{one}@{OURS}",
                f"{local}%{one}%{two}",
                f"{local}%{one}%{two}@{OURS}",
                f"{local}%{one}@{two}@{three}",
                f"{one}!{local}",
                f"{one}!{local}@{OURS}",
                f"{one}!{local}@{two}",
                f"{one}!{two}!{local}",
                f"{one}!{two}!{local}@{OURS}",
                f"{one}!{local}%{two}",
                f"{one}!{local}%{two}@{OURS}",
                f"\\{one}!{local}",
                f"@{one}:{local}@{two}",
                f"@{one},@{two}:{local}@{three}",
                f"@{one}:@{two}:{local}@{three}",
                f"@{one}:{local}%{two}@{three}",
                f"@{one}{blank}:{blank}{local}@{two}",
                f"@{one}",
                f'"{local}@{one}"',
                f'"{local}@{one}"@{two}',
                f'"{local}@{one}"@{OURS}',
                f'"{local}%{one}"@{OURS}',
                f'"{local}%{blank}{one}"@{OURS}',
                f'"{one}!{local}"@{OURS}',
                f'"{local}@{one} x"@{two}',
                f'"{local}"{blank}@{one}',
                f'"{local}@"{one}',
                f'"{local}\\@{one}"@{two}',
                f"{local}\\@{one}",
                f"{local}\\@{one}@{two}",
                f"{local}({self._plain()})@{one}",
                f"{local}@{one}({self._plain()})",
                f"{local}@{one}(<{self._plain()}>)",
                f"{local}@{one}(x(y)z)",
                f"{local}@(x(y))({self._plain()}){one}",
                f"{local}@{one}({self._plain()}",
                f"{local}@{one})",
                f"{local}@{one},{self._plain()}",
                f"{local}@{one};{self._plain()}",
                f"{local}@{one}:{self._plain()}",
                f"{local}@{one} {self._plain()}",
                f"{local}@{one}><{self._plain()}",
                f"{local}@{one}> <{self._plain()}",
                f"{local}@{one}<{self._plain()}>",
                f"{local}<{self._plain()}>@{one}",
                f"<{self._plain()}>{local}@{one}",
                f"{one}::{local}",
                f"{one}:{local}",
                f"{one}/{local}@{OURS}",
                f"{local}^{one}",
                f"{local} at {one}",
                f"{local}%40{one}@{OURS}",
                f"{local}=40{one}",
                f"{OURS}!{one}!{local}%{two}@{OURS}",
                f"@{OURS},@{one}:{local}%{two}",
                f"{local}%{one}@{OURS}@[127.0.0.1]",
                f"{self._mark}",
                f"{self._mark}.{one}",
                f"IMCEASMTP-{self._mark}+40{one.replace('.', '+2E')}@{OURS}",
                f"{self._mark}_{one}#EXT#@{two}",
                f"{self._mark}_at_{one}_x@{two}",
            )
        )

    def _hops(self) -> str:
        """The percent hack, again and again."""
        rng = self._rng
        hop = rng.choice(("[127.0.0.1]", OURS, rng.choice(INNOCENT), rng.choice(LISTED)))
        deep = rng.choice((2, 3, 7, 15, 16, 17, 40, 170))
        last = rng.choice(("[127.0.0.1]", OURS, hop))
        if rng.random() < 0.6:
            return f"{self._local()}%{self._domain()}" + f"%{hop}" * deep + f"@{last}"
        if rng.random() < 0.5:
            return f"{hop}!" * deep + f"{self._domain()}!{self._local()}@{last}"
        return f"{self._local()}@{self._domain()}" + f"@{hop}" * deep

    def _wrapped(self, path: str) -> str:
        rng, other = self._rng, self._plain()
        return rng.choice(
            (
                f"<{path}>",
                f"Ivan <{path}>",
                f"Ivan Ivanov <{path}>",
                f'"Ivan" <{path}>',
                f'"{other}" <{path}>',
                f"{other} <{path}>",
                f"=?utf-8?q?Ivan?= <{path}>",
                f"({other}) {path}",
                f"({other}){path}",
                f"{path} ({other})",
                f"{path}({other})",
                f"{path}(x(y(z)))",
                f"{path}({'x' * rng.choice((100, 100, 250, 1000, 2040))})",
                f"{path}{'(' * 9}{')' * 9}",
                f"{path}(",
                f"{path})",
                f"({path}",
                f"({path})",
                f" {path}",
                f"{path} ",
                f"{path}\t",
                f"{path},",
                f",{path}",
                f"{path};",
                f":{path}",
                f"{path}:",
                f"group:{path};",
                f"group: {other}, {path};",
                f"{path},{other}",
                f"{other},{path}",
                f"{path} {other}",
                f"<{path}><{other}>",
                f"<{other}><{path}>",
                f"<{path}",
                f"{path}>",
                f"<<{path}>>",
                f"'{path}'",
                f'"{path}"',
                f'"{path}',
                f'{path}"',
                f'"{path} x"@{self._domain()}',
                f"{path}@",
                f"{path}.",
                f"{path}..",
                f"{path}@{OURS}",
                f"{path}%{OURS}",
                f"{path}@[127.0.0.1]",
                f"@{OURS}:{path}",
                f"@{self._domain()}:{path}",
                f"[{path}]",
                f"mailto:{path}",
                f"smtp:{path}",
                f"=?utf-8?q?{path}?=",
                f",{rng.choice(_BLANK)}{path}",
                f',"{path}"',
                f"{path}\\",
                f"\\{path}",
            )
        )

    def _noisy(self, text: bytes, start: int) -> bytes:
        """One slip of the pen behind the verb, and never in a mark."""
        rng = self._rng
        held = {
            at for found in _MARK.finditer(text) for at in range(found.start() + 1, found.end())
        }
        free = [at for at in range(start, len(text) + 1) if at not in held]
        at = rng.choice(free)
        roll = rng.random()
        if roll < 0.6:
            return text[:at] + rng.choice(SPECIALS).encode() + text[at:]
        if roll < 0.7:
            return text[:at] + rng.choice(_EIGHT_BIT) + text[at:]
        is_letter_of_mark = at + 1 in held
        if at == len(text) or is_letter_of_mark:
            return text
        if roll < 0.85:
            return text[:at] + text[at + 1 :]
        return text[:at] + text[at : at + 1] + text[at:]
