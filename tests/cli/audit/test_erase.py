from __future__ import annotations

import json

import pytest

from gateway.ledger.store.emergency_journal import line
from gateway.ledger.store.sqlite_store import SqliteStore


def test_a03_erase_of_a_person_tells_first_and_does_it_on_a_yes(audit, events, ledger_path):
    for options, exit_code in ((("--dry-run",), 0), ((), 2)):
        asked = audit("erase", "--person", "Jane@Example.edu", *options)
        assert asked.exit_code == exit_code
        assert "is the sender of 2 and the recipient of 0 findings" in asked.stderr
        assert "would be erased from 2 events, by parts: sender 2" in asked.stderr
    assert "add --yes" in asked.stderr
    assert b"jane@example.edu" in ledger_path.read_bytes()
    done = audit("erase", "--person", "jane@example.edu", "--yes", "--reason", "Request 2026-44")
    assert (done.exit_code, done.stderr) == (0, "erased from 2 events, by parts: sender 2\n")
    assert b"jane" not in ledger_path.read_bytes()
    checked = audit("verify")
    assert checked.exit_code == 0
    assert "Erased, by erasures that the ledger tells of: sender 2." in checked.stdout
    assert audit("erase", "--person", "jane@example.edu", "--yes").stderr == (
        "there is nothing to erase\n"
    )


def test_a09_a_dry_run_about_a_person_is_a_reading_and_names_nobody(audit, events, facts_of):
    audit("erase", "--person", "jane@example.edu", "--dry-run", "--reason", "A request")
    (facts,) = facts_of("ACCESSED")
    assert (facts["verb"], facts["by"], facts["rows"]) == ("audit erase", "officer", 2)
    assert facts["subjects"][0].startswith("person-")
    assert "jane" not in str(facts)


def test_a03_erase_of_parts_of_events(audit, events):
    audit("dispose", events[0], "--as", "personal", "--reason", "A friend of hers.")
    done = audit("erase", events[0], "--part", "notes", "--yes")
    assert done.stderr == "erased from 1 event, by parts: notes 1\n"
    told = " ".join(audit("show", events[0]).stdout.split())
    assert "A friend of hers" not in told
    assert "notes erased" in told
    assert "sender jane@example.edu" in told


def test_a03_erase_says_what_hold_keeps(audit, events):
    audit("hold", events[0], "--matter", "m")
    done = audit("erase", "--person", "jane@example.edu", "--yes")
    assert done.exit_code == 0
    assert "1 event kept, being under hold" in done.stderr
    told = json.loads(audit("show", events[0], "--format", "json").stdout)
    assert told["personal"]["sender"]["address"] == "jane@example.edu"


def test_a03_erase_ends_with_1_where_the_address_stands_all_the_same(audit, events, tmp_path):
    (tmp_path / "old-export.csv").write_text("jane@example.edu\n")
    done = audit("erase", "--person", "jane@example.edu", "--yes")
    assert done.exit_code == 1
    assert "not finished: " in done.stderr
    assert "old-export.csv" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "name EVENTs or a --person, one of the two"),
        (("01", "--person", "jane@example.edu"), "one of the two"),
        (("01",), "say which --part"),
        (("--person", "jane@example.edu", "--part", "notes"), "--part belongs to EVENTs"),
        (("--person", "jane", "--yes"), "is no address"),
        (("--person", "jane@example.edu", "--yes", "--reason", "jane@example.edu"), "again"),
    ],
)
def test_erase_with_wrong_usage_does_nothing(audit, events, arguments, says, facts_of):
    result = audit("erase", *arguments)
    assert (result.exit_code, says in result.stderr) == (2, True), result.stderr
    assert facts_of("ERASED") == []


def test_erase_has_an_example_and_begins_no_ledger(audit, ledger_path):
    shown = audit("erase", "--help")
    assert "monition audit erase" in shown.stdout.partition("Example")[2]
    result = audit("erase", "--person", "a@b.example", "--yes")
    assert (result.exit_code, "there is no ledger" in result.stderr) == (2, True)
    assert not ledger_path.exists()


def test_a03_erase_tells_of_notices_on_their_way_and_of_lines_put_aside(audit, mail, tmp_path):
    ledger = mail.open_ledger(tmp_path)
    ledger.start()
    found = mail.records("m1", sender=b"jane@example.edu")
    ledger.observe(found).result()
    ledger.settle(mail.settlement("m1", found, to="jane@example.edu")).result()
    ledger.close()
    (tmp_path / "ledger.journal.aside").write_text("torn jane@example.edu\n")
    asked = audit("erase", "--person", "jane@example.edu", "--dry-run")
    assert "notices that name it: 1, of them still to be sent: 1" in asked.stderr
    refused = audit("erase", "--person", "jane@example.edu", "--yes")
    assert refused.exit_code == 1
    assert "--drop-notices; nothing was erased" in refused.stderr
    done = audit("erase", "--person", "jane@example.edu", "--yes", "--drop-notices")
    assert done.exit_code == 0, done.stderr
    assert done.stderr.splitlines()[1:] == [
        "1 notice that named the address: removed, or changed",
        "1 notice given up: their senders were not told",
        "1 line taken out of what the journal had put aside",
    ]


def test_s18_erase_takes_addresses_with_a_tag_along_and_names_them_before(
    audit, mail, events, ledger_path
):
    store = SqliteStore(ledger_path)
    with store.transaction():
        for sender in (
            b"Jane+lists@example.edu",
            b"jane+x@elsewhere.example",
            b"jan+e@example.edu",
        ):
            for record in mail.records(sender.decode().partition("@")[0], sender=sender):
                store.append(record)
    store.close()
    asked = audit("erase", "--person", "jane@example.edu", "--dry-run")
    assert "spelt so as well, and erased with it: jane+lists@example.edu\n" in asked.stderr
    assert audit("erase", "--person", "jane@example.edu", "--yes").exit_code == 0
    content = ledger_path.read_bytes()
    assert b"Jane+lists@example.edu" not in content
    # Two others' mailboxes.
    assert b"jane+x@elsewhere.example" in content
    assert b"jan+e@example.edu" in content


def test_a03_a_dry_run_counts_what_waits_in_the_journal_and_what_was_put_aside(
    audit, events, tmp_path
):
    del events
    said = line("odd", {"said": "by zoe@example.edu"})
    (tmp_path / "ledger.journal").write_bytes(said + said)
    (tmp_path / "ledger.journal.aside").write_bytes(said + b"torn jan\n")
    asked = audit("erase", "--person", "zoe@example.edu", "--dry-run")
    assert asked.exit_code == 0
    assert "2 lines of the emergency journal that name it" in asked.stderr
    assert "1 line that the journal put aside and that name it: would be taken" in asked.stderr
    assert "1 line in " in asked.stderr
    assert "not whole, where an address may stand in part: --drop-torn" in asked.stderr
    assert "nothing to erase" not in asked.stderr
    one_role = audit("erase", "--person", "zoe@example.edu", "--as", "sender", "--dry-run")
    assert "would go with --as both" in one_role.stderr
    (tmp_path / "ledger.journal").write_bytes(b"")
    done = audit("erase", "--person", "zoe@example.edu", "--yes", "--drop-torn")
    assert done.stderr == "2 lines taken out of what the journal had put aside\n"
    assert not (tmp_path / "ledger.journal.aside").exists()
    nobody = audit("erase", "--person", "nobody@example.edu", "--dry-run")
    assert "there is nothing to erase" in nobody.stderr
