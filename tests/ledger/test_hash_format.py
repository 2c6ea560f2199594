"""The decision record's worked example, computed without the gateway's own code, then with it."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

from gateway.ledger.record.chain import ROOT, seal
from gateway.ledger.record.record import Part, Record

PAGE = Path(__file__).parents[2] / "docs" / "decisions" / "0003-hash-format.md"
TAG = b"monition-1"
SALT = bytes(range(32))


@pytest.fixture(scope="module")
def example():
    text = PAGE.read_text("utf-8").partition("## A worked example")[2].partition("## Why")[0]
    data, commitments, digest = re.findall(r"^    (\S+)$", text, re.MULTILINE)
    columns = dict(re.findall(r"^\| `(\w+)` \| `(.+)` \|$", text, re.MULTILINE))
    (length,) = re.findall(r"is (\d+) bytes long", text)
    return {**columns, "data": data, "commitments": commitments, "hash": digest, "length": length}


def test_the_worked_example_follows_from_the_words_of_the_page(example):
    sealed = hashlib.sha256(TAG + SALT + example["data"].encode()).hexdigest()
    assert example["commitments"] == f'{{"sender":"{sealed}"}}'
    names = ("seq", "id", "at", "kind", "facts", "commitments")
    columns = [TAG, *(example[name].encode() for name in names), bytes(32)]
    hashed = b"".join(len(column).to_bytes(8, "big") + column for column in columns)
    assert len(hashed) == int(example["length"])
    assert hashlib.sha256(hashed).hexdigest() == example["hash"]


def test_the_gateway_writes_the_worked_example(example):
    record = Record(
        example["id"],
        example["at"],
        example["kind"],
        {"message": "m1", "matched": "mipt.ru"},
        {Part.SENDER: {"address": "prof@example.edu"}},
        {Part.SENDER: SALT},
    )
    event, data = seal(record, int(example["seq"]), ROOT)
    assert data == {Part.SENDER: example["data"]}
    assert event.facts == example["facts"]
    assert event.commitments == example["commitments"]
    assert event.hash.hex() == example["hash"]
