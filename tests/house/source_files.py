"""The Python files of a tree, parsed; none of them is imported."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True, eq=False)
class SourceFile:
    """One file. ``path`` is told from the tree's top; ``module`` is the name it is imported by."""

    path: PurePosixPath
    module: str
    lines: int
    tree: ast.Module

    @property
    def is_package(self) -> bool:
        """Is it the ``__init__.py`` of its folder?"""
        return self.path.name == "__init__.py"

    @property
    def package(self) -> str:
        """The package that relative imports are told from."""
        return self.module if self.is_package else self.module.rpartition(".")[0]

    def imported_from(self, node: ast.ImportFrom) -> str:
        """Give the full name of what stands between ``from`` and ``import``; dots are counted.

        Empty where the dots lead out of the tree.
        """
        if not node.level:
            return node.module or ""
        package = self.module.split(".")
        above = node.level - 1 if self.is_package else node.level
        if above >= len(package):
            return ""
        base = package[: len(package) - above]
        return ".".join([*base, node.module] if node.module else base)


class SourceFiles:
    """The files of some packages below one folder, in the order of their paths."""

    def __init__(self, files: Iterable[SourceFile]) -> None:
        self._files = sorted(files, key=lambda file: file.path)
        # Where a folder and a file have one name, Python imports the folder: it comes last here.
        self._modules = {
            file.module: file for file in sorted(self._files, key=lambda file: file.is_package)
        }
        self._names = {
            ".".join(parts[:end])
            for parts in (name.split(".") for name in self._modules)
            for end in range(1, len(parts) + 1)
        }

    @classmethod
    def read(cls, top: Path, *packages: str) -> SourceFiles:
        """Parse every Python file of these packages; a package that is missing has none."""
        return cls(
            _read(top, path)
            for package in packages
            for path in (top / package).rglob("*.py")
            if "__pycache__" not in path.parts
        )

    def __iter__(self) -> Iterator[SourceFile]:
        return iter(self._files)

    def below(self, folder: str) -> list[SourceFile]:
        """Give the files of a folder and of those within it; ``gateway/cli`` names one."""
        return [file for file in self._files if PurePosixPath(folder) in file.path.parents]

    def module(self, name: str) -> SourceFile | None:
        """Give the file that is imported by this name."""
        return self._modules.get(name)

    def has(self, name: str) -> bool:
        """Is it the name of a file, or of a folder with files of ours?"""
        return name in self._names


def _read(top: Path, path: Path) -> SourceFile:
    text = path.read_text(encoding="utf-8")
    within = PurePosixPath(path.relative_to(top).as_posix())
    named = within.parent if within.name == "__init__.py" else within.with_suffix("")
    return SourceFile(within, ".".join(named.parts), len(text.splitlines()), ast.parse(text, path))
