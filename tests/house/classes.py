"""What kind of class one of ours is: an error, an interface, a value, or concrete."""

from __future__ import annotations

import ast
import builtins
from typing import TYPE_CHECKING

from tests.house.names import OurClass, Outside

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.house.names import Module, Names

_PROTOCOLS = {"typing.Protocol", "typing_extensions.Protocol"}
# A TypedDict is a shape without code; an Enum that can be inherited from has no members.
_NEVER_MADE = {"typing.TypedDict", "typing_extensions.TypedDict"}
_ABSTRACT = {
    f"abc.{name}"
    for name in (
        "abstractmethod",
        "abstractproperty",
        "abstractclassmethod",
        "abstractstaticmethod",
    )
}


def bases(names: Names, ours: OurClass) -> Iterator[tuple[ast.expr, Module | Outside | OurClass]]:
    """Give each base as it is written, with all that it may mean."""
    for base in ours.node.bases:
        for meaning in names.meanings(base, ours.scope):
            yield base, meaning


def is_error(names: Names, ours: OurClass) -> bool:
    """Does it lead to ``BaseException``? A library's class is taken at its name's word."""
    return any(_names_an_error(outside) for outside in _outside(names, ours))


def is_concrete(names: Names, ours: OurClass) -> bool:
    """Can one be made, or is there code in it, so that a child's story begins here?

    Not so of a ``Protocol`` and of a class with an abstract method left, as long as no method here
    or above does anything, of a ``TypedDict``, and of an ``Enum``, which Python lets nobody inherit
    from once it has members.
    """
    if any(
        outside in _NEVER_MADE or outside.startswith("enum.") for outside in _outside(names, ours)
    ):
        return False
    is_interface = any(
        _is(meaning, _PROTOCOLS) for _, meaning in bases(names, ours)
    ) or _abstract_methods(names, ours, set())
    return not is_interface or any(_has_code(one.node) for one in lineage(names, ours))


def is_value(names: Names, ours: OurClass) -> bool:
    """Is it a frozen dataclass, a tuple with names, or one of those that are never made?"""
    if is_error(names, ours) or not is_concrete(names, ours):
        return True
    if "typing.NamedTuple" in _outside(names, ours):
        return True
    return any(
        isinstance(decorator, ast.Call)
        and any(
            _is(meaning, {"dataclasses.dataclass"})
            for meaning in names.meanings(decorator.func, ours.scope)
        )
        and any(
            keyword.arg == "frozen"
            and isinstance(keyword.value, ast.Constant)
            and keyword.value.value is True
            for keyword in decorator.keywords
        )
        for decorator in ours.node.decorator_list
    )


def lineage(names: Names, ours: OurClass) -> list[OurClass]:
    """Give a class and all classes of ours that it inherits from."""
    found = [ours]
    for one in found:  # which grows meanwhile
        found.extend(
            meaning
            for _, meaning in bases(names, one)
            if isinstance(meaning, OurClass) and meaning not in found
        )
    return found


def _outside(names: Names, ours: OurClass) -> set[str]:
    """Give the full names of the classes from outside that it inherits from in the end."""
    return {
        meaning.name
        for one in lineage(names, ours)
        for _, meaning in bases(names, one)
        if isinstance(meaning, Outside)
    }


def _names_an_error(outside: str) -> bool:
    module, _, name = outside.rpartition(".")
    if module == "builtins":
        kind = getattr(builtins, name)
        return isinstance(kind, type) and issubclass(kind, BaseException)
    return name.endswith(("Error", "Exception", "Warning"))


def _abstract_methods(names: Names, ours: OurClass, seen: set[OurClass]) -> set[str]:
    """Give the methods that are declared abstract, here or above, and not yet written."""
    seen.add(ours)
    found: set[str] = set()
    for _, meaning in bases(names, ours):
        if isinstance(meaning, OurClass) and meaning not in seen:
            found |= _abstract_methods(names, meaning, seen)
    found -= set(ours.inner.bound)
    for node in ours.node.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and any(
            _is(meaning, _ABSTRACT)
            for decorator in node.decorator_list
            for meaning in names.meanings(decorator, ours.inner)
        ):
            found.add(node.name)
    return found


def _is(meaning: object, wanted: set[str]) -> bool:
    return isinstance(meaning, Outside) and meaning.name in wanted


def _has_code(node: ast.AST) -> bool:
    """Does a method in a class's body do anything, or is a function given to a name there?"""
    for child in ast.iter_child_nodes(node):
        match child:
            case ast.FunctionDef(body=body) | ast.AsyncFunctionDef(body=body):
                if not all(map(_is_nothing, body)):
                    return True
            case ast.Assign(value=ast.Lambda()) | ast.AnnAssign(value=ast.Lambda()):
                return True
            case ast.If() | ast.Try() | ast.With() | ast.ExceptHandler():
                if _has_code(child):
                    return True
    return False


def _is_nothing(statement: ast.stmt) -> bool:
    """Is it what stands in the place of a body: a docstring, ``...``, ``NotImplementedError``?"""
    match statement:
        case ast.Pass() | ast.Expr(value=ast.Constant()):
            return True
        case ast.Raise(exc=ast.Name(id=name) | ast.Call(func=ast.Name(id=name))):
            return name == "NotImplementedError"
    return False
