from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import LedgerError
from gateway.ledger.erasure.mentions import (
    SoughtMailbox,
    is_named_in,
    is_named_within,
    like_pattern,
    read_mailbox,
    spellings,
)

JANE = SoughtMailbox("jane", "example.edu")


@pytest.mark.parametrize(
    "text",
    [
        "jane@example.edu",
        "JANE@EXAMPLE.EDU",
        "Jane <jane@example.edu>, she said",
        "it was jane@example.edu.",
        "jane@example.edu's letter",
        "see\njane@example.edu",
        '"jane"@example.edu',
        "jane@example\uff0eedu",
        "jane@example.edu\u662f",
        "prvs=0123456789=jane@example.edu",
        "SRS0=HHH=TT=example.edu=jane@relay.example",
        "550 5.1.1 <jane@example.edu>: no such user",
        "mailto:jane@example.edu?subject=x",
        "jane=example.edu@relay.example",
        "<list+jane=Example.EDU@relay.example>",
        "prvs=0123456789=jane=example.edu@relay.example",
        "list-bounces-jane=example.edu@relay.example",
        "list-return-17-jane=example.edu@relay.example",
        "jane%example.edu@relay.example",
    ],
)
def test_a03_a_text_names_a_mailbox_in_any_spelling(text):
    assert is_named_in(JANE, text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "jane",
        "example.edu",
        "mary-jane@example.edu",
        "mary.jane@example.edu",
        "\u00e9jane@example.edu",
        "jane+lists@example.edu",
        "jane@example.edu.cn",
        "jane@example.education",
        "jane@sub.example.edu",
        "jane at example.edu",
        "mary-jane=example.edu@relay.example",
        "list+mary-jane=example.edu@relay.example",
        "mary.jane%example.edu@relay.example",
        "jane=example.edu.cn@relay.example",
        "jane=example.edu",
    ],
)
def test_a03_a_longer_address_is_another_mailbox(text):
    assert not is_named_in(JANE, text)


def test_a03_a_domain_is_found_in_letters_and_in_its_a_label():
    sought = read_mailbox("J\u00f6rg@M\u00fcnchen.example")
    assert sought == SoughtMailbox("J\u00f6rg", "xn--mnchen-3ya.example")
    assert is_named_in(sought, "j\u00d6rg@xn--MNCHEN-3ya.example")
    assert is_named_in(sought, "j\u00f6rg@m\u00fcnchen.example.")
    assert "j\u00f6rg@m\u00fcnchen.example".encode() in spellings(sought)


def test_a03_letters_are_the_same_however_they_are_put_together():
    composed, taken_apart = "j\u00e4ne@b\u00fccher.example", "ja\u0308ne@bu\u0308cher.example"
    for sought in map(read_mailbox, (composed, taken_apart)):
        assert sought == SoughtMailbox("j\u00e4ne", "xn--bcher-kva.example")
        for text in (composed, taken_apart, composed.upper(), "j\u00c4ne@xn--bcher-kva.example"):
            assert is_named_in(sought, f"by {text}.")
            assert like(like_pattern(sought), f'"by {text}."')
        assert {composed.encode(), taken_apart.encode()} <= set(spellings(sought))
        assert is_named_in(sought, "list+j\u00e4ne=b\u00fccher.example@relay.example")
        assert is_named_in(sought, "SRS0=H=T=b\u00fccher.example=j\u00e4ne@relay.example")
    assert not is_named_in(read_mailbox("jane@example.edu"), "jane\u0308@example.edu")


def test_a_space_before_the_at_is_refused_unless_it_is_quoted():
    with pytest.raises(LedgerError, match="there is a space before the @"):
        read_mailbox("jane doe@example.edu")
    assert read_mailbox('"jane doe"@example.edu') == SoughtMailbox("jane doe", "example.edu")


def test_a_mailbox_is_read_as_people_write_it():
    assert read_mailbox(" Jane Doe <jane@Example.EDU.> ") == JANE
    assert read_mailbox('"ja\\"ne"@example.edu') == SoughtMailbox('ja"ne', "example.edu")
    assert read_mailbox("jane@[192.0.2.1]") == SoughtMailbox("jane", "[192.0.2.1]")
    assert is_named_in(read_mailbox("jane@[192.0.2.1]"), "<jane@[192.0.2.1]>")


@pytest.mark.parametrize("text", ["jane", "", "@example.edu", "jane@", "jane@a..b"])
def test_what_is_no_address_is_told(text):
    with pytest.raises(LedgerError, match="is no address"):
        read_mailbox(text)


def like(pattern, text):
    """SQL's LIKE as SQLite does it, asked of SQLite itself."""
    with closing(sqlite3.connect(":memory:")) as connection:
        (fits,) = connection.execute("SELECT ? LIKE ? ESCAPE '\\'", (text, pattern)).fetchone()
    return fits == 1


LOCALS = st.text(
    st.characters(blacklist_categories=("Cs", "Cc", "Zs"), blacklist_characters='@"<>'), min_size=1
)


@given(local=LOCALS, before=st.sampled_from(["", " ", "<", "(", ":", "\n"]))
def test_what_names_a_mailbox_is_found_by_its_pattern_as_well(local, before):
    sought = SoughtMailbox(local, "example.edu")
    for written in (local, local.upper(), local.lower()):
        value = {"reason": f"{before}{written}@Example.EDU>"}
        if is_named_within(sought, value):
            assert like(like_pattern(sought), json.dumps(value, ensure_ascii=False))
    assert is_named_in(sought, f"{before}{local}@example.edu")


@given(st.text())
def test_any_text_can_be_looked_through(text):
    assert is_named_in(JANE, f"{text} jane@example.edu") or text
    is_named_in(JANE, text)
