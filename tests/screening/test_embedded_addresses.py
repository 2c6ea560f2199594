import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.screening.embedded_addresses import embedded


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
    ],
)
def test_s06_wrapped_addresses_are_seen_through(local, domain, mailbox):
    assert mailbox in dict(embedded(local))[domain]


@pytest.mark.parametrize("local", ["ivan", "ivan.petrov", "mipt.ru", "a=b", "prvs", "a%..", ""])
def test_a_plain_local_part_wraps_nothing(local):
    assert list(embedded(local)) == []


@given(st.one_of(st.text(max_size=200), st.text(alphabet="=%!.a", max_size=400)))
def test_hostile_local_parts_cost_little_and_never_raise(local):
    assert len(list(embedded(local))) <= 16


def test_a_thousand_domains_in_one_local_part_are_not_all_looked_at():
    assert len(list(embedded("=a.b" * 1000))) == 16
