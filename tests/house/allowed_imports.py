"""What a package may take of ours: a list of what is allowed, where import-linter has none."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.house import classes
from tests.house.breach import Breach, of_a_table
from tests.house.names import OurClass

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tests.house.imports import Import
    from tests.house.names import Names
    from tests.house.source_files import SourceFiles


@dataclass(frozen=True, slots=True)
class Allowed:
    """Modules and packages, with all within them.

    Of ``anything`` all may be taken; of ``values`` only what holds no rule: frozen dataclasses,
    enums, tuples with names, typed dictionaries, interfaces, errors and constants, each by its
    name.
    """

    anything: tuple[str, ...]
    values: tuple[str, ...] = ()


# A command takes options, asks once and prints. What it asks, a web page will ask, too.
ALLOWED = {
    "gateway.cli": Allowed(
        anything=(
            "gateway.compliance",
            "gateway.serve",
            "gateway.config",
            "gateway.log",
            "gateway.errors",
            "gateway.model",
            "gateway.packaged",
        ),
        values=("gateway.ledger.questions", "gateway.policy", "gateway.lists"),
    ),
}


def breaches(
    files: SourceFiles,
    names: Names,
    imports: Iterable[Import],
    table: Mapping[str, Allowed] = ALLOWED,
) -> Iterator[Breach]:
    """Tell each import that its package's list does not have, and what no import needs of it.

    A package may take its own files, and what the top package's ``__init__`` itself defines.
    """
    used: set[tuple[str, str]] = set()
    for found in imports:
        package = _holding(found.file.module, table)
        if package is None or _is_within(found.target.module, package):
            continue
        allowed = table[package]
        target = found.target.module
        if anything := _holding(target, allowed.anything):
            used.add((package, anything))
        elif values := _holding(target, allowed.values):
            used.add((package, values))
            if not _is_value(names, found):
                yield _told(
                    found,
                    f"takes {_full_name(found)}, and of {values} it may take values only",
                    "import a value type by its name, and leave the work to compliance",
                )
        elif "." in target or not _defines(found):
            yield _told(
                found,
                f"takes {_full_name(found)}, which is not in the list of {package}",
                "let a package in the list give what is needed, as a value",
            )
    yield from _unused(files, table, used)


def _unused(
    files: SourceFiles, table: Mapping[str, Allowed], used: set[tuple[str, str]]
) -> Iterator[Breach]:
    for package, allowed in table.items():
        if not files.has(package):
            yield of_a_table(__file__, package, f"there is no {package}", "take its list out")
            continue
        for entry in (*allowed.anything, *allowed.values):
            if (package, entry) not in used:
                yield of_a_table(
                    __file__, entry, f"{package} takes nothing of {entry}", "take the entry out"
                )


def _told(found: Import, what: str, remedy: str) -> Breach:
    return Breach(str(found.file.path), found.line, what, remedy)


def _full_name(found: Import) -> str:
    return f"{found.target.module}.{found.name}" if found.name else found.target.module


def _holding(module: str, packages: Iterable[str]) -> str | None:
    """Give the narrowest of these packages that a module is, or lies within."""
    holding = [package for package in packages if _is_within(module, package)]
    return max(holding, key=len, default=None)


def _is_within(module: str, package: str) -> bool:
    return f"{module}.".startswith(f"{package}.")


def _defines(found: Import) -> bool:
    """Is the name given a value in the file itself, rather than that of another name?"""
    return any(
        isinstance(node, ast.Assign | ast.AnnAssign)
        and not isinstance(node.value, ast.Name | ast.Lambda)
        and any(isinstance(name, ast.Name) and name.id == found.name for name in ast.walk(node))
        for node in found.target.tree.body
    )


def _is_value(names: Names, found: Import) -> bool:
    if found.name is None:
        return False
    meanings = names.members(found.target.module, found.name)
    ours = [meaning for meaning in meanings if isinstance(meaning, OurClass)]
    if ours:
        return all(classes.is_value(names, one) for one in ours)
    return _defines(found)
