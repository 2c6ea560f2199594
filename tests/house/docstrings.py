"""A public function tells which of our errors it raises; that it tells anything, Ruff sees to."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from tests.house import classes
from tests.house.breach import Breach
from tests.house.names import OurClass

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.house.names import Names, Scope
    from tests.house.source_files import SourceFiles


def breaches(files: SourceFiles, names: Names, package: str) -> Iterator[Breach]:
    """Tell each public function that raises an error of ours that its docstring does not name.

    An error that it inherits from will do. Only what a function's own lines raise counts. The
    docstring of a command is what ``--help`` prints, for people who know no classes.
    """
    for file in files.below(package):
        scope = names.of_module(file)
        for name, function in _public(file.tree, ""):
            if _is_command(function):
                continue
            told = ast.get_docstring(function) or ""
            for error in _raised(names, scope, function):
                if not any(one.node.name in told for one in classes.lineage(names, error)):
                    yield Breach(
                        str(file.path),
                        function.lineno,
                        f"{name}() raises {error.node.name}, and its docstring does not say so",
                        "name the error and when it comes",
                    )


def _is_command(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(
        isinstance(decorator, ast.Call)
        and isinstance(decorator.func, ast.Attribute)
        and decorator.func.attr in {"command", "group"}
        for decorator in function.decorator_list
    )


def _public(
    node: ast.Module | ast.ClassDef, prefix: str
) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for child in node.body:
        match child:
            case ast.ClassDef(name=name) if not name.startswith("_"):
                yield from _public(child, f"{prefix}{name}.")
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) if (
                not name.startswith("_")
            ):
                yield f"{prefix}{name}", child


def _raised(
    names: Names, scope: Scope, function: ast.FunctionDef | ast.AsyncFunctionDef
) -> Iterator[OurClass]:
    seen = set()
    for node in _own(function):
        if isinstance(node, ast.Raise) and node.exc is not None:
            raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
            for meaning in names.meanings(raised, scope):
                if isinstance(meaning, OurClass) and meaning not in seen:
                    seen.add(meaning)
                    yield meaning


def _own(node: ast.AST) -> Iterator[ast.AST]:
    """Give what stands in a function, but not in functions and classes within it."""
    for child in ast.iter_child_nodes(node):
        yield child
        if not isinstance(
            child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda
        ):
            yield from _own(child)
