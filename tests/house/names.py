"""What a name means where it stands: a module, a class of ours, or something from outside.

Names are followed as Python follows them: through imports of every form and the ``__init__`` of
packages that hand on what others define, through a second name given by an assignment, and from
function to module. A name that is bound twice (for the type checker and at run time, say) means
both. What is computed, as by ``getattr`` or a call, has no meaning here.
"""

from __future__ import annotations

import ast
import builtins
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tests.house.source_files import SourceFile, SourceFiles


@dataclass(frozen=True, slots=True)
class Module:
    """A module or package, ours or not, by its full name."""

    name: str


@dataclass(frozen=True, slots=True)
class Outside:
    """What Python or a library defines, by its full name: ``typing.Protocol``."""

    name: str


@dataclass(frozen=True, slots=True, eq=False)
class OurClass:
    """A class of ours; its ``bases`` mean what they mean in ``scope``."""

    file: SourceFile
    node: ast.ClassDef
    scope: Scope
    inner: Scope


@dataclass(frozen=True, slots=True)
class _From:
    module: str
    name: str


@dataclass(slots=True, eq=False)
class Scope:
    """A module's, a class's or a function's names.

    Each name stands with all that is bound to it; nothing stands for what has no meaning here.
    ``stars`` are the modules that all names are imported from.
    """

    parent: Scope | None = None
    is_class: bool = False
    bound: dict[str, list[Module | OurClass | _From | ast.expr]] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)

    def bind(self, name: str, *meanings: Module | OurClass | _From | ast.expr) -> None:
        """Add to what a name may mean."""
        self.bound.setdefault(name, []).extend(meanings)

    def around(self) -> Iterator[Scope]:
        """Give the scopes in which a name is looked for, this one first.

        Those of classes are left out, save for names that stand in the class's own body.
        """
        yield self
        scope = self.parent
        while scope is not None:
            if not scope.is_class:
                yield scope
            scope = scope.parent


class Names:
    """The names of all files, and all classes that they define at whatever depth."""

    def __init__(self, files: SourceFiles) -> None:
        self._files = files
        self._modules: dict[SourceFile, Scope] = {}
        self.classes: list[OurClass] = []
        for file in files:
            self._modules[file] = Scope()
            self._fill(self._modules[file], file, file.tree.body)

    def of_module(self, file: SourceFile) -> Scope:
        """Give the scope of a whole file."""
        return self._modules[file]

    def is_rebound(self, package: SourceFile, name: str) -> bool:
        """Does a package's ``__init__`` give the name of one of its files to something else?"""
        scope = self._modules[package]
        itself = (Module(f"{package.module}.{name}"), _From(package.module, name))
        return name in scope.bound and (
            not scope.bound[name] or any(meaning not in itself for meaning in scope.bound[name])
        )

    def meanings(self, expression: ast.expr, scope: Scope) -> set[Module | Outside | OurClass]:
        """Tell what a name, a path of names, or one of them with brackets behind it may mean."""
        return set(self._meanings(expression, scope, frozenset()))

    def members(self, module: str, name: str) -> set[Module | Outside | OurClass]:
        """Tell what a name means that is imported from a module."""
        return set(self._member(Module(module), name, frozenset()))

    def _meanings(
        self, expression: ast.expr, scope: Scope, seen: frozenset[tuple[int, str]]
    ) -> Iterator[Module | Outside | OurClass]:
        match expression:
            case ast.Name(id=name):
                yield from self._look_up(name, scope, seen)
            case ast.Attribute(value=value, attr=name):
                for owner in self._meanings(value, scope, seen):
                    yield from self._member(owner, name, seen)
            case ast.Subscript(value=value):
                yield from self._meanings(value, scope, seen)
            case ast.IfExp(body=first, orelse=second):
                yield from self._meanings(first, scope, seen)
                yield from self._meanings(second, scope, seen)

    def _look_up(
        self, name: str, scope: Scope, seen: frozenset[tuple[int, str]]
    ) -> Iterator[Module | Outside | OurClass]:
        for place in scope.around():
            found = list(self._within(place, name, seen))
            yield from found
            if found or name in place.bound:
                return
        if hasattr(builtins, name):
            yield Outside(f"builtins.{name}")

    def _within(
        self, scope: Scope, name: str, seen: frozenset[tuple[int, str]]
    ) -> Iterator[Module | Outside | OurClass]:
        if (id(scope), name) in seen:  # a name that is made of itself
            return
        seen |= {(id(scope), name)}
        for meaning in scope.bound.get(name, ()):
            match meaning:
                case _From(module, wanted):
                    yield from self._member(Module(module), wanted, seen)
                case ast.expr():
                    yield from self._meanings(meaning, scope, seen)
                case _:
                    yield meaning
        if name not in scope.bound:
            for module in scope.stars:
                yield from self._member(Module(module), name, seen)

    def _member(
        self, owner: Module | Outside | OurClass, name: str, seen: frozenset[tuple[int, str]]
    ) -> Iterator[Module | Outside | OurClass]:
        match owner:
            case Outside(outer):
                yield Outside(f"{outer}.{name}")
            case OurClass(inner=inner):
                yield from self._within(inner, name, seen)
            case Module(module) if self._files.has(module):
                yield from self._of_ours(module, name, seen)
            case Module(module) if not self._files.has(module.partition(".")[0]):
                yield Outside(f"{module}.{name}")

    def _of_ours(
        self, module: str, name: str, seen: frozenset[tuple[int, str]]
    ) -> Iterator[Module | Outside | OurClass]:
        if self._files.has(f"{module}.{name}"):
            yield Module(f"{module}.{name}")
        if (file := self._files.module(module)) is not None:
            yield from self._within(self._modules[file], name, seen)

    def _fill(self, scope: Scope, file: SourceFile, nodes: Iterable[ast.AST]) -> None:
        for node in nodes:
            match node:
                case ast.ClassDef(name=name):
                    ours = OurClass(file, node, scope, Scope(scope, is_class=True))
                    self.classes.append(ours)
                    scope.bind(name, ours)
                    self._fill(ours.inner, file, node.body)
                case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                    scope.bind(name)
                    inner = Scope(scope)
                    for argument in ast.walk(node.args):
                        if isinstance(argument, ast.arg):
                            inner.bind(argument.arg)
                    self._fill(inner, file, node.body)
                case _:
                    _bind(scope, file, node)
                    self._fill(scope, file, _statements(node))


def _bind(scope: Scope, file: SourceFile, node: ast.AST) -> None:
    match node:
        case ast.Import(names=names):
            for alias in names:
                # `import a.b` binds `a`; `import a.b as m` binds `m` to `a.b`.
                name = alias.asname or alias.name.partition(".")[0]
                scope.bind(name, Module(alias.name if alias.asname else name))
        case ast.ImportFrom(names=names):
            module = file.imported_from(node)
            for alias in names:
                if alias.name == "*":
                    scope.stars.append(module)
                else:
                    scope.bind(alias.asname or alias.name, _From(module, alias.name))
        case ast.Assign(targets=targets, value=value):
            for target in targets:
                if isinstance(target, ast.Name):
                    scope.bind(target.id, value)
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
            scope.bind(name, value)


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    """Give what stands within an ``if``, a ``try``, a ``match`` or a loop."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt | ast.ExceptHandler | ast.match_case):
            yield child
