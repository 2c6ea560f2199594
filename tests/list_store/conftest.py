"""A small policies folder, a lists directory, and the institution's own list imported into it."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.config import load
from gateway.list_store.files.lists_directory import Folder
from gateway.list_store.imports import import_run
from gateway.list_store.imports.import_run import ImportFiles

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)

CONFIGURATION = """
[institution]
name = "Example University"
domains = ["example.edu"]
[compliance]
office = "Research Compliance"
email = "research-compliance@example.edu"
[lists]
directory = "{folder}/lists"
[policies]
directory = "{folder}/policies"
"""


@pytest.fixture
def policies(tmp_path, small_policies):
    return small_policies(tmp_path / "policies")


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path / "lists")


@pytest.fixture
def config(tmp_path, policies):
    """A configuration that names these two folders."""
    path = tmp_path / "monition.toml"
    path.write_text(CONFIGURATION.format(folder=tmp_path))
    return load(path, {})


@pytest.fixture
def at():
    """Days after the first one, at noon."""
    return lambda days=0: NOON + timedelta(days=days)


@pytest.fixture
def parcel(tmp_path):
    """Write the institution's own list, one row a name, as a parcel to be taken in."""

    def make(*names, file="own.csv", **more):
        path = tmp_path / file
        rows = (f"{name},own-{name.lower()},{name.lower()}.example.ru" for name in names)
        path.write_text("\n".join(["name,id,domains", *rows, ""]))
        return ImportFiles("own", [path], **more)

    return make


@pytest.fixture
def take(policies, folder, parcel, at):
    """Import the institution's own list with these names, so many days after the first."""

    def run(*names, days=0, **more):
        return import_run.import_list(policies, folder, parcel(*names, **more), at(days))

    return run


@pytest.fixture
def files(folder):
    """Give every file of the lists directory with its bytes; the lock is no content."""

    def look():
        return {
            str(path.relative_to(folder.path)): path.read_bytes()
            for path in sorted(folder.path.rglob("*"))
            if path.is_file() and path.name != ".lock"
        }

    return look
