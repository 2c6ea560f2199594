from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.ledger.record.record import (
    LARGEST_INTEGER,
    Part,
    Record,
    as_text,
    canonical,
    commitment,
    commitments,
    parse_timestamp,
    timestamp,
    ulid,
)

AT = datetime(2026, 11, 22, 7, 8, 9, 123456, tzinfo=UTC)

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-LARGEST_INTEGER, LARGEST_INTEGER)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.text(st.characters(max_codepoint=127)), inner)
    ),
)


@given(values)
def test_canonical_json_is_read_back_and_written_the_same(value):
    text = canonical(value)
    assert json.loads(text) == value
    assert canonical(json.loads(text)) == text


def test_canonical_json_sorts_keys_and_leaves_no_space():
    assert (
        canonical({"b": [1, None, True], "a": "é\n\x01"}) == '{"a":"é\\n\\u0001","b":[1,null,true]}'
    )


@pytest.mark.parametrize(
    "value", [1.0, float("nan"), {"a": 1.5}, [b"x"], {1: 2}, {"é": 1}, object()]
)
def test_canonical_json_refuses_what_has_no_one_spelling(value):
    with pytest.raises((TypeError, ValueError)):
        canonical(value)


@pytest.mark.parametrize("value", [LARGEST_INTEGER + 1, -LARGEST_INTEGER - 1])
def test_canonical_json_refuses_integers_that_readers_round(value):
    with pytest.raises(ValueError, match="beyond"):
        canonical(value)


@given(st.text(st.characters(categories=["Cs", "Ll"]), min_size=1))
def test_lone_surrogates_become_letters_that_are_utf_8(text):
    assert canonical({"a": [text]}).encode().decode()


@given(st.binary())
def test_bytes_of_any_kind_become_text(raw):
    assert as_text(raw).encode().decode() == as_text(raw)


def test_utf_8_stays_readable():
    assert as_text("дядя@пример.рф".encode()) == "дядя@пример.рф"
    assert as_text(b"a\xff@b") == "a\\xff@b"


def test_a_ulid_sorts_by_time_and_has_26_letters():
    early = ulid(AT, b"\xff" * 10)
    late = ulid(AT + timedelta(milliseconds=1), bytes(10))
    assert early < late
    assert len(early) == len(late) == 26


def test_a_ulid_is_time_then_entropy_in_crockfords_letters():
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    assert ulid(epoch, b"\xff" * 10) == "0" * 10 + "Z" * 16
    assert ulid(epoch + timedelta(milliseconds=33), bytes(10)) == "0" * 8 + "11" + "0" * 16


def test_a_ulid_needs_its_entropy_whole():
    with pytest.raises(ValueError, match="10 random bytes"):
        ulid(AT, b"short")


def test_a_timestamp_is_utc_with_milliseconds_and_comes_back():
    assert timestamp(AT) == "2026-11-22T07:08:09.123Z"
    assert timestamp(AT.astimezone(timezone(timedelta(hours=5)))) == "2026-11-22T07:08:09.123Z"
    assert parse_timestamp(timestamp(AT)) == AT.replace(microsecond=123000)


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="no time zone"):
        timestamp(AT.replace(tzinfo=None))


def test_a_commitment_is_sha_256_over_tag_salt_and_data():
    salt = bytes(range(32))
    assert commitment(salt, b"{}") == hashlib.sha256(b"monition-1" + salt + b"{}").hexdigest()


def test_commitments_are_one_for_each_part_in_canonical_order():
    record = Record(
        "id",
        "at",
        "OBSERVED",
        {},
        {Part.SENDER: {"address": "a"}, Part.RECIPIENT: {"address": "b"}},
        {Part.SENDER: bytes(32), Part.RECIPIENT: bytes(32)},
    )
    text, data = commitments(record)
    assert list(json.loads(text)) == ["recipient", "sender"]
    assert data[Part.SENDER] == '{"address":"a"}'


@pytest.mark.parametrize("salts", [{}, {Part.SENDER: b"short"}, {Part.NOTES: bytes(32)}])
def test_each_personal_part_needs_a_salt_of_32_bytes(salts):
    with pytest.raises(ValueError, match="salt"):
        Record("id", "at", "X", {}, {Part.SENDER: {}}, salts)
