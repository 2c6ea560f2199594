"""A domain that the DNS ties to a listed one: from the first message to it to the reviewed one."""

import contextlib
import gzip
import importlib.util
import json
import sqlite3
from pathlib import Path

import pytest

NAME_SERVER = Path(__file__).parents[1] / "lookup" / "name_server.py"

FRIEND, STRANGER = "tied-friend.example", "plain-stranger.example"
LISTS = """
[lists]
directory = "{folder}/lists"
linkage = true
resolvers = ["127.0.0.1:{port}"]
"""


@pytest.fixture
def names():
    spec = importlib.util.spec_from_file_location("name_server", NAME_SERVER)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with contextlib.closing(module.NameServer()) as server:
        server.has(FRIEND, mx=["10 mx.mipt.ru."])
        server.has(STRANGER, mx=["10 mx.hoster.example."], ns=["ns.hoster.example."])
        yield server


@pytest.fixture
def linked(serve, names, tmp_path):
    """Starts a gateway that looks domains up at ``names``."""

    def start(**changes):
        return serve(relay=LISTS.format(folder=tmp_path, port=names.port), **changes)

    return start


def deliver(gateway, recipient):
    with gateway.client() as client:
        assert client.open() == 250
        assert client.deliver("x", recipient) == 250


def observed(gateway):
    with contextlib.closing(sqlite3.connect(gateway.config.ledger.path)) as ledger:
        rows = ledger.execute("SELECT facts FROM event WHERE kind = 'OBSERVED' ORDER BY seq")
        return [json.loads(facts) for (facts,) in rows]


def contents(folder):
    """Every file below a folder, unpacked."""
    for path in folder.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            yield path, gzip.decompress(data) if path.suffix == ".gz" else data


@pytest.mark.parametrize("workers", [1, 3])
def test_s07_r16_a_linked_domain_is_for_review_and_of_no_other_is_there_a_trace(
    linked, names, tmp_path, until, workers
):
    gateway = linked(workers=workers)
    digest = gateway.logged("serving")[0]["snapshot"]
    for domain in (STRANGER, FRIEND):
        deliver(gateway, f"ivan@{domain}")
        until(lambda name=domain: name in names.names_asked(), f"{domain} to be looked up")
    assert observed(gateway) == []

    # All of them, or some messages would be reviewed and others not.
    until(
        lambda: len({line.get("worker") for line in gateway.logged("reloaded")}) == workers,
        "a new snapshot in every worker",
    )
    (after,) = {line["snapshot"] for line in gateway.logged("reloaded")}
    assert after != digest
    deliver(gateway, f"ivan@{STRANGER}")
    for _ in range(workers):
        deliver(gateway, f"ivan@{FRIEND}")
    events = observed(gateway)
    assert len(events) == workers
    for facts in events:
        assert (facts["standing"], facts["rule"]) == ("review", "linked")
        assert any("MX mx.mipt.ru lies inside mipt.ru" in line for line in facts["evidence"])
    until(lambda: gateway.number('monition_linkage_lookups_total{result="linked"}') == 1)

    gateway.send(15)
    assert gateway.ended() == 0
    found = dict(contents(tmp_path))
    assert any(FRIEND.encode() in data for data in found.values())
    assert [path for path, data in found.items() if STRANGER.encode() in data] == []
    # Nor is the one that is linked in what is logged.
    assert FRIEND not in gateway.stderr.read_text()


def test_r16_a_dead_dns_touches_no_message(linked, names, until):
    names.odd[FRIEND] = names.odd[STRANGER] = "servfail"
    gateway = linked(workers=1)
    for number in range(5):
        deliver(gateway, f"ivan{number}@{FRIEND}")
        deliver(gateway, f"ivan{number}@{STRANGER}")
    deliver(gateway, "ivan@mipt.ru")
    until(lambda: gateway.number('monition_linkage_lookups_total{result="unknown"}') == 2)
    assert len(observed(gateway)) == 1
    assert gateway.number("monition_screening_errors_total") == 0


def test_s07_a_link_that_cannot_be_written_is_told_and_touches_no_message(
    linked, names, tmp_path, until
):
    gateway = linked(workers=1)
    (tmp_path / "lists" / "linked.jsonl").mkdir()
    deliver(gateway, f"ivan@{FRIEND}")
    until(lambda: gateway.logged("a link cannot be written down"), "it to be told")
    deliver(gateway, f"ivan@{FRIEND}")
    assert observed(gateway) == []


def test_s07_without_being_asked_for_nothing_is_looked_up(serve, names, tmp_path):
    gateway = serve(
        workers=1,
        relay=LISTS.format(folder=tmp_path, port=names.port).replace("linkage = true", ""),
    )
    deliver(gateway, f"ivan@{FRIEND}")
    gateway.send(15)
    assert gateway.ended() == 0
    assert names.asked == []


def test_s07_our_own_domains_and_personal_providers_are_not_asked_about(linked, names, until):
    gateway = linked(workers=1)
    for domain in ("example.edu", "cs.example.edu", "gmail.com", STRANGER):
        deliver(gateway, f"ivan@{domain}")
    until(lambda: STRANGER in names.names_asked())
    assert names.names_asked() == {STRANGER}
