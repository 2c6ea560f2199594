"""Which file of ours imports which, and where: every import counts, wherever it stands.

One within a function, one for the type checker alone, a relative one and a call that imports count
like any other. To import a package, or a name that its ``__init__`` defines or hands on, is to
import that ``__init__``.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.house.breach import Breach

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.house.names import Names, Scope
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
        for node, scope in names.walk(file):
            for module, name in named(file, names, node, scope):
                for target, part in _targets(files, names, module, name):
                    yield Import(file, node.lineno, target, part)


def named(
    file: SourceFile, names: Names, node: ast.AST, scope: Scope
) -> Iterator[tuple[str, str | None]]:
    """Give the modules that a node imports, ours or not, each with the name it takes, or none."""
    match node:
        case ast.Import(names=aliases):
            for alias in aliases:
                yield alias.name, None
        case ast.ImportFrom(names=aliases):
            for alias in aliases:
                yield file.imported_from(node), alias.name
        case ast.Call():
            for called in names.called(node, scope) or ():
                yield called.module, None
                for wanted in called.wanted:
                    yield called.module, wanted


def computed(files: SourceFiles, names: Names, package: str) -> Iterator[Breach]:
    """Tell each call that imports a module of which no part of the name is written there."""
    for file in files.below(package):
        for node, scope in names.walk(file):
            if isinstance(node, ast.Call) and names.called(node, scope) == []:
                yield Breach(
                    str(file.path),
                    node.lineno,
                    "a module is imported by a name that is computed as a whole",
                    "write the name, or at least the package before it",
                )


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
