"""A file tells its own story: no class is continued in another file by inheriting from it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from tests.house import classes
from tests.house.breach import Breach
from tests.house.names import OurClass

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.house.names import Names


def breaches(names: Names) -> Iterator[Breach]:
    """Tell each class that inherits from a concrete class of ours in another file.

    Errors aside: there a class is a name to catch.
    """
    for ours in names.classes:
        told = set()
        for written, base in classes.bases(names, ours):
            if (
                isinstance(base, OurClass)
                and base.file is not ours.file
                and base not in told
                and not classes.is_error(names, base)
                and classes.is_concrete(names, base)
            ):
                told.add(base)
                yield Breach(
                    str(ours.file.path),
                    written.lineno,
                    f"class {ours.node.name} inherits from {ast.unparse(written)}, a concrete "
                    f"class of {base.file.path}:{base.node.lineno}",
                    "let it have one, or bring both into one file",
                )
