import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.addresses.address_literal import normal_literal


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[192.0.2.1]", "[192.0.2.1]"),
        ("192.0.2.1", "[192.0.2.1]"),
        ("[192.0.2.1.]", "[192.0.2.1]"),
        ("3221225985", "[192.0.2.1]"),
        ("[0xc0000201]", "[192.0.2.1]"),
        ("[0300.0.2.1]", "[192.0.2.1]"),
        ("[192.513]", "[192.0.2.1]"),
        ("[IPv6:2001:DB8:0::1]", "[ipv6:2001:db8::1]"),
        ("[2001:db8::1]", "[ipv6:2001:db8::1]"),
        ("[IPv6:::ffff:192.0.2.1]", "[192.0.2.1]"),
    ],
)
def test_s07_an_ip_address_has_one_form_in_any_notation(text, expected):
    assert normal_literal(text) == expected


@pytest.mark.parametrize(
    "text", ["", "[]", "example.org", "[IPv6:zz]", "[x:y]", "1.2.3.4.5", "256.0.0.1.x"]
)
def test_what_is_no_ip_address_has_none(text):
    assert normal_literal(text) is None


@given(st.text(max_size=100))
def test_hostile_literals_never_raise(text):
    normal_literal(text)
