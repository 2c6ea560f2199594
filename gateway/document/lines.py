"""On which line each key of a TOML document stands; ``tomllib`` keeps no lines.

The scanner walks text that ``tomllib`` has already accepted, so it tells the parts of TOML 1.0
apart without judging them. Where it loses its way nonetheless, what it has seen so far stands,
and a reader falls back to the nearest enclosing key that has a line.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from contextlib import suppress
from itertools import pairwise

Path = tuple[str | int, ...]
"""Keys from the root down; an ``int`` counts the items of an array from 0."""

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
# A multi-line string may end in up to two quotes of its own, hence {3,5} at its end.
_STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}|' + r"'''.*?'{3,5}|" + r'"(?:\\.|[^"\\\n])*"|' + r"'[^'\n]*'",
    re.DOTALL,
)
_SCALAR = re.compile(r"[^,\]}#\n]*")


def key_lines(text: str) -> dict[Path, int]:
    """Line, counted from 1, of each key, table header and array item in ``text``, a valid TOML."""
    scanner = _Scanner(text)
    # ValueError: a quoted key that `tomllib` will not decode.
    with suppress(_LostError, RecursionError, ValueError):
        scanner.document()
    return scanner.lines


def dotted(path: Path) -> str:
    """``("rule", 1, "action")`` as a person writes it: ``rule[2].action``, counted from 1."""
    parts: list[str] = []
    for before, part in pairwise(("", *path)):
        if isinstance(part, int):
            parts.append(f"[{part + 1}]")
            continue
        word = part if _BARE_KEY.fullmatch(part) else _quoted(part)
        parts.append(f".{word}" if before != "" or parts else word)
    return "".join(parts)


def _quoted(key: str) -> str:
    escaped = key.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\u{ord(c):04X}" for c in escaped) + '"'


class _LostError(Exception):
    """The scanner met what it does not know."""


class _Scanner:
    """A position in the text, and what was seen up to it."""

    def __init__(self, text: str) -> None:
        self.lines: dict[Path, int] = {}
        self._text = text
        self._at = 0
        self._breaks = [m.start() for m in re.finditer("\n", text)]
        self._items: dict[Path, int] = {}  # arrays of tables → how many tables so far

    def document(self) -> None:
        table: Path = ()
        while self._skip(_BLANK):
            if self._text[self._at] == "[":
                table = self._header()
            else:
                self._pair(table)

    def _header(self) -> Path:
        line = self._line()
        is_array = self._text.startswith("[[", self._at)
        self._at += 2 if is_array else 1
        keys = self._key()
        self._at += 2 if is_array else 1
        path: Path = ()
        for depth, key in enumerate(keys, 1):
            path = (*path, key)
            self._see(path, line)
            if is_array and depth == len(keys):
                self._items[path] = self._items.get(path, 0) + 1
            if path in self._items:
                # A header speaks of the array's latest table.
                path = (*path, self._items[path] - 1)
                self._see(path, line)
        return path

    def _pair(self, table: Path) -> None:
        line = self._line()
        path = table
        for key in self._key():
            path = (*path, key)
            self._see(path, line)
        self._expect("=")
        self._skip(_SPACE)
        self._value(path)

    def _key(self) -> list[str]:
        """Take a dotted key, each part decoded."""
        keys: list[str] = []
        while True:
            self._skip(_SPACE)
            if bare := _BARE_KEY.match(self._text, self._at):
                keys.append(bare[0])
                self._at = bare.end()
            else:
                keys.append(tomllib.loads("key = " + self._string())["key"])
            self._skip(_SPACE)
            if not self._text.startswith(".", self._at):
                return keys
            self._at += 1

    def _value(self, path: Path) -> None:
        start = self._text[self._at : self._at + 1]
        if start in {'"', "'"}:
            self._string()
        elif start == "[":
            self._array(path)
        elif start == "{":
            self._inline_table(path)
        else:
            self._skip(_SCALAR)

    def _array(self, path: Path) -> None:
        self._expect("[")
        index = 0
        while self._skip(_BLANK) and self._text[self._at] != "]":
            item = (*path, index)
            self._see(item, self._line())
            self._value(item)
            index += 1
            if self._skip(_BLANK) and self._text[self._at] == ",":
                self._at += 1
        self._expect("]")

    def _inline_table(self, path: Path) -> None:
        self._expect("{")
        while self._skip(_BLANK) and self._text[self._at] != "}":
            self._pair(path)
            if self._skip(_BLANK) and self._text[self._at] == ",":
                self._at += 1
        self._expect("}")

    def _string(self) -> str:
        found = _STRING.match(self._text, self._at)
        if found is None:
            raise _LostError
        self._at = found.end()
        return found[0]

    def _expect(self, character: str) -> None:
        if not self._text.startswith(character, self._at):
            raise _LostError
        self._at += 1

    def _skip(self, pattern: re.Pattern[str]) -> bool:
        """Move past ``pattern``, which may match nothing; whether any text is left."""
        found = pattern.match(self._text, self._at)
        assert found is not None
        self._at = found.end()
        return self._at < len(self._text)

    def _see(self, path: Path, line: int) -> None:
        self.lines.setdefault(path, line)

    def _line(self) -> int:
        return bisect_right(self._breaks, self._at - 1) + 1
