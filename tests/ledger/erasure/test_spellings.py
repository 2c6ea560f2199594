"""S18: a person who is erased is erased in all their spellings (A3)."""

import os
import re
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.addresses.canonical_mailbox import MailboxFamily
from gateway.ledger.erasure.erasure_request import ErasureRequest, erase_person
from gateway.ledger.erasure.mentions import (
    every_spelling,
    is_named_in,
    read_mailbox,
    wrapped_spellings,
)
from gateway.ledger.query.ledger_reader import LedgerReader
from gateway.ledger.record import office_events
from gateway.ledger.store.emergency_journal import Journal

SAME = (MailboxFamily(("gmail.com", "googlemail.com"), dots_count=False),)
JANE = every_spelling(read_mailbox("jane@example.edu"))
GMAIL = every_spelling(read_mailbox("J.Ane+x@googlemail.com"), SAME)


@pytest.mark.parametrize(
    "text",
    [
        "jane@example.edu",
        "jane+lists@example.edu",
        "<Jane+a+b=c@Example.edu>",
        "prvs=0123456789=jane+a@example.edu",
        "prvs=jane/0123456789@example.edu",
        "prvs=jane=123ABCDEFG@example.edu",
        "btv1==2637b5c1d1e==jane@example.edu",
        "msprvs1=18204ZPz=jane@example.edu",
        "jane+SRS=h/a+=TT=other.org=ivan@example.edu",
        "jane+caf_=other=example.org@example.edu",
        "jane+a=example.edu@relay.example",
        "SRS0=HHH=TT=example.edu=jane+a@relay.example",
    ],
)
def test_s18_every_spelling_names_the_person(text):
    assert is_named_in(JANE, text)
    assert is_named_in(every_spelling(read_mailbox("JANE+lists@example.edu")), text)


@pytest.mark.parametrize(
    "text",
    [
        "mary+jane@example.edu",
        "mary-jane+x@example.edu",
        "jane-x@example.edu",
        "j.doe@example.edu",
        "ja.ne@example.edu",
        "jane+x@other.edu",
    ],
)
def test_s18_another_person_is_not_named(text):
    assert not is_named_in(JANE, text)


@pytest.mark.parametrize(
    "text", ["jane@gmail.com", "j.ane+x@googlemail.com", "J.A.N.E@Gmail.com", "by ja.ne@gmail.com."]
)
def test_s18_what_a_provider_overlooks_is_overlooked(text):
    assert (GMAIL.local, GMAIL.domain) == ("jane", "gmail.com")
    assert is_named_in(GMAIL, text)
    assert not is_named_in(GMAIL, "janet@gmail.com")
    assert not is_named_in(GMAIL, "x.jane@gmail.com")
    lower = text.lower().encode()
    assert any(needle in lower for needle in wrapped_spellings(GMAIL))


def test_s18_of_a_forwarder_s_spelling_that_one_alone_is_meant():
    sought = every_spelling(read_mailbox("SRS0=HHH=TT=other.org=ivan@example.edu"))
    assert sought.local == "SRS0=HHH=TT=other.org=ivan"
    assert not is_named_in(sought, "srs0@example.edu")


def test_s18_no_file_of_the_ledger_holds_any_spelling_afterwards(mail, start, folder):
    spelt = [
        "jane@example.edu",
        "Jane+Lists@example.edu",
        "prvs=0123456789=jane+a@example.edu",
        "prvs=jane/0123456789@example.edu",
        "btv1==2637b5c1d1e==jane@example.edu",
        "jane+SRS=hash=TT=other.org=ivan@example.edu",
    ]
    others = ["mary+jane@example.edu", "jane-b@example.edu"]
    ledger = start()
    for number, sender in enumerate([*spelt, *others]):
        name = f"m{number}"
        # As an event of before senders had one spelling, and a notice to the envelope's own.
        found = mail.records(name, sender=sender.encode())
        ledger.observe(found).result()
        request = replace(
            mail.settlement(name, found, to=sender).request, windows=(f"w{number} tier listed",)
        )
        ledger.settle(mail.settlement(name, found, request=request)).result()
    ledger.close()
    journal = folder / "ledger.journal"
    aside = Journal(journal).set_aside_path
    aside.write_bytes(b"torn <jane+x@example.edu>\n" + b"torn <mary@example.edu>\n")
    hand = office_events.Actor("officer", mail.now(), os.urandom)
    request = ErasureRequest(JANE, drops_notices=True)
    done = erase_person(folder / "ledger.db", journal, request, hand)
    assert done.still == ()
    assert (done.notices, done.set_aside) == (len(spelt), 1)
    for file in filter(Path.is_file, folder.rglob("*")):
        content = file.read_bytes().lower()
        for sender in (*spelt, "jane+x@example.edu"):
            stands = re.search(rb"(?<![a-z+])" + re.escape(sender.lower().encode()), content)
            assert stands is None, (file, sender)
    content = (folder / "ledger.db").read_bytes()
    assert all(other.encode() in content for other in others)
    with LedgerReader(folder / "ledger.db") as reader:
        assert reader.verify().flaws == ()
