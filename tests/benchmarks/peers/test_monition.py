import sqlite3
import sys
import tomllib
from contextlib import closing

import pytest

import gateway
from benchmarks.host.child import BenchmarkError
from benchmarks.peers import monition
from benchmarks.peers.monition import Build
from benchmarks.peers.peer import Place, Role


def test_the_probe_says_which_gateway_an_interpreter_runs():
    build = monition.probe(sys.executable)
    assert isinstance(build, Build)
    assert build.version == gateway.__version__
    assert build.is_compiled == (not build.file.endswith(".py"))


def test_an_interpreter_that_is_not_there_is_told():
    assert monition.probe("/no/such/python").startswith("/no/such/python cannot be run:")


def test_an_interpreter_without_the_gateway_is_told(tmp_path):
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nexec {sys.executable} -S -I "$@"\n')
    python.chmod(0o755)
    assert monition.probe(str(python)).startswith(f"{python} cannot import the gateway: Module")


@pytest.mark.parametrize(
    ("is_compiled", "name"),
    [(True, "monition, compiled"), (False, "monition, other Python")],
)
def test_another_interpreter_is_one_more_peer(monkeypatch, is_compiled, name):
    monkeypatch.setattr(monition, "probe", lambda _python: Build("1.2", is_compiled, "x"))
    names = [peer.name for peer in monition.peers("/elsewhere/python")]
    assert names == [
        "haproxy, TCP mode",
        "aiosmtpd, Proxy",
        "monition, nothing matched",
        name,
        "monition, all matched",
    ]
    other = monition.peers("/elsewhere/python")[3]
    assert other.role is Role.CLEAR
    assert "by /elsewhere/python" in other.version


def test_another_interpreter_that_fails_is_named_as_missing():
    found = monition.peers("/no/such/python")
    (missing,) = [peer for peer in found if peer.missing and peer.role is not Role.FLOOR]
    assert missing.told.startswith("monition, other build: /no/such/python cannot be run")


def test_no_other_interpreter_no_other_peer():
    assert len(monition.peers()) == 4


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path, 20001, 20002)


def test_it_is_started_from_what_is_installed_with_a_configuration_of_its_own(place):
    command = monition.command(place, python="/elsewhere/python", workers=2)
    assert command[:4] == ["/elsewhere/python", "-P", "-m", "gateway"]
    config = tomllib.loads((place.directory / "monition.toml").read_text())
    assert config["relay"] == {
        "listen": ["127.0.0.1:20001"],
        "next_hop": ["127.0.0.1:20002"],
        "workers": 2,
    }


def a_ledger(place, *kinds):
    with closing(sqlite3.connect(place.directory / "ledger.db")) as ledger, ledger:
        ledger.execute("CREATE TABLE event (kind TEXT)")
        ledger.executemany("INSERT INTO event VALUES (?)", [(kind,) for kind in kinds])


def test_a_gateway_that_did_not_write_down_its_matches_is_found_out(place):
    a_ledger(place, "started", "observed", "settled", "observed")
    peer = monition.matched("1.0", None)
    with pytest.raises(BenchmarkError, match="2 observed and 1 settled events where 2 messages"):
        peer.check(place, 2)


def test_one_that_did_is_not(place):
    a_ledger(place, "started", "observed", "settled", "observed", "settled")
    monition.matched("1.0", None).check(place, 2)


def test_one_that_found_something_where_nothing_was_is_found_out(place):
    a_ledger(place, "started", "observed", "settled")
    clear = monition.peers()[2]
    with pytest.raises(BenchmarkError, match="where 0 messages matched"):
        clear.check(place, 100)
