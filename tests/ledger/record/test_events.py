from __future__ import annotations

import dataclasses
import json
import os
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from gateway.ledger.office import office_writer
from gateway.ledger.record import office_events
from gateway.ledger.record.events import NoticeState, SettledRecipient, settled
from gateway.ledger.record.record import EventKind, Part
from gateway.model import Action, Address, Client, Disposition, Outcome, Peek, Rule

PAGE = Path(__file__).parents[3] / "docs" / "events.md"


def documented():
    """Kind → table → the fields that docs/events.md names."""
    kinds = {}
    for section in re.split(r"^## ", PAGE.read_text("utf-8"), flags=re.MULTILINE)[1:]:
        tables = {}
        for table in re.finditer(r"^\| (\w+) \| content \|\n((?:\|.*\n)+)", section, re.MULTILINE):
            tables[table[1]] = set(re.findall(r"^\| `(\w+)` \|", table[2], re.MULTILINE))
        kinds[section.split("\n")[0]] = tables
    return kinds


@pytest.fixture(scope="module")
def lived(mail, tmp_path_factory):
    """One event of each kind at least, as a ledger wrote them."""
    folder = tmp_path_factory.mktemp("events")
    # With no time between two heartbeats, each round of the thread writes one.
    busy = mail.open_ledger(folder, heartbeat=mail.timedelta(0))
    busy.start()
    found = mail.records()
    embedded = mail.observed(
        mail.sighting("m2", ("ivan@forwarder.org",)),
        [
            mail.decision(
                mail.finding("ivan@forwarder.org", rule=Rule.EMBEDDED, matched="ivan@mipt.ru"),
                rule="exception for ivan@mipt.ru",
            ),
        ],
        at=mail.now(),
        entropy=os.urandom,
    )
    excepted = mail.observed(
        mail.sighting("m3"),
        [mail.decision(rule="exception for PROF@example.edu")],
        at=mail.now(),
        entropy=os.urandom,
    )
    busy.observe([*found, *embedded, *excepted]).result()
    busy.settle(mail.settlement("m1", found)).result()
    (notice,) = busy.claim(
        owner="o", now=mail.now(), lease=mail.timedelta(seconds=15), limit=1, per_hour=9
    ).result()
    busy.sent(notice, owner="o", at=mail.now(), message_id="<n@x>", digest="sha256:0").result()
    busy.close()
    actor = office_events.Actor("officer", mail.now(), os.urandom)
    office_writer.append(
        folder / "ledger.db",
        [
            office_events.begun(actor, instead_of=found[0].id, reason="it was meant"),
            office_events.disposed(found[0].id, Disposition.PERSONAL, actor, reason="a friend"),
            office_events.held(found[0].id, actor, matter="2026-1", reason="an inquiry"),
            office_events.released(found[0].id, actor, reason="it ended"),
            office_events.erased("request", {}, events=0, kept=0, actor=actor, reason="a letter"),
            office_events.accessed(
                "audit list", actor, rows=1, filters={}, subjects=[], reason="a case"
            ),
        ],
    )
    # A line of the journal makes a JOURNALLED.
    (folder / "ledger.journal").write_bytes(b"torn")
    again = mail.open_ledger(folder, "process-2")
    again.start()
    again.close()
    return folder / "ledger.db"


def test_the_page_and_the_ledger_name_the_same_kinds_and_fields(lived):
    written = {}
    with closing(sqlite3.connect(lived)) as connection:
        for id_, kind, facts in connection.execute("SELECT id, kind, facts FROM event"):
            tables = written.setdefault(kind, {})
            tables.setdefault("fact", set()).update(json.loads(facts))
            for part, data in connection.execute(
                "SELECT part, data FROM personal WHERE event = ?", (id_,)
            ):
                tables.setdefault(part, set()).update(json.loads(data))
    assert written == documented()
    assert written.keys() == set(EventKind)


def one(mail, *findings, **changes):
    (record,) = mail.observed(
        mail.sighting(recipients=(str(findings[0].recipient),), **changes),
        [mail.decision(*findings)],
        at=mail.now(),
        entropy=os.urandom,
    )
    return record


def test_an_observation_holds_what_the_finding_says(mail):
    (record,) = mail.records()
    facts = record.facts
    assert facts["matched"] == "mipt.ru"
    assert facts["listed_on"] == "2022-08-02"
    assert facts["wind_down_until"] == "2022-08-31"
    assert facts["evidence"] == ["mipt.ru: ROR 00v0z9322, reviewed 2026-11-22"]
    assert record.personal[Part.SENDER] == {
        "address": "prof@example.edu",
        "client": "192.0.2.7",
        "helo": "pc.example.edu",
        "message_id": "<1@example.edu>",
        "queue_id": "4XyZ",
    }
    assert record.personal[Part.RECIPIENT] == {
        "address": "ivan@stud.mipt.ru",
        "reply": "250 2.1.5 Ok",
    }


def test_no_fact_holds_an_address_and_no_other_recipient_enters(mail):
    recipients = ("secret@elsewhere.example", "ivan@stud.mipt.ru")
    (record,) = mail.observed(
        mail.sighting(recipients=recipients),
        [mail.decision(mail.finding("ivan@stud.mipt.ru"))],
        at=mail.now(),
        entropy=os.urandom,
    )
    assert "@" not in str(record.facts)
    assert "secret" not in str(record)


@pytest.mark.parametrize(
    ("rule", "matched", "evidence"),
    [
        (Rule.EXACT_ADDRESS, "era_1@mil.ru", ("era_1@mil.ru: OFAC SDN 31452",)),
        (Rule.EXACT_ADDRESS, "era_1@mil.ru", ("OFAC SDN 31452",)),
        (Rule.EMBEDDED, "mipt.ru", ("SRS0=HHH=TT=mipt.ru=ivan carries mipt.ru",)),
        (Rule.SUBDOMAIN, "mipt.ru", ("seen in ivan@mipt.ru",)),
    ],
)
def test_a03_an_address_in_matched_or_evidence_is_the_recipients(mail, rule, matched, evidence):
    record = one(mail, mail.finding("era_1@mil.ru", rule=rule, matched=matched, evidence=evidence))
    assert record.facts["evidence"] is None
    assert record.personal[Part.RECIPIENT]["evidence"] == list(evidence)
    if "@" in matched:
        assert record.facts["matched"] is None
        assert record.personal[Part.RECIPIENT]["matched"] == matched


def test_a03_a_rule_named_after_a_person_is_that_persons(mail):
    def under(rule, sender=b"Prof@Example.edu"):
        (record,) = mail.observed(
            mail.sighting(sender=sender),
            [mail.decision(rule=rule)],
            at=mail.now(),
            entropy=os.urandom,
        )
        assert "@" not in str(record.facts)
        return record.personal

    assert under("for prof@example.edu")[Part.SENDER]["policy_rule"] == "for prof@example.edu"
    assert under("for ivan@mipt.ru")[Part.RECIPIENT]["policy_rule"] == "for ivan@mipt.ru"
    assert "policy_rule" in under("for ivan@mipt.ru", sender=b"")[Part.RECIPIENT]


def test_the_records_of_a_message_come_in_the_order_of_its_findings(mail):
    names = ("a@mipt.ru", "b@mipt.ru", "c@mipt.ru")
    decisions = [
        mail.decision(mail.finding("c@mipt.ru")),
        mail.decision(mail.finding("a@mipt.ru"), mail.finding("b@mipt.ru"), action=Action.OBSERVE),
    ]
    found = mail.observed(
        mail.sighting(recipients=names, first_index=2), decisions, at=mail.now(), entropy=os.urandom
    )
    assert [record.personal["recipient"]["address"] for record in found] == [
        "c@mipt.ru",
        "a@mipt.ru",
        "b@mipt.ru",
    ]
    assert [record.facts["index"] for record in found] == [2, 3, 4]
    assert [record.facts["action"] for record in found] == ["warn", "observe", "observe"]
    assert len({record.id for record in found}) == 3
    assert len({salt for record in found for salt in record.salts.values()}) == 6


def test_what_could_not_be_known_is_null(mail):
    finding = mail.finding(
        entity=None, listing=None, tier=None, matched=None, rule=None, evidence=()
    )
    record = one(mail, finding, peek=None)
    assert record.facts["header_readable"] is None
    assert record.facts["entity"] is record.facts["listed_on"] is record.facts["rule"] is None
    assert record.personal[Part.SENDER]["message_id"] is None
    unread = one(mail, mail.finding(), peek=Peek(readable=False))
    assert unread.facts["header_readable"] is False


def test_a_recipient_that_the_envelope_does_not_name_has_no_reply(mail):
    (record,) = mail.observed(
        mail.sighting(recipients=()), [mail.decision()], at=mail.now(), entropy=os.urandom
    )
    assert record.personal[Part.RECIPIENT]["reply"] is None


def test_hostile_bytes_in_an_envelope_can_be_kept(mail, ledger):
    path = b'"\xff\x00\n"@mipt.ru'
    address = Address(path, path[:-8].decode("latin-1") + "\udcff", "mipt.ru")
    envelope = mail.sighting().envelope
    envelope = type(envelope)("m", b"\xfe\x80@example.edu", (), Client(helo="\udc80"))
    found = mail.observed(
        mail.sighting(envelope=envelope),
        [mail.decision(dataclasses.replace(mail.finding(), recipient=address))],
        at=mail.now(),
        entropy=os.urandom,
    )
    assert ledger.observe(found).result() == "ledger"


def test_a_settlement_parts_queue_ids_from_replies(mail):
    record = settled(
        SettledRecipient("E", Outcome.DELIVERED, "250 Ok", "5Abc"),
        NoticeState("queued", "E"),
        message="m1",
        process="p",
        at=mail.now(),
        entropy=os.urandom,
    )
    assert record.personal == {
        Part.SENDER: {"next_queue_id": "5Abc"},
        Part.RECIPIENT: {"reply": "250 Ok"},
    }
    assert record.facts["notice_id"] == "E"
