"""What is taken out: one behaviour an entry, one TOML file a room (``smtp-content.toml``: smtp).

An entry names the behaviour's number, a text that stands exactly once in one file, and what is to
stand there instead; with it the tests that bear the number must fail. ``CONTRIBUTING.md`` shows
one.
"""

from __future__ import annotations

import ast
import functools
import re
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = Path(__file__).parent
NUMBER = re.compile(r"[RSPNAO]\d\d")


class EntryError(Exception):
    """An entry that cannot be used; the text says which, and why."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One behaviour and how to take it out.

    ``tests`` are paths below the tree, files or folders; empty: wherever a test bears the number.
    ``place`` tells a person where the entry stands.
    """

    number: str
    what: str
    file: str
    find: str
    replace: str
    tests: tuple[str, ...]
    room: str
    place: str

    @property
    def keyword(self) -> str:
        """What the names of its tests have in them."""
        return f"_{self.number.lower()}_"

    def taken_out_of(self, text: str) -> str:
        """The file's text without the behaviour."""
        count = text.count(self.find)
        if count != 1:
            raise EntryError(
                f"{self.place}: `find` stands {count} times in {self.file}, and must stand there "
                "once: the code has moved on, so look where the behaviour is now"
            )
        return text.replace(self.find, self.replace)


def load(folder: Path = FOLDER) -> list[Entry]:
    """Every entry of every room; raises ``EntryError`` for the first that is none."""
    return [entry for path in sorted(folder.glob("*.toml")) for entry in _read(path)]


def faults(found: list[Entry], root: Path = ROOT) -> list[str]:
    """What does not fit the tree at ``root`` any more, all at once."""
    told = []
    for entry in found:
        try:
            check(entry, root)
        except EntryError as error:
            told.append(str(error))
    return told


def check(entry: Entry, root: Path) -> None:
    """Raise ``EntryError`` where an entry does not fit the tree any more."""
    below = (f"gateway/{entry.room}/", f"gateway/{entry.room}.py", f"{entry.room}/")
    if not entry.file.startswith(below):
        raise EntryError(f"{entry.place}: {entry.file} is no file of the room {entry.room}")
    try:
        text = (root / entry.file).read_text(encoding="utf-8")
    except OSError as error:
        raise EntryError(f"{entry.place}: {entry.file}: {error.strerror}") from error
    without = entry.taken_out_of(text)
    if without == text:
        raise EntryError(f"{entry.place}: `replace` is what `find` is: nothing is taken out")
    try:
        # What cannot be read fails every test, and proves nothing.
        if entry.file.endswith(".py"):
            ast.parse(without)
        elif entry.file.endswith(".toml"):
            tomllib.loads(without)
    except (SyntaxError, tomllib.TOMLDecodeError) as error:
        raise EntryError(f"{entry.place}: without it {entry.file} cannot be read") from error
    bearing = bearers(root, entry.keyword)
    if not bearing:
        raise EntryError(f"{entry.place}: no test bears the number {entry.number}")
    for path in entry.tests:
        if not any(file == path or file.startswith(f"{path}/") for file in bearing):
            raise EntryError(f"{entry.place}: no test in {path} bears the number {entry.number}")


def files_to_test(entry: Entry, root: Path) -> list[str]:
    """Where its tests are, those of its own room first: the nearest are mostly the quickest."""
    if entry.tests:
        return list(entry.tests)
    # End-to-end tests change the machine they run on: only an entry that names them gets them.
    found = [file for file in bearers(root, entry.keyword) if not file.startswith("tests/e2e/")]
    return sorted(found, key=lambda file: (f"/{entry.room}" not in file, file))


def bearers(root: Path, keyword: str) -> tuple[str, ...]:
    """The test files in which a test's name holds the keyword."""
    return tuple(
        file
        for file, names in _names_of_tests(root).items()
        if any(keyword in name for name in names)
    )


@functools.cache
def _names_of_tests(root: Path) -> dict[str, tuple[str, ...]]:
    """All tests by the files they stand in, in the order of their paths."""
    pattern = re.compile(r"^(?:async )?def test(\w*)", re.MULTILINE)
    return {
        path.relative_to(root).as_posix(): tuple(pattern.findall(path.read_text(encoding="utf-8")))
        for path in sorted((root / "tests").rglob("test_*.py"))
    }


def _read(path: Path) -> list[Entry]:
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))["taken_out"]
    except (tomllib.TOMLDecodeError, KeyError) as error:
        raise EntryError(f"{path.name}: {error}") from error
    return [
        _entry(table, path.stem.partition("-")[0], f"{path.name}, entry {at}")
        for at, table in enumerate(tables, 1)
    ]


def _entry(table: dict[str, object], room: str, place: str) -> Entry:
    known = {field.name for field in fields(Entry)} - {"room", "place"}
    for key in table.keys() - known:
        raise EntryError(f"{place}: {key} is no key of an entry; known are {sorted(known)}")
    texts = {key: table.get(key) for key in sorted(known - {"tests"})}
    for key, text in texts.items():
        if not isinstance(text, str) or not (text or key == "replace"):
            raise EntryError(f"{place}: {key} is missing, or no text")
    tests = table.get("tests", [])
    if not isinstance(tests, list) or not all(isinstance(each, str) for each in tests):
        raise EntryError(f"{place}: tests must be a list of paths")
    entry = Entry(**texts, tests=tuple(tests), room=room, place=f"{place} ({texts['number']})")
    if not NUMBER.fullmatch(entry.number):
        raise EntryError(f"{place}: number must be written as in R07, not {entry.number!r}")
    return entry
