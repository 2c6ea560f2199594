"""A file is read in one sitting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.house.breach import Breach, of_a_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.house.source_files import SourceFiles

MOST = 600
"""Lines of a file where the whole is one noun."""

RULE = 400
"""Lines of a file as a rule; what is longer is told and does not fail."""


@dataclass(frozen=True, slots=True)
class Longer:
    """A file that may be longer, and the decision record that names it and says why."""

    most: int
    record: str


EXCEPTIONS: dict[str, Longer] = {
    "gateway/smtp/session.py": Longer(800, "docs/decisions/0019-names-and-composition.md"),
}


def breaches(
    files: SourceFiles, top: Path, exceptions: Mapping[str, Longer] = EXCEPTIONS
) -> Iterator[Breach]:
    """Tell each file that is too long, and each exception that nothing needs or explains."""
    lengths = {str(file.path): file.lines for file in files}
    for path, lines in lengths.items():
        most = exceptions[path].most if path in exceptions else MOST
        if lines > most:
            yield Breach(path, most + 1, f"{lines} lines, {most} are the most", "split it by nouns")
    for path, longer in exceptions.items():
        if lengths.get(path, 0) <= MOST:
            yield _of_table(
                path,
                f"{path} needs no exception: it is within {MOST} lines, or gone",
                "take it out",
            )
        elif not _says(top / longer.record, path):
            yield _of_table(
                path,
                f"{longer.record} does not say why {path} is longer than {MOST} lines",
                "write it down there, with what was measured",
            )


def long_ones(files: SourceFiles) -> Iterator[str]:
    """Name the files beyond the rule that are within the bar."""
    for file in files:
        if RULE < file.lines <= MOST:
            yield f"{file.path}: {file.lines} lines; {RULE} are the rule, {MOST} the most"


def _says(record: Path, path: str) -> bool:
    return record.is_file() and path in record.read_text(encoding="utf-8")


def _of_table(path: str, what: str, remedy: str) -> Breach:
    return of_a_table(__file__, path, what, remedy)
