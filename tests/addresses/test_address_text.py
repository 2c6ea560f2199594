import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.addresses.address_text import from_text
from gateway.addresses.path_reading import UnreadablePath
from gateway.model import Address


@pytest.mark.parametrize(
    ("text", "mailbox"),
    [
        ("a@mipt.ru", "a@mipt.ru"),
        ("<a@mipt.ru>", "a@mipt.ru"),
        ("Ivan Petrov (Skoltech) <ivan@gmail.com>", "ivan@gmail.com"),
        ("Petrov, Ivan <ivan@gmail.com>", "ivan@gmail.com"),
        ("  a@mipt.ru\n", "a@mipt.ru"),
        ('"x<y>" <a@mipt.ru>', "a@mipt.ru"),
        ("a@mipt.ru,", "a@mipt.ru"),
        ("a@mipt.ru;", "a@mipt.ru"),
        ('"a@mipt.ru"', "a@mipt.ru"),
        ("'a@mipt.ru'", "a@mipt.ru"),
        ("\u201ca@mipt.ru\u201d", "a@mipt.ru"),
        ("mailto:a@mipt.ru", "a@mipt.ru"),
        ("a\uff20mipt.ru", "a@mipt.ru"),
        ("a[at]mipt.ru", "a@mipt.ru"),
        ("a (at) mipt (dot) ru", "a@mipt.ru"),
        ("a at mipt.ru", "a@mipt.ru"),
        ("u AT mipt DOT ru", "u@mipt.ru"),
        ("u@mipt dot ru", "u@mipt.ru"),
        ("postmaster", "postmaster"),
    ],
)
def test_s17_an_address_is_read_as_people_write_it(text, mailbox):
    assert str(from_text(text).address) == mailbox


@pytest.mark.parametrize("text", ["mipt.ru", "MIPT.ru.", "stud.mipt.ru"])
def test_s17_a_bare_domain_is_asked_about_as_a_domain(text):
    address = from_text(text).address
    assert isinstance(address, Address)
    assert address.local == ""
    assert address.domain.endswith("mipt.ru")


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "a b c", "a@", "@mipt.ru", "a@mipt.ru, b@gmail.com", "a@gmail.com b@gmail.com"),
        *("a@gmail.com;b@gmail.com", "a@b@c.org", "a@gmail.com; x", "a@gmail.com u"),
        *("a@gmail.com\tx", "a@gmail.com and Ivan at MIPT", "group:a@gmail.com;", "a b@gmail.com"),
        *("a@g mail.com", "a@gmail.com\\", "u'at'mipt.ru", "u#mipt.ru", "u_at_mipt.ru"),
    ],
)
def test_s17_what_is_not_one_address_says_so(text):
    address = from_text(text).address
    assert isinstance(address, UnreadablePath)
    assert address.reason


def test_a_lone_surrogate_is_a_byte_of_the_command_line():
    assert from_text("\udce9ric@mipt.ru").raw == b"\xe9ric@mipt.ru"
    assert from_text("\ud800@mipt.ru").raw == b"?@mipt.ru"


@given(st.text(max_size=200))
def test_hostile_texts_never_raise(text):
    from_text(text)
