from __future__ import annotations

from datetime import UTC, date, datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.policy import default
from email.utils import parseaddr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.notices import message_headers


def sent(name, value) -> bytes:
    message = message_headers.empty_message()
    message_headers.add_field(message, name, value)
    return message_headers.serialise(message)


def test_a_long_thread_is_folded_between_its_ids_and_never_encoded():
    ids = [f"<{n}.{'x' * 90}=?utf-8?q?y?=@x>" for n in range(10)]
    raw = sent("References", message_headers.ids(ids))
    assert raw == b"References: " + "\r\n ".join(ids).encode() + b"\r\n\r\n"


def test_short_fields_stand_on_one_line():
    assert sent("Auto-Submitted", "auto-replied") == b"Auto-Submitted: auto-replied\r\n\r\n"


@pytest.mark.parametrize("name", ["Plain Name", "O'Neil & Sons", "Commas, Inc.", 'The "Best" \\'])
def test_a_display_name_reads_back(name):
    raw = sent("From", message_headers.mailbox("x@example.edu", name))
    assert parseaddr(str(message_from_bytes(raw)["From"])) == (name, "x@example.edu")


def test_a_name_beyond_ascii_is_encoded_and_reads_back():
    name = "Universität für Weiterbildung, Forschung und Künste, " * 4
    raw = sent("From", message_headers.mailbox("x@example.edu", name))
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= 78
    value = message_from_bytes(raw)["From"]
    assert str(make_header(decode_header(value))) == f"{name.strip()} <x@example.edu>"
    assert message_from_bytes(raw, policy=default)["From"].addresses[0].addr_spec == "x@example.edu"


def test_a_subject_beyond_ascii_is_encoded_and_reads_back():
    subject = "Ihre Nachricht wurde zugestellt: bitte lesen Sie, bevor Sie fortfahren (Prüfung)"
    raw = sent("Subject", message_headers.unstructured(subject))
    value = message_from_bytes(raw)["Subject"]
    assert str(make_header(decode_header(value))) == subject


@given(st.text(), st.text())
def test_no_value_can_begin_a_field_of_its_own(name, address):
    raw = sent("From", message_headers.mailbox(address, name)) + sent(
        "Subject", message_headers.unstructured(name)
    )
    for line in raw.split(b"\r\n"):
        assert not set(line) & {0, 10, 13}
        assert not line or line.startswith((b"From:", b"Subject:", b" "))


@given(st.text())
def test_no_folded_line_is_blank(text):
    raw = sent("Subject", message_headers.unstructured(text))
    assert all(line.strip() for line in raw.split(b"\r\n")[:-2])


@pytest.mark.parametrize("value", ["a\r\nBcc: x", "a\nb", "a\0", "a\x7f"])
def test_a_control_character_is_refused(value):
    with pytest.raises(ValueError, match="control character"):
        sent("X", value)


@given(st.text())
def test_a_clean_text_has_one_line_and_hides_nothing(text):
    clean = message_headers.clean(text)
    assert clean == message_headers.clean(clean)
    assert not set(clean) & set("\r\n\0\u2028\u200b\u202e\u2066\xad")
    clean.encode("utf-8")


def test_atoms_and_days():
    assert message_headers.atom("01K>\r\n@x") == "01K----x"
    assert message_headers.day("2022-08-02") == date(2022, 8, 2)
    assert message_headers.day(None) is None
    assert message_headers.day("soon") is None
    at = datetime(2026, 11, 22, 9, 14, tzinfo=UTC)
    assert message_headers.date(at) == "Sun, 22 Nov 2026 09:14:00 +0000"
