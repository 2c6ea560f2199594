"""A gateway of one's own: a configuration in a folder, on free ports."""

import shutil
import socket

import pytest

from gateway import packaged
from gateway.config import load

CONFIGURATION = """
[institution]
name = "Example University"
domains = ["example.edu"]
[compliance]
office = "Research Compliance"
email = "research-compliance@example.edu"
[relay]
listen = ["127.0.0.1:{listen}"]
next_hop = ["127.0.0.1:{hop}"]
drain_seconds = 2
[ledger]
path = "{folder}/ledger.db"
emergency_journal = "{folder}/ledger.journal"
[policies]
directory = "{policies}"
[notices]
submit = "127.0.0.1:{hop}"
[metrics]
listen = "127.0.0.1:{metrics}"
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def policies(tmp_path):
    """A policies directory that a test may spoil."""
    return shutil.copytree(packaged.policies_directory(), tmp_path / "policies")


@pytest.fixture
def config(tmp_path, policies):
    """A configuration on free ports; nothing listens at its next hop."""
    ports = {name: free_port() for name in ("listen", "hop", "metrics")}
    text = CONFIGURATION.format(folder=tmp_path, policies=policies, **ports)
    path = tmp_path / "monition.toml"
    path.write_text(text)
    return load(path, {})
