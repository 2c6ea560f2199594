from __future__ import annotations

import dataclasses
import os
import sqlite3
from contextlib import closing

import pytest

from gateway.errors import LedgerError
from gateway.ledger.query.ledger_reader import COLUMNS, LedgerReader
from gateway.ledger.questions.filters import Filters
from gateway.model import Action, Entity, Kind, Listing, Outcome, Rule, Standing, Tier


@pytest.fixture
def reader(folder, ledger):
    with LedgerReader(folder / "ledger.db") as reader:
        yield reader


NSTRI = Entity("us-ofac-25662", "Nuclear Science and Technology Research Institute")


@pytest.fixture
def three(mail, ledger):
    """Three messages that differ in all that can be asked for; their observed ids, oldest first."""
    start = mail.now() - mail.timedelta(days=3)
    cases = [
        ("m1", b"Prof@Example.edu", "ivan@stud.mipt.ru", {}, Action.WARN),
        (
            "m2",
            b"dean@example.edu",
            "era_1@mil.ru",
            {
                "rule": Rule.EXACT_ADDRESS,
                "matched": "era_1@mil.ru",
                "kind": Kind.ROLE,
                "standing": Standing.REVIEW,
            },
            Action.OBSERVE,
        ),
        (
            "m3",
            b"lab_1%x@example.edu",
            "reza@nstri.ir",
            {
                "entity": NSTRI,
                "matched": "nstri.ir",
                "listing": Listing("US-BIS-EL", None, None),
                "tier": Tier.EXPORT_CONTROL,
            },
            Action.REFUSE,
        ),
    ]
    ids = []
    for day, (message, sender, recipient, changes, action) in enumerate(cases):
        found = mail.observed(
            mail.sighting(message, (recipient,), sender=sender),
            [mail.decision(mail.finding(recipient, **changes), action=action)],
            at=start + mail.timedelta(days=day),
            entropy=os.urandom,
        )
        ledger.observe(found).result()
        ids.append(found[0].id)
        if message == "m1":
            ledger.settle(mail.settlement(message, found)).result()
        if message == "m2":
            settlement = mail.settlement(message, found, request=None)
            results = tuple(
                dataclasses.replace(result, outcome=Outcome.FAILED) for result in settlement.results
            )
            ledger.settle(dataclasses.replace(settlement, results=results)).result()
    return ids


def test_the_columns_are_the_contracts(reader, three):
    rows = list(reader.findings(Filters()))
    assert [row["id"] for row in rows] == three[::-1]
    assert all(tuple(row) == COLUMNS for row in rows)
    assert rows[2] == {
        "id": three[0],
        "at": rows[2]["at"],
        "sender": "Prof@Example.edu",
        "recipient": "ivan@stud.mipt.ru",
        "standing": "listed",
        "kind": "individual",
        "tier": "blocking",
        "entity": "us-ofac-38316",
        "entity_name": "Moscow Institute of Physics and Technology",
        "list": "US-OFAC-SDN",
        "programme": "RUSSIA-EO14024",
        "listed_on": "2022-08-02",
        "matched": "mipt.ru",
        "rule": "subdomain",
        "action": "warn",
        "policy_rule": "listed institutions: warn",
        "outcome": "delivered",
        "reply": "250 2.0.0 Ok: queued as 5Abc",
        "queue_id": "4XyZ",
        "next_queue_id": "5Abc",
        "message_id": "<1@example.edu>",
        "client": "192.0.2.7",
        "notice": "queued",
        "disposition": "open",
        "snapshot": "sha256:5a",
        "policy": "sha256:b0",
        "department": None,
        "licence": None,
        "expires_on": None,
        "held": False,
    }


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"sender": "prof@EXAMPLE.edu"}, [0]),
        ({"sender": "*@example.edu"}, [0, 1, 2]),
        ({"sender": "lab_*"}, [2]),
        ({"sender": "labx1*"}, []),
        ({"sender": "prof"}, []),
        ({"recipient": "ERA_1@mil.ru"}, [1]),
        ({"recipient": "*mipt*"}, [0]),
        ({"domain": "mipt.ru"}, [0]),
        ({"domain": "STUD.mipt.ru."}, [0]),
        ({"domain": "ipt.ru"}, []),
        ({"domain": "ru"}, [0, 1]),
        ({"entity": "us-ofac-38316"}, [0, 1]),
        ({"entity": "nuclear science and technology research institute"}, [2]),
        ({"list": "US-BIS-EL"}, [2]),
        ({"programme": "RUSSIA-EO14024"}, [0, 1]),
        ({"tier": Tier.EXPORT_CONTROL}, [2]),
        ({"standing": Standing.REVIEW}, [1]),
        ({"kind": Kind.ROLE}, [1]),
        ({"action": Action.REFUSE}, [2]),
        ({"outcome": Outcome.PENDING}, [2]),
        ({"outcome": Outcome.FAILED}, [1]),
        ({"sender": "*@example.edu", "tier": Tier.BLOCKING, "kind": Kind.INDIVIDUAL}, [0]),
    ],
)
def test_each_filter_finds_what_it_names(reader, three, asked, expected):
    found = [row["id"] for row in reader.findings(Filters(**asked))]
    assert found == [three[number] for number in expected][::-1]


def test_since_is_within_and_until_is_not(mail, reader, three):
    at = [mail.datetime.fromisoformat(row["at"]) for row in reader.findings(Filters())][::-1]

    def asked(**filters):
        return [row["id"] for row in reader.findings(Filters(**filters))][::-1]

    assert asked(since=at[1]) == three[1:]
    assert asked(until=at[1]) == three[:1]
    assert asked(since=at[0], until=at[2]) == three[:2]


def test_pages_are_cut_from_the_newest(reader, three):
    assert [row["id"] for row in reader.findings(Filters(), limit=1, offset=1)] == [three[1]]
    assert list(reader.findings(Filters(), limit=5, offset=3)) == []


def erase(folder, part):
    with closing(sqlite3.connect(folder / "ledger.db")) as connection:
        connection.execute("UPDATE personal SET salt = NULL, data = NULL WHERE part = ?", (part,))
        connection.commit()


@pytest.mark.parametrize(
    ("part", "gone"),
    [
        ("sender", {"sender", "client", "message_id", "queue_id", "next_queue_id"}),
        ("recipient", {"recipient", "reply"}),
    ],
)
def test_a03_erased_fields_are_null_and_the_row_says_so(folder, reader, three, part, gone):
    before = list(reader.findings(Filters()))
    erase(folder, part)
    for was, row in zip(before, reader.findings(Filters()), strict=True):
        assert row.pop("erased") is True
        lost = {key for key in was if was[key] is not None and row[key] is None}
        assert lost - {"matched"} <= gone
        assert not any(row[key] for key in gone)
    if part == "recipient":
        # What matched was the person's own address.
        assert list(reader.findings(Filters()))[1]["matched"] is None


def test_an_event_is_found_by_the_beginning_of_its_id(reader, three):
    assert reader.find(three[1]).event.id == three[1]
    assert reader.find(f" {three[1][:-4].lower()} ").event.id == three[1]


@pytest.mark.parametrize("prefix", ["", " ", "ZZZZ", "%", "~"])
def test_no_event_is_told_with_the_remedy(reader, three, prefix):
    with pytest.raises(LedgerError, match=r"no event in .* `monition audit list`"):
        reader.find(prefix)


def test_several_events_are_told_with_two_of_them(reader, three):
    with pytest.raises(LedgerError, match=r"fits several events, 01.* and 01"):
        reader.find("01")


def test_the_events_of_one_observation_belong_together(mail, ledger, reader, three):
    (notice,) = ledger.claim(
        owner="o", now=mail.now(), lease=mail.timedelta(seconds=15), limit=1, per_hour=9
    ).result()
    ledger.sent(notice, owner="o", at=mail.now(), message_id="<n@x>", digest="sha256:0").result()
    story = reader.find(three[0])
    kinds = [other.event.kind for other in reader.related(story.event)]
    assert kinds == ["SETTLED", "NOTIFIED"]
    for other in reader.related(story.event):
        ids = {one.event.id for one in (other, *reader.related(other.event))}
        assert story.event.id in ids
        assert len(ids) == 3
    started = reader.find(next(iter(ledger_ids(reader, "STARTED"))))
    assert reader.related(started.event) == ()


def ledger_ids(reader, kind):
    rows = reader._database.execute("SELECT id FROM event WHERE kind = ?", (kind,))
    return [id_ for (id_,) in rows]


def test_a_story_tells_which_part_is_erased(folder, reader, three):
    erase(folder, "sender")
    story = reader.find(three[0])
    assert story.personal["sender"] is None
    assert story.personal["recipient"]["address"] == "ivan@stud.mipt.ru"


def test_the_outbox_is_told(reader, three):
    (notice,) = reader.notices()
    assert notice["id"] == three[0]
    assert notice["state"] == "queued"
    assert notice["entities"] == ["Moscow Institute of Physics and Technology"]


def test_a_checkpoint_is_the_head(reader, three):
    checkpoint = reader.checkpoint()
    assert (checkpoint.seq, checkpoint.id) == (6, three[2])


def test_s11_sightings_are_what_was_found_newest_first(folder, reader, three):
    found = list(reader.observed_recipients())
    columns = tuple(found[0])
    assert columns == (
        *("id", "at", "sender", "recipient", "standing", "tier", "entity", "entity_name"),
        "matched",
    )
    rows = reader.findings(Filters())
    assert found == [{column: row[column] for column in columns} for row in rows]
    erase(folder, "recipient")
    assert [row["recipient"] for row in reader.observed_recipients()] == [None] * 3
    assert [row["sender"] for row in reader.observed_recipients()] == [
        row["sender"] for row in found
    ]


def test_s11_one_sample_of_each_recipient_and_institution_leads_to_all_like_it(past, folder):
    first = past.saw("2026-03-01", "jane@example.edu", "Ivan@stud.mipt.ru")
    second = past.saw("2026-03-02", "omar@example.edu", "ivan@stud.mipt.ru")
    other = past.saw("2026-03-03", "omar@example.edu", "ivan@stud.mipt.ru", entity=("own-1", "Own"))
    erased = past.saw("2026-03-04", "jane@example.edu", "petr@stud.mipt.ru")
    with closing(sqlite3.connect(folder / "ledger.db")) as connection, connection:
        connection.execute(
            "UPDATE personal SET salt = NULL, data = NULL WHERE event = ? AND part = 'recipient'",
            (erased,),
        )
    with LedgerReader(folder / "ledger.db") as reader:
        samples = list(reader.samples())
        assert [row["id"] for row in samples] == [erased, other, second]
        assert [row["id"] for row in reader.like(samples[2:])] == [second, first]
        assert [row["id"] for row in reader.like(samples[:1])] == [erased]
        assert list(reader.like([])) == []
