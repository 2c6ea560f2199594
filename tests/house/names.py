"""What a name means where it stands: a module, a class of ours, or something from outside.

Names are followed as Python follows them: through imports of every form and the ``__init__`` of
packages that hand on what others define, through a second name given by an assignment, and from
function to module. A name that is bound twice (for the type checker and at run time, say) means
both. What a call imports means the module; what else is computed has no meaning here.
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
class Definition:
    """What a file of ours defines, by its name there: a class, a function or a value."""

    file: SourceFile
    name: str


@dataclass(frozen=True, slots=True)
class Called:
    """A module that a call imports.

    ``wanted`` are names that it takes of it, and ``given`` is the module that the call gives.
    """

    module: str
    wanted: tuple[str, ...]
    given: str


@dataclass(frozen=True, slots=True)
class _From:
    module: str
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class _Function:
    """A function of ours, which means nothing here but that it is defined."""


@dataclass(slots=True, eq=False)
class Scope:
    """A module's, a class's or a function's names.

    Each name stands with all that is bound to it; nothing stands for what has no meaning here.
    ``stars`` are the modules that all names are imported from, ``file`` is where it all stands.
    """

    file: SourceFile
    parent: Scope | None = None
    is_class: bool = False
    bound: dict[str, list[_Bound]] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)

    def bind(self, name: str, *meanings: _Bound) -> None:
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


_Bound = Module | OurClass | _Function | _From | ast.expr
_IMPORTING = {"import_module", "__import__"}
_IMPORTERS = {"importlib.import_module", "importlib.__import__", "builtins.__import__"}


class Names:
    """The names of all files, and all classes that they define at whatever depth."""

    def __init__(self, files: SourceFiles) -> None:
        self._files = files
        self._modules: dict[SourceFile, Scope] = {}
        self._inner: dict[ast.AST, Scope] = {}
        self.classes: list[OurClass] = []
        for file in files:
            self._modules[file] = Scope(file)
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

    def walk(self, file: SourceFile) -> Iterator[tuple[ast.AST, Scope]]:
        """Give each node of a file with the scope in which its names are looked for."""
        waiting: list[tuple[ast.AST, Scope]] = [(file.tree, self._modules[file])]
        while waiting:
            node, scope = waiting.pop()
            yield node, scope
            for name, value in ast.iter_fields(node):
                within = self._inner.get(node, scope) if name == "body" else scope
                children = value if isinstance(value, list) else [value]
                waiting += [(child, within) for child in children if isinstance(child, ast.AST)]

    def origins(self, module: str, name: str) -> set[Definition | Module]:
        """Tell which files of ours define what a module has by a name, whoever hands it on.

        A ``Module`` is one as a whole. Nothing is told of what is not ours.
        """
        return set(self._origins(module, name, frozenset()))

    def called(
        self, call: ast.Call, scope: Scope, seen: frozenset[tuple[int, str]] = frozenset()
    ) -> list[Called] | None:
        """Tell what a call imports; ``None``: it is none that imports.

        Where the name's end is computed, the package before it is told, and nothing where no part
        of it is written there. ``seen`` are names that are being looked up already.
        """
        if (importer := self._importer(call.func, scope, seen)) is None:
            return None
        is_dunder = importer.endswith("__import__")
        written = _argument(call, 0, "name")
        anchor = None if is_dunder else _argument(call, 1, "package")
        level, fromlist = (_argument(call, 4, "level"), _argument(call, 3, "fromlist"))
        wanted = _texts(fromlist) if is_dunder else ()
        found = []
        for text in self._text(written, scope, frozenset()) if written is not None else ():
            name = text.written.lstrip(".")
            dots = len(text.written) - len(name)
            if is_dunder and isinstance(level, ast.Constant) and isinstance(level.value, int):
                dots = max(level.value, 0)
            if not text.is_whole:
                name = name.rpartition(".")[0]
            if dots:
                base = scope.file.package
                for known in self._text(anchor, scope, frozenset()) if anchor is not None else ():
                    base = known.written
                parts = base.split(".")
                name = ".".join(filter(None, [*parts[: max(len(parts) - dots + 1, 0)], name]))
            if name:
                given = name if wanted or not is_dunder else name.partition(".")[0]
                found.append(Called(name, wanted, given))
        return found

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
            case ast.Call():
                yield from (
                    Module(each.given) for each in self.called(expression, scope, seen) or ()
                )

    def _importer(
        self, function: ast.expr, scope: Scope, seen: frozenset[tuple[int, str]]
    ) -> str | None:
        """Give the name of what is called where it imports modules, whatever it is called here."""
        match function:
            case ast.Name(id=name) | ast.Attribute(attr=name) if name in _IMPORTING:
                return name
        for meaning in self._meanings(function, scope, seen):
            if isinstance(meaning, Outside) and meaning.name in _IMPORTERS:
                return meaning.name
        return None

    def _text(self, expression: ast.expr, scope: Scope, seen: frozenset[str]) -> Iterator[_Text]:
        """Give what a text begins with, as far as it is written in the file."""
        match expression:
            case ast.Constant(value=str(text)):
                yield _Text(text)
            case ast.Name(id=name) if name not in seen:
                yield from self._named_text(name, scope, seen | {name})
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                yield from self._joined([left, right], scope, seen)
            case ast.JoinedStr(values=values):
                yield from self._joined(values, scope, seen)
            case ast.FormattedValue(value=value):
                yield from self._text(value, scope, seen)

    def _named_text(self, name: str, scope: Scope, seen: frozenset[str]) -> Iterator[_Text]:
        if name == "__name__":
            yield _Text(scope.file.module)
        elif name == "__package__":
            yield _Text(scope.file.package)
        for place in scope.around():
            for value in place.bound.get(name, ()):
                if isinstance(value, ast.expr):
                    yield from self._text(value, place, seen)
            if name in place.bound:
                return

    def _joined(
        self, parts: Iterable[ast.expr], scope: Scope, seen: frozenset[str]
    ) -> Iterator[_Text]:
        written = ""
        for part in parts:
            following = next(self._text(part, scope, seen), _Text("", is_whole=False))
            written += following.written
            if not following.is_whole:
                yield _Text(written, is_whole=False)
                return
        yield _Text(written)

    def _origins(
        self, module: str, name: str, seen: frozenset[tuple[str, str]]
    ) -> Iterator[Definition | Module]:
        if (module, name) in seen:  # handed on in a circle
            return
        seen |= {(module, name)}
        is_module = self._files.has(f"{module}.{name}")
        if is_module:
            yield Module(f"{module}.{name}")
        if (file := self._files.module(module)) is None:
            return
        scope = self._modules[file]
        for meaning in scope.bound.get(name, ()):
            match meaning:
                case _From(source, wanted):
                    yield from self._origins(source, wanted, seen)
                case Module(whole):
                    if self._files.has(whole):
                        yield meaning
                case ast.expr():
                    handed_on = list(self._origins_of(meaning, scope, seen))
                    yield from handed_on or [Definition(file, name)]
                case _:
                    yield Definition(file, name)
        if name not in scope.bound:
            through = [origin for star in scope.stars for origin in self._origins(star, name, seen)]
            # What is bound in a way that is not followed here stands in the file itself.
            yield from through or ([] if is_module or scope.stars else [Definition(file, name)])

    def _origins_of(
        self, expression: ast.expr, scope: Scope, seen: frozenset[tuple[str, str]]
    ) -> Iterator[Definition | Module]:
        match expression:
            case ast.Name(id=name):
                if name in scope.bound or scope.stars:
                    yield from self._origins(scope.file.module, name, seen)
            case ast.Attribute(value=value, attr=name):
                for owner in self._meanings(value, scope, frozenset()):
                    if isinstance(owner, Module) and self._files.has(owner.name):
                        yield from self._origins(owner.name, name, seen)
                    elif isinstance(owner, OurClass):
                        yield Definition(owner.file, owner.node.name)
            case ast.Subscript(value=value):
                yield from self._origins_of(value, scope, seen)
            case ast.IfExp(body=first, orelse=second):
                yield from self._origins_of(first, scope, seen)
                yield from self._origins_of(second, scope, seen)
            case ast.Call():
                given = (Module(each.given) for each in self.called(expression, scope) or ())
                yield from (module for module in given if self._files.has(module.name))

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
                case Module() | OurClass():
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
                    ours = OurClass(file, node, scope, Scope(file, scope, is_class=True))
                    self.classes.append(ours)
                    self._inner[node] = ours.inner
                    scope.bind(name, ours)
                    self._fill(ours.inner, file, node.body)
                case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                    scope.bind(name, _Function())
                    inner = Scope(file, scope)
                    self._inner[node] = inner
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


@dataclass(frozen=True, slots=True)
class _Text:
    """The beginning of a text, or, if it ``is_whole``, all of it."""

    written: str
    is_whole: bool = True


def _argument(call: ast.Call, position: int, name: str) -> ast.expr | None:
    for keyword in call.keywords:
        if keyword.arg == name:
            return keyword.value
    return call.args[position] if position < len(call.args) else None


def _texts(expression: ast.expr | None) -> tuple[str, ...]:
    if not isinstance(expression, ast.List | ast.Tuple):
        return ()
    return tuple(
        each.value
        for each in expression.elts
        if isinstance(each, ast.Constant) and isinstance(each.value, str)
    )
