"""A file of ours that a contract forbids: in each way that a name of it can be had."""

import pytest

from tests.house import forbidden_files
from tests.house.source_files import ROOT

CONTRACTS = [
    {
        "name": "doors",
        "type": "forbidden",
        "source_modules": ["gateway.cli", "gateway.relay"],
        "forbidden_modules": ["gateway.ledger.reader", "sqlite3"],
        "ignore_imports": ["gateway.relay.meant -> gateway.ledger.reader"],
    },
    {"name": "rooms", "type": "layers", "containers": ["gateway"], "layers": []},
]
TREE = {
    "gateway/ledger/reader.py": "class Reader: ...\ndef open_ledger(): ...\nMOST = 3\n",
    "gateway/ledger/door.py": "from gateway.ledger.reader import Reader, MOST\n"
    "from gateway.ledger import reader\nOther = reader.Reader\nclass Door: ...\n",
    "gateway/ledger/row.py": "class Row: ...\n",
    "gateway/relay/meant.py": "from gateway.ledger.reader import Reader\n",
    "gateway/lookup.py": "from gateway.ledger.reader import Reader\n",
}


def told(made_up, text):
    tree = made_up(TREE | {"gateway/cli/show.py": text + "\n"})
    return sorted(
        {
            str(each)
            for each in forbidden_files.breaches(tree.files, tree.names, tree.imports, CONTRACTS)
        }
    )


@pytest.mark.parametrize(
    "text",
    [
        "from gateway.ledger.reader import Reader",
        "from gateway.ledger.door import Reader",
        "from gateway.ledger.door import Reader as R",
        "from gateway.ledger.door import Other",
        "from gateway.ledger.door import MOST",
        "from gateway.ledger.door import reader",
        "from gateway.ledger import door\ndoor.Reader()",
        "from ..ledger import door\ndef f(x: door.Other): ...",
        "from gateway.ledger import door\ngetattr(door, 'Reader')",
        "from importlib import import_module\nimport_module('gateway.ledger.door').Reader",
        "def later():\n    from gateway.lookup import Reader",
    ],
)
def test_what_a_forbidden_file_defines_is_told_whoever_hands_it_on(made_up, text):
    (breach,) = told(made_up, text)
    assert breach.startswith("gateway/cli/show.py:")
    assert "takes gateway.ledger.reader" in breach
    assert "against the contract 'doors'" in breach


@pytest.mark.parametrize(
    "text",
    [
        "from gateway.ledger.door import Door",
        "from gateway.ledger import door\ndoor.Door()",
        "from gateway.ledger.row import Row",
        "import sqlite3",
    ],
)
def test_the_doors_themselves_and_all_else_pass(made_up, text):
    assert told(made_up, text) == []


def test_what_is_inside_a_door_is_asked_for_by_its_own_room_alone(made_up):
    text = (
        "def f(reading):\n    reader = reading.reader\n    return reader, reading.reader.rows()\n"
    )
    paths = ("gateway/cli/show.py", "gateway/compliance/inbox.py", "gateway/ledger/pack.py")
    tree = made_up(dict.fromkeys(paths, text))
    found = sorted(map(str, forbidden_files.inner_parts(tree.files, tree.names)))
    assert [one.partition(": ")[0] for one in found] == [
        *("gateway/cli/show.py:2", "gateway/cli/show.py:3"),
        *("gateway/compliance/inbox.py:2", "gateway/compliance/inbox.py:3"),
    ]


def test_the_contracts_are_those_of_the_tree(tmp_path):
    assert forbidden_files.contracts(tmp_path) == []
    names = {contract["name"] for contract in forbidden_files.contracts(ROOT)}
    assert any(name.startswith("what a person is shown of the ledger") for name in names)


def test_the_ledgers_own_reader_is_forbidden_to_every_room_above_it():
    (contract,) = (
        each
        for each in forbidden_files.contracts(ROOT)
        if "gateway.ledger.query.ledger_reader" in each.get("forbidden_modules", ())
    )
    assert "gateway.ledger.store.open_database" in contract["forbidden_modules"]
    (layers,) = (
        each
        for each in forbidden_files.contracts(ROOT)
        if each["type"] == "layers" and each["containers"] == ["gateway"]
    )
    rooms = [[room.strip() for room in layer.split("|")] for layer in layers["layers"]]
    ledgers = next(index for index, layer in enumerate(rooms) if "ledger" in layer)
    above = {room for layer in rooms[1:ledgers] for room in layer if not room.startswith("(")}
    assert {f"gateway.{room}" for room in above} == set(contract["source_modules"])
