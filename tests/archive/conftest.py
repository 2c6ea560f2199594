"""A small policies folder, a lists directory, and the institution's own list imported into it."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.archive import importing
from gateway.archive.folder import Folder
from gateway.archive.importing import Parcel

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)

PERSONAL = """
[[provider]]
group = "Google"
source = "s"
domains = ["gmail.com"]
[[shared]]
group = "Sites"
source = "s"
domains = ["wordpress.com"]
"""
ROLES = """
[[role]]
group = "g"
source = "s"
names = ["info"]
[alumni]
source = "s"
labels = ["alumni"]
"""
POLICY = """
[tiers]
otherwise = "advisory"
[[tier]]
list = "L"
tier = "blocking"
[[rule]]
name = "all: warn"
action = "warn"
text = "t"
"""
ENTITY = """
[[entity]]
id = "written"
name = "Written Institute"
  [[entity.listing]]
  list = "L"
  source = "s"
  [[entity.domain]]
  name = "written.ru"
  source = "s"
  reviewer = "r"
  reviewed_on = 2026-11-01
"""


@pytest.fixture
def policies(tmp_path):
    path = tmp_path / "policies"
    (path / "entities").mkdir(parents=True)
    (path / "personal.toml").write_text(PERSONAL)
    (path / "roles.toml").write_text(ROLES)
    (path / "entities" / "a.toml").write_text(ENTITY)
    (path / "policy.toml").write_text(POLICY)
    return path


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path / "lists")


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
        return Parcel("own", [path], **more)

    return make


@pytest.fixture
def take(policies, folder, parcel, at):
    """Import the institution's own list with these names, so many days after the first."""

    def run(*names, days=0, **more):
        return importing.take(policies, folder, parcel(*names, **more), at(days))

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
