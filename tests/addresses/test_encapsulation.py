import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.addresses.encapsulation import MAY_WRAP, encapsulated, reverse_alias


@pytest.mark.parametrize(
    ("local", "domain", "mailbox"),
    [
        ("SRS0=HHH=TT=mipt.ru=ivan", "mipt.ru", "ivan"),
        ("SRS0+HHH=TT=MIPT.RU=Ivan", "mipt.ru", "ivan"),
        ("SRS1=HHH=first.org==HHH=TT=mipt.ru=ivan", "mipt.ru", "ivan"),
        ("bounces+ivan=mipt.ru", "mipt.ru", "ivan"),
        ("bounce-mc.us1_123.456-ivan=mipt.ru", "mipt.ru", "ivan"),
        ("ivan%mipt.ru", "mipt.ru", "ivan"),
        ("ivan%mipt.ru%relay.org", "mipt.ru", "ivan"),
        ("mipt.ru!ivan", "mipt.ru", "ivan"),
        ("relay.org!mipt.ru!ivan", "mipt.ru", "ivan"),
        ("IMCEASMTP-ivan+40mipt+2Eru", "mipt.ru", "ivan"),
        ("imceainvalid-ivan+40mipt+2Eru", "mipt.ru", "ivan"),
        ("ivan_petrov_mipt.ru#EXT#", "mipt.ru", "ivan_petrov"),
        ("ivan_at_mipt.ru_x", "mipt.ru", "ivan"),
        ("ivan_at_mipt_ru_ab12_x", "mipt.ru", "ivan"),
        ("bounce+ivan=40mipt.ru", "mipt.ru", "ivan"),
        ("jane+SRS=HHH=TT=mipt.ru=ivan", "mipt.ru", "ivan"),
    ],
)
def test_s06_wrapped_addresses_are_seen_through(local, domain, mailbox):
    assert any(mailbox in mailboxes for found, mailboxes in encapsulated(local) if found == domain)
    assert MAY_WRAP.search(local.encode()) is not None


@pytest.mark.parametrize("local", ["ivan_at_mipt.ru_x", "ivan_at_mipt_ru_n8_x", "x+ivan=mipt.ru"])
def test_s06_the_alias_that_a_relay_makes_for_an_answer_is_seen_through(local):
    assert "ivan" in dict(reverse_alias(local))["mipt.ru"]


@pytest.mark.parametrize("local", ["ivan", "ivan.petrov", "mipt.ru", "a=b", "prvs", "a%..", ""])
def test_a_plain_local_part_wraps_nothing(local):
    assert list(encapsulated(local)) == []


@given(st.one_of(st.text(max_size=200), st.text(alphabet="=%!.a", max_size=400)))
def test_hostile_local_parts_cost_little_and_never_raise(local):
    assert len(list(encapsulated(local))) <= 100


def test_a_thousand_domains_in_one_local_part_are_not_all_looked_at():
    assert len(list(encapsulated("=a.b" * 1000))) <= 3 * 16
