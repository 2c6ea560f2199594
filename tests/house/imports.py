"""Which file of ours imports which, and where: every import counts, wherever it stands.

One within a function, one for the type checker alone and a relative one count like any other. To
import a package, or a name that its ``__init__`` defines or hands on, is to import that
``__init__``.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.house.names import Names
    from tests.house.source_files import SourceFile, SourceFiles


@dataclass(frozen=True, slots=True)
class Import:
    """One file names another. ``name`` is what it takes of it; ``None``: the file as a whole."""

    file: SourceFile
    line: int
    target: SourceFile
    name: str | None = None


def imports(files: SourceFiles, names: Names) -> Iterator[Import]:
    """Give the imports between these files, file by file; those from elsewhere are left out."""
    for file in files:
        for node in ast.walk(file.tree):
            for module, name in _named(file, node):
                for target, part in _targets(files, names, module, name):
                    yield Import(file, node.lineno, target, part)


def _named(file: SourceFile, node: ast.AST) -> Iterator[tuple[str, str | None]]:
    match node:
        case ast.Import(names=aliases):
            for alias in aliases:
                yield alias.name, None
        case ast.ImportFrom(names=aliases):
            for alias in aliases:
                yield file.imported_from(node), alias.name
        case ast.Call(
            func=ast.Name(id="import_module" | "__import__")
            | ast.Attribute(attr="import_module" | "__import__"),
            args=[ast.Constant(value=str(module)), *_],
        ):
            yield module, None


def _targets(
    files: SourceFiles, names: Names, module: str, name: str | None
) -> Iterator[tuple[SourceFile, str | None]]:
    file = files.module(module)
    if name is None:
        if file is not None:
            yield file, None
        return
    within = files.module(f"{module}.{name}")
    if within is not None:
        yield within, None
    if file is not None and (within is None or names.is_rebound(file, name)):
        yield file, name
