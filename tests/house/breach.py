"""What a check tells: a place, what is wrong there, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.house.source_files import ROOT


@dataclass(frozen=True, slots=True, order=True)
class Breach:
    """One breach of the bar; ``line`` counts from 1."""

    file: str
    line: int
    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.what}: {self.remedy}"


def of_a_table(module_file: str, entry: str, what: str, remedy: str) -> Breach:
    """Tell what is wrong with a check's own table, at the line where the entry stands."""
    path = Path(module_file)
    lines = path.read_text(encoding="utf-8").splitlines()
    line = next((at for at, text in enumerate(lines, start=1) if f'"{entry}"' in text), 1)
    return Breach(path.relative_to(ROOT).as_posix(), line, what, remedy)
