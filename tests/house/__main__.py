"""``python -m tests.house``: does the tree hold the bar? Each breach a line, with its remedy.

It reads the files and imports none of them. What import-linter can say is a contract in
``pyproject.toml``; ``test_contracts.py`` tries those.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.house import (
    allowed_imports,
    circles,
    docstrings,
    file_sizes,
    folders,
    forbidden_files,
    inheritance,
    purity,
)
from tests.house.imports import computed, imports
from tests.house.names import Names
from tests.house.source_files import ROOT, SourceFiles

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.house.breach import Breach

PACKAGE = "gateway"
PACKAGES = (PACKAGE, "benchmarks")


def main(arguments: list[str] | None = None) -> int:
    """Check the tree; 0 it holds the bar, 1 it does not."""
    top = _top(arguments)
    files = SourceFiles.read(top, *PACKAGES)
    found = sorted(set(breaches(files, top)))
    for breach in found:
        print(breach)
    for long in file_sizes.long_ones(files):
        print(f"told, not failed: {long}")
    if found:
        print(f"{len(found)} breaches of the bar", file=sys.stderr)
    return 1 if found else 0


def breaches(files: SourceFiles, top: Path) -> Iterator[Breach]:
    """Give all that every check has to tell, check by check."""
    names = Names(files)
    arrows = list(imports(files, names))
    for package in PACKAGES:
        yield from folders.crowded(files, package)
    yield from folders.doubles(files, PACKAGE)
    yield from file_sizes.breaches(files, top, file_sizes.EXCEPTIONS)
    yield from inheritance.breaches(names)
    yield from circles.breaches(files, arrows)
    yield from computed(files, names, PACKAGE)
    yield from allowed_imports.breaches(files, names, arrows)
    yield from forbidden_files.breaches(files, names, arrows, forbidden_files.contracts(top))
    yield from forbidden_files.inner_parts(files, names)
    yield from purity.breaches(files, names, purity.PURE)
    yield from docstrings.breaches(files, names, PACKAGE)


def _top(arguments: list[str] | None) -> Path:
    parser = argparse.ArgumentParser(
        prog="python -m tests.house",
        description="Check sizes, names, classes and imports of the tree's files.",
        epilog="example: python -m tests.house ../another-copy",
    )
    parser.add_argument("tree", nargs="?", type=Path, default=ROOT, help="default: this one")
    return parser.parse_args(arguments).tree


if __name__ == "__main__":
    sys.exit(main())
