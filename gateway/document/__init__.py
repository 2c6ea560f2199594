"""A TOML file that a person wrote, read so that every fault has its file, line and key.

The one reader of configuration, policies and entities::

    document = Document.read(path)  # ConfigError: unreadable, not UTF-8, not TOML
    root = document.root
    mode = root.table("policies").choice("mode", Mode, default=Mode.WARN)
    for rule in root.tables("rule"):
        name = rule.text("name")  # required: no default
        until = rule.date("until", default=None)
        tiers = rule.choices("tiers", Tier, default=())
        domains = rule.parsed_list("domains", normalise, default=())  # ValueError → a fault
        if until is None and tiers:
            rule.fault("until", "is needed where tiers are named")
    document.check()  # ConfigError with all faults, unknown keys among them

Pass ``error=ListError`` to :meth:`Document.read` where a list is read. Items of arrays are
counted from 1 in what people see: ``rule[2].action`` is of the second ``[[rule]]``.
"""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING, Any

from gateway.document.document_values import describe
from gateway.document.lines import Path as KeyPath
from gateway.document.lines import dotted
from gateway.document.lines import key_lines as find_key_lines
from gateway.document.section import Section
from gateway.errors import ConfigError, Fault, FaultyFile

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Document", "Section", "decoded", "describe"]

# Far above any file a person writes; a device or a log named by mistake must not fill memory.
_LARGEST = 16 * 2**20
_PLACE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")

# The parser's words for the slips people make most, in ours; any other goes on as it is.
_SLIPS = {
    "Illegal character '\\n'": "a text in quotes does not end on its line",
    "Unterminated string": "a text in quotes does not end",
    "Unclosed array": "a list does not end; a ] or a comma is missing",
    "Unescaped '\\'": "a backslash in a text; write it twice, or use single quotes",
    "Invalid value": "not a value; texts need quotes, true and false are in lower case",
    "Cannot overwrite a value": "a key is written a second time",
    "Cannot declare": "a table is opened a second time",
    "Expected '=' after a key": "a key without = and a value",
    "Expected newline": "more than one value after =; lists need brackets, texts quotes",
}


class Document:
    """Parsed data, the line of each key, and the faults found so far.

    ``file`` is its name in faults, ``root`` the section of all its top-level keys.
    """

    def __init__(
        self, file: str, data: dict[str, Any], lines: dict[KeyPath, int], error: type[FaultyFile]
    ) -> None:
        self.file = file
        self._lines = lines
        self._error = error
        self._faults: dict[Fault, None] = {}
        self._sections: list[Section] = []
        self._known: dict[KeyPath, set[str]] = {}
        self.root = Section(self, (), data)

    @classmethod
    def read(cls, path: Path, *, error: type[FaultyFile] = ConfigError) -> Document:
        """Read a file; raises ``error`` where it can't be read, isn't UTF-8 or isn't TOML.

        So it does for one larger than 16 MiB. ``error`` is also what :meth:`check` raises.
        """
        try:
            with path.open("rb") as stream:
                raw = stream.read(_LARGEST + 1)
        except OSError as problem:
            reason = problem.strerror or str(problem)
            message = f"cannot be read: {reason}"
            raise error([Fault(str(path), None, None, message)]) from problem
        return cls.parse(raw, str(path), error=error)

    @classmethod
    def parse(cls, raw: bytes, file: str, *, error: type[FaultyFile] = ConfigError) -> Document:
        """Parse the bytes of ``file`` (its name for faults); raises ``error`` as :meth:`read`."""
        text = decoded(raw, file, error=error)
        try:
            data = tomllib.loads(text)
        except RecursionError as problem:
            message = "is nested too deeply to be read"
            raise error([Fault(file, None, None, message)]) from problem
        except ValueError as problem:
            raise error([_syntax_fault(file, text, str(problem))]) from problem
        return cls(file, data, find_key_lines(text), error)

    @property
    def faults(self) -> list[Fault]:
        """The faults found so far, by line; those without a line come last."""
        return sorted(self._faults, key=lambda fault: fault.line or float("inf"))

    @property
    def key_lines(self) -> dict[str, int]:
        """The line, counted from 1, of each key that is written, by its dotted name."""
        return {dotted(path): line for path, line in self._lines.items()}

    def check(self) -> None:
        """End the reading: look for unknown keys, then raise all faults at once, if any.

        What is raised is the ``error`` that :meth:`read` was given.
        """
        plain = [section for section in self._sections if _is_plain(section)]
        for section in tuple(self._sections):
            section.finish(plain)
        if self._faults:
            raise self._error(self.faults)

    def add_fault(self, path: KeyPath, message: str) -> None:
        """Note a fault at ``path``, on its line or the nearest enclosing one."""
        key = dotted(path) or None
        self._faults[Fault(self.file, self.line_of(path), key, message)] = None

    def line_of(self, path: KeyPath) -> int | None:
        """Line of ``path``, else of the nearest enclosing key; ``None`` for the whole file."""
        for length in range(len(path), 0, -1):
            if (line := self._lines.get(path[:length])) is not None:
                return line
        return None

    def register(self, section: Section) -> set[str]:
        """Remember a section; gives the keys asked for at its path, shared if opened twice."""
        self._sections.append(section)
        return self._known.setdefault(section.path, set())


def decoded(
    raw: bytes, file: str, *, largest: int = _LARGEST, error: type[FaultyFile] = ConfigError
) -> str:
    """Decode UTF-8 that a person's editor wrote, with or without a byte order mark.

    ``file`` is its name for faults. Raises ``error`` for more than ``largest`` bytes, and for
    bytes that are not UTF-8.
    """
    if len(raw) > largest:
        message = f"is larger than {largest // 2**20} MiB; is it the right file?"
        raise error([Fault(file, None, None, message)])
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as problem:
        line = raw.count(b"\n", 0, problem.start) + 1
        message = f"is not UTF-8: byte 0x{raw[problem.start]:02X}; save the file as UTF-8"
        raise error([Fault(file, line, None, message)]) from problem
    # Editors on Windows put a mark in front that neither TOML nor CSV has a place for.
    return text.removeprefix("\ufeff")


def _is_plain(section: Section) -> bool:
    """Whether a section is a table with a name of its own, not one of an array."""
    return not any(isinstance(part, int) for part in section.path)


def _syntax_fault(file: str, text: str, message: str) -> Fault:
    place = _PLACE.search(message)
    if place is None:
        return Fault(file, None, None, f"is not TOML: {message}")
    line = int(place[1]) if place[1] else max(1, len(text.rstrip().splitlines()))
    message = message[: place.start()]
    slips = (ours for theirs, ours in _SLIPS.items() if message.startswith(theirs))
    return Fault(file, line, None, "is not TOML: " + next(slips, message))
