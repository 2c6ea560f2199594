"""docs/privacy.md: every sentence of it is held by a test or a trigger that is there."""

from __future__ import annotations

import ast
import re
from dataclasses import asdict
from pathlib import Path

import pytest

from gateway.config import Retention
from gateway.ledger.schema.current_schema import EXPECTED
from gateway.ledger.store.pseudonyms import Pseudonyms
from gateway.metrics import Metrics

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "privacy.md").read_text(encoding="utf-8")
NOTE = re.compile(r"^\[\^(\w+)\]: (.*(?:\n    .*)*)", re.MULTILINE)


def notes():
    return dict(NOTE.findall(PAGE))


def paragraphs():
    """The page's paragraphs and items, each on one line, without headings, tables and notes."""
    prose = NOTE.sub("", PAGE)
    blocks = re.split(r"\n\s*\n|\n(?=- )", prose)
    texts = [" ".join(block.split()) for block in blocks]
    return [text for text in texts if text and not text.startswith(("#", "|"))]


@pytest.fixture(scope="module")
def tests_there():
    names = set()
    for file in (ROOT / "tests").rglob("test_*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                names.add(node.name)
    return names


def test_every_sentence_bears_a_number_and_every_number_a_test_or_trigger(tests_there):
    triggers = {entry.name for entry in EXPECTED if entry.type == "trigger"}
    used = set()
    for text in paragraphs():
        # A heading of a list says nothing by itself: its items do.
        if text.endswith(":"):
            continue
        for end in re.finditer(r"[.!?;](?=\s[A-Z`*]|$)", text):
            pytest.fail(f"no number behind: …{text[max(0, end.start() - 60) : end.end()]}")
        assert re.search(r"\[\^\w+\]$", text), text
        used |= set(re.findall(r"\[\^(\w+)\]", text))
    found = notes()
    assert used <= found.keys(), used - found.keys()
    assert found.keys() <= set(re.findall(r"\[\^(\w+)\](?!:)", PAGE))
    for number, text in found.items():
        named = re.findall(r"(trigger )?`(\w+)`", " ".join(text.split()))
        assert named, number
        for trigger, name in named:
            assert name in (triggers if trigger else tests_there), f"{number}: {name}"


def fields_of_the_events():
    page = (ROOT / "docs" / "events.md").read_text(encoding="utf-8")
    found = set()
    for table in re.finditer(
        r"^\| (sender|recipient|notes) \| content \|\n((?:\|.*\n)+)", page, re.MULTILINE
    ):
        found |= {
            (table[1], name) for name in re.findall(r"^\| `(\w+)` \|", table[2], re.MULTILINE)
        }
    return found


def test_the_table_of_fields_is_that_of_the_events():
    told = set(re.findall(r"^\| (sender|recipient|notes) \| `(\w+)` \|", PAGE, re.MULTILINE))
    assert told == fields_of_the_events()


def test_the_table_of_times_is_that_of_the_configuration():
    told = dict(re.findall(r"^\| .* \| `(\w+_days)` \| (\d+) \|", PAGE, re.MULTILINE))
    assert {name: int(days) for name, days in told.items()} == asdict(Retention())
    assert Retention().open_days >= 10 * 365 + 3


def test_the_page_promises_nothing_about_the_law():
    assert "Monition knows no law" in PAGE
    for word in ("compliant", "complies", "guarantee", "GDPR", "lawful"):
        assert word not in PAGE


def test_no_metric_is_labelled_with_a_person():
    labels = set()
    for collector in Metrics().registry._collector_to_names:
        labels |= set(getattr(collector, "_labelnames", ()))
    assert len(labels) > 5
    people = {"sender", "recipient", "address", "user", "client", "domain", "message", "helo"}
    assert not labels & people


def test_a_pseudonym_is_another_under_another_key():
    one, other = Pseudonyms(b"1" * 32), Pseudonyms(b"2" * 32)
    assert one.person("jane@example.edu") == one.person("Jane@Example.EDU")
    assert one.person("jane@example.edu") != other.person("jane@example.edu")
    assert "jane" not in one.recipient("jane@example.edu")
