"""What a file takes of others by name, told by the file that defines it, whoever hands it on.

A name may be had by an import, from a module that was imported, or by ``getattr`` with the name
written out.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.house.names import Definition, Module

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tests.house.imports import Import
    from tests.house.names import Names, Scope
    from tests.house.source_files import SourceFile, SourceFiles


@dataclass(frozen=True, slots=True)
class Taken:
    """A file asks another one, ``through``, for a name; ``origin`` is what it is had from."""

    file: SourceFile
    line: int
    through: SourceFile
    name: str
    origin: Definition | Module

    @property
    def home(self) -> str:
        """The module that defines it, or that it is."""
        return self.origin.name if isinstance(self.origin, Module) else self.origin.file.module

    @property
    def full_name(self) -> str:
        """Its own full name."""
        if isinstance(self.origin, Module):
            return self.origin.name
        return f"{self.origin.file.module}.{self.origin.name}"

    @property
    def way(self) -> str:
        """Tell, after its name, who hands it on; nothing where nobody does."""
        if self.through.module in {self.home, self.home.rpartition(".")[0]}:
            return ""
        return f", handed on by {self.through.module}"


def by_import(names: Names, found: Import) -> Iterator[Taken]:
    """Give what one import takes, a star all that the other file does not keep to itself."""
    if found.name is None:
        return
    wanted = [found.name] if found.name != "*" else _public(names, found.target)
    for name in wanted:
        for origin in names.origins(found.target.module, name):
            yield Taken(found.file, found.line, found.target, name, origin)


def by_attribute(files: SourceFiles, names: Names, of: Iterable[SourceFile]) -> Iterator[Taken]:
    """Give what these files take of modules that they have."""
    for file in of:
        for node, scope in names.walk(file):
            for owner, name, line in _asked(names, node, scope):
                if (through := files.module(owner)) is not None:
                    for origin in names.origins(owner, name):
                        yield Taken(file, line, through, name, origin)


def _asked(names: Names, node: ast.AST, scope: Scope) -> Iterator[tuple[str, str, int]]:
    match node:
        case ast.Attribute(value=value, attr=name, lineno=line):
            pass
        case ast.Call(
            func=ast.Name(id="getattr"),
            args=[value, ast.Constant(value=str(name)), *_],
            lineno=line,
        ):
            pass
        case _:
            return
    for owner in names.meanings(value, scope):
        if isinstance(owner, Module):
            yield owner.name, name, line


def _public(names: Names, file: SourceFile) -> list[str]:
    return [name for name in names.of_module(file).bound if not name.startswith("_")]
