"""Ways to spell a domain name, each of which some server or other takes for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

SPECIALS: Final = "\"\\()<>,;:@%!.[] \t'=#/&{}|`~*?^$+-_"
"""What means something to somebody who reads an address."""


def _escaped(rng: random.Random, name: str) -> str:
    at = rng.randrange(len(name))
    return f"{name[:at]}\\{name[at:]}"


def _split(rng: random.Random, name: str) -> str:
    at = rng.randrange(1, len(name))
    between = rng.choice(
        (" ", "\t", "(x)", "()", "(x(y))", '"', " (x) ", "\xa0", "\u200b", "\u00ad")
    )
    return name[:at] + between + name[at:]


def _encoded(rng: random.Random, name: str) -> str:
    return (
        f"=?utf-8?q?{name.replace('.', '=2E')}?="
        if rng.random() < 0.5
        else f"=?us-ascii?q?{name}?="
    )


def _wide(rng: random.Random, name: str) -> str:
    dot = rng.choice("\u3002\uff0e\uff61")
    if rng.random() < 0.5:
        return name.replace(".", dot)
    return "".join(chr(ord(letter) + 0xFEE0) if letter.isalpha() else letter for letter in name)


SPELLINGS: Final[tuple[Callable[[random.Random, str], str], ...]] = (
    lambda _, name: name.upper(),
    lambda _, name: name.title(),
    lambda _, name: f"{name}.",
    lambda _, name: f"{name}..",
    lambda _, name: f"{name}. .",
    lambda _, name: f".{name}",
    lambda _, name: f"mail.{name}",
    lambda _, name: f"a_b.{name}",
    lambda _, name: f"-x.{name}",
    lambda _, name: f'"{name}"',
    lambda _, name: f"[{name}]",
    lambda _, name: f"<{name}>",
    lambda _, name: f"#{name}",
    lambda _, name: f"{name}(x)",
    lambda _, name: f"{name}(x(y))",
    lambda _, name: f"(x){name}",
    lambda _, name: f" {name}",
    lambda _, name: f"{name} ",
    lambda _, name: f"{name};",
    lambda _, name: f"{name},",
    lambda _, name: f"{name}:25",
    lambda _, name: f"{name}\xa0",
    lambda _, name: f"{name}\u3000",
    lambda _, name: name.replace(".", " . "),
    lambda _, name: name.replace(".", ". "),
    lambda _, name: name.replace(".", ".."),
    lambda _, name: name.replace(".", "\\."),
    lambda _, name: name.replace(".", "(x)."),
    lambda rng, name: name.replace(".", rng.choice((" ", "\t", "  ", "(x)", " (x(y)) "))),
    lambda rng, name: name.replace(".", rng.choice(" \t"), 1),
    lambda rng, name: name.replace(".", rng.choice(SPECIALS)),
    lambda rng, name: name.replace(".", rng.choice(("%2E", "=2E", "&#46;", "\\056", "+2E"))),
    lambda _, name: f"xn--bcher-kva.{name}",
    lambda _, name: f"bücher.{name}",
    lambda _, name: f"é.{name}",
    _escaped,
    _split,
    _split,
    _encoded,
    _wide,
)
