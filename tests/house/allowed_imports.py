"""What a package may take of ours: a list of what is allowed, where import-linter has none.

A name is judged by the file that defines it, whichever file hands it on.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.house import classes
from tests.house.breach import Breach, of_a_table
from tests.house.names import Definition, Module, OurClass
from tests.house.taken import by_attribute, by_import

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tests.house.imports import Import
    from tests.house.names import Names
    from tests.house.source_files import SourceFile, SourceFiles
    from tests.house.taken import Taken


@dataclass(frozen=True, slots=True)
class Allowed:
    """Modules and packages, with all within them.

    Of ``anything`` all may be taken; of ``values`` only what holds no rule: frozen dataclasses,
    enums, tuples with names, typed dictionaries, interfaces, errors and constants, each by its
    name. ``handed_on`` are such values that are defined elsewhere, each by its full name: the
    packages of ``anything`` take them or give them back.
    """

    anything: tuple[str, ...]
    values: tuple[str, ...] = ()
    handed_on: tuple[str, ...] = ()


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
        handed_on=(
            "gateway.ledger.evidence.evidence_pack.ChainScope",
            "gateway.ledger.office.chosen_findings.Chosen",
            "gateway.ledger.query.finding_columns.COLUMNS",
            "gateway.ledger.query.logged_reading.Access",
            "gateway.list_store.list_status.ListsStatus",
            "gateway.list_store.proposals.LEAST_SCORE",
            "gateway.list_store.proposals.ProposalAnswer",
            "gateway.screening.names.domain_proposals.Proposal",
        ),
    ),
}


_GIVEN = "let a package in the list give what is needed, as a value"
_BY_NAME = "import a value type by its name, and leave the work to compliance"


def breaches(
    files: SourceFiles,
    names: Names,
    imports: Iterable[Import],
    table: Mapping[str, Allowed] = ALLOWED,
) -> Iterator[Breach]:
    """Tell what a package takes that its list does not have, and what of the list nothing needs.

    A package may take its own files, and what the top package's ``__init__`` itself defines.
    """
    for package, allowed in table.items():
        if not files.has(package):
            yield of_a_table(__file__, package, f"there is no {package}", "take its list out")
            continue
        held = _Held(names, package, allowed)
        for found in imports:
            if _is_within(found.file.module, package):
                held.look_at_import(found)
        of = [file for file in files if _is_within(file.module, package)]
        for taken in by_attribute(files, names, of):
            held.look_at_attribute(taken)
        yield from held.told.values()
        yield from held.unused()


class _Held:
    """What a package takes, held against its list; ``told`` are its breaches, by their places."""

    def __init__(self, names: Names, package: str, allowed: Allowed) -> None:
        self._names = names
        self._package = package
        self._allowed = allowed
        self._used: set[str] = set()
        self.told: dict[tuple[SourceFile, int, str], Breach] = {}

    def look_at_import(self, found: Import) -> None:
        target, name = found.target.module, found.name
        if _is_within(target, self._package):
            return
        if anything := _holding(target, self._allowed.anything):
            self._used.add(anything)
        elif values := _holding(target, self._allowed.values):
            self._used.add(values)
            if name in {None, "*"}:
                self._tell(found, f"{_full_name(found)}, {_only_values(values)}", _BY_NAME)
                return
        elif "." in target or name in {None, "*"} or not self._is_given_here(found):
            self._tell(found, f"{_full_name(found)}, {self._not_in_list()}", _GIVEN)
            return
        for taken in by_import(self._names, found):
            self._judge(taken)

    def look_at_attribute(self, taken: Taken) -> None:
        through = taken.through.module
        # What it has of any other file is told where it is imported.
        if "." not in through or _holding(
            through, (*self._allowed.anything, *self._allowed.values)
        ):
            self._judge(taken)

    def unused(self) -> Iterator[Breach]:
        allowed = self._allowed
        for entry in (*allowed.anything, *allowed.values, *allowed.handed_on):
            if entry not in self._used:
                what = f"{self._package} takes nothing of {entry}"
                yield of_a_table(__file__, entry, what, "take the entry out")

    def _judge(self, taken: Taken) -> None:
        allowed, home = self._allowed, taken.home
        if _holding(home, (self._package, *allowed.anything)) or "." not in home:
            return
        is_listed = taken.full_name in allowed.handed_on
        if is_listed:
            self._used.add(taken.full_name)
        if isinstance(taken.origin, Module):
            if any(_is_within(entry, home) for entry in (*allowed.anything, *allowed.values)):
                return  # a package on the way to what is allowed
        elif (is_listed or _holding(home, allowed.values)) and self._is_value(taken.origin):
            return
        what = f"{taken.full_name}{taken.way}, "
        if is_listed or _holding(home, allowed.values):
            what += _only_values(_holding(home, allowed.values) or home)
            self._tell(taken, what, _BY_NAME)
        else:
            self._tell(taken, what + self._not_in_list(), _GIVEN)

    def _tell(self, found: Import | Taken, what: str, remedy: str) -> None:
        breach = Breach(str(found.file.path), found.line, f"takes {what}", remedy)
        self.told.setdefault((found.file, found.line, what), breach)

    def _not_in_list(self) -> str:
        return f"which is not in the list of {self._package}"

    def _is_given_here(self, found: Import) -> bool:
        """Is the name given a value in the imported file itself?"""
        assert found.name is not None
        here = Definition(found.target, found.name)
        return self._names.origins(found.target.module, found.name) == {here} and _defines(here)

    def _is_value(self, origin: Definition) -> bool:
        meanings = self._names.members(origin.file.module, origin.name)
        ours = [meaning for meaning in meanings if isinstance(meaning, OurClass)]
        if ours:
            return all(classes.is_value(self._names, one) for one in ours)
        return _defines(origin)


def _only_values(of: str) -> str:
    return f"and of {of} it may take values only"


def _full_name(found: Import) -> str:
    return f"{found.target.module}.{found.name}" if found.name else found.target.module


def _holding(module: str, packages: Iterable[str]) -> str | None:
    """Give the narrowest of these packages that a module is, or lies within."""
    holding = [package for package in packages if _is_within(module, package)]
    return max(holding, key=len, default=None)


def _is_within(module: str, package: str) -> bool:
    return f"{module}.".startswith(f"{package}.")


def _defines(wanted: Definition) -> bool:
    """Is the name given a value, rather than a function?"""
    return any(
        isinstance(node, ast.Assign | ast.AnnAssign)
        and not isinstance(node.value, ast.Name | ast.Lambda)
        and any(isinstance(name, ast.Name) and name.id == wanted.name for name in ast.walk(node))
        for node in wanted.file.tree.body
    )
