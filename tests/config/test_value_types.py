from collections.abc import Callable
from ipaddress import ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.config import Endpoint, value_types


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        (value_types.domain, "Example.EDU.", "example.edu"),
        (value_types.domain, "Universität.example", "xn--universitt-y5a.example"),
        (value_types.domain, "ex\uff41mple.edu", "example.edu"),
        (value_types.email, "A.b+c@Example.EDU", "A.b+c@example.edu"),
        (value_types.email, "o'neill@bücher.example", "o'neill@xn--bcher-kva.example"),
        (value_types.network, "::1", ip_network("::1/128")),
        (value_types.network, "10.0.0.0/8", ip_network("10.0.0.0/8")),
        (value_types.url, "https://example.edu/a?b#c", "https://example.edu/a?b#c"),
        (value_types.language, "pt-BR", "pt-BR"),
        (value_types.source, "us-ofac-sdn", "us-ofac-sdn"),
        (value_types.resolver, "192.0.2.53:53", Endpoint("192.0.2.53", 53)),
        (value_types.resolver, "[2001:db8::53]:5353", Endpoint("2001:db8::53", 5353)),
        (value_types.workers, 4, 4),
        (value_types.workers, "auto", "auto"),
    ],
)
def test_what_is_sound_is_read(read: Callable[[Any], Any], text: Any, value: Any):
    assert read(text) == value


@pytest.mark.parametrize(
    ("read", "text", "told"),
    [
        (value_types.domain, "edu", "a whole domain is needed"),
        (value_types.domain, "*.example.edu", "write example.edu"),
        (value_types.domain, ".example.edu", "write example.edu"),
        (value_types.domain, "a@example.edu", "as in example.edu"),
        (value_types.domain, "192.0.2.1", "an IP address is not a domain"),
        (value_types.domain, "a_b.example.edu", "is not a domain name"),
        (value_types.domain, "a..edu", "is not a domain name"),
        (value_types.domain, "a" * 64 + ".edu", "is not a domain name"),
        (value_types.email, "office", "it has no @"),
        (value_types.email, "Office <a@example.edu>", "write the address alone"),
        (value_types.email, "a b@example.edu", "write the address alone"),
        (value_types.email, "@example.edu", "plain ASCII atoms"),
        (value_types.email, ".a@example.edu", "plain ASCII atoms"),
        (value_types.email, '"a"@example.edu', "plain ASCII atoms"),
        (value_types.email, "a" * 65 + "@example.edu", "plain ASCII atoms"),
        (
            value_types.email,
            "a@localhost",
            "is 'a@localhost', whose domain is 'localhost': a whole",
        ),
        (value_types.network, "10.1.0.0/8", "write 10.0.0.0/8"),
        (value_types.network, "0.0.0.0/0", "every address there is"),
        (value_types.network, "::/0", "every address there is"),
        (value_types.network, "host", "must be an address or a network"),
        (value_types.url, "ftp://example.edu", "whole web address"),
        (value_types.url, "https://[", "whole web address"),
        (value_types.url, "https://example.edu/a b", "whole web address"),
        (value_types.resolver, "192.0.2.53", 'must be "host:port"'),
        (value_types.resolver, "ns.example.edu:53", "must be an IP address and a port"),
        (value_types.resolver, "unix:/run/dns", "must be an IP address and a port"),
        (value_types.mirror, "http://mirror.example.edu/ofac/", "use https"),
        (value_types.mirror, "https://me:secret@mirror.example.edu/", "has a user's name in it"),
        (value_types.mirror, "mirror.example.edu/ofac/", "whole web address"),
        (value_types.language, "english!", "language tag"),
        (value_types.source, "US OFAC", "in lower case"),
        (value_types.workers, 0, "must be a number from 1 to 256"),
        (value_types.workers, 257, "must be a number from 1 to 256"),
        (value_types.workers, True, "is true, must be"),
        (value_types.workers, "many", "is 'many', must be"),
    ],
)
def test_what_is_wrong_is_told(read: Callable[[Any], Any], text: Any, told: str):
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the text is what is tested
        read(text)
    assert told in str(caught.value)


@given(
    st.sampled_from([value_types.domain, value_types.email, value_types.network, value_types.url]),
    st.text(),
)
def test_any_text_is_read_or_refused_in_words(read: Callable[[str], Any], text: str):
    try:
        value = read(text)
    except ValueError as error:
        assert str(error).startswith(("is ", "has "))  # noqa: PT017 - either end is right
    else:
        assert read(str(value)) == value
