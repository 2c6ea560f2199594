"""A contract that forbids a file of ours forbids what it defines, whichever file hands it on.

import-linter looks at which file is imported. A name can be had from another one that imported it.
"""

from __future__ import annotations

import ast
import tomllib
from typing import TYPE_CHECKING, Any

from tests.house.breach import Breach
from tests.house.taken import by_attribute, by_import

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from tests.house.imports import Import
    from tests.house.names import Names
    from tests.house.source_files import SourceFiles
    from tests.house.taken import Taken


INNER_PARTS = {"reader": ("gateway.cli", "gateway.compliance")}
"""Parts of objects by name, and who may not ask for one: a logged reading has a reader."""


def contracts(top: Path) -> list[dict[str, Any]]:
    """Read import-linter's contracts of a tree; there are none without its ``pyproject.toml``."""
    file = top / "pyproject.toml"
    if not file.is_file():
        return []
    tool = tomllib.loads(file.read_text(encoding="utf-8")).get("tool", {})
    return list(tool.get("importlinter", {}).get("contracts", ()))


def breaches(
    files: SourceFiles, names: Names, imports: Iterable[Import], of: Iterable[dict[str, Any]]
) -> Iterator[Breach]:
    """Tell what is taken of files that a contract forbids by their names."""
    found = list(imports)
    for contract in of:
        forbidden = [name for name in contract.get("forbidden_modules", ()) if files.has(name)]
        if contract["type"] != "forbidden" or not forbidden:
            continue
        sources = contract["source_modules"]
        exempt = {edge.partition(" -> ")[::2] for edge in contract.get("ignore_imports", ())}
        for taken in _taken(files, names, found, sources):
            hidden = next((one for one in forbidden if _is_within(taken.home, one)), None)
            if hidden is not None and (taken.file.module, hidden) not in exempt:
                yield Breach(
                    str(taken.file.path),
                    taken.line,
                    f"takes {taken.full_name}{taken.way}, against the contract "
                    f"{contract['name']!r}",
                    "ask one of the files that are meant as its doors",
                )


def inner_parts(
    files: SourceFiles, names: Names, of: Mapping[str, tuple[str, ...]] = INNER_PARTS
) -> Iterator[Breach]:
    """Tell who asks an object for a part of it that is there for the object's own room alone."""
    for part, packages in of.items():
        for file in files:
            if not any(_is_within(file.module, package) for package in packages):
                continue
            for node, _ in names.walk(file):
                if isinstance(node, ast.Attribute) and node.attr == part:
                    yield Breach(
                        str(file.path),
                        node.lineno,
                        f"asks for a part by the name of {part}, past the doors of its room",
                        "ask the object itself, and let it have a method for what is needed",
                    )


def _taken(
    files: SourceFiles, names: Names, imports: list[Import], sources: list[str]
) -> Iterator[Taken]:
    for found in imports:
        if any(_is_within(found.file.module, source) for source in sources):
            yield from by_import(names, found)
    of = [file for file in files if any(_is_within(file.module, source) for source in sources)]
    yield from by_attribute(files, names, of)


def _is_within(module: str, package: str) -> bool:
    return f"{module}.".startswith(f"{package}.")
