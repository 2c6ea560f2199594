import importlib.metadata

import pytest

from benchmarks.host import child
from benchmarks.peers import peer


@pytest.fixture
def nothing_installed(monkeypatch):
    def absent(package):
        raise importlib.metadata.PackageNotFoundError(package)

    monkeypatch.setattr(child, "find", lambda _program: None)
    monkeypatch.setattr(importlib.metadata, "version", absent)


@pytest.mark.usefixtures("nothing_installed")
@pytest.mark.parametrize(
    ("make", "told"),
    [
        (peer.haproxy, "haproxy, TCP mode: haproxy is not installed (package haproxy)"),
        (
            peer.aiosmtpd,
            "aiosmtpd, Proxy: aiosmtpd is not installed in this virtual environment",
        ),
    ],
)
def test_a_peer_that_is_missing_says_so(make, told):
    assert make().told == told
    assert make().missing is not None


def test_a_peer_that_is_here_has_its_version():
    here = peer.aiosmtpd()
    assert here.missing is None
    assert here.told == f"aiosmtpd, Proxy: {importlib.metadata.version('aiosmtpd')}"
