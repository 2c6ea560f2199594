"""A folder is looked through at a glance, and a file's name leads to one file."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from tests.house.breach import Breach

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import PurePosixPath

    from tests.house.source_files import SourceFile, SourceFiles

MOST = 16
"""Python files in one folder, its ``__init__.py`` not counted."""

ANYWHERE = {"__init__.py", "__main__.py"}
VERBS_AND_PAGES = ("gateway/cli", "gateway/console/pages")
"""Folders whose files are named after what a person types or opens: many have a ``show``."""


def crowded(files: SourceFiles, package: str) -> Iterator[Breach]:
    """Tell each folder with too many files of its own."""
    folders: dict[PurePosixPath, list[SourceFile]] = defaultdict(list)
    for file in files.below(package):
        folders[file.path.parent].append(file)
    for folder, held in folders.items():
        count = sum(not file.is_package for file in held)
        if count > MOST:
            yield Breach(
                str(held[0].path),
                1,
                f"{folder}/ holds {count} Python files, {MOST} are the most",
                "give those of one subject a folder of their own",
            )


def doubles(
    files: SourceFiles, package: str, aside: Collection[str] = VERBS_AND_PAGES
) -> Iterator[Breach]:
    """Tell each file whose name another one bears already."""
    apart = {file for folder in aside for file in files.below(folder)}
    first: dict[str, SourceFile] = {}
    for file in files.below(package):
        if file.path.name in ANYWHERE or file in apart:
            continue
        namesake = first.setdefault(file.path.name, file)
        if namesake is not file:
            yield Breach(
                str(file.path),
                1,
                f"a second {file.path.name} beside {namesake.path}",
                "name each after what is its own",
            )
