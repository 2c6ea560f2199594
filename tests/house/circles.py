"""No circle of files: each is understood from those below it, none of which leads back."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from tests.house.breach import Breach

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tests.house.imports import Import
    from tests.house.source_files import SourceFile, SourceFiles

REMEDY = (
    "let a part give back what is to be done instead of calling its owner, or put what both need "
    "into a file below them"
)

Graph = dict["SourceFile", dict["SourceFile", int]]
"""What each file imports, and in which line first."""


def breaches(files: SourceFiles, imports: Iterable[Import]) -> Iterator[Breach]:
    """Tell one shortest circle of each set of files that all lead to one another.

    All packages are one drawing: a circle may lead through two of them.
    """
    graph = graph_of(files, imports)
    reached = {file: _reached(graph, file) for file in graph}
    told: set[SourceFile] = set()
    for file in graph:
        if file in told or file not in reached[file]:
            continue
        tangle = [other for other in graph if other in reached[file] and file in reached[other]]
        told.update(tangle)
        circle = min((_circle(graph, member) for member in tangle), key=len)
        yield _told(graph, circle, len(tangle))


def graph_of(files: SourceFiles, imports: Iterable[Import]) -> Graph:
    """Draw the arrows between all files.

    Python runs the ``__init__`` of each package on the way to a file: unless the importing file
    stands in that package itself, there is an arrow to it, too.
    """
    graph: Graph = {file: {} for file in files}
    for found in imports:
        for target in (found.target, *_run_before(files, found)):
            line = graph[found.file].get(target, found.line)
            graph[found.file][target] = min(line, found.line)
    return graph


def _run_before(files: SourceFiles, found: Import) -> Iterator[SourceFile]:
    parts = found.target.module.split(".")
    for end in range(1, len(parts)):
        name = ".".join(parts[:end])
        package = files.module(name)
        if package is not None and not f"{found.file.module}.".startswith(f"{name}."):
            yield package


def _reached(
    graph: Mapping[SourceFile, Iterable[SourceFile]], start: SourceFile
) -> set[SourceFile]:
    found: set[SourceFile] = set()
    waiting = [start]
    while waiting:
        new = set(graph[waiting.pop()]) - found
        found |= new
        waiting.extend(new)
    return found


def _circle(graph: Graph, start: SourceFile) -> list[SourceFile]:
    """Give a shortest way from a file back to itself, which there is; the file stands first."""
    came_from: dict[SourceFile, SourceFile] = {}
    waiting = deque([start])
    while start not in came_from:
        file = waiting.popleft()
        for target in graph[file]:
            if target not in came_from:
                came_from[target] = file
                waiting.append(target)
    circle = [came_from[start]]
    while circle[-1] is not start:
        circle.append(came_from[circle[-1]])
    return circle[::-1]


def _told(graph: Graph, circle: list[SourceFile], tangled: int) -> Breach:
    first, *others = circle
    steps = [f"imports {target.path}" for target in (*others, first)]
    for at, file in enumerate(others):
        line = graph[file][(*others, first)[at + 1]]
        steps[at] += f", {file.path}:{line}"
    of_all = f", of {tangled} that lead to one another" if tangled > len(circle) else ""
    return Breach(
        str(first.path),
        graph[first][(*others, first)[0]],
        f"a circle of {len(circle)} files{of_all}: {' '.join(steps)}",
        REMEDY,
    )
