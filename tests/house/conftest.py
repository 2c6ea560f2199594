"""A made-up tree, from texts by path; what a check tells of it."""

from __future__ import annotations

import pytest

from tests.house.imports import imports
from tests.house.names import Names
from tests.house.source_files import SourceFiles


class MadeUp:
    """The tree's files, their names and their imports, as the checks take them."""

    def __init__(self, top):
        self.top = top
        self.files = SourceFiles.read(top, "gateway", "benchmarks")
        self.names = Names(self.files)
        self.imports = list(imports(self.files, self.names))


@pytest.fixture
def made_up(tmp_path):
    """Write texts by path, and read the tree; each folder gets an empty ``__init__.py``."""

    def make(texts):
        for path, text in texts.items():
            file = tmp_path / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        for folder in [path for path in tmp_path.rglob("*") if path.is_dir()]:
            (folder / "__init__.py").touch()
        return MadeUp(tmp_path)

    return make
