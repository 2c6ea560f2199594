"""A person is forgotten, and every file beside the ledger is searched for them byte by byte."""

from __future__ import annotations

import itertools
import json
import os
import sqlite3
from contextlib import closing

import pytest

from gateway.errors import LedgerError
from gateway.ledger.erasure import erase_parts, erasure_request
from gateway.ledger.erasure.erasure_request import ErasureRequest, erase_person
from gateway.ledger.erasure.mentions import read_mailbox
from gateway.ledger.office import office_writer
from gateway.ledger.query.ledger_reader import LedgerReader
from gateway.ledger.questions.filters import Filters
from gateway.ledger.record import office_events
from gateway.ledger.record.record import Part
from gateway.ledger.store.emergency_journal import Journal, line, record_as_json
from gateway.model import Disposition

JANE = "jane.doe@example.edu"
OTHER = "mary-jane.doe@example.edu"
FRIEND = "igor@stud.mipt.ru"


@pytest.fixture
def path(folder):
    return folder / "ledger.db"


@pytest.fixture
def hand(mail):
    return office_events.Actor("officer", mail.now(), os.urandom)


@pytest.fixture
def forget(path, folder, hand):
    def forget(address=JANE, **changes):
        return erase_person(
            path, folder / "ledger.journal", ErasureRequest(read_mailbox(address), **changes), hand
        )

    return forget


@pytest.fixture
def send(mail):
    """Have a message observed and settled; the records of it."""

    def send(ledger, sender, recipient="ivan@stud.mipt.ru", *, notice=False):
        name = f"m-{next(numbers)}"
        found = mail.records(name, (recipient,), sender=sender.encode())
        ledger.observe(found).result()
        changes = {} if notice else {"request": None}
        ledger.settle(mail.settlement(name, found, to=sender, **changes)).result()
        return found

    numbers = itertools.count()

    return send


def files_with(folder, *needles):
    """The files below a folder in which a text stands, as UTF-8 or UTF-16, whatever its case."""
    found = set()
    for file in folder.rglob("*"):
        if file.is_file():
            content = file.read_bytes().lower()
            for needle in needles:
                text = needle.lower()
                spellings = text.encode(), text.encode("utf-16-le"), text.encode("utf-16-be")
                if any(spelling in content for spelling in spellings):
                    found.add((file.name, needle))
    return found


def verdict(path):
    with LedgerReader(path) as reader:
        return reader.verify()


def senders(path):
    with LedgerReader(path) as reader:
        return [row["sender"] for row in reader.findings(Filters())]


@pytest.fixture
def lived_in(mail, start, send, path, hand):
    """A ledger in which Jane stands in every place that there is; the ids by name."""
    ledger = start()
    ids = {}
    ids["plain"] = send(ledger, JANE)[0].id
    ids["shouted"] = send(ledger, "Jane.Doe@EXAMPLE.EDU", "a@mipt.ru")[0].id
    ids["signed"] = send(ledger, f"prvs=0123456789={JANE}", "b@mipt.ru")[0].id
    ids["written to"] = send(ledger, "prof@example.edu", JANE)[0].id
    ids["told"] = send(ledger, JANE, "c@mipt.ru", notice=True)[0].id
    ids["alike"] = send(ledger, OTHER, "d@mipt.ru")[0].id
    ids["told of her"] = send(ledger, "mean@example.edu", JANE, notice=True)[0].id
    # A server names the sender in what it says of somebody else.
    said = f"550 5.7.1 <{JANE}>: sender rejected"
    found = mail.records("m9", ("e@mipt.ru",), sender=b"x@example.edu")
    ledger.observe(found).result()
    results = (mail.SettledRecipient(found[0].id, mail.Outcome.REFUSED, said),)
    ledger.settle(mail.settlement("m9", found, request=None, results=results)).result()
    ids["in a reply"] = found[0].id
    for notice in ledger.claim(
        owner="o", now=mail.now(), lease=mail.timedelta(seconds=15), limit=9, per_hour=9
    ).result():
        ledger.sent(
            notice, owner="o", at=mail.now(), message_id="<n@x>", digest="", texts=""
        ).result()
    ledger.close()
    office_writer.dispose(
        path, [ids["alike"]], Disposition.PERSONAL, hand, reason=f"see\n{JANE.upper()}, her sister"
    )
    office_writer.append(
        path,
        [
            office_events.accessed(
                "audit list", hand, rows=1, filters={}, subjects=[], reason=f"{JANE} asked"
            )
        ],
    )
    journal = Journal(path.with_name("ledger.journal"))
    journal.write([line("record", record_as_json(mail.records("m10", sender=JANE.encode())[0]))])
    journal.set_aside_path.write_bytes(
        f"torn line {JANE}\n".encode()
        + line("odd", {"said": f"by {JANE}"})
        + line("odd", {"said": f"by {OTHER}"})
    )
    return ids


def test_a03_no_file_of_the_ledger_holds_the_address_beside_a_running_gateway(
    lived_in, write, forget, folder, path
):
    assert len(files_with(folder, "jane.doe@example.edu")) >= 3
    gateway = write("beside", 2, "observed")
    while not gateway.stdout.readline().startswith("observed ledger"):
        pass
    answer = forget()
    assert answer.still == ()
    # Her sister's longer address is another's, and stays; so its bytes are taken out first.
    assert files_with(folder, OTHER) != set()
    for file in folder.rglob("*"):
        content = file.read_bytes().lower() if file.is_file() else b""
        assert JANE.encode() not in content.replace(OTHER.encode(), b""), file
        assert JANE.encode("utf-16-le") not in content, file
    assert gateway.poll() is None
    assert (folder / "ledger.db-wal").stat().st_size == 0
    gateway.communicate("\n")
    assert verdict(path).is_intact
    assert OTHER in senders(path)


def test_a03_verify_passes_and_says_how_many_events_lost_which_part(lived_in, forget, path):
    answer = forget(reason="Request 2026-44")
    found = verdict(path)
    assert found.is_intact
    assert found.erased == dict(answer.tally.parts)
    # Four of hers as sender and one from the journal, not settled; two as recipient; a reply.
    assert answer.tally.parts == {Part.SENDER: 9, Part.RECIPIENT: 5, Part.NOTES: 2}
    with closing(sqlite3.connect(path)) as connection:
        (facts,) = connection.execute("SELECT facts FROM event WHERE kind = 'ERASED'").fetchone()
    told = json.loads(facts)
    assert told["parts"] == {"sender": 9, "recipient": 5, "notes": 2}
    assert (told["cause"], told["by"], told["kept"]) == ("request", "officer", 0)


def test_a03_cut_short_anywhere_the_same_request_ends_it(start, send, forget, path, monkeypatch):
    ledger = start()
    for number in range(3):
        send(ledger, JANE, f"{number}@mipt.ru")
    ledger.close()
    real = erase_parts._tell
    monkeypatch.setattr(erase_parts, "TOGETHER", 1)
    told = []

    def fails_now_and_then(*values):
        told.append(values)
        if len(told) % 2 == 0:
            raise LedgerError("the power went")
        real(*values)

    monkeypatch.setattr(erase_parts, "_tell", fails_now_and_then)
    for _ in range(5):
        with pytest.raises(LedgerError, match="the power went"):
            forget()
    assert forget().still == ()
    with closing(sqlite3.connect(path)) as connection:
        left = connection.execute(
            "SELECT event FROM personal WHERE part = 'sender' AND data IS NOT NULL"
        ).fetchall()
    assert left == []
    assert verdict(path).erased == {Part.SENDER: 6}


def test_a03_nobody_finds_a_name_in_the_index_any_more(lived_in, forget, path):
    def words(word):
        with closing(sqlite3.connect(path)) as connection:
            return connection.execute(
                "SELECT count(*) FROM name_word WHERE term = ?", (word,)
            ).fetchone()[0], connection.execute(
                "SELECT count(*) FROM name WHERE value LIKE ?", (f"{word}@%",)
            ).fetchone()[0]

    assert words("igor") == (0, 0)
    with closing(sqlite3.connect(path)) as connection:
        before = connection.execute("SELECT value FROM name ORDER BY value").fetchall()
    forget()
    with closing(sqlite3.connect(path)) as connection:
        after = connection.execute("SELECT value FROM name ORDER BY value").fetchall()
        found = connection.execute(
            "SELECT value FROM name_text WHERE name_text MATCH 'doe'"
        ).fetchall()
    gone = {value for (value,) in before} - {value for (value,) in after}
    assert gone == {JANE, f"prvs=0123456789={JANE}"}
    assert found == [(OTHER,)]


def test_a03_notices_windows_and_other_peoples_notices_forget_the_address(lived_in, forget, path):
    answer = forget()
    with closing(sqlite3.connect(path)) as connection:
        notices = connection.execute("SELECT recipient, request FROM outbox").fetchall()
        windows = connection.execute("SELECT DISTINCT sender FROM notice_window").fetchall()
    assert (answer.notices, answer.dropped) == (2, 0)
    ((to, request),) = notices
    assert to == "mean@example.edu"
    (matter,) = json.loads(request)["matters"]
    assert matter["recipient"].startswith("person-")
    assert windows == [("mean@example.edu",)]


def test_a03_what_waits_in_the_journal_is_taken_in_and_erased_with_the_rest(
    lived_in, forget, folder, path
):
    answer = forget()
    assert (folder / "ledger.journal").read_bytes() == b""
    assert answer.set_aside == 2
    assert (folder / "ledger.journal.aside").read_bytes().count(b"\n") == 1
    with closing(sqlite3.connect(path)) as connection:
        (count,) = connection.execute(
            "SELECT count(*) FROM event WHERE kind = 'JOURNALLED'"
        ).fetchone()
    assert count == 1


def test_a03_what_is_under_hold_is_kept_and_counted(lived_in, forget, path, hand):
    office_writer.hold(path, [lived_in["plain"]], hand, matter="2026-17")
    answer = forget()
    assert answer.tally.kept == 2
    assert answer.still == ()
    assert JANE in senders(path)
    assert verdict(path).is_intact
    office_writer.release(path, [lived_in["plain"]], hand, matter=None)
    again = forget()
    assert (again.tally.events, again.tally.kept) == (2, 0)
    assert JANE not in senders(path)


def test_a03_only_as_a_sender_leaves_what_was_written_to_the_person(lived_in, forget, path):
    answer = forget(roles=frozenset({Part.SENDER}))
    with LedgerReader(path) as reader:
        found = [(row["sender"], row["recipient"]) for row in reader.findings(Filters())]
    assert [sender for sender, _ in found].count(None) == 5
    assert ("prof@example.edu", JANE) in found
    assert answer.tally.parts[Part.SENDER] == 9
    with closing(sqlite3.connect(path)) as connection:
        ((to, request),) = connection.execute("SELECT recipient, request FROM outbox").fetchall()
    assert (to, JANE in request) == ("mean@example.edu", True)


def test_a03_a_fresh_match_of_the_same_person_is_recorded_anew(lived_in, forget, path, start, send):
    forget()
    ledger = start("later")
    send(ledger, JANE, "new@mipt.ru", notice=True)
    ledger.close()
    with LedgerReader(path) as reader:
        (row,) = reader.findings(Filters(sender=JANE))
        assert (row["recipient"], row["notice"]) == ("new@mipt.ru", "queued")
        assert reader.count(Filters(text="jane")) == 2
    assert verdict(path).is_intact


def test_a03_a_notice_on_its_way_goes_first_or_is_given_up_by_name(ledger, send, forget, path):
    send(ledger, JANE, notice=True)
    ledger.close()
    with pytest.raises(LedgerError, match=r"still to be sent \(1;.*--drop-notices") as refused:
        forget()
    assert refused.value.exit_code == 1
    assert senders(path) == [JANE]
    answer = forget(drops_notices=True)
    assert (answer.notices, answer.dropped, answer.still) == (1, 1, ())
    with LedgerReader(path) as reader:
        assert [row["notice"] for row in reader.findings(Filters())] == ["failed"]
        assert list(reader.notices()) == []
    assert verdict(path).is_intact


def test_a03_a_notice_that_is_being_sent_is_not_taken_from_the_courier(
    mail, ledger, send, forget, path
):
    send(ledger, JANE, notice=True)
    ledger.claim(
        owner="o", now=mail.now(), lease=mail.timedelta(minutes=5), limit=1, per_hour=9
    ).result()
    ledger.close()
    with pytest.raises(LedgerError, match="is being sent this moment"):
        forget(drops_notices=True)
    assert senders(path) == [JANE]


def test_a03_a_reader_that_stays_is_told_of_and_the_rest_is_done_by_the_same_again(
    lived_in, forget, path, folder, monkeypatch
):
    monkeypatch.setattr("gateway.ledger.erasure.scrub_pages.TRIES", 2)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM event").fetchone()
        answer = forget()
        assert "another program was reading the ledger all the time" in answer.still[0]
    again = forget()
    assert (again.tally.events, again.still) == (0, ())
    assert (JANE.encode() in path.read_bytes().replace(OTHER.encode(), b"")) is False


def test_a03_another_file_in_the_folder_that_holds_the_address_is_named(lived_in, forget, folder):
    (folder / "export.csv").write_text(f"sender\n{JANE.upper()}\n")
    (folder / "sister.csv").write_text(f"sender\n{OTHER}\n")
    (sentence,) = forget().still
    assert str(folder / "export.csv") in sentence


def test_a03_facts_that_name_the_address_are_told_for_they_are_sealed(
    ledger, send, forget, path, mail
):
    send(ledger, JANE)
    ledger.close()
    by = office_events.Actor(JANE, mail.now(), os.urandom)
    office_writer.append(
        path, [office_events.accessed("x", by, rows=1, filters={}, subjects=[], reason=None)]
    )
    (sentence,) = forget().still
    assert "facts are sealed for ever" in sentence


def test_a03_a_reason_that_names_the_person_is_refused(lived_in, forget, path):
    with pytest.raises(LedgerError, match="the reason names the address"):
        forget(reason=f"{JANE.title()} wrote a letter")
    assert JANE in senders(path)


def test_a03_nothing_of_a_person_who_is_not_there_leaves_no_tombstone(lived_in, forget, path):
    before = verdict(path).events
    answer = forget("nobody@example.edu")
    assert (answer.tally.events, answer.still) == (0, ())
    # The journal was taken in: its event, and JOURNALLED.
    assert verdict(path).events == before + 2


def test_a03_an_address_in_letters_beyond_ascii_goes_in_both_spellings(
    ledger, send, forget, path, folder
):
    send(ledger, "j\u00f6rg@m\u00fcnchen.example", "a@mipt.ru")
    send(ledger, "J\u00d6RG@xn--mnchen-3ya.example", "b@mipt.ru")
    ledger.close()
    assert forget("J\u00f6rg@M\u00fcnchen.example").still == ()
    assert senders(path) == [None, None]
    assert files_with(folder, "m\u00fcnchen", "rg@xn--") == set()


def test_a03_what_is_recorded_while_it_goes_on_is_told(lived_in, forget, path, hand, monkeypatch):
    tidy = erasure_request.finish_erasure

    def and_then(path):
        told = tidy(path)
        office_writer.dispose(
            path, [lived_in["alike"]], Disposition.PERSONAL, hand, reason=f"{JANE} wrote again"
        )
        return told

    monkeypatch.setattr("gateway.ledger.erasure.erasure_request.finish_erasure", and_then)
    (sentence,) = forget().still
    assert "recorded meanwhile" in sentence
